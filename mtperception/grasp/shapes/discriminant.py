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
Linear discriminants: shapes told by their means, in units of how examples of one shape differ.

There is nothing to search for: how far the examples' covariance is drawn towards a sphere is
known from the examples (Ledoit and Wolf, 2004), so that few of them are enough.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.special import log_softmax
from sklearn.covariance import ledoit_wolf

from mtperception.grasp.shapes.examples import Labels, Numbers
from mtperception.grasp.shapes.folds import folds_by_image, twice_if_alone

Floats = NDArray[np.float64]
_FOLDS = 3
# By one of these the discriminants are divided before they are taken for logits: examples of a
# picture are alike, so that plain discriminants are far too sure.
_TEMPERATURES = 2.0 ** np.arange(0, 11)
# The least variance along an axis, as a share of the mean of all axes.
_LEAST_SHARE = 1e-4


@dataclass(frozen=True)
class ShapeDiscriminant:
    """
    Tells `shapes`, sorted, by points of K numbers: their logits are `weights` (K x S) and `bias`.

    `accuracy` is by cross-validation, grouped by pictures, as is how sure the logits are.
    """

    accuracy: float
    shapes: Labels
    weights: Floats
    bias: Floats

    def tell(self, points: Floats) -> tuple[Labels, Floats]:
        """Return the likeliest shapes of points, N x K, and their probabilities."""
        logits = points @ self.weights + self.bias
        told = logits.argmax(axis=1)
        return self.shapes[told], np.exp(log_softmax(logits, axis=1))[np.arange(len(told)), told]


def fit_discriminant(points: Floats, labels: Labels, images: Numbers) -> ShapeDiscriminant:
    """Learn to tell two shapes or more apart from their examples' points, N x K."""
    shapes, weights, bias = _discriminant(points, labels, images)
    places = twice_if_alone(labels)
    points, labels, images = points[places], labels[places], images[places]
    logits = np.zeros((len(labels), len(shapes)))
    for learnt, held in folds_by_image(labels, images, _FOLDS):
        _, *fold = _discriminant(points[learnt], labels[learnt], images[learnt])
        logits[held] = points[held] @ fold[0] + fold[1]
    truth = np.searchsorted(shapes, labels)
    surprise = [-log_softmax(logits / temperature, axis=1)[np.arange(len(truth)), truth].mean()
                for temperature in _TEMPERATURES]
    temperature = float(_TEMPERATURES[int(np.argmin(surprise))])
    return ShapeDiscriminant(float((logits.argmax(axis=1) == truth).mean()), shapes,
                             weights / temperature, bias / temperature)


def _discriminant(points: Floats, labels: Labels,
                  images: Numbers) -> tuple[Labels, Floats, Floats]:
    """Return the shapes, sorted, and the weights (K x S) and biases (S) of their logits."""
    shapes, places = np.unique(labels, return_inverse=True)
    # The covariance is drawn towards a sphere once all axes are as wide: the first components are
    # far wider than the last ones, and with few examples these would hardly count.
    widths = points.std(axis=0)
    widths = np.where(widths > 0.0, widths, 1.0)
    points = points / widths
    means = np.stack([points[places == number].mean(axis=0) for number in range(len(shapes))])
    covariance, _ = ledoit_wolf(points - means[places], assume_centered=True)
    variances, axes = eigh(covariance)
    # Where all examples of a shape are alike, the nearest mean tells.
    least = _LEAST_SHARE * variances.mean()
    white = axes / np.sqrt(np.maximum(variances, least) if least > 0.0 else 1.0)
    weights = white @ (means @ white).T
    # The mean of few pictures is farther out by chance, which must not count against its shape.
    chance = np.array([_square_error(points[places == number] @ white, images[places == number])
                       for number in range(len(shapes))])
    bias = -0.5 * (np.einsum('sk,ks->s', means, weights) - chance)
    return shapes, weights / widths[:, None], bias


def _square_error(points: Floats, images: Numbers) -> float:
    """Estimate the square of how far the mean of points is off; 0 where one picture is no hint."""
    numbers, places = np.unique(images, return_inverse=True)
    count = len(numbers)
    if count < 2:
        return 0.0
    means = np.stack([points[places == number].mean(axis=0) for number in range(count)])
    return float(((means - means.mean(axis=0)) ** 2).sum() / (count * (count - 1)))
