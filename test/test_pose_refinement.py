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

"""Refining poses by depth: which surface is seen, the way back from errors, and who agrees."""

import cv2
import numpy as np
import pytest
from scipy.spatial import cKDTree
import trimesh

from mtperception.geometry.camera import PinholeCamera
from mtperception.geometry.pose_errors import add, Pose, visible_points
from mtperception.geometry.rotations import about_axis, angle_between, random_rotations
from mtperception.pose.depth_refinement import at_depth, Hypothesis, refine, scene_points
from mtperception.pose.icp import icp
from mtperception.pose.placing import crop_of
from mtperception.pose.surface import agreement, Surface
from mtperception.sim.pose.bop import diameter
from mtperception.sim.pose.object_alone import DepthAlone
from mtperception.sim.shapes.parts import PARTS

CAMERA = PinholeCamera(512, 512, 443.0, 443.0, 255.5, 255.5)
PART = PARTS['hammer']()


def surface_of(mesh, count=4000):
    points, faces = trimesh.sample.sample_surface(mesh, count, seed=0)
    return Surface(np.asarray(points), np.asarray(mesh.face_normals[faces]), diameter(mesh))


SURFACE = surface_of(PART.mesh)


@pytest.fixture(scope='module')
def alone():
    with DepthAlone(PART, CAMERA.width, CAMERA.height) as drawing:
        yield lambda pose: drawing.depth(CAMERA, *pose)


def random_pose(rng):
    return Pose(random_rotations(rng, 1)[0], rng.uniform((-0.2, -0.2, 0.75), (0.2, 0.2, 1.05)))


def disturbed(rng, pose, degrees, metres):
    turn, shift = rng.normal(size=3), rng.normal(size=3)
    return Pose(about_axis(turn, np.radians(degrees)) @ pose.rotation,
                pose.translation + metres * shift / np.linalg.norm(shift))


def measured(rng, depth, noise=0.002):
    """Return a depth picture with noise that grows with the square of the distance, in metres."""
    known = np.where(np.isfinite(depth), depth, 0.0)
    return (known + noise * known**2 * rng.standard_normal(depth.shape)).astype(np.float32)


def points_in(rng, depth, count=500):
    points = visible_points(depth, CAMERA)
    return points[rng.choice(len(points), min(count, len(points)), replace=False)]


def is_right(pose, true):
    return add(pose, true, SURFACE.points) < 0.1 * SURFACE.diameter


def test_what_is_seen_is_what_a_renderer_shows(alone):
    rng = np.random.default_rng(0)
    for _ in range(10):
        pose = random_pose(rng)
        depth = alone(pose)
        there = pose.moved(SURFACE.points)
        column, row = np.rint(CAMERA.project(there)).astype(int).T
        shown = np.abs(depth[row, column] - there[:, 2]) < 0.004
        seen = np.zeros(len(there), bool)
        seen[SURFACE.seen(pose, CAMERA)] = True
        assert (seen & shown).sum() > 0.85 * shown.sum()
        # The handle goes on inside the head, little behind its face.
        assert (seen & ~shown).sum() < 0.25 * seen.sum()


def test_nothing_is_seen_of_what_is_behind_the_camera():
    pose = Pose(np.eye(3), np.array((0.0, 0.0, -1.0)))
    assert len(SURFACE.seen(pose, CAMERA)) == 0
    assert icp(pose, np.zeros((50, 3)), SURFACE, CAMERA) is pose


def test_the_way_back_from_errors_that_a_codebook_leaves(alone):
    rng = np.random.default_rng(1)
    before, after, turned = [], [], []
    for _ in range(30):
        true = random_pose(rng)
        scene = points_in(rng, measured(rng, alone(true)))
        start = disturbed(rng, true, 12.0, 0.015)
        found = icp(start, scene, SURFACE, CAMERA)
        assert found.rotation @ found.rotation.T == pytest.approx(np.eye(3), abs=1e-9)
        before.append(add(start, true, SURFACE.points))
        after.append(add(found, true, SURFACE.points))
        turned.append(np.degrees(angle_between(found.rotation, true.rotation)))
    assert np.median(after) < 0.2 * np.median(before)
    assert np.median(turned) < 3.0
    assert np.mean(np.array(after) < 0.1 * SURFACE.diameter) > 0.95


