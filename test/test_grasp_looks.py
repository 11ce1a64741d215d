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

"""A picture that is looked at several times, and what is found joined."""

from dataclasses import replace

from hypothesis import given, strategies as st
import numpy as np
import pytest

from mtperception.cli.main import main
from mtperception.geometry.rectangle import angle_difference, corners, overlap
from mtperception.grasp.detection import Grasp, rows_of
from mtperception.grasp.looks import joined, turned_back
from mtperception.grasp.predictor import GraspDetector
from mtperception.grasp.shapes.examples import ShapeError
from mtperception.grasp.shapes.observer import ShapeObserver
from mtperception.grasp.suppression import distinct, near_overlap, SAME_ANGLE, SAME_OVERLAP

HEIGHT, WIDTH = 160, 200


def grasps(most=12):
    return st.lists(st.builds(
        Grasp, st.floats(0, WIDTH - 1), st.floats(0, HEIGHT - 1), st.floats(5, 60),
        st.floats(5, 30), st.floats(-1.5, 1.5), st.floats(0.01, 1.0), st.integers(0, 999)),
        max_size=most)


@given(grasps(), st.integers(0, 3))
def test_grasps_of_a_turned_picture_lie_where_its_pixels_come_from(found, turns):
    columns, rows = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    columns, rows = np.rot90(columns, turns), np.rot90(rows, turns)
    high, wide = columns.shape
    # Pixels, which are linear in where they come from.
    x = np.array([(columns[0, 1] - columns[0, 0]), (columns[1, 0] - columns[0, 0])])
    y = np.array([(rows[0, 1] - rows[0, 0]), (rows[1, 0] - rows[0, 0])])
    found = [grasp for grasp in found if grasp.x < wide and grasp.y < high]
    back = turned_back(found, turns, HEIGHT, WIDTH)
    where = corners(rows_of(found))
    expected = np.stack((columns[0, 0] + where @ x, rows[0, 0] + where @ y), axis=-1)
    for one, other in zip(corners(rows_of(back)), expected, strict=True):
        apart = np.linalg.norm(one[:, None] - other[None], axis=2)
        assert apart.min(axis=1).max() < 1e-9
    assert all(-np.pi / 2 < grasp.theta <= np.pi / 2 for grasp in back)
    assert [grasp.score for grasp in back] == [grasp.score for grasp in found]


@given(grasps())
def test_what_one_look_found_is_as_it_was(found):
    kept = joined([found])
    best_first = sorted(found, key=lambda grasp: -grasp.score)
    np.testing.assert_allclose(rows_of(kept), rows_of(best_first), rtol=1e-12, atol=1e-12)
    assert [(grasp.score, grasp.anchor) for grasp in kept] == [
        (grasp.score, grasp.anchor) for grasp in best_first]


def test_the_mean_is_weighted_and_half_turns_are_alike():
    one = Grasp(10.0, 20.0, 40.0, 12.0, np.pi / 2 - 0.05, 0.9, 3)
    other = Grasp(13.0, 20.0, 46.0, 12.0, -np.pi / 2 + 0.07, 0.3, 8)
    alone = Grasp(100.0, 90.0, 40.0, 12.0, 0.0, 0.8, 5)
    both, half = joined([[one, alone], [other]])
    assert (both.x, both.y, both.opening, both.jaw) == pytest.approx((10.75, 20.0, 41.5, 12.0))
    assert angle_difference(both.theta, np.pi / 2 - 0.02) < 1e-9
    assert (both.score, both.anchor) == (pytest.approx(0.6), 3)
    np.testing.assert_allclose(rows_of([half]), rows_of([alone]))
    assert (half.score, half.anchor) == (pytest.approx(0.4), 5)
    assert joined([[], []]) == []


def test_a_look_tells_of_a_grasp_once():
    first = Grasp(10.0, 20.0, 40.0, 12.0, 0.0, 0.9, 0)
    near, nearer = replace(first, x=18.0, score=0.7), replace(first, x=12.0, score=0.5)
    both, left = joined([[first], [near, nearer]])
    assert both.score == pytest.approx(0.7) and 10.0 < both.x < 12.0
    assert left.score == pytest.approx(0.35) and left.x == pytest.approx(18.0)
    # One that is turned is another grasp.
    turned = replace(first, theta=SAME_ANGLE + 0.01)
    assert len(joined([[first], [turned]])) == 2


@given(grasps())
def test_the_overlap_of_near_ones_is_the_overlap(found):
    rows = rows_of(found)
    expected = np.where(
        angle_difference(rows[:, None, 4], rows[None, :, 4]) < SAME_ANGLE, overlap(rows, rows), 0)
    np.fill_diagonal(expected, 0.0)
    np.testing.assert_allclose(near_overlap(rows), expected, atol=1e-9)


@given(grasps(40), st.integers(1, 45))
def test_the_distinct_are_chosen_one_after_the_other(found, most):
    rows = rows_of(found)
    same = near_overlap(rows) > SAME_OVERLAP
    kept = []
    for number in range(len(rows)):
        if len(kept) < most and not same[number, kept].any():
            kept.append(number)
    assert distinct(rows, most) == kept


def test_four_looks_see_a_turned_picture_alike(lit_picture):
    detector = GraspDetector.load('grasp', looks=4)
    picture = lit_picture('bar', 3)
    upright = detector.detect(picture, 0.15)
    turned = detector.detect(np.ascontiguousarray(np.rot90(picture)), 0.15)
    assert len(upright) == len(turned) > 2
    back = turned_back(turned, 1, *picture.shape[:2])
    expected = rows_of(sorted(upright, key=lambda grasp: (grasp.x, grasp.y)))
    again = rows_of(sorted(back, key=lambda grasp: (grasp.x, grasp.y)))
    np.testing.assert_allclose(again[:, :4], expected[:, :4], atol=1e-3)
    assert angle_difference(again[:, 4], expected[:, 4]).max() < 1e-4
    once = GraspDetector.load('grasp').detect(picture, 0.15)
    assert not np.allclose(rows_of(once)[:2], rows_of(upright)[:2], atol=0.01)


def test_looks_that_cannot_be_are_refused(capsys, tmp_path):
    with pytest.raises(ValueError, match='looks is 3; a picture is looked at once, twice or four'):
        GraspDetector.load('grasp', looks=3)
    with pytest.raises(ShapeError, match='guided features are of one look'):
        ShapeObserver(GraspDetector.load('grasp', looks=2), 'guided')
    picture = tmp_path / 'picture.png'
    picture.touch()
    assert main(['detect', 'pin', str(picture), '--looks', '2']) == 1
    assert '--looks is for grasps' in capsys.readouterr().err
