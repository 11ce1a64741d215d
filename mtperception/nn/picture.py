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

"""The pictures that detectors take."""

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]


def check_picture(image: Image, least_side: int) -> None:
    """Refuse what is no picture, H x W or H x W x 3 of 8 bits, or one too small, in a line."""
    if not isinstance(image, np.ndarray):
        raise TypeError(f'a picture is a numpy array, not {type(image).__name__}')
    if image.dtype != np.uint8:
        raise ValueError(f'a picture is of type uint8, not {image.dtype}; scale it first')
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] != 3):
        raise ValueError(f'a picture is H x W or H x W x 3, not of shape {image.shape}')
    if min(image.shape[:2]) < least_side:
        raise ValueError(f'a picture of {image.shape[1]} x {image.shape[0]} is too small; '
                         f'{least_side} pixels a side are the least')
