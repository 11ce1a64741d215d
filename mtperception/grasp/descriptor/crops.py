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

"""Square views of a picture around grasps, turned to their angles."""

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mtperception.geometry.camera import Floats

Image = npt.NDArray[np.uint8]
# Samples along a side, and pixels of the picture between two of them: most of a part is within.
SAMPLES, STEP = 72, 2.2


def crop(image: Image, x: float, y: float, theta: float, step: float = STEP) -> Image:
    """
    Show the surroundings of a place, SAMPLES x SAMPLES x 3; the picture's edge goes on outside.

    Columns lie along ``theta``, radians counter-clockwise as seen on the screen.
    """
    # Four of these are joined to one, so that nothing is missed between them.
    fine = _warped(image, x, y, theta, 2 * SAMPLES, step / 2)
    return np.asarray(cv2.resize(fine, (SAMPLES, SAMPLES), interpolation=cv2.INTER_AREA))


def sampled_places(x: float, y: float, theta: float, count: int, step: float) -> Floats:
    """Return where in the picture count x count samples around a place are: N x N x (x, y)."""
    offsets = (np.arange(count) - (count - 1) / 2) * step
    across, down = np.meshgrid(offsets, offsets)
    cosine, sine = np.cos(theta), np.sin(theta)
    return np.stack((x + across * cosine + down * sine, y - across * sine + down * cosine),
                    axis=-1)


def normalised(crops: Tensor) -> Tensor:
    """Take crops, uint8 B x 3 x H x W, to a mean of zero in each colour and a spread of one."""
    values = crops.float()
    values = values - values.mean(dim=(2, 3), keepdim=True)
    # Darkness has no contrast that would be worth making much of: a noise of 4 levels is less.
    spread = values.square().mean(dim=(1, 2, 3), keepdim=True).sqrt() + 4.0
    return (values / spread).contiguous(memory_format=torch.channels_last)


def _warped(image: Image, x: float, y: float, theta: float, count: int, step: float) -> Image:
    cosine, sine, half = step * np.cos(theta), step * np.sin(theta), (count - 1) / 2
    back = np.array([[cosine, sine, x - half * (cosine + sine)],
                     [-sine, cosine, y - half * (cosine - sine)]])
    return np.asarray(cv2.warpAffine(
        image, back, (count, count), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE))
