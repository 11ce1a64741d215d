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

"""Pictures with the pins in them, as training and evaluation know them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
import hashlib
from typing import overload

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]

# A pin less visible than this is neither hit nor miss.
LEAST_VISIBLE = 0.6
# Faces of solid pins cannot overlap: nearer than this share of their mean diameter, two are one.
LEAST_DISTANCE = 0.5


class DatasetError(ValueError):
    """A data set cannot be used; the message names the file or label and what is wrong with it."""


@dataclass(frozen=True)
class LabelledPin:
    """
    A true pin; pixels, (0, 0) being the centre of the picture's first one.

    ``x`` and ``y`` are the centre of its top face, ``diameter`` the top face's, ``box`` (left,
    top, right, bottom) the whole pin, hidden parts too, and ``visible`` the share of it, from 0
    to 1, that nothing hides.
    """

    x: float
    y: float
    diameter: float
    box: tuple[float, float, float, float]
    visible: float

    def counts(self, width: int, height: int) -> bool:
        """Say if the pin must be found in a picture of this size: centre inside and visible."""
        inside = -0.5 <= self.x < width - 0.5 and -0.5 <= self.y < height - 0.5
        return inside and self.visible >= LEAST_VISIBLE


@dataclass(frozen=True)
class PinPictures:
    """
    Labelled grey pictures, H x W of any sizes, from one data set or from several.

    ``digests`` are the SHA-256 of the pictures' files, and ``origins`` the SHA-256 of the data
    set that each picture is from. ``images`` may be read only when asked for.
    """

    images: Sequence[Image]
    pins: Sequence[tuple[LabelledPin, ...]]
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

    def part(self, indices: Sequence[int]) -> 'PinPictures':
        """Take some of the pictures; their origins stay what they are."""
        return PinPictures(
            _Chosen(self.images, indices), [self.pins[index] for index in indices],
            [self.digests[index] for index in indices],
            [self.origins[index] for index in indices])

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
