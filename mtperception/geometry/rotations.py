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
Rotations of objects in front of cameras, as 3 x 3 matrices.

`R` takes the object's axes to the camera's optical frame (x to the right, y down, z forward). An
*egocentric* rotation is just that. An *allocentric* one is what it would be were the object seen
in the middle of the picture: what an object looks like depends on this one alone.
"""

import numpy as np
from numpy.typing import ArrayLike

from mtperception.geometry.camera import Floats

ICOSPHERE_SIZES = (12, 42, 162, 642, 2562, 10242)


def random_rotations(rng: np.random.Generator, count: int) -> Floats:
    """Draw rotations, N x 3 x 3, uniform over all there are."""
    w, x, y, z = rng.normal(size=(count, 4)).T
    return matrix(np.column_stack((x, y, z, w)))


def matrix(quaternion: ArrayLike) -> Floats:
    """Return the rotation (... x 3 x 3) of a quaternion (... x 4: x, y, z, w) of any length."""
    parts = np.asarray(quaternion, dtype=np.float64)
    x, y, z, w = np.moveaxis(parts / np.linalg.norm(parts, axis=-1, keepdims=True), -1, 0)
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)))
    return np.moveaxis(np.array(rows), (0, 1), (-2, -1))


def about_axis(axis: ArrayLike, angle: float) -> Floats:
    """Return the rotation by an angle (radians) about an axis (3), right-handed."""
    x, y, z = np.asarray(axis, dtype=np.float64) / np.linalg.norm(axis)
    cross = np.array([(0.0, -z, y), (z, 0.0, -x), (-y, x, 0.0)])
    turned = np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross
    return np.asarray(turned)


def quaternion(rotation: Floats) -> Floats:
    """Return a rotation (3 x 3) as a unit quaternion (x, y, z, w), the largest part positive."""
    xx, yy, zz = np.diag(rotation)
    # Four times the products of the parts, each row exact where its own part is large.
    skew = rotation - rotation.T
    sums = rotation + rotation.T
    products = np.array([
        (1 + xx - yy - zz, sums[0, 1], sums[0, 2], skew[2, 1]),
        (sums[0, 1], 1 - xx + yy - zz, sums[1, 2], skew[0, 2]),
        (sums[0, 2], sums[1, 2], 1 - xx - yy + zz, skew[1, 0]),
        (skew[2, 1], skew[0, 2], skew[1, 0], 1 + xx + yy + zz)])
    largest = products[int(np.argmax(np.diag(products)))]
    return np.asarray(largest / np.linalg.norm(largest))


def in_plane(angle: ArrayLike) -> Floats:
    """
    Return what turns the picture by an angle (radians), counter-clockwise as seen on the screen.

    To be put before an object's rotation. Angles of shape S give rotations of shape S x 3 x 3.
    """
    cosine, sine = np.cos(angle), np.sin(angle)
    turned = np.zeros((*np.shape(angle), 3, 3))
    turned[..., 0, 0] = turned[..., 1, 1] = cosine
    turned[..., 0, 1], turned[..., 1, 0] = sine, -sine
    turned[..., 2, 2] = 1.0
    return turned


def in_plane_angles(count: int) -> Floats:
    """Return so many angles around the circle, from 0 on; the circle's end is its beginning."""
    return 2.0 * np.pi * np.arange(count) / count


def angle_between(one: Floats, other: Floats) -> Floats:
    """Return the angles (radians, 0 to pi) of the rotations between two, S x 3 x 3 each."""
    # The sine tells small angles, the cosine large ones; neither alone is exact at both ends.
    between = np.swapaxes(one, -1, -2) @ other
    cosine = (np.trace(between, axis1=-2, axis2=-1) - 1.0) / 2.0
    skew = between - np.swapaxes(between, -1, -2)
    sine = np.sqrt(np.sum(skew * skew, axis=(-2, -1)) / 8.0)
    return np.asarray(np.arctan2(sine, cosine))


def towards(ray: ArrayLike) -> Floats:
    """Return the smallest rotation that turns the optical axis into a ray (3), z of it above 0."""
    x, y, z = np.asarray(ray, dtype=np.float64) / np.linalg.norm(ray)
    # Rodrigues' formula for the axis (-y, x, 0).
    share = 1.0 / (1.0 + z)
    return np.array([
        (1.0 - share * x * x, -share * x * y, x), (-share * x * y, 1.0 - share * y * y, y),
        (-x, -y, z)])


def allocentric(rotation: Floats, translation: ArrayLike) -> Floats:
    """Return what an object at a place (3, optical frame) looks turned by."""
    return np.asarray(towards(translation).T @ rotation)


def egocentric(rotation: Floats, translation: ArrayLike) -> Floats:
    """Return the rotation in the optical frame of an object that looks turned by `rotation`."""
    return np.asarray(towards(translation) @ rotation)


def icosphere(count: int) -> Floats:
    """
    Return directions spread evenly over the sphere: count x 3, unit vectors.

    The count is one of ICOSPHERE_SIZES: an icosahedron's 12 corners, and what halving its edges
    again and again makes of them. Each set begins with the smaller ones.
    """
    if count not in ICOSPHERE_SIZES:
        raise ValueError(f'no icosphere has {count} corners: choose one of {ICOSPHERE_SIZES}')
    golden = (1.0 + np.sqrt(5.0)) / 2.0
    flat = np.array([(0.0, y, z) for y in (-1.0, 1.0) for z in (-golden, golden)])
    corners = np.concatenate([np.roll(flat, shift, axis=1) for shift in range(3)])
    distances = np.linalg.norm(corners[:, None] - corners, axis=2)
    adjacent = np.isclose(distances, 2.0)
    faces = np.array([
        (i, j, k) for i in range(12) for j in range(i) for k in range(j)
        if adjacent[i, j] and adjacent[j, k] and adjacent[i, k]])
    corners /= np.linalg.norm(corners, axis=1, keepdims=True)
    while len(corners) < count:
        edges = np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
        ends, place = np.unique(edges, axis=0, return_inverse=True)
        middles = corners[ends].sum(axis=1)
        middles /= np.linalg.norm(middles, axis=1, keepdims=True)
        a, b, c = faces.T
        ab, bc, ca = (place.reshape(-1, 3) + len(corners)).T
        faces = np.concatenate([
            np.column_stack(face)
            for face in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))])
        corners = np.concatenate((corners, middles))
    return corners


def seen_from(directions: ArrayLike) -> Floats:
    """
    Return rotations, N x 3 x 3, of an object seen from directions (N x 3, unit, its own axes).

    The object's z axis points up on the screen, seen from along it the y axis does.
    """
    backwards = np.asarray(directions, dtype=np.float64).reshape(-1, 3)
    upright = np.where(np.abs(backwards[:, 2:]) < 0.999, (0.0, 0.0, 1.0), (0.0, 1.0, 0.0))
    right = np.cross(upright, backwards)
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    down = np.cross(right, backwards)
    return np.stack((right, down, -backwards), axis=1)
