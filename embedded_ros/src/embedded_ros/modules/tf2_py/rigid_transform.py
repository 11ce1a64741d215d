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
    x1, y1, z1, w1 = np.moveaxis(first, -1, 0)
    x2, y2, z2, w2 = np.moveaxis(second, -1, 0)
    return np.stack(
        [
            w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2,
            w1 * y2 + y1 * w2 + z1 * x2 - x1 * z2,
            w1 * z2 + z1 * w2 + x1 * y2 - y1 * x2,
            w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2,
        ],
        axis=-1,
    )


def conjugate(quaternion: Array) -> Array:
    """Return the rotation back."""
    backwards: Array = quaternion * np.array([-1.0, -1.0, -1.0, 1.0])
    return backwards


def rotate(quaternion: Array, vectors: Array) -> Array:
    """Return the vectors, turned."""
    axis, scalar = quaternion[..., :3], quaternion[..., 3:]
    twice = 2.0 * np.cross(axis, vectors)
    turned: Array = vectors + scalar * twice + np.cross(axis, twice)
    return turned


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
