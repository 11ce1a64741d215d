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

"""What a picture of objects in hands is labelled with."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import Floats, PinholeCamera, PosedCamera

Box = tuple[float, float, float, float]
Mask = NDArray[np.bool_]
# The target's window is a square around the box, so many times as large as its longer side.
ALONE_MARGIN = 1.2
ALONE_SIZE = 128


@dataclass(frozen=True)
class PoseObject:
    """
    An object in a picture.

    `rotation` (3 x 3) and `translation` (3, metres) take points of the object's mesh to the
    camera's optical frame. `box` (x0, y0, x1, y1) in pixels bounds the whole object, hidden and
    outside parts included, `visible_box` what can be seen of it (None: nothing). `mask` (height x
    width) is where the picture would show the object were nothing else there, `visible_mask`
    where it does. `visible` is the share of the whole silhouette that can be seen; what lies
    outside the picture counts as hidden. `alone` (RGB, 128 x 128) is the object in the same
    light, on black, seen in the square window `alone_window` (x0, y0, side; pixel edges).
    """

    part: str
    rotation: Floats
    translation: Floats
    box: Box
    visible_box: Box | None
    mask: Mask
    visible_mask: Mask
    visible: float
    alone: NDArray[np.uint8]
    alone_window: tuple[float, float, float]


@dataclass(frozen=True)
class PoseSample:
    """
    A picture of objects, uint8 in RGB (height x width x 3), and what is in it.

    `depth` is float32, in metres along the optical axis, exact; infinite where nothing is.
    """

    image: NDArray[np.uint8]
    depth: NDArray[np.float32]
    objects: tuple[PoseObject, ...]
    view: PosedCamera

    @property
    def camera(self) -> PinholeCamera:
        """The camera that took the picture."""
        return self.view.camera


def window_around(box: Box) -> tuple[float, float, float]:
    """Return the square window (x0, y0, side) in which an object with this box is shown alone."""
    x0, y0, x1, y1 = box
    side = ALONE_MARGIN * max(x1 - x0, y1 - y0)
    return (x0 + x1 - side) / 2.0, (y0 + y1 - side) / 2.0, side


def windowed(camera: PinholeCamera, window: tuple[float, float, float], size: int
             ) -> PinholeCamera:
    """Return the camera whose picture, size x size, is a square window of another's."""
    x0, y0, side = window
    scale = size / side
    return PinholeCamera(
        size, size, scale * camera.fx, scale * camera.fy,
        scale * (camera.cx - x0) - 0.5, scale * (camera.cy - y0) - 0.5)


def mask_box(mask: Mask) -> Box | None:
    """Return the edges of a mask's pixels (x0, y0, x1, y1), None where it is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return (
        float(columns[0]) - 0.5, float(rows[0]) - 0.5, float(columns[-1]) + 0.5,
        float(rows[-1]) + 0.5)
