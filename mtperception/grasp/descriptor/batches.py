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

"""Batches of pairs of views of things, for the training of the descriptor network."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mtperception.grasp.descriptor.crops import crop, normalised, sampled_places, SAMPLES, STEP
from mtperception.grasp.descriptor.data import GraspedThing, PlacesOfParts, ShapePictures
from mtperception.grasp.descriptor.network import OUTLINE_STRIDE
from mtperception.training.random_look import random_look

# Detected grasps are not quite where the labelled ones are: pixels, radians, and the logarithm of
# the scale at which things are seen.
_SHIFT, _TURN, _SCALE = 2.5, 0.06, 0.1


class Pairs(NamedTuple):
    """
    Views of B things, and then other views of the same, in the same order.

    ``views`` are 2B x 3 x n x n as the network takes them, ``outlines`` 2B x n/2 x n/2 bool.
    """

    views: Tensor
    outlines: Tensor


def random_pairs(pictures: ShapePictures, places: PlacesOfParts, count: int,
                 rng: np.random.Generator) -> Pairs:
    """Look twice at ``count`` random parts."""
    pairs = places.random_pairs(count, rng)
    shown = [random_view(pictures.images[place.picture],
                         pictures.labels[place.picture][place.thing], rng)
             for some in zip(*pairs, strict=True) for place in some]
    views = torch.from_numpy(np.stack([view for view, _ in shown])).permute(0, 3, 1, 2)
    return Pairs(normalised(views),
                 torch.from_numpy(np.stack([outline for _, outline in shown])))


def random_view(image: npt.NDArray[np.uint8], thing: GraspedThing, rng: np.random.Generator,
                ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """Look at one of a thing's grasps, not quite straight, in other colours, or in a mirror."""
    x, y, theta = thing.grasps[int(rng.integers(len(thing.grasps)))]
    x, y = (float(value + rng.normal(0.0, _SHIFT)) for value in (x, y))
    theta += rng.normal(0.0, _TURN) + np.pi * rng.integers(2)
    step = STEP * float(np.exp(rng.normal(0.0, _SCALE)))
    view = random_look(crop(image, x, y, theta, step), rng)[..., rng.permutation(3)]
    columns, rows = np.rint(sampled_places(
        x, y, theta, SAMPLES // OUTLINE_STRIDE, OUTLINE_STRIDE * step)).astype(np.intp).T
    outline = thing.outline.at(columns.T, rows.T)
    if rng.random() < 0.5:
        view, outline = view[:, ::-1], outline[:, ::-1]
    return np.ascontiguousarray(view), np.ascontiguousarray(outline)
