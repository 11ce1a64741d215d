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

from hypothesis import assume, given, settings, strategies as st
import numpy as np
import pytest

from mtperception.geometry.rectangle import half_turn
from mtperception.grasp.detection import Grasp, rows_of
from mtperception.grasp.evaluation import GraspScore, match

rows = st.tuples(
    st.floats(0, 300), st.floats(0, 300), st.floats(8, 90), st.floats(4, 40),
    st.floats(-np.pi / 2, np.pi / 2, exclude_min=True))
some_rows = st.lists(rows, max_size=6).map(lambda drawn: np.array(drawn).reshape(-1, 5))


def score(detections, labels, objects=None):
    adding = GraspScore()
    adding.add(detections, labels, objects)
    return adding.figures()


@given(some_rows.filter(len))
@settings(deadline=None)
def test_perfect_detections_are_all_right(labels):
    figures = score(labels, labels, np.arange(len(labels)))
    assert figures['precision'] == figures['recall'] == figures['objects_with_grasp'] == 1
    assert figures['angle_error_deg']['p95'] == pytest.approx(0, abs=1e-5)
    assert figures['detections'] == figures['objects'] == len(labels)
    assert 1 <= figures['grasps'] <= len(labels)


@given(some_rows, some_rows, st.data())
@settings(deadline=None)
def test_half_a_turn_changes_nothing(detections, labels, data):
    expected = match(detections, labels)
    turned = detections.copy()
    turned[:, 4] += np.pi * np.array(data.draw(
        st.lists(st.integers(-2, 2), min_size=len(turned), max_size=len(turned))))
    # Rounding decides at the very limits of the metric.
    assume(clearly(detections, labels))
    found = match(turned, labels)
    np.testing.assert_array_equal(found.right, expected.right)
    np.testing.assert_array_equal(found.found, expected.found)
    np.testing.assert_allclose(found.angle_error, expected.angle_error, atol=1e-9)


def clearly(detections, labels):
    from mtperception.geometry.rectangle import angle_difference, overlap

    shared = overlap(detections, labels)
    apart = angle_difference(detections[:, None, 4], labels[None, :, 4])
    return (np.abs(shared - 0.25) > 1e-6).all() and (np.abs(apart - np.pi / 6) > 1e-6).all()


