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
Rotated rectangles in pictures: corners, overlap, differences of angles.

A rectangle is (x, y, width, height, theta), an array's row: the centre, and the sides along and
across its own x axis, in pixels. That axis is at theta, in radians, counter-clockwise as seen on
the screen, where y points down.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mtperception.geometry.camera import Floats

# Points this near a border, in lengths of the longer side, count as on it.
_NEAR = 1e-8
_CORNERS = 0.5 * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])


def corners(rectangles: ArrayLike) -> Floats:
    """
    Return the corners of rectangles (N x 5) as N x 4 x 2, in pixels.

    They go around clockwise as seen on the screen; at theta = 0 the first is the upper left one.
    """
    x, y, width, height, theta = _rows(rectangles).T
    along = np.stack((np.cos(theta), -np.sin(theta)), axis=1)
    across = np.stack((np.sin(theta), np.cos(theta)), axis=1)
    sides = np.stack((width[:, None] * along, height[:, None] * across), axis=1)
    return np.asarray(np.stack((x, y), axis=1)[:, None] + _CORNERS @ sides)


def overlap(some: ArrayLike, others: ArrayLike) -> Floats:
    """Return the intersection over the union of each of N rectangles with each of M, N x M."""
    first, second = _rows(some), _rows(others)
    return _overlap(first[:, None], second[None])


def overlap_of_pairs(some: ArrayLike, others: ArrayLike) -> Floats:
    """Return the intersection over the union of N rectangles, each with its own other one."""
    return _overlap(_rows(some), _rows(others))


def _overlap(one: Floats, other: Floats) -> Floats:
    shared = _intersection(*(
        corners(rows).reshape(*rows.shape[:-1], 4, 2) for rows in (one, other)))
    union = one[..., 2] * one[..., 3] + other[..., 2] * other[..., 3] - shared
    ratio = np.where(union > 0.0, shared / np.where(union > 0.0, union, 1.0), 0.0)
    return np.asarray(np.clip(ratio, 0.0, 1.0))  # rounding passes 1 for nearly equal ones


def angle_difference(some: ArrayLike, others: ArrayLike) -> Floats:
    """Return how far axes are apart, which are alike after half a turn: radians, 0 to pi/2."""
    apart = np.abs(np.asarray(some, dtype=np.float64) - np.asarray(others)) % np.pi
    return np.asarray(np.minimum(apart, np.pi - apart))


def half_turn(theta: ArrayLike) -> Floats:
    """Return angles modulo half a turn, in (-pi/2, pi/2]."""
    turned = np.asarray(theta, dtype=np.float64)
    return np.asarray(np.pi / 2 - (np.pi / 2 - turned) % np.pi)


def _rows(rectangles: ArrayLike) -> Floats:
    return np.asarray(rectangles, dtype=np.float64).reshape(-1, 5)


def _intersection(one: Floats, other: Floats) -> Floats:
    """Return the area that two quadrilaterals share; both ... x 4 x 2, and are broadcast."""
    one, other = np.broadcast_arrays(one, other)
    # In a corner's frame, where small differences keep their digits.
    origin = one[..., :1, :]
    one, other = one - origin, other - origin
    crossings, meeting = _crossings(one, other)
    points = np.concatenate((one, other, crossings), axis=-2)
    shared = np.concatenate((_within(one, other), _within(other, one), meeting), axis=-1)
    count = shared.sum(axis=-1)
    middle = np.where(shared[..., None], points, 0.0).sum(axis=-2)
    middle /= np.maximum(count, 1)[..., None]
    # All points that do not count become the middle, which takes no area.
    spokes = np.where(shared[..., None], points - middle[..., None, :], 0.0)
    around = np.where(shared, np.arctan2(spokes[..., 1], spokes[..., 0]), np.inf)
    order = np.argsort(around, axis=-1)
    spokes = np.take_along_axis(spokes, order[..., None], axis=-2)
    return np.asarray(np.where(count > 2, _area(spokes, count), 0.0))


def _area(points: Floats, count: NDArray[np.intp]) -> Floats:
    """Return the area of polygons of which the first `count` points are the corners."""
    places = np.arange(points.shape[-2])
    after = np.where(places + 1 < count[..., None], places + 1, 0)
    following = np.take_along_axis(points, after[..., None], axis=-2)
    twice = points[..., 0] * following[..., 1] - points[..., 1] * following[..., 0]
    return np.asarray(np.abs(np.where(places < count[..., None], twice, 0.0).sum(axis=-1)) / 2.0)


def _within(points: Floats, corners: Floats) -> NDArray[np.bool_]:
    """Tell which of ... x 4 points lie in a quadrilateral, its border included."""
    sides = np.roll(corners, -1, axis=-2) - corners
    away = points[..., :, None, :] - corners[..., None, :, :]
    turn = sides[..., None, :, 0] * away[..., 1] - sides[..., None, :, 1] * away[..., 0]
    lengths = np.linalg.norm(sides, axis=-1)
    slack = _NEAR * lengths * lengths.max(axis=-1, keepdims=True)
    return np.asarray((turn >= -slack[..., None, :]).all(axis=-1))


def _crossings(one: Floats, other: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return where the 4 x 4 sides of two quadrilaterals cross, and whether they do."""
    a, c = one[..., :, None, :], other[..., None, :, :]
    ab = np.roll(one, -1, axis=-2)[..., :, None, :] - a
    cd = np.roll(other, -1, axis=-2)[..., None, :, :] - c
    between = c - a
    turn = ab[..., 0] * cd[..., 1] - ab[..., 1] * cd[..., 0]
    # Where nearly parallel sides cross is noise; there, corners are on the border and count.
    lengths = np.linalg.norm(ab, axis=-1) * np.linalg.norm(cd, axis=-1)
    parallel = np.abs(turn) <= 0.1 * _NEAR * lengths
    safe = np.where(parallel, 1.0, turn)
    t = (between[..., 0] * cd[..., 1] - between[..., 1] * cd[..., 0]) / safe
    u = (between[..., 0] * ab[..., 1] - between[..., 1] * ab[..., 0]) / safe
    meeting = ~parallel & (t >= 0.0) & (t <= 1.0) & (u >= 0.0) & (u <= 1.0)
    points = a + np.where(meeting, t, 0.0)[..., None] * ab
    shape = (*points.shape[:-3], 16)
    return points.reshape(*shape, 2), meeting.reshape(shape)
