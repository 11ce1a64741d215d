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

"""Where a network in training goes wrong, so that it sees more of such places."""

from collections.abc import Iterable
from dataclasses import dataclass

from mtperception.pin.data.dataset import PinPictures
from mtperception.pin.evaluation import match
from mtperception.pin.predictor import PinDetector

# A false detection with this score, or a pin with less than that one, is worth another look.
FALSE_SCORE, TRUE_SCORE = 0.25, 0.6


@dataclass(frozen=True)
class HardPlace:
    """A place in one of the training pictures, in pixels."""

    picture: int
    x: float
    y: float


def hard_places(detector: PinDetector, pictures: PinPictures,
                indices: Iterable[int]) -> list[HardPlace]:
    """Look through some pictures for pins that score low and for what is taken for a pin."""
    places = []
    for index in indices:
        image, pins = pictures.images[index], pictures.pins[index]
        found = detector.detect(image, FALSE_SCORE)
        matching = match(found, pins, image.shape[1], image.shape[0])
        weak = [pin for detection, pin in matching.hits if found[detection].score < TRUE_SCORE]
        places += [HardPlace(index, found[false].x, found[false].y) for false in matching.false]
        places += [HardPlace(index, pins[pin].x, pins[pin].y)
                   for pin in (*matching.missed, *weak)]
    return places
