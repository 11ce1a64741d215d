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
How unlike all taught shapes a grasp is, so that unknown shapes are refused.

Two squares of distances tell, and are added: those to the three nearest examples among the
principal components, and that to the space of the components, if there are any. The sum is
measured in units of what few examples exceed, of pictures that were left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtperception.grasp.shapes.components import held_out_components, squared_distances
from mtperception.grasp.shapes.examples import Labels, Numbers
from mtperception.grasp.shapes.folds import folds_by_image

Floats = NDArray[np.float64]
_NEIGHBOURS = 3
# Pictures are held out one by one up to this many of a shape, together above.
_FOLDS = 5
# The share of known grasps that may be refused, as far as the examples tell.
_REFUSED_SHARE = 0.02
# Below this there are too few examples to compare, so nothing is strange.
_FEWEST = 3
_TINY = 1e-12


@dataclass(frozen=True)
class Strangeness:
    """Tells how strange grasps are; from 1 on they are of no taught shape."""

    examples: Floats
    limit: float

    def __call__(self, points: Floats, rest: Floats) -> Floats:
        """Measure grasps by their components (N x K) and the squares of what these leave over."""
        return np.asarray((_nearest(points, self.examples) + rest) / self.limit)


def learn_strangeness(points: Floats, products: Floats, labels: Labels, images: Numbers,
                      most: int) -> Strangeness:
    """
    Learn from examples how strange known shapes may be.

    `points` (N x K) are what at most `most` components make of rows whose inner products are
    `products` (N x N).
    """
    if len(points) < _FEWEST:
        return Strangeness(points, np.inf)
    strange = np.zeros(len(points))
    for _, held in folds_by_image(labels, images, _FOLDS):
        mask = np.zeros(len(points), dtype=bool)
        mask[held] = True
        known, new, rest = held_out_components(products, mask, most)
        strange[mask] = _nearest(new, known) + rest
    return _exceeded_by_few(points, strange)


def learn_strangeness_in_space(points: Floats, labels: Labels, images: Numbers) -> Strangeness:
    """Learn how strange known shapes may be where no components were made from the examples."""
    if len(points) < _FEWEST or len(np.unique(images)) == len(np.unique(labels)):
        # Of one picture a shape, all examples are alike.
        return Strangeness(points, np.inf)
    strange = np.zeros(len(points))
    for learned, held in folds_by_image(labels, images, _FOLDS):
        strange[held] = _nearest(points[held], points[learned])
    return _exceeded_by_few(points, strange)


def _exceeded_by_few(points: Floats, strange: Floats) -> Strangeness:
    return Strangeness(points, max(float(np.quantile(strange, 1.0 - _REFUSED_SHARE)), _TINY))


def _nearest(points: Floats, examples: Floats) -> Floats:
    """Return the mean square of the distances to the nearest examples."""
    squares = squared_distances(points, examples)
    count = min(_NEIGHBOURS, squares.shape[1])
    nearest = np.partition(squares, count - 1, axis=1)[:, :count]
    return np.asarray(nearest.mean(axis=1))
