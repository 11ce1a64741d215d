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

"""The errors of poses, by hand, by plain loops, and by what must hold of them."""

import math

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from mtperception.geometry.camera import PinholeCamera
from mtperception.geometry.pose_errors import (
    add,
    add_s,
    correct_share,
    mspd,
    mssd,
    Pose,
    Symmetries,
    visible_points,
    vsd,
)
from mtperception.geometry.rotations import about_axis, random_rotations

CAMERA = PinholeCamera(12, 10, 15.0, 16.0, 5.3, 4.6)
seeds = st.integers(0, 10_000)


def random_pose(rng):
    return Pose(random_rotations(rng, 1)[0], rng.uniform((-0.2, -0.2, 0.6), (0.2, 0.2, 1.2)))


def random_points(rng, count=40):
    return rng.uniform(-0.1, 0.1, (count, 3))


def random_symmetries(rng):
    return Symmetries.of_axis(rng.normal(size=3), rng.uniform(-0.05, 0.05, 3),
                              int(rng.integers(1, 5)))


def moved_by_loops(pose, point):
    return [sum(pose.rotation[i][j] * point[j] for j in range(3)) + pose.translation[i]
            for i in range(3)]


def images_by_loops(true, points, symmetries):
    images = []
    for turn, shift in zip(symmetries.rotations, symmetries.translations, strict=True):
        motion = Pose(turn, shift)
        images.append([moved_by_loops(true, moved_by_loops(motion, point)) for point in points])
    return images


def seen_by_loops(point):
    x, y, z = point
    return (CAMERA.fx * x / z + CAMERA.cx, CAMERA.fy * y / z + CAMERA.cy)


def vsd_by_loops(estimated, true, seen, tolerance, misalignment, cost):
    total, either = 0.0, 0
    for row in range(CAMERA.height):
        for column in range(CAMERA.width):
            ray = math.sqrt(1 + ((column - CAMERA.cx) / CAMERA.fx) ** 2
                            + ((row - CAMERA.cy) / CAMERA.fy) ** 2)
            e, t, s = (ray * depth[row, column] for depth in (estimated, true, seen))
            true_shown = t > 0 and (s == 0 or t - s <= tolerance)
            shown = e > 0 and (s == 0 or e - s <= tolerance or true_shown)
            if true_shown or shown:
                either += 1
                if not (true_shown and shown):
                    total += 1
                elif cost == 'step':
                    total += abs(e - t) >= misalignment
                else:
                    total += min(abs(e - t) / misalignment, 1)
    return total / either if either else 1.0


def random_depth(rng, nothing):
    depth = rng.uniform(0.9, 1.0, (CAMERA.height, CAMERA.width))
    depth[rng.random(depth.shape) < nothing] = 0
    return depth


@given(seeds)
@settings(max_examples=40)
def test_surface_errors_are_those_of_plain_loops(seed):
    rng = np.random.default_rng(seed)
    one, other, points = random_pose(rng), random_pose(rng), random_points(rng, 12)
    symmetries = random_symmetries(rng)
    found = [moved_by_loops(one, point) for point in points]
    truth = [moved_by_loops(other, point) for point in points]
    images = images_by_loops(other, points, symmetries)
    assert add(one, other, points) == pytest.approx(
        sum(map(math.dist, found, truth)) / len(points), abs=1e-9)
    assert add_s(one, other, points) == pytest.approx(
        sum(min(math.dist(point, near) for near in found) for point in truth) / len(points),
        abs=1e-9)
    assert mssd(one, other, points, symmetries) == pytest.approx(
        min(max(map(math.dist, found, image)) for image in images), abs=1e-9)
    seen = [seen_by_loops(point) for point in found]
    assert mspd(one, other, points, CAMERA, symmetries) == pytest.approx(
        min(max(map(math.dist, seen, map(seen_by_loops, image))) for image in images), abs=1e-7)


@given(seeds, st.sampled_from(['step', 'linear']))
@settings(max_examples=40)
def test_vsd_is_that_of_plain_loops(seed, cost):
    rng = np.random.default_rng(seed)
    estimated, true = random_depth(rng, 0.5), random_depth(rng, 0.5)
    seen = random_depth(rng, 0.2)
    tolerances = [0.005, 0.02, 0.05]
    errors = vsd(estimated, true, seen, CAMERA, tolerance=0.015, misalignment=tolerances,
                 cost=cost)
    expected = [vsd_by_loops(estimated, true, seen, 0.015, each, cost) for each in tolerances]
    assert errors == pytest.approx(expected, abs=1e-9)
    assert (np.diff(errors) <= 1e-12).all()


