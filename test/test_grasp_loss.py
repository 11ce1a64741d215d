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

"""What the loss of the grasp network asks for, and the views that it is shown."""

from hypothesis import assume, given, settings, strategies as st
import numpy as np
import pytest
import torch

from mtperception.geometry.rectangle import angle_difference, corners
from mtperception.grasp.augmentation import moved, random_view
from mtperception.grasp.batches import targets_from_labels
from mtperception.grasp.default_boxes import boxes_per_cell, default_boxes, encode
from mtperception.grasp.loss import grasp_loss, IGNORED, match, NEGATIVE
from mtperception.grasp.network import GraspMaps
from mtperception.training.random_look import random_look

MAPS, SIZE = [(38, 38), (19, 19), (10, 10), (5, 5), (3, 3), (1, 1)], (300, 300)
TURNED = default_boxes(MAPS, SIZE, 6)
UPRIGHT = default_boxes(MAPS, SIZE, 1)

grasps = st.lists(
    st.tuples(st.floats(20, 280), st.floats(20, 280), st.floats(13, 80), st.floats(8, 18),
              st.floats(-1.57, 1.57)), min_size=1, max_size=6)


def tensor(rows):
    return torch.tensor(rows, dtype=torch.float32).reshape(-1, 5)


def none(rows):
    return torch.zeros(len(rows), dtype=torch.bool)


@given(grasps)
@settings(max_examples=40, deadline=None)
@pytest.mark.parametrize(('boxes', 'orientations'), [(TURNED, 6), (UPRIGHT, 1)])
def test_matched_boxes_are_near_their_rectangle(boxes, orientations, rows):
    labels = tensor(rows)
    assigned = match(labels, none(rows), boxes, orientations, 0.2)
    found = (assigned >= 0).nonzero()[:, 0]
    assert len(found)
    for box in found.tolist():
        label = labels[assigned[box]]
        assert torch.hypot(*(boxes[box, :2] - label[:2])) < 60
        if orientations > 1:
            assert angle_difference(float(boxes[box, 4]), float(label[4])) < np.radians(21)


@given(grasps)
@settings(max_examples=40, deadline=None)
def test_the_order_of_cells_and_of_rectangles_is_nothing(rows):
    assume(len(set(rows)) == len(rows))  # which of two that are the same gets a box is open
    labels = tensor(rows)
    assigned = match(labels, none(rows), TURNED, 6, 0.2)
    cells = torch.arange(len(TURNED)).view(-1, boxes_per_cell(6)[0])
    order = cells[torch.randperm(len(cells), generator=torch.Generator().manual_seed(0))].ravel()
    again = match(labels, none(rows), TURNED[order], 6, 0.2)
    # Only where two boxes are equally good may another one be taken.
    assert (again != assigned[order]).sum() <= 2 * len(rows)
    backwards = match(labels.flip(0), none(rows), TURNED, 6, 0.2)
    same = torch.where(backwards >= 0, len(rows) - 1 - backwards, backwards)
    assert (same != assigned).sum() <= 2 * len(rows)


def test_grasps_that_cross_have_boxes_of_their_own():
    rows = [(150.0, 150.0, 60.0, 12.0, angle) for angle in (-1.0, 0.0, 1.0)]
    turned = match(tensor(rows), none(rows), TURNED, 6, 0.2)
    assert {0, 1, 2} <= set(turned.tolist())
    # Boxes that know no angle are wanted by all three, and one of these gets none.
    upright = match(tensor(rows), none(rows), UPRIGHT, 1)
    assert len({0, 1, 2} & set(upright.tolist())) < 3


def test_ignored_rectangles_take_their_boxes_out_of_the_loss():
    rows = [(150.0, 150.0, 60.0, 12.0, 0.5)]
    assigned = match(tensor(rows), torch.tensor([True]), TURNED, 6, 0.2)
    assert set(assigned.tolist()) == {NEGATIVE, IGNORED}
    assert (match(tensor([]), none([]), TURNED, 6, 0.2) == NEGATIVE).all()


def test_a_grasp_to_find_gets_its_boxes_before_one_that_is_only_right():
    rows = [(150.0, 150.0, 60.0, 12.0, 0.5), (151.0, 150.0, 60.0, 12.0, 0.52)]
    alone = match(tensor(rows[:1]), none(rows[:1]), TURNED, 6, 0.2)
    both = match(tensor(rows), torch.tensor([False, True]), TURNED, 6, 0.2)
    assert ((both == 0) == (alone == 0)).all()
    turned = match(tensor([*rows[:1], (150.0, 150.0, 60.0, 12.0, -1.0)]),
                   torch.tensor([False, True]), TURNED, 6, 0.2)
    # What finds the other one is asked for nothing.
    assert ((turned == IGNORED) & (alone == NEGATIVE)).any()
    assert (turned[alone == 0] == 0).all()


