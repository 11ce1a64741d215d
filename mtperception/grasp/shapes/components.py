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
Principal components of few rows with many columns.

They are found from the rows' inner products, which are few where the rows are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

Floats = NDArray[np.float64]
# Components with less than this share of the first one's variance are rounding errors.
_LEAST_SHARE = 1e-6


@dataclass(frozen=True)
class Components:
    """The mean (D) of rows and their principal axes (D x K), of length 1, the widest first."""

    mean: NDArray[np.float32]
    axes: NDArray[np.float32]

    def __call__(self, rows: NDArray[np.float32]) -> tuple[Floats, Floats]:
        """Return the components of rows, N x K, and the squares of what they leave over, N."""
        centred = rows - self.mean
        points = (centred @ self.axes).astype(np.float64)
        squares = np.einsum('nd,nd->n', centred, centred).astype(np.float64)
        return points, np.maximum(squares - (points**2).sum(axis=1), 0.0)


def whole_space(size: int) -> Components:
    """Return the axes of the space that rows are in themselves, for few columns."""
    return Components(np.zeros(size, np.float32), np.eye(size, dtype=np.float32))


def squared_distances(points: Floats, others: Floats) -> Floats:
    """Return the squares of the distances of N points to M others, N x M."""
    squares = ((points**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)[None]
               - 2.0 * points @ others.T)
    return np.asarray(np.maximum(squares, 0.0))


def inner_products(rows: NDArray[np.float32]) -> Floats:
    """Return the inner products of N rows less their mean, N x N."""
    centred = rows - rows.mean(axis=0)
    return np.asarray((centred @ centred.T).astype(np.float64))


def principal_components(rows: NDArray[np.float32], products: Floats, most: int) -> Components:
    """Find the principal components of N rows, at most so many, by their inner products."""
    mean = rows.mean(axis=0)
    values, vectors = _widest(products, most)
    axes = (rows - mean).T @ (vectors / np.sqrt(values)).astype(np.float32)
    return Components(mean, axes)


def held_out_components(
    products: Floats, held: NDArray[np.bool_], most: int,
) -> tuple[Floats, Floats, Floats]:
    """
    Find the principal components of some of N rows, and apply them to the others.

    `products` (N x N) are the `inner_products` of all, of which `held` are left out of the
    components. Return the points of those kept, those of the rows held out, and the squares of
    what the components leave over of these.
    """
    means = products[:, ~held].mean(axis=1)
    centred = products - means[:, None] - means[None] + means[~held].mean()
    values, vectors = _widest(centred[np.ix_(~held, ~held)], most)
    points = centred[np.ix_(held, ~held)] @ (vectors / np.sqrt(values))
    left = np.diagonal(centred)[held] - (points**2).sum(axis=1)
    return vectors * np.sqrt(values), points, np.maximum(left, 0.0)


def _widest(products: Floats, most: int) -> tuple[Floats, Floats]:
    """Return the largest eigenvalues, all above rounding, with their vectors as columns."""
    count = len(products)
    most = max(1, min(most, count - 1))
    values, vectors = eigh(products, subset_by_index=(count - most, count - 1))
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = values > max(_LEAST_SHARE * values[0], np.finfo(np.float32).tiny)
    if not kept.any():
        # All rows are alike: one axis, along which nothing lies.
        return np.ones(1), np.zeros((count, 1))
    return values[kept], vectors[:, kept]
