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
The paper's crops for training and validation: cuts of seed images, each with one pin or none.

Each seed image is copied a few times, each copy with a contrast and a brightness of its own
(equations 3 to 5). Of each copy one crop of 100 x 100 pixels is cut; half of all have a pin.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mtperception.datasets.errors import DatasetError
from mtperception.pin.data.dataset import LabelledPin, PinPictures
from mtperception.pin.evaluation import CROP_BORDER, CROP_SIDE, cut_crop

Image = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

# A pin this far from its picture's border has enough crops around it that differ.
SEED_BORDER = CROP_BORDER + 10
# Cuts that are tried for a crop; one in twenty fits in the worst corner.
TRIES = 1000


@dataclass(frozen=True)
class PaperCrops:
    """
    N grey crops, float32, N x 1 x 100 x 100 in [0, 1], and the pin of each or None.

    Pins are in pixels of their crop, (0, 0) being the centre of its first one.
    """

    images: Floats
    pins: Sequence[LabelledPin | None]

    def __len__(self) -> int:
        return len(self.pins)

    @property
    def with_pin(self) -> npt.NDArray[np.bool_]:
        """Which crops have a pin: N."""
        return np.array([pin is not None for pin in self.pins])

    @property
    def positions(self) -> Floats:
        """Where the pins are, N x 2 (x, y); (0, 0) where there is none, as in the paper."""
        return np.array([(0, 0) if pin is None else (pin.x, pin.y) for pin in self.pins],
                        np.float32).reshape(-1, 2)


def seed_images(pictures: PinPictures, count: int) -> list[int]:
    """
    Choose the first ``count`` pictures that crops with a pin can be cut of.

    Each picture must have one pin at most. DatasetError is raised where there are too few.
    """
    chosen = []
    for index in range(len(pictures)):
        pins = pictures.pins[index]
        if len(pins) > 1:
            raise DatasetError(f'picture {index} has {len(pins)} pins, a seed image of the paper '
                               'has one: render them with --pins 1')
        if pins and _is_seed(pictures.images[index], pins[0]):
            chosen.append(index)
        if len(chosen) == count:
            return chosen
    raise DatasetError(f'only {len(chosen)} of {len(pictures)} pictures have a pin that is '
                       f'visible and not at the border, and {count} are needed: render more')


@dataclass(frozen=True)
class Copies:
    """
    Copies of seed images: the number of each one's picture, its contrast and its brightness, N.

    They are what stays the same from epoch to epoch.
    """

    pictures: PinPictures
    seeds: npt.NDArray[np.intp]
    contrast: Floats
    brightness: Floats

    def __len__(self) -> int:
        return len(self.seeds)


def copies(pictures: PinPictures, seeds: Sequence[int], count: int,
           rng: np.random.Generator) -> Copies:
    """Copy each seed image ``count`` times, with contrasts and brightnesses of equations 3, 4."""
    repeated = np.repeat(np.asarray(seeds, np.intp), count)
    contrast, brightness = rng.random((2, len(repeated)), np.float32)
    return Copies(pictures, repeated, 1 - 0.2 * contrast, 0.3 * (brightness - 0.5))


def cut_crops(lit: Copies, rng: np.random.Generator) -> PaperCrops:
    """Cut one crop of each copy, at random; half of all have a pin."""
    with_pin = rng.permutation(np.arange(len(lit)) % 2 == 0)
    images = np.empty((len(lit), 1, CROP_SIDE, CROP_SIDE), np.float32)
    pins: list[LabelledPin | None] = []
    for number, seed in enumerate(lit.seeds.tolist()):
        crop = cut_crop(lit.pictures.images[seed], lit.pictures.pins[seed],
                        bool(with_pin[number]), rng, TRIES)
        if crop is None:
            raise DatasetError(f'picture {seed} has no room for a crop of {CROP_SIDE} x '
                               f'{CROP_SIDE} {"with" if with_pin[number] else "without"} its pin')
        images[number, 0] = in_light(crop.image, lit.contrast[number], lit.brightness[number])
        pins.append(crop.pins[0] if crop.pins else None)
    return PaperCrops(images, pins)


def in_light(image: Image, contrast: np.float32, brightness: np.float32) -> Floats:
    """Change a picture by equation 5: uint8 to float32 in [0, 1], clipped."""
    light = contrast * (image * np.float32(1 / 255)) + brightness
    return np.clip(light, 0, 1, out=light)


def _is_seed(image: Image, pin: LabelledPin) -> bool:
    height, width = image.shape
    return (pin.counts(width, height)
            and SEED_BORDER <= pin.x <= width - 1 - SEED_BORDER
            and SEED_BORDER <= pin.y <= height - 1 - SEED_BORDER)