def maps_that_know(labels, certainty):
    """Make maps that tell just what is asked for."""
    assigned = match(labels, none(labels), TURNED, 6, 0.2)
    logits = torch.zeros(1, len(TURNED), 2)
    logits[0, :, 1] = torch.where(assigned >= 0, certainty, -certainty)
    offsets, turns = encode(labels[assigned.clamp(min=0)], TURNED)
    return GraspMaps(logits, offsets[None], turns[None], TURNED)


def test_the_loss_is_nothing_for_maps_that_know_and_grows_with_every_fault():
    labels = tensor([(150.0, 150.0, 60.0, 12.0, 0.5), (50.0, 90.0, 30.0, 10.0, -1.2)])
    targets = targets_from_labels([labels.double().numpy()], 300, 300)
    right = maps_that_know(labels, 20.0)
    loss = grasp_loss(right, targets, 6, 0.2)
    assert float(loss.total) < 1e-5
    doubtful = grasp_loss(maps_that_know(labels, 1.0), targets, 6, 0.2)
    assert float(doubtful.score) > 0.1 and float(doubtful.box) < 1e-5
    shifted = GraspMaps(right.logits, right.offsets + 1, right.turns, TURNED)
    assert float(grasp_loss(shifted, targets, 6, 0.2).box) > 0.5
    turned = GraspMaps(right.logits, right.offsets, -right.turns, TURNED)
    assert float(grasp_loss(turned, targets, 6, 0.2).angle) > 0.5


def test_a_picture_without_grasps_asks_for_none():
    logits = torch.zeros(1, len(TURNED), 2, requires_grad=True)
    nothing = torch.zeros(1, len(TURNED), 6)
    maps = GraspMaps(logits, nothing[..., :4], nothing[..., 4:], TURNED)
    loss = grasp_loss(maps, targets_from_labels([np.zeros((0, 5))], 300, 300), 6, 0.2)
    loss.total.backward()
    wanted = logits.grad[0]
    assert (wanted[:, 1] >= 0).all() and (wanted[:, 1] > 0).sum() >= 1
    assert float(loss.box) == float(loss.angle) == 0


def test_only_whole_rectangles_are_to_be_found():
    rows = np.array([(150.0, 150, 60, 12, 0), (2.0, 150, 60, 12, 0), (-5.0, 150, 60, 12, 0)])
    targets = targets_from_labels([rows, rows[:0]], 300, 300)
    assert targets.counted.tolist() == [[True, False], [False, False]]
    assert targets.ignored.tolist() == [[False, True], [False, False]]


@given(grasps, st.integers(0, 1000))
@settings(max_examples=40)
def test_rectangles_move_as_their_corners_do(rows, seed):
    rng = np.random.default_rng(seed)
    labels = np.array(rows)
    angle, scale = rng.uniform(-4, 4), rng.uniform(0.5, 2)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn = turn @ np.diag([rng.choice([-1.0, 1.0]), 1.0])
    matrix = np.column_stack([turn, rng.uniform(-50, 50, 2)])
    found = corners(moved(labels, matrix))
    expected = corners(labels) @ turn.T + matrix[:, 2]
    for some, others in zip(found, expected, strict=True):
        apart = np.linalg.norm(some[:, None] - others[None], axis=2)
        assert apart.min(axis=1).max() < 1e-6 and apart.min(axis=0).max() < 1e-6


@pytest.mark.parametrize('seed', range(8))
def test_a_view_shows_its_rectangles_where_they_are(seed):
    """A bright bar with its label, seen from anywhere: the label still covers the bar."""
    import cv2

    rng = np.random.default_rng(seed)
    label = np.array([[130.0, 160.0, 60.0, 14.0, 0.6]])
    image = np.zeros((300, 300, 3), np.uint8)
    cv2.fillPoly(image, [np.rint(corners(label)[0] * 16).astype(int)], (255, 255, 255), shift=4)
    view, rectangles = random_view(image, label, 300, rng)
    bright = np.argwhere(view[..., 0] > 127)[:, ::-1]
    (x, y), (width, height), _ = cv2.minAreaRect(bright.astype(np.float32))
    assert (x, y) == pytest.approx(tuple(rectangles[0, :2]), abs=0.7)
    assert sorted((width, height)) == pytest.approx(sorted(rectangles[0, 2:4]), abs=2.5)
    away = bright - rectangles[0, :2]
    along = np.linalg.svd(away - away.mean(axis=0), full_matrices=False)[2][0]
    assert angle_difference(np.arctan2(-along[1], along[0]), rectangles[0, 4]) < 0.03
    assert random_look(view, rng).shape == view.shape
