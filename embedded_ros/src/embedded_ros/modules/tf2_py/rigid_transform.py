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
Rotations and translations of frames.

Quaternions are arrays (..., 4) in the order x, y, z, w and of unit length, vectors arrays
(..., 3); whatever stands in front of the last axis broadcasts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_NEARLY_PARALLEL = 1.0 - 1e-9


def _unit_products() -> Array:
    """Return [i, j, k]: component k of the product of the units i and j, of x, y, z and w."""
    products = np.zeros((4, 4, 4))
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        products[i, j, k], products[j, i, k] = 1.0, -1.0
        products[i, i, 3] = -1.0
        products[i, 3, i] = products[3, i, i] = 1.0
    products[3, 3, 3] = 1.0
    return products


_UNIT_PRODUCTS = _unit_products()
_CROSS_PRODUCTS = _UNIT_PRODUCTS[:3, :3, :3].copy()
_CONJUGATE = np.array([-1.0, -1.0, -1.0, 1.0])


class RigidTransform(NamedTuple):
    """Takes a point of the child frame to the parent frame: rotated first, then moved."""

    rotation: Array
    translation: Array


IDENTITY = RigidTransform(np.array([0.0, 0.0, 0.0, 1.0]), np.zeros(3))


def compose(outer: RigidTransform, inner: RigidTransform) -> RigidTransform:
    """Return the transform that applies `inner` first and `outer` to its result."""
    return RigidTransform(
        quaternion_product(outer.rotation, inner.rotation), apply(outer, inner.translation))


def invert(transform: RigidTransform) -> RigidTransform:
    """Return the transform from the parent to the child frame."""
    backwards = conjugate(transform.rotation)
    return RigidTransform(backwards, -rotate(backwards, transform.translation))


def apply(transform: RigidTransform, points: Array) -> Array:
    """Return points (..., 3) of the child frame in the parent frame."""
    return rotate(transform.rotation, points) + transform.translation


def interpolate(first: RigidTransform, second: RigidTransform, ratio: float) -> RigidTransform:
    """Return the transform on the way from `first` (ratio 0) to `second` (ratio 1)."""
    return RigidTransform(
        slerp(first.rotation, second.rotation, ratio),
        first.translation + ratio * (second.translation - first.translation))


def quaternion_product(first: Array, second: Array) -> Array:
    """Return the rotation that turns by `second` and then by `first`."""
    product: Array = np.einsum('ijk,...i,...j->...k', _UNIT_PRODUCTS, first, second)
    return product


def conjugate(quaternion: Array) -> Array:
    """Return the rotation back."""
    backwards: Array = quaternion * _CONJUGATE
    return backwards


def rotate(quaternion: Array, vectors: Array) -> Array:
    """Return the vectors, turned."""
    axis, scalar = quaternion[..., :3], quaternion[..., 3:]
    twice = 2.0 * _cross_product(axis, vectors)
    return vectors + scalar * twice + _cross_product(axis, twice)


def _cross_product(first: Array, second: Array) -> Array:
    # numpy.cross takes several times as long for single vectors.
    product: Array = np.einsum('ijk,...i,...j->...k', _CROSS_PRODUCTS, first, second)
    return product


def slerp(first: Array, second: Array, ratio: float) -> Array:
    """Return the rotation on the shorter way from `first` (ratio 0) to `second` (ratio 1)."""
    cosine = float(np.dot(first, second))
    if cosine < 0.0:
        cosine, second = -cosine, -second
    if cosine > _NEARLY_PARALLEL:  # no angle to divide by
        mixed = first + ratio * (second - first)
    else:
        angle = np.arccos(cosine)
        mixed = np.sin((1.0 - ratio) * angle) * first + np.sin(ratio * angle) * second
    unit: Array = mixed / np.linalg.norm(mixed)
    return unit
