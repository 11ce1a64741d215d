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

"""Batches of random views and crops for the training of the pose network."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mtperception.pose.augmentation import (
    random_crop,
    random_plain_crop,
    random_view,
    ShownCrop,
)
from mtperception.pose.loss import BoxTargets, LookTargets
from mtperception.pose.network import FINDER_SIDE, MASK_SIDE, normalised
from mtperception.pose.samples import PoseSamples
from mtperception.training.random_look import random_look

Image = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class PlainViews:
    """Pictures of an object alone, on black (N x S x S x 3, RGB), and its masks (N x S x S)."""

    images: Image
    masks: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.images)


class PoseBatch(NamedTuple):
    """Views for the finder and crops for the encoder, as the network takes them, and targets."""

    views: Tensor
    boxes: BoxTargets
    crops: Tensor
    looks: LookTargets


def random_batch(samples: PoseSamples, plain: PlainViews | None, count: int, crop_count: int,
                 plain_count: int, mirrored: bool, rng: np.random.Generator) -> PoseBatch:
    """
    Show ``count`` random pictures and crop ``crop_count`` random objects of the set.

    ``plain_count`` of the crops are of the object alone, where there are ``plain`` views.
    """
    views, boxes, crops = [], [], []
    for _ in range(count):
        index = samples.pictures.random_index(rng)
        outlines = [samples.objects[number].outline for number in samples.of[index]]
        view, around = random_view(samples.small[index], samples.scales[index], outlines, rng)
        views.append(random_look(view, rng))
        boxes.append(around)
    alone = plain_count if plain is not None else 0
    for _ in range(crop_count - alone):
        thing = samples.objects[int(rng.integers(len(samples.objects)))]
        crops.append(random_crop(
            np.asarray(samples.pictures.images[thing.picture]), thing, mirrored, rng))
    for _ in range(alone):
        assert plain is not None
        number = int(rng.integers(len(plain)))
        crops.append(random_plain_crop(
            plain.images[number], 255 * plain.masks[number].astype(np.uint8), mirrored, rng))
    return PoseBatch(
        _tensor([*views]), box_targets(boxes),
        _tensor([random_look(crop.image, rng) for crop in crops]), look_targets(crops))


def box_targets(boxes: list[npt.NDArray[np.float64]]) -> BoxTargets:
    """Pad the boxes of B views to tensors; those whose middle is outside do not count."""
    most = max((len(rows) for rows in boxes), default=0)
    padded = np.zeros((len(boxes), most, 4), np.float32)
    counted = np.zeros((len(boxes), most), bool)
    for number, rows in enumerate(boxes):
        padded[number, :len(rows)] = rows
        middle = (rows[:, :2] + rows[:, 2:]) / 2
        counted[number, :len(rows)] = (
            (middle >= -0.5) & (middle <= FINDER_SIDE - 0.5)).all(axis=1)
    return BoxTargets(torch.from_numpy(padded), torch.from_numpy(counted))


def look_targets(crops: list[ShownCrop]) -> LookTargets:
    """Stack what is to be said of crops."""
    drawn = np.stack([crop.drawn for crop in crops])
    nothing = np.zeros((MASK_SIDE, MASK_SIDE, 2), np.uint8)
    masks = np.stack([nothing if crop.masks is None else crop.masks for crop in crops])
    place = np.array([crop.place or (0.0, 0.0, 0.0) for crop in crops], np.float32)
    placed = np.array([crop.place is not None for crop in crops])
    return LookTargets(_shares(drawn), _shares(masks), torch.from_numpy(place),
                       torch.from_numpy(placed))


def _shares(images: Image) -> Tensor:
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255


def _tensor(images: list[Image]) -> Tensor:
    return normalised(torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2))