def test_the_truth_stays_where_it_is(alone):
    rng = np.random.default_rng(2)
    for _ in range(5):
        true = random_pose(rng)
        found = icp(true, points_in(rng, measured(rng, alone(true), 0.0)), SURFACE, CAMERA)
        assert add(found, true, SURFACE.points) < 0.003


def test_with_nothing_near_a_pose_is_left_as_it_is(alone):
    rng = np.random.default_rng(3)
    true = random_pose(rng)
    away = Pose(true.rotation, true.translation + np.array((0.0, 0.0, 0.5)))
    assert icp(away, points_in(rng, alone(true)), SURFACE, CAMERA) is away


def test_the_right_pose_agrees_more_than_wrong_ones(alone):
    rng = np.random.default_rng(4)
    right, wrong = [], []
    for _ in range(12):
        true = random_pose(rng)
        depth = measured(rng, alone(true))
        scene = points_in(rng, depth)
        right.append(agreement(SURFACE, true, scene, depth, CAMERA))
        for degrees, metres in ((40.0, 0.0), (0.0, 0.04), (90.0, 0.0)):
            wrong.append(agreement(
                SURFACE, disturbed(rng, true, degrees, metres), scene, depth, CAMERA))
    assert min(right) > 0.85
    # Turned about its handle a hammer looks much the same.
    assert np.median(wrong) < 0.5 and np.mean(np.array(wrong) < min(right)) > 0.85


def test_what_is_hidden_does_not_speak_against_a_pose(alone):
    rng = np.random.default_rng(5)
    true = random_pose(rng)
    depth = measured(rng, alone(true))
    columns = np.nonzero(depth)[1]
    hidden = depth.copy()
    hidden[:, :int(np.median(columns))] = 0.4  # a hand before half of it
    scene = points_in(rng, np.where(hidden == depth, hidden, 0.0))
    assert agreement(SURFACE, true, scene, hidden, CAMERA) > 0.8
    # Where the bench is seen instead of the object, it is not there.
    hidden[:, :int(np.median(columns))] = 2.0
    assert agreement(SURFACE, true, scene, hidden, CAMERA) < 0.75
    assert agreement(SURFACE, true, scene, np.zeros_like(depth), CAMERA) == 0.0
    assert agreement(SURFACE, true, np.zeros((0, 3)), depth, CAMERA) == 0.0


def hypotheses(rng, true):
    """Give the true pose as a codebook knows it, three wrong ones, and one turned over."""
    over = Pose(true.rotation @ np.diag((-1.0, -1.0, 1.0)), true.translation)
    poses = [disturbed(rng, true, 14.0, 0.02), *(
        Pose(random_rotations(rng, 1)[0], true.translation) for _ in range(3)), over]
    return [Hypothesis(poses[number], 0.8) for number in rng.permutation(len(poses))]


def test_of_several_hypotheses_the_right_one_is_refined(alone):
    rng = np.random.default_rng(6)
    right = 0
    for _ in range(12):
        true = random_pose(rng)
        depth = measured(rng, alone(true))
        found = refine(hypotheses(rng, true), SURFACE, points_in(rng, depth), depth, CAMERA)
        right += is_right(found.pose, true)
        assert 0.5 < found.agreement <= 1.0
    assert right >= 11


def test_what_is_turned_over_is_in_the_same_place_and_comes_back():
    rng = np.random.default_rng(12)
    for _ in range(5):
        pose = random_pose(rng)
        corners = np.array((SURFACE.points.min(axis=0), SURFACE.points.max(axis=0)))
        turned = SURFACE.turned_over(pose)
        # Three half turns about axes at right angles are none at all.
        assert angle_between(turned[0].rotation @ pose.rotation.T @ turned[1].rotation,
                             turned[2].rotation) == pytest.approx(0.0, abs=1e-6)
        for number, over in enumerate(turned):
            assert angle_between(over.rotation, pose.rotation) == pytest.approx(np.pi, abs=1e-6)
            middle = corners.mean(axis=0)
            assert over.moved(middle) == pytest.approx(pose.moved(middle), abs=1e-9)
            back = SURFACE.turned_over(over)[number]
            assert back.moved(corners) == pytest.approx(pose.moved(corners), abs=1e-9)


