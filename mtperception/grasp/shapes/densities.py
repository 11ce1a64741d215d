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

"""Shapes told apart by how densely their examples lie around a descriptor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, logsumexp

from mtperception.grasp.shapes.components import squared_distances
from mtperception.grasp.shapes.examples import Labels, Numbers
from mtperception.grasp.shapes.folds import folds_by_image, twice_if_alone

Floats = NDArray[np.float64]
# How narrow the kernel is: as wide as that, the mean of a shape's examples decides where they are
# few, and the nearer ones of them where they are many.
CONCENTRATION = 3.0
_FOLDS = 5
# What differences of logarithms of densities may be worth.
_TRUSTS = 2.0 ** np.arange(-2.0, 8.5, 0.5)


@dataclass(frozen=True)
class ShapeDensities:
    """
    Tells shapes by the densities of their examples (Parzen, 1962), all shapes as likely before.

    The kernel is von Mises and Fisher's, of descriptors of length 1. How much densities are to be
    trusted was found by cross-validation, grouped by pictures: `trust` times their logarithms are
    those of probabilities. `accuracy` was found so, too. Few pictures that are all told right are
    no reason to be sure: as many wrong ones are imagined as there are shapes (Platt, 1999).
    """

    accuracy: float
    trust: float
    shapes: Labels
    points: Floats
    labels: Labels

    def tell(self, points: Floats) -> tuple[Labels, Floats]:
        """Return the likeliest shapes of points, N x K, and their probabilities."""
        logs = _log_densities(squared_distances(points, self.points), self.labels, self.shapes)
        best = logs.argmax(axis=1)
        likely = np.exp(log_softmax(self.trust * logs, axis=1))
        return self.shapes[best], likely[np.arange(len(best)), best]


def fit_densities(points: Floats, labels: Labels, images: Numbers) -> ShapeDensities:
    """Learn to tell two shapes or more apart from their examples' points, N x K."""
    places = twice_if_alone(labels)
    points, labels, images = points[places], labels[places], images[places]
    shapes = np.unique(labels)
    squares = squared_distances(points, points)
    logs = np.empty((len(points), len(shapes)))
    for learned, held in folds_by_image(labels, images, _FOLDS):
        logs[held] = _log_densities(squares[np.ix_(held, learned)], labels[learned], shapes)
    truth = np.searchsorted(shapes, labels)
    # Grasps in one picture are no new evidence.
    pictures = len(np.unique(images))
    wanted = (pictures * np.eye(len(shapes))[truth] + 1.0) / (pictures + len(shapes))
    gains = [(wanted * log_softmax(trust * logs, axis=1)).sum() for trust in _TRUSTS]
    return ShapeDensities(
        float((logs.argmax(axis=1) == truth).mean()), float(_TRUSTS[int(np.argmax(gains))]),
        shapes, points, labels)


def _log_densities(squares: Floats, labels: Labels, shapes: Labels) -> Floats:
    """Return the logarithms of densities, M x S, by M x N squares of distances to examples."""
    # Of vectors of length 1, the product of two is 1 less half of the square of their distance.
    kernels = -CONCENTRATION / 2.0 * squares
    return np.stack([logsumexp(kernels[:, labels == shape], axis=1)
                     - np.log(np.count_nonzero(labels == shape)) for shape in shapes], axis=1)
