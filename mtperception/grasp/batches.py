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

"""Batches of random views for the training of the grasp network."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mtperception.geometry.camera import Floats
from mtperception.geometry.rectangle import corners
from mtperception.grasp.augmentation import random_view
from mtperception.grasp.data.dataset import GraspPictures
from mtperception.grasp.loss import GraspTargets
from mtperception.grasp.network import normalised
from mtperception.training.random_look import random_look


def random_batch(pictures: GraspPictures, count: int, side: int,
                 rng: np.random.Generator) -> tuple[Tensor, GraspTargets]:
    """Show ``count`` random pictures: count x 3 x side x side as the network takes them."""
    images, labels, asked = [], [], []
    for _ in range(count):
        index = pictures.random_index(rng)
        image, rectangles = random_view(
            pictures.images[index], pictures.right(index).astype(np.float64), side, rng)
        images.append(random_look(image, rng))
        labels.append(rectangles)
        asked.append(len(pictures.rectangles[index]))
    batch = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)
    return normalised(batch), targets_from_labels(labels, side, side, asked)


def targets_from_labels(labels: Sequence[Floats], width: int, height: int,
                        asked: Sequence[int] | None = None) -> GraspTargets:
    """
    Pad the rectangles of B pictures of one size to tensors.

    Of each picture the first so many (``asked``; all by default) are to be found, the others are
    neither hit nor miss, as are those partly outside; those with their middle outside are left
    out.
    """
    inside = [within(rows[:, None, :2], width, height) for rows in labels]
    most = max((int(there.sum()) for there in inside), default=0)
    rectangles = np.zeros((len(labels), most, 5), np.float32)
    rectangles[..., 2:4] = 1
    whole = np.zeros((len(labels), most), bool)
    present = np.zeros((len(labels), most), bool)
    for picture, (every, there) in enumerate(zip(labels, inside, strict=True)):
        rows, numbers = every[there], np.flatnonzero(there)
        rectangles[picture, :len(rows)] = rows
        present[picture, :len(rows)] = True
        whole[picture, :len(rows)] = within(corners(rows), width, height)
        if asked is not None:
            whole[picture, :len(rows)] &= numbers < asked[picture]
    return GraspTargets(
        torch.from_numpy(rectangles), torch.from_numpy(present & whole),
        torch.from_numpy(present & ~whole))


def within(points: Floats, width: int, height: int) -> npt.NDArray[np.bool_]:
    """Tell of N x M x 2 points, in pixels, for which of the N all are in the picture."""
    return np.asarray(((points >= -0.5) & (points <= np.array([width, height]) - 0.5))
                      .all(axis=(1, 2)))
