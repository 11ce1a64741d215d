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

"""Folds for cross-validation that keep the examples of a picture together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mtperception.grasp.shapes.examples import Labels, Numbers

Places = NDArray[np.intp]


def folds_by_image(labels: Labels, images: Numbers, most: int) -> list[tuple[Places, Places]]:
    """
    Deal examples into 2 to `most` folds: (places to learn from, places to test) of each.

    Each example is tested once, and each shape is learnt from in every fold. A shape of one
    picture, which cannot be split by pictures, is split by examples; it needs two.
    """
    units = np.array(images)
    counts = []
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        if len(np.unique(units[own])) == 1:
            units[own] = np.arange(len(own))
        counts.append(len(np.unique(units[own])))
    number = max(2, min(most, *counts))
    fold = np.empty(len(labels), dtype=int)
    for first, label in enumerate(np.unique(labels)):
        own = np.flatnonzero(labels == label)
        fold[own] = (np.unique(units[own], return_inverse=True)[1] + first) % number
    return [(np.flatnonzero(fold != one), np.flatnonzero(fold == one)) for one in range(number)]


def twice_if_alone(labels: Labels) -> Places:
    """Return all places, the one of a lone example of a shape twice: one can be held out."""
    names, counts = np.unique(labels, return_counts=True)
    alone = np.isin(labels, names[counts == 1])
    return np.repeat(np.arange(len(labels)), np.where(alone, 2, 1))
