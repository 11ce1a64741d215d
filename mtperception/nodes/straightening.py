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

"""Pictures without the distortion of their lens."""

import math
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from mtperception.geometry.camera import PinholeCamera
from mtperception.geometry.distortion import Distortion, undistort_pixels
from mtperception.nodes.camera_model import CameraModel

Pixels = npt.NDArray[np.uint8]
Depth = npt.NDArray[np.float32]

# A straight picture is wider and higher on each side by so much of the input's, at the most.
_MARGIN = 0.25


class StraightPicture(NamedTuple):
    """A picture (H x W, or H x W x 3) as the pinhole camera would take it."""

    image: Pixels
    camera: PinholeCamera


class Straightener:
    """Take the lens out of pictures; what that needs is kept until another camera's come."""

    def __init__(self) -> None:
        self._model: CameraModel | None = None

    def straight(self, image: Pixels, model: CameraModel) -> StraightPicture:
        """
        Return a picture without the distortion, in the same optical frame.

        Its pixels are as large as the input's, in the middle, and it is as large as it must be
        to show all that the input shows. What nobody has seen repeats what is beside it.
        """
        if model.lens == Distortion():
            return StraightPicture(image, model.camera)
        self._see(model)
        straight = cv2.remap(
            image, *self._smooth, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return StraightPicture(np.asarray(straight, dtype=np.uint8), self._camera)

    def straight_depth(self, depth: Depth, model: CameraModel) -> Depth:
        """
        Return the depth (metres along the optical axis) of what `straight` makes of a picture.

        Each pixel has the depth of the nearest of the input, for what is between a thing and what
        is behind it is neither; what nobody has seen is infinite.
        """
        if model.lens == Distortion():
            return depth
        self._see(model)
        straight = cv2.remap(depth, self._nearest, None, cv2.INTER_NEAREST,
                             borderMode=cv2.BORDER_CONSTANT, borderValue=math.inf)
        return np.asarray(straight, dtype=np.float32)

    def _see(self, model: CameraModel) -> None:
        """Know where a camera shows what the one without a lens does."""
        if model == self._model:
            return
        self._model = model
        self._camera = straight_camera(model)
        x, y = cv2.initUndistortRectifyMap(
            model.camera.matrix, np.array(model.lens.coefficients), None,
            self._camera.matrix, (self._camera.width, self._camera.height), cv2.CV_32FC1)
        first, second = cv2.convertMaps(x, y, cv2.CV_16SC2)
        self._smooth = first, second
        self._nearest, _ = cv2.convertMaps(x, y, cv2.CV_16SC2, nninterpolation=True)


def straight_camera(model: CameraModel) -> PinholeCamera:
    """Return the pinhole camera that sees all that one behind a lens does, at the same scale."""
    camera, lens = model
    size = np.array((camera.width, camera.height))
    across, down = np.arange(size[0]), np.arange(size[1])
    border = np.concatenate([
        np.column_stack(np.broadcast_arrays(x, y))
        for x, y in ((across, 0), (across, size[1] - 1), (0, down), (size[0] - 1, down))])
    with np.errstate(all='ignore'):
        seen = undistort_pixels(camera, lens, border)
    seen = np.where(np.isfinite(seen), seen, border)
    most = np.floor(_MARGIN * size).astype(int)
    before = np.ceil(-seen.min(axis=0)).clip(0, most).astype(int)
    after = np.ceil(seen.max(axis=0) - (size - 1)).clip(0, most).astype(int)
    width, height = (before + size + after).tolist()
    left, up = before.tolist()
    return PinholeCamera(
        width, height, camera.fx, camera.fy, camera.cx + left, camera.cy + up)
