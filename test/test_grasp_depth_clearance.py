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

"""Whether a gripper comes down freely by depth, against boxes on a bench and the simulator."""

from dataclasses import replace

import numpy as np
import pytest

from mtperception.cli.evaluate_grasps import free_by_depth
from mtperception.geometry.camera import look_at, PinholeCamera
from mtperception.geometry.distortion import Distortion
from mtperception.geometry.gripper import GripperShape
from mtperception.grasp.depth_clearance import comes_down_freely
from mtperception.grasp.detection import Grasp, GraspPose
from mtperception.sim.grasp.clearance import fingers_clear
from mtperception.sim.grasp.scene import catalogue, GraspScene, TRAINING_PARTS
from mtperception.sim.shapes.parts import PARTS

CAMERA = PinholeCamera(320, 240, 400.0, 410.0, 161.0, 118.0)
VIEW = look_at(CAMERA, (0.05, -0.1, 0.6), (0.0, 0.0, 0.0), 0.3)
GRIPPER = GripperShape()
STRAIGHT = Distortion()
BLOCK = ((-0.02, -0.04, 0.0), (0.02, 0.04, 0.03))


def depth_of(*boxes, lens=STRAIGHT):
    """Look at boxes (two corners each, world) on the bench z = 0."""
    pixels = np.stack(np.meshgrid(np.arange(320), np.arange(240)), axis=-1).reshape(-1, 2)
    rays = CAMERA.rays(pixels.astype(float))
    rays[:, :2] = lens.undistort(rays[:, :2])
    world = rays @ VIEW.rotation.T
    start = VIEW.position
    nearest = -start[2] / world[:, 2]
    for low, high in boxes:
        with np.errstate(divide='ignore'):
            ends = np.sort((np.array((low, high))[:, None] - start) / world, axis=0)
        enter, leave = ends[0].max(axis=1), ends[1].min(axis=1)
        nearest = np.where((enter < leave) & (enter > 0), np.minimum(nearest, enter), nearest)
    return nearest.reshape(240, 320).astype(np.float32)


def grip(x=0.0, y=0.0, tips=0.015, angle=0.0, opening=0.052):
    """Give a grasp from above, in the optical frame; at angle 0 it closes along the world's x."""
    position = VIEW.to_optical(np.array([(x, y, tips)]))[0]
    closing = np.array((np.cos(angle), np.sin(angle), 0.0)) @ VIEW.rotation
    return GraspPose(tuple(position), tuple(closing), tuple(-VIEW.rotation[2]), opening)


def free(depth, *poses, lens=STRAIGHT, gripper=GRIPPER):
    return comes_down_freely(poses, depth, CAMERA, lens, gripper).tolist()


@pytest.mark.parametrize('lens', [STRAIGHT, Distortion(k1=-0.25, k2=0.06, p1=0.001, p2=-0.001)])
def test_fingers_pass_beside_a_block_and_not_through_it(lens):
    depth = depth_of(BLOCK, lens=lens)
    for angle in (0.0, np.pi):
        assert free(depth, grip(angle=angle), lens=lens) == [True]
        # Too near, or too far to one side, for one finger; and along the block for both.
        assert free(depth, grip(opening=0.034, angle=angle), grip(x=0.009, angle=angle),
                    grip(angle=angle + np.pi / 2), lens=lens) == [False] * 3
    # Above the block there is room for all.
    assert free(depth, grip(opening=0.034, tips=0.031), lens=lens) == [True]
    # No further open than it can be.
    assert free(depth_of(((-0.05, -0.04, 0), (0.05, 0.04, 0.03)), lens=lens),
                grip(opening=0.2), lens=lens) == [False]


def test_what_lies_beside_or_stands_below_the_palm_is_in_the_way():
    wall = ((0.028, -0.02, 0.0), (0.05, 0.02, 0.03))
    assert free(depth_of(BLOCK, wall), grip(), grip(y=0.035)) == [False, True]
    post = ((-0.01, 0.012, 0.0), (0.01, 0.03, 0.09))
    assert free(depth_of(BLOCK, post), grip(), grip(y=-0.03)) == [False, True]
    assert free(depth_of(BLOCK, post), grip(),
                gripper=replace(GRIPPER, finger_length=0.09)) == [True]


def test_what_is_not_seen_or_hardly_is_not_in_the_way():
    depth = depth_of(BLOCK)
    tight = grip(opening=0.034)
    for unknown in (np.nan, np.inf, 0.0):
        assert free(np.full_like(depth, unknown), tight) == [True]
    # Depth that is wrong by 2 mm, at fingers that all but touch the bench.
    noise = np.random.default_rng(0).normal(0.0, 0.002, (20, *depth.shape)).astype(np.float32)
    low, hit = zip(*(free(depth + some, grip(tips=0.001), grip(tips=0.001, opening=0.034))
                     for some in noise), strict=True)
    assert np.mean(low) > 0.9 and not any(hit)
    assert free(depth) == []


def test_depth_says_what_the_simulator_knows():
    """Labelled grasps are free, and detections that are not clear are found out."""
    parts = [PARTS[name]() for name in TRAINING_PARTS]
    meshes = {part.name: part.mesh for part in catalogue(parts)}
    rng = np.random.default_rng(3)
    kept, told, clear = [], [], []
    with GraspScene(parts) as scene:
        for index in range(16):
            sample = scene.sample(8, index)
            labels = np.array([grasp.rectangle for grasp in sample.grasps]).reshape(-1, 5)
            kept += free_by_depth(sample, [Grasp(*row, 1.0, 0) for row in labels]).tolist()
            moved = labels + rng.normal(0.0, 1.0, labels.shape) * (6.0, 6.0, 4.0, 0.0, 0.3)
            told += free_by_depth(sample, [Grasp(*row, 1.0, 0) for row in moved]).tolist()
            clear += fingers_clear(sample, moved, meshes).tolist()
    told, clear = np.array(told), np.array(clear)
    assert len(kept) > 100 and np.mean(kept) > 0.95
    # Where a rectangle has lost its part the simulator goes down to the bench, as depth does not.
    assert 0.2 < clear.mean() < 0.6
    assert clear[told].mean() > 0.65 and clear[~told].mean() < 0.15
