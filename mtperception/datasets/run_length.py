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

"""Masks as run lengths, uncompressed, the way COCO has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mtperception.datasets.errors import DatasetError

# A mask of more pixels than this is not one of a picture.
_MOST_PIXELS = 100_000_000


@dataclass(frozen=True)
class RunLengths:
    """
    A mask, height x width, column by column.

    `counts` are the lengths of runs of pixels, outside and inside in turn, the first outside.
    """

    height: int
    width: int
    counts: tuple[int, ...]

    @classmethod
    def of(cls, mask: NDArray[np.bool_]) -> 'RunLengths':
        """Encode a mask."""
        # A column after the other, which OpenCV turns round faster.
        flat = cv2.transpose(mask.astype(np.uint8)).ravel() if mask.size else mask.ravel()
        changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
        ends = np.concatenate(([0] if len(flat) and flat[0] else [], changes, [len(flat)]))
        counts = np.diff(ends, prepend=0)
        height, width = mask.shape
        return cls(height, width, tuple(counts.astype(int).tolist()))

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> 'RunLengths':
        """Take COCO's form apart; raise DatasetError where it is not a mask."""
        try:
            height, width = (int(size) for size in document['size'])
            counts = tuple(int(count) for count in document['counts'])
        except (KeyError, TypeError, ValueError) as error:
            raise DatasetError(f'not a mask of run lengths ({error!r})') from None
        pixels = height * width
        if not 0 <= pixels <= _MOST_PIXELS or min(counts, default=0) < 0 or sum(counts) != pixels:
            raise DatasetError(f'the run lengths are not of a mask of {height} x {width}')
        return cls(height, width, counts)

    def to_json(self) -> dict[str, Any]:
        """Return COCO's form."""
        return {'size': [self.height, self.width], 'counts': list(self.counts)}

    def mask(self) -> NDArray[np.bool_]:
        """Decode the mask."""
        inside = np.arange(len(self.counts)) % 2 == 1
        flat = np.repeat(inside, self.counts)
        return flat.reshape((self.height, self.width), order='F')

    def at(self, columns: NDArray[np.intp], rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Tell which pixels are inside, without decoding the mask; none beyond its edge is."""
        there = (columns >= 0) & (columns < self.width) & (rows >= 0) & (rows < self.height)
        runs = np.searchsorted(np.cumsum(self.counts), columns * self.height + rows, side='right')
        return np.asarray(there & (runs % 2 == 1))
