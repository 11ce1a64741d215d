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

"""Shapes told apart after a few examples, and unknown ones refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mtperception.grasp.shapes.components import (
    Components,
    inner_products,
    principal_components,
)
from mtperception.grasp.shapes.examples import (
    check_features,
    Features,
    Labels,
    ShapeError,
    ShapeExamples,
    side_by_side,
)
from mtperception.grasp.shapes.strangeness import learn_strangeness, Strangeness
from mtperception.grasp.shapes.svm import fit_svm, GRID, Grid

Floats = NDArray[np.float64]
# The paper's number of principal components.
DIMENSIONS = 20


class Teller(Protocol):
    """Tells shapes apart by points; `accuracy` is how often held-out examples are told right."""

    @property
    def accuracy(self) -> float: ...

    def tell(self, points: Floats) -> tuple[Labels, Floats]:
        """Return the likeliest shapes of points, N x K, and their probabilities."""


@dataclass(frozen=True)
class ShapeAnswer:
    """
    What a grasp's shape is.

    `shape` is None where it is none of those taught; `score` is the probability of the likeliest
    among those. `strangeness` is how unlike all of them the grasp is; from 1 on it is refused.
    """

    shape: str | None
    score: float
    strangeness: float


@dataclass(frozen=True)
class ShapeClassifier:
    """
    Tells the shapes of grasps by their features at `layers`.

    Where one shape alone was taught there is no teller of shapes, and all that is not refused is
    of that shape.
    """

    layers: tuple[str, ...]
    shapes: tuple[str, ...]
    components: Components
    teller: Teller | None
    strangeness: Strangeness

    @property
    def accuracy(self) -> float | None:
        """How often held-out examples are told right; None where there is one shape alone."""
        return self.teller.accuracy if self.teller else None

    def classify(self, features: Features) -> list[ShapeAnswer]:
        """Answer for each grasp; ShapeError is raised unless all features are finite."""
        return [ShapeAnswer(str(shape) if strange < 1.0 else None, float(score), float(strange))
                for shape, score, strange in zip(*self.judge(features), strict=True)]

    def judge(self, features: Features) -> tuple[Labels, Floats, Floats]:
        """Return each grasp's likeliest shape, refused or not, its score, and its strangeness."""
        check_features(features)
        rows = side_by_side(features, self.layers)
        if rows.shape[1] != len(self.components.mean):
            raise ShapeError(f'there are {rows.shape[1]} features of layers '
                             f'{", ".join(self.layers)}; {len(self.components.mean)} were taught')
        if not len(rows):
            return np.array([], dtype=np.str_), np.zeros(0), np.zeros(0)
        points, rest = self.components(rows)
        told = ((np.full(len(rows), self.shapes[0]), np.ones(len(rows)))
                if self.teller is None else self.teller.tell(points))
        return *told, self.strangeness(points, rest)

    def likeliest(self, features: Features) -> Labels:
        """Return the likeliest of the taught shapes for each grasp, refused or not."""
        return self.judge(features)[0]


def fit_classifier(
    examples: ShapeExamples, layers: Sequence[str] | None = None, *, dimensions: int = DIMENSIONS,
    grid: Grid = GRID, also: Features | None = None,
) -> ShapeClassifier:
    """
    Learn shapes from examples by their features at some layers, by default all there are.

    The principal components, at most `dimensions`, are those of the examples alone, or of the
    features `also` too: the paper reduces what is to be told together with the examples.
    """
    if not len(examples):
        raise ShapeError('no shape has been taught')
    layers = tuple(sorted(examples.features) if layers is None else layers)
    rows = side_by_side(examples.features, layers)
    everything = rows
    if also is not None:
        check_features(also)
        everything = np.concatenate((rows, side_by_side(also, layers)))
    products = inner_products(everything)
    components = principal_components(everything, products, dimensions)
    points, _ = components(rows)
    labels, images = examples.labels, examples.images
    shapes = tuple(examples.shapes)
    return ShapeClassifier(
        layers, shapes, components,
        fit_svm(points, labels, images, grid) if len(shapes) > 1 else None,
        learn_strangeness(
            points, products[:len(rows), :len(rows)], labels, images, dimensions))
