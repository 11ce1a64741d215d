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

"""
Rows of millions of numbers made short, so that their inner products stay nearly what they are.

Each column is added to or taken from one of a few, at random: a count sketch (Charikar, Chen and
Farach-Colton, 2002). Principal components and radial kernels know rows by inner products alone.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

# Inner products of rows of length 1 are off by about 1 / sqrt(COLUMNS), here 0.02.
COLUMNS = 2048


@dataclass(frozen=True)
class Sketch:
    """Adds the columns of rows, with their signs, to their places among a few."""

    places: npt.NDArray[np.int32]
    signs: npt.NDArray[np.float32]

    def __call__(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Make rows, N x D, short: N x COLUMNS."""
        short = np.empty((len(rows), COLUMNS), np.float32)
        for row, result in zip(rows, short, strict=True):
            some = np.flatnonzero(row)
            result[:] = np.bincount(self.places[some], row[some] * self.signs[some], COLUMNS)
        return short


@cache
def sketch_of(columns: int) -> Sketch:
    """Draw the sketch of rows of so many columns, always the same."""
    rng = np.random.default_rng(columns)
    return Sketch(rng.integers(COLUMNS, size=columns, dtype=np.int32),
                  rng.choice(np.array((-1, 1), np.float32), columns))