def test_what_was_taken_for_its_other_end_is_turned_back(alone):
    rng = np.random.default_rng(13)
    near, righted = 0, 0
    for number in range(12):
        true = random_pose(rng)
        depth = measured(rng, alone(true))
        scene = points_in(rng, depth)
        wrong = disturbed(rng, SURFACE.turned_over(true)[number % 3], 8.0, 0.01)
        found = refine([Hypothesis(wrong, 0.8)], SURFACE, scene, depth, CAMERA)
        near += is_right(icp(wrong, scene, SURFACE, CAMERA), true)
        righted += is_right(found.pose, true)
    assert righted >= 9 and near <= 4


def test_depth_that_tells_nothing_refines_nothing(alone):
    rng = np.random.default_rng(7)
    true = random_pose(rng)
    nothing = np.zeros((CAMERA.height, CAMERA.width), np.float32)
    some = hypotheses(rng, true)
    assert refine(some, SURFACE, np.zeros((0, 3)), nothing, CAMERA) is None
    assert refine([], SURFACE, points_in(rng, alone(true)), nothing, CAMERA) is None


def test_a_pose_goes_along_its_line_of_sight_to_the_measured_depth(alone):
    rng = np.random.default_rng(8)
    true = random_pose(rng)
    scene = points_in(rng, alone(true))
    near = Pose(true.rotation, 0.9 * true.translation)
    moved = at_depth(near, scene, SURFACE, CAMERA)
    assert moved.translation[2] == pytest.approx(true.translation[2], abs=0.01)
    assert np.cross(moved.translation, near.translation) == pytest.approx(np.zeros(3))


def test_what_points_at_the_camera_or_is_half_hidden_is_as_deep_as_it_is(alone):
    """Its middle is elsewhere in the picture than on its surface, which must not move it."""
    rng = np.random.default_rng(10)
    pointing = about_axis((0.2, 1.0, 0.0), np.radians(15.0)) @ np.diag((1.0, -1.0, -1.0))
    for rotation in (pointing, np.diag((1.0, -1.0, -1.0)) @ pointing):
        true = Pose(rotation, np.array((0.05, -0.05, 0.9)))
        depth = alone(true)
        columns = np.nonzero(np.isfinite(depth))[1]
        hidden = depth.copy()
        hidden[:, :int(np.median(columns))] = np.inf
        for shown in (depth, hidden):
            scene = points_in(rng, np.where(np.isfinite(shown), shown, 0.0).astype(np.float32))
            start = Pose(true.rotation, 1.04 * true.translation)
            moved = at_depth(start, scene, SURFACE, CAMERA)
            assert moved.translation[2] == pytest.approx(true.translation[2], abs=0.012)


@pytest.mark.parametrize('unit', [0.001, 0.1, 0.3, 3.0, 10.0, 1000.0])
def test_depth_in_other_units_moves_nothing(alone, unit):
    rng = np.random.default_rng(11)
    for _ in range(4):
        true = random_pose(rng)
        scene = unit * points_in(rng, alone(true))
        assert at_depth(true, scene, SURFACE, CAMERA) is true
        depth = (unit * alone(true)).astype(np.float32)
        found = refine(hypotheses(rng, true), SURFACE, scene, depth, CAMERA)
        assert found is None or abs(found.pose.translation[2] / true.translation[2] - 1) < 0.2


def test_scene_points_are_those_of_the_mask_and_none_far_behind(alone):
    rng = np.random.default_rng(9)
    true = random_pose(rng)
    bare = alone(true)
    depth = np.where(np.isfinite(bare), bare, 1.9).astype(np.float32)
    rows, columns = np.nonzero(np.isfinite(bare))
    crop = crop_of((columns.min(), rows.min(), columns.max(), rows.max()))
    mask = cv2.warpAffine(np.isfinite(bare).astype(np.float32), crop.to_pixels(32), (32, 32),
                          flags=cv2.INTER_AREA)
    points = scene_points(mask, crop, depth, CAMERA, SURFACE.diameter)
    assert 100 < len(points) <= 500
    near, _ = cKDTree(true.moved(SURFACE.points)).query(points)
    assert np.mean(near < 0.006) > 0.97
    assert len(scene_points(0 * mask, crop, depth, CAMERA, SURFACE.diameter)) == 0
