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

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest
import trimesh

from mtperception.sim.grasp.height_map import Grid, height_map, highest, RESOLUTION, widened
from mtperception.sim.shapes.parts import PARTS

places = st.floats(-0.02, 0.02)
triangles = st.lists(
    st.tuples(*[st.tuples(places, places, st.floats(0.001, 0.05))] * 3), min_size=1, max_size=4)


def middles(grid):
    rows, columns = np.mgrid[0:grid.rows, 0:grid.columns]
    return np.stack((
        grid.left + RESOLUTION * (columns + 0.5), grid.front + RESOLUTION * (rows + 0.5)), axis=2)


@settings(max_examples=60, deadline=None)
@given(triangles)
def test_heights_are_those_of_the_triangles_one_by_one(corners):
    corners = np.array(corners)
    grid = Grid.around(corners.reshape(-1, 3), 0.003)
    expected = np.zeros((grid.rows, grid.columns))
    unsure = np.zeros(expected.shape, dtype=bool)
    points = middles(grid)
    for a, b, c in corners:
        doubled = (b - a)[0] * (c - a)[1] - (b - a)[1] * (c - a)[0]
        for corner in (a, b, c):
            column, row = np.floor((corner[:2] - (grid.left, grid.front)) / RESOLUTION).astype(int)
            expected[row, column] = max(expected[row, column], corner[2])
            # A corner on the border of two cells may be in either.
            unsure[max(row - 1, 0):row + 2, max(column - 1, 0):column + 2] = True
        if doubled <= 1e-9:
            unsure |= doubled > 0.0
            continue
        system = np.array([(a[0], b[0], c[0]), (a[1], b[1], c[1]), (1.0, 1.0, 1.0)])
        place = np.concatenate((points, np.ones((*points.shape[:2], 1))), axis=2)
        shares = np.linalg.solve(system, place.reshape(-1, 3).T).T.reshape(place.shape)
        unsure |= np.abs(shares).min(axis=2) < 1e-6
        height = np.where((shares >= 0.0).all(axis=2), shares @ (a[2], b[2], c[2]), 0.0)
        expected = np.maximum(expected, height)
    found = height_map(grid, corners)
    np.testing.assert_allclose(found[~unsure], expected[~unsure], atol=1e-6)


def test_an_upright_cylinder_is_a_disc():
    mesh = PARTS['cylinder']().mesh
    top = np.asarray(mesh.triangles) + np.array((0.1, -0.2, 0.035))
    grid = Grid.around(top.reshape(-1, 3), 0.01)
    heights = height_map(grid, top)
    away = np.linalg.norm(middles(grid) - (0.1, -0.2), axis=2)
    np.testing.assert_allclose(heights[away < 0.0165], 0.07, atol=1e-6)
    assert (heights[away > 0.019] == 0.0).all()


def test_the_hole_of_a_ring_is_open():
    mesh = PARTS['ring']().mesh
    corners = np.asarray(mesh.triangles) + np.array((0.0, 0.0, 0.009))
    grid = Grid.around(corners.reshape(-1, 3), 0.002)
    away = np.linalg.norm(middles(grid), axis=2)
    heights = height_map(grid, corners)
    assert (heights[away < 0.0232] == 0.0).all()
    np.testing.assert_allclose(heights[(away > 0.026) & (away < 0.038)], 0.018, atol=1e-6)


def test_a_thin_upright_plate_is_not_missed():
    plate = trimesh.creation.box((0.0002, 0.0008, 0.03))
    corners = np.asarray(plate.triangles) + np.array((0.0, 0.0, 0.015))
    grid = Grid.around(corners.reshape(-1, 3), 0.005)
    assert height_map(grid, corners).max() == pytest.approx(0.03)


def test_what_is_outside_the_grid_does_not_count():
    grid = Grid(0.0, 0.0, 10, 10)
    around = np.array([[(-1.0, -1.0, 0.02), (2.0, -1.0, 0.02), (0.0, 2.0, 0.02)]])
    np.testing.assert_allclose(height_map(grid, around), 0.02, atol=1e-6)
    assert height_map(grid, around + np.array((5.0, 0.0, 0.0))).max() == 0.0


def test_maps_of_two_things_are_the_map_of_both():
    rng = np.random.default_rng(0)
    for _ in range(100):
        things = [
            rng.uniform((-0.02, -0.02, 0.001), (0.02, 0.02, 0.05), (3, 3, 3)) for _ in range(2)]
        left, front = RESOLUTION * rng.integers(-25, 26, 2)
        grid = Grid(float(left), float(front), 20, 30)
        maps = []
        for corners in things:
            own = Grid.around(corners.reshape(-1, 3), RESOLUTION)
            maps.append((own, height_map(own, corners)))
        both = np.maximum(*(height_map(grid, corners) for corners in things))
        np.testing.assert_allclose(highest(grid, maps), both, atol=1e-6)


def test_widening_reaches_so_many_cells():
    heights = np.zeros((9, 9), dtype=np.float32)
    heights[4, 4] = 1.0
    assert widened(heights, 0).sum() == 1.0
    np.testing.assert_array_equal(np.argwhere(widened(heights, 2)).min(axis=0), (2, 2))
    assert widened(heights, 2).sum() == 25.0
