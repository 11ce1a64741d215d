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

import numpy as np
import torch
from torch import Tensor

from mtperception.pin.augmentation import random_centre, random_cut, random_look
from mtperception.pin.data.dataset import LabelledPin, PinPictures
from mtperception.pin.hard_places import HardPlace
from mtperception.pin.loss import PinTargets


def random_batch(pictures: PinPictures, count: int, side: int, rng: np.random.Generator,
                 hard: Sequence[HardPlace] = (),
                 hard_share: float = 0.0) -> tuple[Tensor, PinTargets]:
    """
    Cut ``count`` random samples: pictures, count x 1 x side x side in [0, 1], and targets.

    About ``hard_share`` of them are cut around one of the ``hard`` places.
    """
    images, labels = [], []
    for _ in range(count):
        if hard and rng.random() < hard_share:
            place = hard[int(rng.integers(len(hard)))]
            index, (x, y) = place.picture, rng.uniform(-0.4 * side, 0.4 * side, 2)
            centre = (place.x + x, place.y + y)
        else:
            index = pictures.random_index(rng)
            centre = random_centre(pictures.images[index], pictures.pins[index], side, rng)
        image, pins = random_cut(
            pictures.images[index], pictures.pins[index], centre, side, rng)
        images.append(random_look(image, rng))
        labels.append(pins)
    batch = torch.from_numpy(np.stack(images))[:, None].float() / 255
    return batch, targets_from_labels(labels, side, side)


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