@given(some_rows, some_rows, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_detections_does_not_matter(detections, labels, random):
    order = np.array(random.sample(range(len(detections)), len(detections)), dtype=int)
    expected, found = match(detections, labels), match(detections[order], labels)
    np.testing.assert_array_equal(found.right, expected.right[order])
    np.testing.assert_array_equal(found.angle_error, expected.angle_error[order])
    np.testing.assert_array_equal(found.found, expected.found)


@given(some_rows, some_rows, st.floats(-3, 3), st.floats(-200, 200), st.floats(-200, 200))
@settings(deadline=None)
def test_turning_the_whole_picture_does_not_matter(detections, labels, angle, x, y):
    assume(clearly(detections, labels))
    expected = match(detections, labels)
    found = match(*(moved(each, angle, x, y) for each in (detections, labels)))
    np.testing.assert_array_equal(found.right, expected.right)
    np.testing.assert_array_equal(found.found, expected.found)
    np.testing.assert_allclose(found.angle_error, expected.angle_error, atol=1e-9)


def moved(rectangles, angle, x, y):
    turned = rectangles.copy()
    cosine, sine = np.cos(angle), np.sin(angle)
    # Counter-clockwise on the screen, where y points down.
    turned[:, 0] = rectangles[:, 0] * cosine + rectangles[:, 1] * sine + x
    turned[:, 1] = rectangles[:, 1] * cosine - rectangles[:, 0] * sine + y
    turned[:, 4] = half_turn(rectangles[:, 4] + angle)
    return turned


LABEL = (100.0, 100.0, 40.0, 20.0, 0.0)


@pytest.mark.parametrize(('detection', 'right'), [
    # Shifted along by d of 40, they share (40 - d) / (40 + d): a quarter at d = 24.
    ((123.9, 100.0, 40.0, 20.0, 0.0), True), ((124.1, 100.0, 40.0, 20.0, 0.0), False),
    ((100.0, 100.0, 40.0, 20.0, np.radians(29.9)), True),
    ((100.0, 100.0, 40.0, 20.0, np.radians(30.1)), False),
    ((100.0, 100.0, 40.0, 20.0, np.radians(-170.0)), True),
    # A quarter of the area is not more than a quarter of the union.
    ((100.0, 100.0, 20.0, 10.0, 0.0), False), ((100.0, 100.0, 20.2, 10.2, 0.0), True),
])
def test_the_limits_of_a_hit(detection, right):
    assert match([detection], [LABEL]).right.tolist() == [right]
    assert match([LABEL], [detection]).right.tolist() == [right]


def test_a_picture_with_all_kinds():
    labels = [LABEL, (103.0, 100.0, 40.0, 20.0, 0.1), (100.0, 100.0, 40.0, 20.0, 1.5),
              (200.0, 200.0, 40.0, 20.0, 0.0), (250.0, 50.0, 40.0, 20.0, 0.5)]
    objects = np.array([0, 0, 0, 1, -1])
    detections = [(101.0, 100.0, 40.0, 20.0, np.radians(2.0)), (60.0, 60.0, 40.0, 20.0, 0.0),
                  (250.0, 52.0, 40.0, 20.0, 0.5 - np.radians(4.0))]
    figures = score(detections, labels, objects)
    assert figures['precision'] == pytest.approx(2 / 3)
    # The first two labels are one grasp; it and the last are found, two are not.
    assert (figures['grasps'], figures['recall']) == (4, 0.5)
    assert (figures['objects'], figures['objects_with_grasp']) == (2, 0.5)
    assert figures['angle_error_deg']['median'] == pytest.approx(3.0)


def test_a_detection_between_two_labels_finds_both():
    labels = [(90.0, 100.0, 40.0, 20.0, 0.0), (112.0, 100.0, 40.0, 20.0, 0.0)]
    figures = score([(101.0, 100.0, 40.0, 20.0, 0.0)], labels)
    assert (figures['grasps'], figures['precision'], figures['recall']) == (2, 1, 1)


def test_grasps_that_are_right_but_not_labelled_are_neither_wrong_nor_missed():
    other, wrong = (200.0, 100.0, 40.0, 20.0, 1.0), (300.0, 300.0, 40.0, 20.0, 0.0)
    adding = GraspScore()
    adding.add([LABEL, other, wrong], [LABEL], others=[other, (40.0, 40.0, 40.0, 20.0, 0.0)])
    figures = adding.figures()
    assert figures['precision'] == pytest.approx(2 / 3)
    assert figures['labelled_precision'] == pytest.approx(1 / 3)
    assert (figures['recall'], figures['grasps']) == (1, 1)
    # Only labels say how a grasp is turned, and how far it is open.
    turned = (*LABEL[:2], LABEL[2] - 0.5 * LABEL[3], LABEL[3], 0.1)
    matching = match([turned, other], [LABEL], [(*other[:4], 1.2)])
    assert matching.right.tolist() == [True, True]
    assert matching.labelled.tolist() == [True, False]
    assert matching.angle_error[0] == pytest.approx(0.1) and np.isnan(matching.angle_error[1])
    assert matching.opening_error[0] == pytest.approx(0.5) and np.isnan(matching.opening_error[1])


def test_pictures_add_up():
    adding = GraspScore()
    adding.add([LABEL], [LABEL], np.array([0]))
    adding.add([], [LABEL], np.array([0]))
    adding.add([LABEL], [])
    figures = adding.figures()
    assert adding.pictures == 3
    assert (figures['precision'], figures['recall'], figures['objects_with_grasp']) == (
        0.5, 0.5, 0.5)


def test_nothing_at_all_has_no_figures():
    figures = score([], [])
    assert figures['precision'] is figures['recall'] is figures['objects_with_grasp'] is None
    assert figures['angle_error_deg'] == {'median': None, 'p95': None}


def test_the_rows_of_detections():
    grasp = Grasp(1.0, 2.0, 3.0, 4.0, 0.5, score=0.9, anchor=7)
    assert rows_of([grasp, grasp]).tolist() == [[1.0, 2.0, 3.0, 4.0, 0.5]] * 2
    assert rows_of([]).shape == (0, 5)
