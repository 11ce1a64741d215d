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

"""Batches of random cuts for the training of the pin network."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from mtperception.pin.augmentation import (
    Image,
    random_centre,
    random_cut,
    random_look,
    random_patches,
)
from mtperception.pin.data.dataset import LabelledPin, PinPictures
from mtperception.pin.hard_places import HardPlace
from mtperception.pin.loss import PinTargets

# A pin in a tile is at most this share of the tile's side from its middle.
TILE_SHIFT = 0.15


@dataclass(frozen=True)
class CutShares:
    """How many of the cuts are taken at hard places, and how many are mosaics, from 0 to 1."""

    hard: float = 0.0
    mosaic: float = 0.0


def random_batch(pictures: PinPictures, count: int, side: int, rng: np.random.Generator,
                 hard: Sequence[HardPlace] = (),
                 shares: CutShares = CutShares()) -> tuple[Tensor, PinTargets]:
    """
    Cut ``count`` random samples: pictures, count x 1 x side x side in [0, 1], and targets.

    Some are mosaics, others are cut around one of the ``hard`` places, the rest anywhere.
    """
    images, labels = [], []
    with_pins = [index for index, pins in enumerate(pictures.pins) if pins] \
        if shares.mosaic else []
    for _ in range(count):
        drawn = rng.random()
        if with_pins and drawn < shares.mosaic:
            image, pins = random_mosaic(pictures, with_pins, side, rng)
        elif hard and drawn < shares.mosaic + shares.hard:
            place = hard[int(rng.integers(len(hard)))]
            x, y = rng.uniform(-0.4 * side, 0.4 * side, 2)
            image, pins = _sample(pictures, place.picture, (place.x + x, place.y + y), side, rng)
        else:
            index = pictures.random_index(rng)
            centre = random_centre(pictures.images[index], pictures.pins[index], side, rng)
            image, pins = _sample(pictures, index, centre, side, rng)
        images.append(image)
        labels.append(pins)
    batch = torch.from_numpy(np.stack(images))[:, None].float() / 255
    return batch, targets_from_labels(labels, side, side)


def _sample(pictures: PinPictures, index: int, centre: tuple[float, float], side: int,
            rng: np.random.Generator) -> tuple[Image, tuple[LabelledPin, ...]]:
    image, pins = random_cut(pictures.images[index], pictures.pins[index], centre, side, rng)
    image, pins = random_patches(image, pins, rng)
    return random_look(image, rng), pins


def random_mosaic(pictures: PinPictures, with_pins: Sequence[int], side: int,
                  rng: np.random.Generator) -> tuple[Image, tuple[LabelledPin, ...]]:
    """
    Lay four tiles, each around a pin of its own, side by side to a square of ``side`` pixels.

    The places of pins are learned from pins alone, and here there are many. Around them the
    picture is none that a camera would see: it lies in the box of a pin that does not count,
    where the loss asks for nothing.
    """
    half = side // 2
    image = np.empty((side, side), np.uint8)
    whole = (-0.5, -0.5, side - 0.5, side - 0.5)
    labels = [LabelledPin(0.0, 0.0, 1.0, whole, visible=0.0)]
    for left, top in ((0, 0), (half, 0), (0, half), (half, half)):
        width, height = side - half if left else half, side - half if top else half
        tile = max(width, height)
        index = with_pins[int(rng.integers(len(with_pins)))]
        chosen = int(rng.integers(len(pictures.pins[index])))
        pin = pictures.pins[index][chosen]
        shift_x, shift_y = rng.uniform(-TILE_SHIFT * tile, TILE_SHIFT * tile, 2)
        part, pins = _sample(pictures, index, (pin.x + shift_x, pin.y + shift_y), tile, rng)
        image[top:top + height, left:left + width] = part[:height, :width]
        moved = pins[chosen]
        if moved.counts(width, height):
            x0, y0, x1, y1 = moved.box
            labels.append(replace(moved, x=moved.x + left, y=moved.y + top,
                                  box=(x0 + left, y0 + top, x1 + left, y1 + top)))
    return image, tuple(labels)


def targets_from_labels(labels: Sequence[Sequence[LabelledPin]], width: int,
                        height: int) -> PinTargets:
    """Pad the labels of B pictures of one size to tensors."""
    most = max((len(pins) for pins in labels), default=0)
    rows = np.zeros((len(labels), most, 7), np.float32)
    rows[..., 2] = 1
    counted = np.zeros((len(labels), most), bool)
    present = np.zeros((len(labels), most), bool)
    for picture, pins in enumerate(labels):
        for place, pin in enumerate(pins):
            rows[picture, place] = (pin.x, pin.y, pin.diameter, *pin.box)
            counted[picture, place] = pin.counts(width, height)
            present[picture, place] = True
    values = torch.from_numpy(rows)
    return PinTargets(centres=values[..., :2], diameters=values[..., 2], boxes=values[..., 3:],
                      counted=torch.from_numpy(counted),
                      ignored=torch.from_numpy(present & ~counted))
