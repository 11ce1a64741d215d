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

"""Grasps in space: what a known gripper looks like, taken back to where it is."""

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from mtperception.geometry.camera import look_at, PinholeCamera
from mtperception.geometry.distortion import distort_pixels, Distortion
from mtperception.geometry.rotations import about_axis
from mtperception.grasp.detection import Grasp
from mtperception.grasp.poses import grasp_poses, surface_reach
from mtperception.sim.grasp import grasps as planned

CAMERA = PinholeCamera(300, 260, 560.0, 575.0, 148.0, 131.0)
PINHOLE = Distortion()
AHEAD = np.array((0.0, 0.0, 1.0))

angles = st.floats(-np.pi / 2 + 1e-9, np.pi / 2)
views = st.builds(
    lambda x, y, z, roll: look_at(CAMERA, (x, y, z), (0.0, 0.0, 0.0), roll),
    st.floats(-0.4, 0.4), st.floats(-0.4, 0.4), st.floats(0.5, 0.9), st.floats(-3.0, 3.0))
grippers = st.lists(st.builds(
    lambda x, y, z, closing, opening: planned.Grasp(
        (x, y, z), closing, opening, opening - 0.012, 0.014, 1.0),
    st.floats(-0.1, 0.1), st.floats(-0.1, 0.1), st.floats(0.0, 0.06), angles,
    st.floats(0.013, 0.085)), min_size=1, max_size=5)


def seen(labels):
    """Give labels as a detector would find them."""
    return [Grasp(*label.rectangle, score=1.0, anchor=0) for label in labels]


@settings(max_examples=200)
@given(views, grippers)
def test_a_gripper_comes_back_from_its_rectangle(view, gripper):
    labels = planned.grasp_labels(gripper, view)
    up = view.rotation[2]
    reach = view.position[2] - np.array([grasp.position[2] for grasp in gripper])
    poses = grasp_poses(seen(labels), CAMERA, PINHOLE, -up, reach)
    for label, pose in zip(labels, poses, strict=True):
        assert pose.position == pytest.approx(label.pose.position, abs=1e-9)
        assert pose.approach == pytest.approx(label.pose.approach, abs=1e-12)
        assert pose.opening == pytest.approx(label.pose.opening, abs=1e-9)
        # Either finger may be the first one.
        assert abs(np.dot(pose.closing, label.pose.closing)) == pytest.approx(1.0, abs=1e-9)
        frame = np.array((pose.closing, np.cross(pose.approach, pose.closing), pose.approach))
        np.testing.assert_allclose(frame @ frame.T, np.eye(3), atol=1e-9)


@settings(max_examples=100)
@given(views, grippers, st.floats(-0.15, 0.1), st.floats(-0.003, 0.003))
def test_a_lens_is_taken_out(view, gripper, k1, p1):
    lens = Distortion(k1=k1, p1=p1)
    labels = planned.grasp_labels(gripper, view)
    bent = []
    for x, y, opening, jaw, theta in (label.rectangle for label in labels):
        half = 0.5 * opening * np.array((np.cos(theta), -np.sin(theta)))
        middle, one, other = distort_pixels(
            CAMERA, lens, np.array((x, y)) + np.stack((0 * half, -half, half)))
        along = other - one
        bent.append(Grasp(
            *middle, float(np.hypot(*along)), jaw, float(np.arctan2(-along[1], along[0])), 1.0, 0))
    reach = view.position[2] - np.array([grasp.position[2] for grasp in gripper])
    poses = grasp_poses(bent, CAMERA, lens, -view.rotation[2], reach)
    for label, pose in zip(labels, poses, strict=True):
        assert pose.position == pytest.approx(label.pose.position, abs=1e-7)
        # The rectangle's middle is not quite that of its bent ends.
        assert pose.opening == pytest.approx(label.pose.opening, rel=2e-3)


@given(st.floats(0.2, 3.0))
def test_opening_and_place_grow_with_the_distance(reach):
    grasp = Grasp(48.0, 131.0, 56.0, 20.0, 0.0, 1.0, 0)
    (pose,) = grasp_poses([grasp], CAMERA, PINHOLE, AHEAD, reach)
    assert pose.position == pytest.approx((-100.0 / 560.0 * reach, 0.0, reach))
    assert pose.opening == pytest.approx(0.1 * reach)
    assert pose.closing == pytest.approx((1.0, 0.0, 0.0))


