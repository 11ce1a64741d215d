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

"""How high things stand over a bench: maps from above, on a grid of a millimetre."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import Floats

RESOLUTION = 0.001


@dataclass(frozen=True)
class Grid:
    """
    Square cells over the bench, aligned with the world.

    The first cell's lower corner is at (`left`, `front`), in metres; rows go along y.
    """

    left: float
    front: float
    columns: int
    rows: int

    @classmethod
    def around(cls, points: Floats, margin: float) -> 'Grid':
        """Return the smallest grid over points (N x 2 or more) and so many metres around them."""
        low = np.floor((points[:, :2].min(axis=0) - margin) / RESOLUTION)
        high = np.ceil((points[:, :2].max(axis=0) + margin) / RESOLUTION)
        columns, rows = (int(count) for count in high - low)
        return cls(float(low[0]) * RESOLUTION, float(low[1]) * RESOLUTION, columns, rows)

    def cells(self, x: Floats, y: Floats) -> NDArray[np.intp]:
        """Return which cells, counted row by row, points are in that are all on the grid."""
        column = ((x - self.left) * (1.0 / RESOLUTION)).astype(np.intp)
        row = ((y - self.front) * (1.0 / RESOLUTION)).astype(np.intp)
        return np.asarray(row * self.columns + column)


def height_map(grid: Grid, triangles: Floats) -> NDArray[np.float32]:
    """
    Return how high triangles (T x 3 x 3, in metres) reach over each cell; 0 where none is.

    That is their height over the middle of the cell, or that of a corner anywhere in it.
    """
    heights = np.zeros(grid.rows * grid.columns, dtype=np.float32)
    corners = triangles.reshape(-1, 3)
    inside = _inside(grid, corners)
    _raise(heights, grid.cells(corners[inside, 0], corners[inside, 1]), corners[inside, 2])
    a, b, c = (triangles[:, corner] for corner in range(3))
    doubled = _turn(b - a, c - a)
    # Undersides are lower than what is above them, and sides are seen by their corners.
    upper = doubled > 1e-14
    _raise(heights, *_covered(grid, triangles[upper], doubled[upper]))
    return heights.reshape(grid.rows, grid.columns)


def highest(
    grid: Grid, maps: Iterable[tuple[Grid, NDArray[np.float32]]],
) -> NDArray[np.float32]:
    """Return the highest of height maps, each with its own grid, over the cells of another."""
    heights = np.zeros((grid.rows, grid.columns), dtype=np.float32)
    for own, some in maps:
        right = round((own.left - grid.left) / RESOLUTION)
        up = round((own.front - grid.front) / RESOLUTION)
        common = heights[
            max(up, 0):max(up + own.rows, 0), max(right, 0):max(right + own.columns, 0)]
        there = some[max(-up, 0):, max(-right, 0):][:common.shape[0], :common.shape[1]]
        np.maximum(common, there, out=common)
    return heights


def widened(heights: NDArray[np.float32], cells: int) -> NDArray[np.float32]:
    """Spread every height to the cells around it, so many to each side."""
    size = 2 * cells + 1
    return np.asarray(cv2.dilate(heights, np.ones((size, size), dtype=np.uint8)))


def _covered(grid: Grid, triangles: Floats, doubled: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Return the cells whose middle is under a triangle, and the triangle's height there."""
    # In cells, with the middle of the first one at (0, 0).
    flat = (triangles[:, :, :2] - (grid.left, grid.front)) / RESOLUTION - 0.5
    low = np.clip(np.ceil(flat[:, :, 1].min(axis=1)), 0, grid.rows)
    high = np.clip(np.floor(flat[:, :, 1].max(axis=1)), -1, grid.rows - 1)
    # Shares of the corners, and so the height, are linear in the column and the row.
    a, b, c = (flat[:, corner] for corner in range(3))
    shares = np.stack([_share(b, c), _share(c, a), _share(a, b)])
    shares /= (doubled / RESOLUTION**2)[:, None]
    heights = np.einsum('cti,tc->ti', shares, triangles[:, :, 2])
    # Every row of every triangle, one after the other, and where it begins and ends.
    owner, nth = _counted(np.maximum(high - low + 1.0, 0.0))
    row = low[owner] + nth
    first, last = np.zeros(len(row)), np.full(len(row), grid.columns - 1.0)
    for per_column, per_row, constant in shares.transpose(0, 2, 1)[:, :, owner]:
        # Rounding must not open a gap between neighbours.
        share = per_row * row + constant + 1e-9
        with np.errstate(divide='ignore', invalid='ignore'):
            bound = -share / per_column
        np.maximum(first, bound, out=first, where=per_column > 0.0)
        np.minimum(last, bound, out=last, where=per_column < 0.0)
        last[(per_column == 0.0) & (share < 0.0)] = -1.0
    first, last = np.ceil(first), np.floor(last)
    place, nth = _counted(np.maximum(last - first + 1.0, 0.0))
    column = first[place] + nth
    per_column, per_row, constant = heights[owner].T
    return (
        ((row * grid.columns)[place] + column).astype(np.intp),
        (per_row * row + constant)[place] + per_column[place] * column)


def _counted(counts: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Repeat places by counts, whole numbers; number the repetitions of each, from 0 on."""
    whole = counts.astype(np.intp)
    place = np.repeat(np.arange(len(whole)), whole)
    return place, np.arange(len(place)) - (np.cumsum(whole) - whole)[place]


def _share(one: Floats, other: Floats) -> Floats:
    """Return twice the area of a triangle over a side as (per column, per row, constant)."""
    along = other - one
    return np.column_stack((-along[:, 1], along[:, 0], -_turn(along, one)))


def _raise(heights: NDArray[np.float32], cells: NDArray[np.intp], values: Floats) -> None:
    """Raise cells to the highest of the values given for them."""
    np.maximum.at(heights, cells, values.astype(np.float32))


def _turn(one: Floats, other: Floats) -> Floats:
    return np.asarray(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0])


def _inside(grid: Grid, points: Floats) -> NDArray[np.bool_]:
    column = (points[:, 0] - grid.left) / RESOLUTION
    row = (points[:, 1] - grid.front) / RESOLUTION
    return np.asarray(
        (column >= 0.0) & (column < grid.columns) & (row >= 0.0) & (row < grid.rows))
