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


def widened(heights: NDArray[np.float32], cells: int) -> NDArray[np.float32]:
    """Spread every height to the cells around it, so many to each side."""
    size = 2 * cells + 1
    return np.asarray(cv2.dilate(heights, np.ones((size, size), dtype=np.uint8)))


def _covered(grid: Grid, triangles: Floats, doubled: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Return the cells whose middle is under a triangle, and the triangle's height there."""
    # In cells, with the middle of the first one at (0, 0).
    flat = (triangles[:, :, :2] - (grid.left, grid.front)) / RESOLUTION - 0.5
    last = np.array((grid.columns - 1, grid.rows - 1))
    low = np.clip(np.ceil(flat.min(axis=1)), 0, last + 1)
    high = np.clip(np.floor(flat.max(axis=1)), -1, last)
    wide, tall = np.maximum(high - low + 1, 0).astype(np.intp).T
    # Shares of the corners, and so the height, are linear in the column and the row.
    a, b, c = (flat[:, corner] for corner in range(3))
    shares = np.stack([_share(b, c), _share(c, a), _share(a, b)])
    shares /= (doubled / RESOLUTION**2)[:, None]
    heights = np.einsum('cti,tc->ti', shares, triangles[:, :, 2])
    # Every cell of every triangle's box, one after the other.
    counts = wide * tall
    each = np.column_stack((*shares, heights, low, wide))
    table = np.repeat(each.T, counts, axis=1)
    *corners, height = table[:12].reshape(4, 3, -1)
    left, front, width = table[12:]
    nth = np.arange(table.shape[1]) - np.repeat(np.cumsum(counts) - counts, counts)
    row, column = np.divmod(nth, width)
    row += front
    column += left
    # Rounding must not open a gap between neighbours.
    under = np.logical_and.reduce([
        share[0] * column + share[1] * row + share[2] >= -1e-9 for share in corners])
    row, column, height = row[under], column[under], height[:, under]
    cells = (row * grid.columns + column).astype(np.intp)
    return cells, height[0] * column + height[1] * row + height[2]


def _share(one: Floats, other: Floats) -> Floats:
    """Return twice the area of a triangle over a side as (per column, per row, constant)."""
    along = other - one
    return np.column_stack((-along[:, 1], along[:, 0], -_turn(along, one)))


def _raise(heights: NDArray[np.float32], cells: NDArray[np.intp], values: Floats) -> None:
    """Raise cells to the highest of the values given for them."""
    order = np.argsort(values)
    cells = cells[order]
    # Of the values for one cell, the last is kept.
    raised = np.zeros_like(heights)
    raised[cells] = values[order]
    np.maximum(heights, raised, out=heights)


def _turn(one: Floats, other: Floats) -> Floats:
    return np.asarray(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0])


def _inside(grid: Grid, points: Floats) -> NDArray[np.bool_]:
    column = (points[:, 0] - grid.left) / RESOLUTION
    row = (points[:, 1] - grid.front) / RESOLUTION
    return np.asarray(
        (column >= 0.0) & (column < grid.columns) & (row >= 0.0) & (row < grid.rows))