def test_theta_turns_the_closing_as_the_screen_shows_it():
    grasp = Grasp(148.0, 131.0, 50.0, 20.0, np.pi / 4, 1.0, 0)
    square = PinholeCamera(300, 260, 500.0, 500.0, 148.0, 131.0)
    (pose,) = grasp_poses([grasp], square, PINHOLE, AHEAD, 1.0)
    # Counter-clockwise on the screen is up to the right, where y points down.
    assert pose.closing == pytest.approx((0.5**0.5, -(0.5**0.5), 0.0))


@pytest.mark.parametrize('approach, reach', [
    (AHEAD, np.nan), (AHEAD, np.inf), (AHEAD, -0.5), (-AHEAD, 0.5), ((1.0, 0.0, 0.0), 0.5)])
def test_without_a_plane_in_front_there_is_no_pose(approach, reach):
    grasp = Grasp(148.0, 131.0, 50.0, 20.0, 0.3, 1.0, 0)
    assert grasp_poses([grasp], CAMERA, PINHOLE, approach, reach) == [None]


def test_no_grasps_have_no_poses():
    depth = np.ones((260, 300), np.float32)
    reach = surface_reach([], depth, CAMERA, PINHOLE, AHEAD)
    assert reach.shape == (0,)
    assert grasp_poses([], CAMERA, PINHOLE, AHEAD, reach) == []


@given(st.floats(30, 270), st.floats(30, 230), angles, st.integers(0, 2**31))
def test_the_surface_is_that_between_the_fingers(x, y, theta, seed):
    """A bar at 0.5 m lies across the closing direction on a bench at 0.6 m."""
    grasp = Grasp(x, y, 40.0, 16.0, theta, 1.0, 0)
    columns, rows = np.meshgrid(np.arange(300), np.arange(260))
    along = (columns - x) * np.cos(theta) - (rows - y) * np.sin(theta)
    depth = np.where(np.abs(along) < 10.0, 0.5, 0.6).astype(np.float32)
    rng = np.random.default_rng(seed)
    # A part of it was not measured.
    depth[rng.random(depth.shape) < 0.3] = rng.choice((np.inf, np.nan))
    assert surface_reach([grasp], depth, CAMERA, PINHOLE, AHEAD) == pytest.approx(0.5, abs=1e-6)


@given(views, st.floats(-0.1, 0.1), st.floats(-0.1, 0.1))
def test_a_surface_seen_askew_is_at_its_height(view, x, y):
    (label,) = planned.grasp_labels(
        [planned.Grasp((x, y, 0.02), 0.3, 0.05, 0.04, 0.014, 1.0)], view)
    up = view.rotation[2]
    columns, rows = np.meshgrid(np.arange(300), np.arange(260))
    pixels = np.column_stack((columns.ravel(), rows.ravel()))
    points = view.to_optical(view.on_plane(pixels, (0.0, 0.0, 0.02), (0.0, 0.0, 1.0)))
    depth = points[:, 2].reshape(260, 300).astype(np.float32)
    if not (20 < label.x < 280 and 20 < label.y < 240):
        return
    # The median is of whole pixels around the middle.
    assert surface_reach(seen([label]), depth, CAMERA, PINHOLE, -up) == pytest.approx(
        view.position[2] - 0.02, abs=6e-4)


def test_depth_outside_of_the_picture_or_missing_is_not_known():
    depth = np.full((260, 300), np.inf, np.float32)
    grasps = [Grasp(100.0, 100.0, 40.0, 16.0, 0.0, 1.0, 0),
              Grasp(-30.0, 100.0, 40.0, 16.0, 0.0, 1.0, 0)]
    assert np.isnan(surface_reach(grasps, depth, CAMERA, PINHOLE, AHEAD)).all()
    depth[:] = 0.5
    assert np.isnan(surface_reach(grasps, depth, CAMERA, PINHOLE, AHEAD)).tolist() == [
        False, True]


def test_a_tilted_bench_tilts_the_gripper():
    tilted = about_axis((1.0, 0.0, 0.0), 0.2) @ AHEAD
    grasp = Grasp(148.0, 131.0, 50.0, 20.0, 0.0, 1.0, 0)
    (pose,) = grasp_poses([grasp], CAMERA, PINHOLE, tilted, 0.5)
    assert pose.approach == pytest.approx(tuple(tilted))
    assert np.dot(pose.position, tilted) == pytest.approx(0.5)
