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

"""Depth pictures, smoothed by as much as they are noisy."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mtperception.pose.detection import Box

# Pixels across which is smoothed, and the noise beyond which depths are of two surfaces, in
# standard deviations: much smoothing rounds what is thin.
_ACROSS, _APART = 5, 2.0
# So much of a box's longer side around it may show the object, too.
_AROUND = 0.5
# Fewer neighbours than these do not tell how noisy a picture is.
_FEWEST = 30
# A median's deviation as a standard one, and that of a value from its two neighbours' mean.
_OF_MEDIAN, _OF_THREE = 1.4826, np.sqrt(1.5)


def noise_of(depth: NDArray[np.float32]) -> float:
    """
    Return the standard deviation of a depth picture's noise; 0 where it cannot be told.

    ``depth`` is H x W, 0 where nothing is known. Each pixel is compared with the mean of its
    neighbours in the row: edges are few, and the median does not see them.
    """
    left, middle, right = depth[:, :-2], depth[:, 1:-1], depth[:, 2:]
    known = (left > 0) & (middle > 0) & (right > 0)
    if known.sum() < _FEWEST:
        return 0.0
    off = np.abs(middle - (left / 2 + right / 2))[known]
    return float(_OF_MEDIAN * np.median(off) / _OF_THREE)


def smoothed(depth: NDArray[np.float32], box: Box) -> NDArray[np.float32]:
    """
    Smooth a depth picture (H x W, metres, 0 or not finite where nothing is known) around a box.

    By a bilateral filter as wide as the noise there (Tomasi and Manduchi, 1998), so that edges
    stay, and what is not known is neither used nor filled in. It is returned as 0.
    """
    found = np.where(np.isfinite(depth) & (depth > 0), depth, 0).astype(np.float32)
    x0, y0, x1, y1 = _window(box, depth.shape)
    part = found[y0:y1, x0:x1]
    noise = noise_of(part)
    if noise > 0.0:
        calm = cv2.bilateralFilter(part, _ACROSS, _APART * noise, _ACROSS / 2)
        part[...] = np.where(part > 0, calm, 0)
    return found


def _window(box: Box, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    margin = _AROUND * max(box[2] - box[0], box[3] - box[1])
    low = np.maximum(np.floor(np.array(box[:2]) - margin), 0)
    high = np.minimum(np.ceil(np.array(box[2:]) + margin), shape[::-1])
    x0, y0, x1, y1 = (int(value) for value in (*low, *np.maximum(high, low)))
    return x0, y0, x1, y1