def test_vsd_by_hand():
    camera = PinholeCamera(3, 1, 1e9, 1e9, 1.0, 0.0)  # all rays are parallel
    true = np.array([[1.0, 1.0, 0.0]])
    nothing = np.zeros((1, 3))
    # One pixel shared and right, one of the true pose alone, one of the estimated alone.
    assert vsd([[0.0, 1.01, 1.0]], true, nothing, camera) == pytest.approx(2 / 3)
    # The shared one is wrong by 30 mm; by 10 mm the linear cost is half.
    assert vsd([[0.0, 1.03, 1.0]], true, nothing, camera) == 1.0
    assert vsd([[1.0, 1.01, 0.0]], true, nothing, camera, cost='linear') == pytest.approx(0.25)
    # Behind something, a surface does not count, whichever pose has it.
    assert vsd([[0.0, 1.0, 1.0]], true, [[0.5, 1.0, 0.5]], camera) == 0.0
    # Nothing to be seen of either; infinite and unknown depths are nothing.
    assert vsd(true, true, np.full((1, 3), 0.5), camera) == 1.0
    assert vsd(nothing, np.full((1, 3), np.inf), [[np.nan, 1.0, 1.0]], camera) == 1.0


@given(seeds)
@settings(max_examples=30)
def test_the_true_pose_is_without_error_and_so_are_its_symmetric_images(seed):
    rng = np.random.default_rng(seed)
    true, points, symmetries = random_pose(rng), random_points(rng), random_symmetries(rng)
    assert add(true, true, points) == add_s(true, true, points) == 0
    number = int(rng.integers(len(symmetries)))
    turn, shift = symmetries.rotations[number], symmetries.translations[number]
    alike = Pose(true.rotation @ turn, true.rotation @ shift + true.translation)
    assert mssd(alike, true, points, symmetries) < 1e-12
    assert mspd(alike, true, points, CAMERA, symmetries) < 1e-9
    depth = random_depth(rng, 0.5)
    if depth.any():
        assert vsd(depth, depth, depth, CAMERA) == 0


@given(seeds)
@settings(max_examples=30)
def test_distances_do_not_depend_on_who_looks_and_bound_each_other(seed):
    rng = np.random.default_rng(seed)
    one, other, points = random_pose(rng), random_pose(rng), random_points(rng)
    turn, shift = random_rotations(rng, 1)[0], rng.normal(size=3)
    elsewhere = [Pose(turn @ pose.rotation, turn @ pose.translation + shift)
                 for pose in (one, other)]
    for error in (add, add_s, mssd):
        assert error(*elsewhere, points) == pytest.approx(error(one, other, points), abs=1e-12)
    assert add_s(one, other, points) <= add(one, other, points) <= mssd(one, other, points) + 1e-12
    assert mssd(one, other, points, random_symmetries(rng)) <= mssd(one, other, points) + 1e-12


def test_errors_of_a_shift_and_of_a_turn_by_hand():
    points = np.array([(0.1, 0.0, 0.0), (-0.1, 0.0, 0.0)])
    true = Pose(np.eye(3), np.array((0.0, 0.0, 1.0)))
    shifted = Pose(np.eye(3), np.array((0.0, 0.03, 1.0)))
    assert add(shifted, true, points) == mssd(shifted, true, points) == pytest.approx(0.03)
    assert mspd(shifted, true, points, CAMERA) == pytest.approx(0.03 * CAMERA.fy)
    turned = Pose(about_axis((0, 0, 1), math.pi), true.translation)
    assert add(turned, true, points) == pytest.approx(0.2)
    assert add_s(turned, true, points) == pytest.approx(0.0, abs=1e-12)
    half = Symmetries.of_axis((0, 0, 1), (0, 0, 0), 2)
    assert mssd(turned, true, points, half) == pytest.approx(0.0, abs=1e-12)


def test_a_pose_behind_the_camera_is_as_wrong_as_can_be():
    points, true = np.zeros((1, 3)), Pose(np.eye(3), np.array((0.0, 0.0, 1.0)))
    assert mspd(Pose(np.eye(3), np.array((0.0, 0.0, -1.0))), true, points, CAMERA) == math.inf


def test_a_circle_without_turns_is_refused():
    with pytest.raises(ValueError, match='0 turns'):
        Symmetries.of_axis((0, 0, 1), (0, 0, 0), 0)


def test_the_correct_share_is_the_area_under_the_curve():
    errors = np.random.default_rng(0).random(2000)
    thresholds = np.linspace(0, 1, 100_001)
    shares = np.searchsorted(np.sort(errors), thresholds) / len(errors)
    assert correct_share(errors) == pytest.approx(np.trapezoid(shares, thresholds), abs=1e-4)
    assert correct_share([0.0, 1.0, 5.0]) == pytest.approx(1 / 3)
    assert correct_share([]) == 0.0


def test_visible_points_are_seen_where_they_were():
    rng = np.random.default_rng(1)
    depth = random_depth(rng, 0.5)
    depth[0, 0], depth[0, 1] = np.nan, np.inf
    mask = rng.random(depth.shape) < 0.7
    points = visible_points(depth, CAMERA, mask)
    rows, columns = np.nonzero(mask & np.isfinite(depth) & (depth > 0))
    assert CAMERA.project(points) == pytest.approx(np.column_stack((columns, rows)))
    assert points[:, 2] == pytest.approx(depth[rows, columns])
