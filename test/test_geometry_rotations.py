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

"""Rotations in front of cameras: groups, angles, evenness."""

from hypothesis import given, strategies as st
import numpy as np
import pytest

from mtperception.geometry.rotations import (
    about_axis,
    allocentric,
    angle_between,
    egocentric,
    icosphere,
    ICOSPHERE_SIZES,
    in_plane,
    in_plane_angles,
    random_rotations,
    seen_from,
    towards,
)

SEEDS = st.integers(0, 2**32)
ANGLES = st.floats(-10.0, 10.0)


def rotation(seed):
    return random_rotations(np.random.default_rng(seed), 1)[0]


def assert_rotations(matrices):
    np.testing.assert_allclose(
        matrices @ np.swapaxes(matrices, -1, -2), np.broadcast_to(np.eye(3), matrices.shape),
        atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(matrices), 1.0, atol=1e-12)


def test_random_rotations_are_uniform():
    drawn = random_rotations(np.random.default_rng(1), 20_000)
    assert_rotations(drawn)
    # The angle of a uniform rotation has the density (1 - cos) / pi; each column is uniform on
    # the sphere, so that each of its coordinates is uniform.
    angles = np.sort(angle_between(np.eye(3), drawn))
    expected = (angles - np.sin(angles)) / np.pi
    assert np.abs(expected - np.linspace(0, 1, len(angles))).max() < 0.015
    for axis in np.ndindex(3, 3):
        coordinate = np.sort(drawn[(slice(None), *axis)])
        uniform = np.linspace(-1, 1, len(coordinate))
        assert np.abs(coordinate - uniform).max() < 0.03


@given(SEEDS, ANGLES)
def test_turning_about_an_axis(seed, angle):
    axis = np.random.default_rng(seed).normal(size=3)
    turned = about_axis(axis, angle)
    assert_rotations(turned)
    np.testing.assert_allclose(turned @ axis, axis, atol=1e-9)
    np.testing.assert_allclose(turned @ about_axis(axis, -angle), np.eye(3), atol=1e-9)
    folded = abs((angle + np.pi) % (2 * np.pi) - np.pi)
    assert angle_between(np.eye(3), turned) == pytest.approx(folded, abs=1e-7)


@given(SEEDS, st.floats(1e-9, 1e-3))
def test_small_angles_are_exact(seed, angle):
    one = rotation(seed)
    assert angle_between(one, one @ about_axis((1.0, 2.0, -1.0), angle)) == pytest.approx(
        angle, rel=1e-5)


@given(SEEDS)
def test_angles_are_a_metric(seed):
    a, b, c = random_rotations(np.random.default_rng(seed), 3)
    assert angle_between(a, b) == pytest.approx(angle_between(b, a))
    assert angle_between(a, a) == pytest.approx(0.0, abs=1e-7)
    assert angle_between(a, c) <= angle_between(a, b) + angle_between(b, c) + 1e-9


@given(ANGLES)
def test_in_plane_rotations_turn_counter_clockwise_on_the_screen(angle):
    right = in_plane(angle) @ (1.0, 0.0, 0.0)
    # On the screen y points down.
    assert np.arctan2(-right[1], right[0]) == pytest.approx(
        np.arctan2(np.sin(angle), np.cos(angle)), abs=1e-9)
    assert_rotations(in_plane(angle))


def test_in_plane_angles_do_not_repeat_the_end_of_the_circle():
    turns = in_plane(in_plane_angles(36))
    distances = angle_between(turns[:, None], turns[None])
    np.fill_diagonal(distances, np.inf)
    np.testing.assert_allclose(distances.min(axis=1), np.radians(10.0), atol=1e-7)


@given(SEEDS, st.tuples(st.floats(-2, 2), st.floats(-2, 2), st.floats(0.1, 3)))
def test_allocentric_and_back(seed, place):
    given_rotation = rotation(seed)
    looks = allocentric(given_rotation, place)
    np.testing.assert_allclose(egocentric(looks, place), given_rotation, atol=1e-9)
    # What lies on the ray through the object is turned onto the optical axis.
    ray = np.array(place) / np.linalg.norm(place)
    np.testing.assert_allclose(towards(place) @ (0.0, 0.0, 1.0), ray, atol=1e-9)
    assert angle_between(np.eye(3), towards(place)) == pytest.approx(
        np.arccos(np.clip(ray[2], -1, 1)), abs=1e-6)


def test_an_object_looks_the_same_anywhere_with_the_same_allocentric_rotation():
    points = np.random.default_rng(0).normal(size=(50, 3)) * 0.01
    looks = rotation(3)
    middle, aside = np.array((0.0, 0.0, 1.0)), np.array((0.5, -0.3, np.sqrt(1 - 0.34)))
    turned = points @ egocentric(looks, aside).T + aside
    # Turned back, as if the camera looked at it.
    np.testing.assert_allclose(
        turned @ towards(aside), points @ looks.T + middle, atol=1e-12)


@pytest.mark.parametrize('count', ICOSPHERE_SIZES[:-1])
def test_icospheres_are_even(count):
    corners = icosphere(count)
    assert corners.shape == (count, 3)
    np.testing.assert_allclose(np.linalg.norm(corners, axis=1), 1.0)
    np.testing.assert_allclose(corners.mean(axis=0), 0.0, atol=1e-9)
    cosines = corners @ corners.T
    np.fill_diagonal(cosines, -1.0)
    nearest = np.arccos(cosines.max(axis=1))
    assert nearest.max() < 1.25 * nearest.min()
    np.testing.assert_array_equal(corners[:12], icosphere(12))


def test_no_icosphere_of_another_size():
    with pytest.raises(ValueError, match='no icosphere has 100'):
        icosphere(100)


def test_what_is_seen_from_a_direction_is_turned_towards_the_camera():
    directions = icosphere(162)
    seen = seen_from(directions)
    assert_rotations(seen)
    towards_camera = np.einsum('nij,nj->ni', seen, directions)
    np.testing.assert_allclose(towards_camera, np.tile((0.0, 0.0, -1.0), (162, 1)), atol=1e-12)
    # The object's z axis is upright on the screen wherever it is not seen from its end.
    sides = np.abs(directions[:, 2]) < 0.99
    np.testing.assert_allclose(seen[sides, 0, 2], 0.0, atol=1e-12)
    assert (seen[sides, 1, 2] < 0.0).all()
