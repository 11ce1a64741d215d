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

"""Hands hold what they are given: they touch it and do not go through it."""

import numpy as np
import pytest
from scipy.spatial import cKDTree
import trimesh

from mtperception.sim.pose.hands import ARM, draw_hand, grippable, PALM
from mtperception.sim.shapes.parts import PARTS
from mtperception.sim.shapes.solids import between, Solid

# Four fingers of three bones, before the thumb.
FINGERS = slice(-15, -3)


def spine(solid, count=9):
    """Return points along the axis of a capsule."""
    steps = np.linspace(-1.0, 1.0, count)[:, None]
    return solid.position + steps * solid.size[1] * solid.rotation[:, 2]


def gaps(surface, solids):
    """Return how far the skin of capsules is from the nearest points of a surface."""
    return np.array([
        surface.query(spine(solid))[0].min() - solid.size[0] for solid in solids])


@pytest.mark.parametrize('name', ['hammer', 'ring', 'l'])
def test_fingers_touch_what_they_hold_and_stay_outside(name):
    part = PARTS[name]()
    thing = grippable(part.mesh)
    surface = cKDTree(grippable(part.mesh, 40_000).points)
    # Things of less than a hand's width are held by smaller hands, as in the scene.
    scale = min(float(part.mesh.extents.max()) / 0.3, 1.0)
    touching = 0
    for seed in range(8):
        hand = draw_hand(np.random.default_rng(seed), thing, scale)
        distances = gaps(surface, hand[FINGERS])
        # A finger's plane is as thick as the finger, and what it holds may change within it.
        assert distances.min() > -0.009 * scale
        touching += distances.min() < 0.006 * scale
    assert touching >= 6


def test_the_arm_begins_at_the_hand_and_leads_away():
    thing = grippable(PARTS['hammer']().mesh)
    for seed in range(20):
        hand = draw_hand(np.random.default_rng(seed), thing)
        arm = hand[ARM]
        begin, end = spine(arm, 2)
        palm = hand[PALM].position
        assert np.linalg.norm(begin - palm) < 0.2 < 0.8 < np.linalg.norm(end - palm)


def test_left_and_right_hands_are_proper_and_alike():
    thing = grippable(PARTS['hammer']().mesh)
    thumbs = set()
    for seed in range(30):
        hand = draw_hand(np.random.default_rng(seed), thing)
        for solid in hand:
            assert np.linalg.det(solid.rotation) == pytest.approx(1.0)
        index, little = hand[FINGERS][0].position, hand[FINGERS][9].position
        back = hand[PALM].position - hand[FINGERS][0].position
        wrist = hand[ARM].position - hand[PALM].position
        thumbs.add(bool(np.dot(np.cross(wrist, index - little), back) > 0.0))
    assert thumbs == {True, False}


def test_the_same_hand_for_the_same_numbers():
    thing = grippable(PARTS['star']().mesh)
    one, other = (draw_hand(np.random.default_rng(3), thing) for _ in range(2))
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a.position, b.position)
        np.testing.assert_array_equal(a.rotation, b.rotation)


def test_points_lie_on_the_mesh_and_axes_are_sorted():
    mesh = PARTS['hammer']().mesh
    thing = grippable(mesh, 100)
    triangles = np.repeat(np.asarray(mesh.triangles)[None], len(thing.points), axis=0)
    closest = trimesh.triangles.closest_point(
        triangles.reshape(-1, 3, 3), np.repeat(thing.points, len(mesh.faces), axis=0))
    distances = np.linalg.norm(
        closest.reshape(len(thing.points), -1, 3) - thing.points[:, None], axis=2).min(axis=1)
    assert distances.max() < 1e-9
    # The handle is along z, the head along y.
    np.testing.assert_allclose(np.abs(np.diag(thing.axes[[2, 1, 0]])), 1.0, atol=0.05)


def test_a_capsule_between_two_points():
    solid = between('capsule', (0.0, 0.1, 0.2), (0.3, 0.1, -0.2), 0.02, 'hand')
    np.testing.assert_allclose(spine(solid, 2), [(0.0, 0.1, 0.2), (0.3, 0.1, -0.2)], atol=1e-12)
    assert np.linalg.det(solid.rotation) == pytest.approx(1.0)
    assert solid.size[0] == 0.02


def test_mirroring_keeps_rotations_proper():
    solid = Solid('box', np.eye(3), np.array((1.0, 2.0, 3.0)), (0.1, 0.2, 0.3), '')
    mirrored = solid.placed(np.diag((1.0, -1.0, 1.0)), (0.0, 0.0, 1.0))
    np.testing.assert_allclose(mirrored.position, (1.0, -2.0, 4.0))
    assert np.linalg.det(mirrored.rotation) == pytest.approx(1.0)
