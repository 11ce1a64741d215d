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

"""Labelled pictures, from one data set or from several, and choices of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
import hashlib
from typing import Generic, overload, TypeVar

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
L = TypeVar('L')
P = TypeVar('P', bound='LabelledPictures')  # type: ignore[type-arg]


@dataclass(frozen=True)
class LabelledPictures(Generic[L]):
    """
    Pictures of any sizes, each with its labels.

    ``digests`` are the SHA-256 of the pictures' files, and ``origins`` the SHA-256 of the data
    set that each picture is from. ``images`` may be read only when asked for.
    """

    images: Sequence[Image]
    labels: Sequence[L]
    digests: Sequence[str]
    origins: Sequence[str]

    def __len__(self) -> int:
        return len(self.images)

    @cached_property
    def sets(self) -> dict[str, npt.NDArray[np.intp]]:
        """The pictures' numbers by the SHA-256 of their data set."""
        origins = np.asarray(self.origins)
        return {origin: np.flatnonzero(origins == origin)
                for origin in dict.fromkeys(self.origins)}

    @property
    def sha256(self) -> str:
        """The hash of the data set; of several, that of their hashes."""
        if len(self.sets) == 1:
            return next(iter(self.sets))
        return hashlib.sha256(' '.join(sorted(self.sets)).encode()).hexdigest()

    def part(self: P, indices: Sequence[int]) -> P:
        """Take some of the pictures; their origins stay what they are."""
        labels, digests, origins = ([values[index] for index in indices] for values in (
            self.labels, self.digests, self.origins))
        return replace(self, images=_Chosen(self.images, indices), labels=labels,
                       digests=digests, origins=origins)

    def random_index(self, rng: np.random.Generator) -> int:
        """Draw a picture; each data set is as likely as another, however many pictures it has."""
        sets = list(self.sets.values())
        drawn = sets[int(rng.integers(len(sets)))] if len(sets) > 1 else sets[0]
        return int(drawn[rng.integers(len(drawn))])


class _Chosen(Sequence[Image]):
    """Some of a sequence's pictures, taken from there when asked for."""

    def __init__(self, images: Sequence[Image], indices: Sequence[int]) -> None:
        self._images, self._indices = images, indices

    def __len__(self) -> int:
        return len(self._indices)

    @overload
    def __getitem__(self, index: int) -> Image: ...

    @overload
    def __getitem__(self, index: slice) -> '_Chosen': ...

    def __getitem__(self, index: int | slice) -> 'Image | _Chosen':
        if isinstance(index, slice):
            return _Chosen(self._images, self._indices[index])
        return self._images[self._indices[index]]
