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

    def cells(self, x: Floats, y: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the rows and columns of points; those outside go to the border."""
        column = np.floor((x - self.left) / RESOLUTION).astype(np.intp)
        row = np.floor((y - self.front) / RESOLUTION).astype(np.intp)
        return np.clip(row, 0, self.rows - 1), np.clip(column, 0, self.columns - 1)


def height_map(grid: Grid, triangles: Floats) -> NDArray[np.float32]:
    """
    Return how high triangles (T x 3 x 3, in metres) reach over each cell; 0 where none is.

    That is their height over the middle of the cell, or that of a corner anywhere in it.
    """
    heights = np.zeros(grid.rows * grid.columns, dtype=np.float32)
    corners = triangles.reshape(-1, 3)
    inside = _inside(grid, corners)
    rows, columns = grid.cells(corners[inside, 0], corners[inside, 1])
    _raise(heights, rows * grid.columns + columns, corners[inside, 2])
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
    flat = triangles[:, :, :2]
    origin = np.array((grid.left, grid.front))
    size = np.array((grid.columns, grid.rows))
    low = np.ceil((flat.min(axis=1) - origin) / RESOLUTION - 0.5)
    high = np.floor((flat.max(axis=1) - origin) / RESOLUTION - 0.5)
    low, high = np.clip(low, 0, size).astype(np.intp), np.clip(high, -1, size - 1).astype(np.intp)
    wide, high_count = np.maximum(high - low + 1, 0).T
    # Every cell of every triangle's box, one after the other.
    counts = wide * high_count
    owner = np.repeat(np.arange(len(triangles)), counts)
    nth = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    column = low[owner, 0] + nth % np.maximum(wide, 1)[owner]
    row = low[owner, 1] + nth // np.maximum(wide, 1)[owner]
    middle = origin + RESOLUTION * (np.stack((column, row), axis=1) + 0.5)
    a, b, c = (triangles[owner, corner] for corner in range(3))
    to_c = _turn(b - a, middle - a[:, :2]) / doubled[owner]
    to_a = _turn(c - b, middle - b[:, :2]) / doubled[owner]
    to_b = 1.0 - to_a - to_c
    under = (to_a >= 0.0) & (to_b >= 0.0) & (to_c >= 0.0)
    heights = to_a * a[:, 2] + to_b * b[:, 2] + to_c * c[:, 2]
    return (row * grid.columns + column)[under], heights[under]


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
