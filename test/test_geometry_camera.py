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

"""Cameras: projection, rays, and poses."""

from hypothesis import given, strategies as st
import numpy as np
import pytest

from mtperception.geometry.camera import look_at, PinholeCamera

CAMERA = PinholeCamera(612, 512, 1105.0, 1090.0, 310.3, 251.2)

lengths = st.floats(-5.0, 5.0)
depths = st.floats(0.01, 10.0)
pixels = st.floats(-2000.0, 2000.0)


@given(lengths, lengths, depths)
def test_projection_is_that_of_the_matrix(x, y, z):
    u, v, w = CAMERA.matrix @ (x, y, z)
    np.testing.assert_allclose(CAMERA.project([[x, y, z]]), [[u / w, v / w]], rtol=1e-9)


@given(pixels, pixels, depths)
def test_a_ray_projects_back_to_its_pixel(u, v, depth):
    ray = CAMERA.rays([[u, v]])
    assert ray[0, 2] == 1.0
    np.testing.assert_allclose(CAMERA.project(depth * ray), [[u, v]], atol=1e-8)


def test_the_principal_point_is_straight_ahead():
    np.testing.assert_allclose(CAMERA.project([[0.0, 0.0, 2.0]]), [[310.3, 251.2]])


@pytest.mark.parametrize('depth', [0.0, -1.0])
def test_what_is_not_in_front_of_the_camera_has_no_pixel(depth):
    assert np.isnan(CAMERA.project([[0.1, 0.1, depth]])).all()


positions = st.tuples(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2), st.floats(0.2, 1.0))
targets = st.tuples(st.floats(-0.1, 0.1), st.floats(-0.1, 0.1), st.floats(-0.1, 0.1))


@given(positions, targets, st.floats(-3.1, 3.1))
def test_a_camera_looks_at_its_target(position, target, roll):
    view = look_at(CAMERA, position, target, roll)
    np.testing.assert_allclose(view.rotation.T @ view.rotation, np.eye(3), atol=1e-12)
    assert np.linalg.det(view.rotation) == pytest.approx(1.0)
    np.testing.assert_allclose(view.project([target]), [[310.3, 251.2]], atol=1e-6)


def test_a_view_from_above_has_x_to_the_right_and_y_up():
    view = look_at(CAMERA, (0.0, 0.0, 1.0), (0.0, 0.0, 0.0), 0.0)
    centre, right, up = view.project([(0, 0, 0), (0.1, 0, 0), (0, 0.1, 0)])
    assert right[0] > centre[0] and right[1] == pytest.approx(centre[1])
    assert up[1] < centre[1] and up[0] == pytest.approx(centre[0])


def test_a_positive_roll_turns_the_picture_counter_clockwise():
    view = look_at(CAMERA, (0.0, 0.0, 1.0), (0.0, 0.0, 0.0), np.pi / 2)
    centre, right = view.project([(0, 0, 0), (0.1, 0, 0)])
    assert right[1] < centre[1] and right[0] == pytest.approx(centre[0])


@given(positions, targets, st.floats(-3.1, 3.1), st.floats(0, 611), st.floats(0, 511))
def test_a_pixel_laid_on_a_plane_projects_back(position, target, roll, u, v):
    view = look_at(CAMERA, position, target, roll)
    normal = view.rotation[:, 2] + (0.1, 0.2, 0.0)
    point = view.on_plane([[u, v]], target, normal)
    assert abs((point[0] - target) @ normal) < 1e-9
    np.testing.assert_allclose(view.project(point), [[u, v]], atol=1e-6)
