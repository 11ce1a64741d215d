# Copyright 2026 mtperception developers
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""How a circle in space appears in a picture."""

from dataclasses import dataclass

import numpy as np

from mtperception.geometry.camera import Floats, PosedCamera


@dataclass(frozen=True)
class Ellipse:
    """An ellipse in the image: centre and full axes in pixels."""

    x: float
    y: float
    major: float
    minor: float


def circle_image(view: PosedCamera, centre: Floats, normal: Floats, radius: float) -> Ellipse:
    """
    Return the ellipse that a circle of the world (metres) is seen as.

    The ellipse's centre is not the image of the circle's centre: perspective moves it. Raise
    ValueError where the circle is not wholly in front of the camera and seen as an ellipse.
    """
    upright = normal / np.linalg.norm(normal)
    across = np.cross(upright, (1.0, 0.0, 0.0) if abs(upright[0]) < 0.9 else (0.0, 1.0, 0.0))
    across = across / np.linalg.norm(across)
    frame = np.column_stack((across, np.cross(upright, across), centre - view.position))
    homography = view.camera.matrix @ view.rotation.T @ frame
    inverse = np.linalg.inv(homography)
    conic = inverse.T @ np.diag((1.0, 1.0, -radius * radius)) @ inverse
    quadratic, linear = conic[:2, :2], conic[:2, 2]
    if np.linalg.det(quadratic) <= 0.0:
        raise ValueError('the circle does not lie wholly in front of the camera')
    middle = -np.linalg.solve(quadratic, linear)
    level = -(conic[2, 2] + linear @ middle)
    axes = 2.0 * np.sqrt(level / np.linalg.eigvalsh(quadratic))
    return Ellipse(float(middle[0]), float(middle[1]), float(axes.max()), float(axes.min()))
