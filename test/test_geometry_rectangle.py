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

import cv2
from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from mtperception.geometry.rectangle import angle_difference, corners, half_turn, overlap

sides = st.floats(0.5, 200.0)
places = st.floats(-300.0, 300.0)
angles = st.floats(-10.0, 10.0)
rectangles = st.tuples(places, places, sides, sides, angles)
near = st.tuples(st.floats(-60.0, 60.0), st.floats(-60.0, 60.0), sides, sides, angles)


def opencv_overlap(one, other):
    """Compute the same with OpenCV, whose angles are clockwise, in degrees and single floats."""
    boxes = [((r[0], r[1]), (r[2], r[3]), -np.degrees(r[4])) for r in (one, other)]
    kind, points = cv2.rotatedRectangleIntersection(*boxes)
    shared = 0.0 if kind == cv2.INTERSECT_NONE else cv2.contourArea(cv2.convexHull(points))
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)


def test_corners_of_an_upright_rectangle_start_at_the_upper_left():
    np.testing.assert_allclose(
        corners((10, 20, 4, 2, 0.0))[0], [(8, 19), (12, 19), (12, 21), (8, 21)])


def test_a_positive_angle_turns_counter_clockwise_on_the_screen():
    # The middle of the right-hand side goes up, to smaller y.
    right = corners((0, 0, 4, 2, np.pi / 6))[0][1:3].mean(axis=0)
    np.testing.assert_allclose(right, (2 * np.cos(np.pi / 6), -2 * np.sin(np.pi / 6)))


@given(rectangles)
def test_corners_have_the_rectangles_sides_and_centre(rectangle):
    points = corners(rectangle)[0]
    np.testing.assert_allclose(points.mean(axis=0), rectangle[:2], atol=1e-9)
    lengths = np.linalg.norm(np.roll(points, -1, axis=0) - points, axis=1)
    np.testing.assert_allclose(lengths, np.tile(rectangle[2:4], 2), rtol=1e-9)


def clipped_overlap(one, other):
    """Compute the same by cutting one rectangle along the sides of the other, one by one."""
    polygon = list(corners(one)[0])
    fence = corners(other)[0]
    for start, end in zip(fence, np.roll(fence, -1, axis=0), strict=True):
        inwards = np.array((start[1] - end[1], end[0] - start[0]))
        heights = [float((point - start) @ inwards) for point in polygon]
        kept = []
        for i, (point, height) in enumerate(zip(polygon, heights, strict=True)):
            before, earlier = polygon[i - 1], heights[i - 1]
            if (height >= 0.0) != (earlier >= 0.0):
                kept.append(before + earlier / (earlier - height) * (point - before))
            if height >= 0.0:
                kept.append(point)
        polygon = kept
    x, y = np.array(polygon).reshape(-1, 2).T
    shared = abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)


@settings(max_examples=300)
@given(near, near)
def test_overlap_agrees_with_clipping(one, other):
    assert overlap(one, other)[0, 0] == pytest.approx(clipped_overlap(one, other), abs=1e-6)


def test_overlap_agrees_with_opencv():
    # At random: OpenCV's answer is wrong for some pairs whose sides are in line.
    rng = np.random.default_rng(4)
    some = rng.uniform((-60, -60, 1, 1, -4), (60, 60, 200, 200, 4), (300, 5))
    others = rng.uniform((-60, -60, 1, 1, -4), (60, 60, 200, 200, 4), (300, 5))
    for one, other in zip(some, others, strict=True):
        assert overlap(one, other)[0, 0] == pytest.approx(opencv_overlap(one, other), abs=2e-3)


@settings(max_examples=300)
@given(near, near, places, places, angles)
def test_overlap_does_not_depend_on_where_both_are_nor_on_their_order(one, other, x, y, turn):
    def moved(rectangle):
        cosine, sine = np.cos(turn), np.sin(turn)
        u, v = rectangle[:2]
        return (cosine * u + sine * v + x, cosine * v - sine * u + y, *rectangle[2:4],
                rectangle[4] + turn)
    value = overlap(one, other)[0, 0]
    assert 0.0 <= value <= 1.0 + 1e-9
    assert overlap(other, one)[0, 0] == pytest.approx(value, abs=1e-9)
    assert overlap(moved(one), moved(other))[0, 0] == pytest.approx(value, abs=1e-6)


@given(rectangles, st.integers(-3, 3))
def test_a_rectangle_overlaps_itself_and_its_half_turns(rectangle, turns):
    same = (*rectangle[:4], rectangle[4] + turns * np.pi)
    assert overlap(rectangle, same)[0, 0] == pytest.approx(1.0, abs=1e-6)


@given(near, st.floats(0.1, 1.0), st.floats(0.1, 1.0))
def test_a_rectangle_within_another_covers_the_share_of_its_area(rectangle, along, across):
    x, y, width, height, theta = rectangle
    inner = (x, y, along * width, across * height, theta)
    assert overlap(rectangle, inner)[0, 0] == pytest.approx(along * across, rel=1e-6)


def test_rectangles_that_touch_or_have_no_area_do_not_overlap():
    assert overlap((0, 0, 2, 2, 0.0), (2, 0, 2, 2, 0.0))[0, 0] == 0.0
    assert overlap((0, 0, 0, 0, 0.0), (0, 0, 0, 0, 0.0))[0, 0] == 0.0


def test_overlap_of_many_is_that_of_each_pair():
    rng = np.random.default_rng(3)
    some = rng.uniform((-20, -20, 5, 5, -2), (20, 20, 40, 40, 2), (7, 5))
    others = rng.uniform((-20, -20, 5, 5, -2), (20, 20, 40, 40, 2), (4, 5))
    table = overlap(some, others)
    assert table.shape == (7, 4)
    for i, one in enumerate(some):
        for j, other in enumerate(others):
            assert table[i, j] == pytest.approx(overlap(one, other)[0, 0], abs=1e-12)


@given(angles, angles, st.integers(-4, 4))
def test_differences_of_angles_are_modulo_half_a_turn(one, other, turns):
    value = float(angle_difference(one, other))
    assert 0.0 <= value <= np.pi / 2
    assert abs(np.cos(one - other)) == pytest.approx(np.cos(value), abs=1e-9)
    assert float(angle_difference(other, one + turns * np.pi)) == pytest.approx(value, abs=1e-9)


@given(angles)
def test_half_turns_end_within_their_interval(theta):
    value = float(half_turn(theta))
    assert -np.pi / 2 < value <= np.pi / 2
    assert float(angle_difference(value, theta)) == pytest.approx(0.0, abs=1e-9)


def test_the_interval_of_half_turns_holds_its_upper_end_alone():
    assert float(half_turn(-np.pi / 2)) == np.pi / 2
    assert float(half_turn(np.pi / 2)) == np.pi / 2
