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

"""Random fields: what procedural textures are made of, tiling without a seam, and grain."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
_GRAINS = 2**20


def white(rng: np.random.Generator, height: int, width: int) -> Field:
    """Return white noise of standard deviation 1."""
    return rng.standard_normal((height, width), dtype=np.float32)


def grain(rng: np.random.Generator, height: int, width: int) -> Field:
    """
    Return white noise of standard deviation 1, in a fiftieth of the time.

    Its rows are pieces of one long row that is always the same, each from somewhere else.
    """
    pieces = np.lib.stride_tricks.sliding_window_view(_long_row(), width)
    return np.asarray(pieces[rng.integers(len(pieces), size=height)])


@lru_cache(maxsize=1)
def _long_row() -> Field:
    row = white(np.random.default_rng(0), 1, _GRAINS)
    row.flags.writeable = False
    return row.ravel()


def smooth(rng: np.random.Generator, size: int, sigma_x: float, sigma_y: float) -> Field:
    """Return noise of standard deviation 1, size x size, blurred by so many pixels."""
    # Wide blurs are made small and enlarged: the same look in a hundredth of the time.
    shrink_x, shrink_y = (2 ** max(0, int(np.log2(sigma / 2.0))) for sigma in (sigma_x, sigma_y))
    field = white(rng, size // shrink_y, size // shrink_x)
    margin = 16
    field = np.pad(field, margin, mode='wrap')
    field = cv2.GaussianBlur(
        field, (0, 0), sigmaX=max(sigma_x / shrink_x, 0.1), sigmaY=max(sigma_y / shrink_y, 0.1))
    high, wide = field.shape
    field = cv2.resize(
        field, (wide * shrink_x, high * shrink_y), interpolation=cv2.INTER_CUBIC)
    down, right = margin * shrink_y, margin * shrink_x
    inner = field[down:down + size, right:right + size]
    return np.asarray(inner / inner.std(), dtype=np.float32)


def clouds(rng: np.random.Generator, size: int) -> Field:
    """Return noise of three scales, coarse to fine."""
    return np.asarray(
        smooth(rng, size, 90, 90) + 0.6 * smooth(rng, size, 32, 32)
        + 0.35 * smooth(rng, size, 10, 10)
    )
