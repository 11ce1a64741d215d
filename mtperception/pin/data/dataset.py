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

from mtperception.datasets.pictures import LabelledPictures

# A pin less visible than this is neither hit nor miss.
LEAST_VISIBLE = 0.6
# Faces of solid pins cannot overlap: nearer than this share of their mean diameter, two are one.
LEAST_DISTANCE = 0.5
# The detector takes no smaller pictures.
LEAST_SIDE = 16


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
class PinPictures(LabelledPictures[tuple[LabelledPin, ...]]):
    """Labelled grey pictures, H x W of any sizes, from one data set or from several."""

    @property
    def pins(self) -> Sequence[tuple[LabelledPin, ...]]:
        """The pins of each picture."""
        return self.labels
