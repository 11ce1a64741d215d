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

"""Random views of labelled pictures, so that a network never sees one twice."""

import cv2
import numpy as np
import numpy.typing as npt

from mtperception.geometry.camera import Floats
from mtperception.geometry.rectangle import half_turn

Image = npt.NDArray[np.uint8]

# Scales of a view; less than 1 makes things smaller.
SCALE_LEAST, SCALE_MOST = 0.8, 1.25


def random_view(image: Image, rectangles: Floats, side: int,
                rng: np.random.Generator) -> tuple[Image, Floats]:
    """
    Show a picture turned, mirrored, scaled and moved at random, in a square of ``side`` pixels.

    The rectangles (N x 5) go exactly where the picture goes; some may come to lie outside. What
    the picture does not show is filled with its border's pixels.
    """
    height, width = image.shape[:2]
    scale = float(np.exp(rng.uniform(np.log(SCALE_LEAST), np.log(SCALE_MOST)))) \
        * side / min(height, width)
    angle = rng.uniform(-np.pi, np.pi)
    mirror = np.diag([-1.0 if rng.random() < 0.5 else 1.0, 1.0])
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn = turn @ mirror
    # The pictures' middles stay near each other.
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    aim = (side - 1) / 2 + rng.uniform(-0.1, 0.1, 2) * side
    matrix = np.column_stack([turn, aim - turn @ centre])
    view = cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR,
                          borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(view, dtype=np.uint8), moved(rectangles, matrix)


def moved(rectangles: Floats, matrix: Floats) -> Floats:
    """Return where an affine map without shear (2 x 3) takes rectangles (N x 5)."""
    turn = matrix[:, :2]
    scale = float(np.sqrt(abs(np.linalg.det(turn))))
    theta = rectangles[:, 4]
    axis = np.stack((np.cos(theta), -np.sin(theta)), axis=1) @ turn.T
    return np.column_stack((
        rectangles[:, :2] @ turn.T + matrix[:, 2], rectangles[:, 2:4] * scale,
        half_turn(np.arctan2(-axis[:, 1], axis[:, 0]))))
