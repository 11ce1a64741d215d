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

"""Labelled grasps are true: contacts on the part, fingers clear of all else, and they hold."""

import numpy as np
import pytest

from mtperception.geometry.rectangle import angle_difference
from mtperception.sim.grasp.data import in_world
from mtperception.sim.grasp.gripper import GRIPPER
from mtperception.sim.grasp.lift_test import LiftTest, Placed
from mtperception.sim.grasp.scene import GraspScene

pytestmark = pytest.mark.timeout(7200)
SEED = 31
# Above the fingers' tips, in metres, is where they are to touch.
TOUCH = 0.003
HOLDING = 0.9


def in_scene(sample):
    """Return all things of a picture: name, rotation and position in the world."""
    view = sample.view
    things = [(part.part, part) for part in sample.objects]
    things += [(thing.name, thing) for thing in sample.clutter]
    return [
        (name, view.rotation @ thing.rotation, view.rotation @ thing.translation + view.position)
        for name, thing in things]


def first_hit(triangles, origin, direction):
    """Return how far a ray is from the first triangle, and that one's normal."""
    a, b, c = triangles[:, 0], triangles[:, 1], triangles[:, 2]
    normals = np.cross(b - a, c - a)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    with np.errstate(divide='ignore', invalid='ignore'):
        reach = ((a - origin) * normals).sum(axis=1) / (normals @ direction)
    points = origin + reach[:, None] * direction
    inside = reach > 0.0
    for one, other in ((a, b), (b, c), (c, a)):
        across = np.cross(other - one, points - one)
        inside &= (across * normals).sum(axis=1) >= -1e-12
    nearest = int(np.where(inside, reach, np.inf).argmin())
    assert inside[nearest]
    return reach[nearest], normals[nearest]


def check_label(sample, label):
    """See that the rectangle is its own pose seen by the camera, and the gripper upright."""
    view, pose = sample.view, label.pose
    ends = np.array(pose.position) + np.outer((0.0, -0.5, 0.5), pose.closing) * pose.opening
    pixels = ends @ view.camera.matrix.T
    middle, one, other = pixels[:, :2] / pixels[:, 2:]
    assert middle == pytest.approx((label.x, label.y), abs=1e-6)
    along = other - one
    assert np.linalg.norm(along) == pytest.approx(label.opening, abs=1e-6)
    assert angle_difference(np.arctan2(-along[1], along[0]), label.theta) < 1e-9
    assert -np.pi / 2 < label.theta <= np.pi / 2
    assert 0.0 <= label.score <= 1.0
    np.testing.assert_allclose(view.rotation @ pose.approach, (0, 0, -1), atol=1e-9)
    assert (view.rotation @ pose.closing)[2] == pytest.approx(0.0, abs=1e-9)


def check_contacts(triangles, grasp, width):
    """See that the fingers, closing, first touch opposite sides within the friction cone."""
    closing = np.array((np.cos(grasp.closing), np.sin(grasp.closing), 0.0))
    x, y, tips = grasp.position
    middle = np.array((x, y, tips + TOUCH))
    for side in (-1.0, 1.0):
        reach, normal = first_hit(triangles, middle + side * grasp.opening / 2 * closing,
                                  -side * closing)
        assert reach == pytest.approx((grasp.opening - width) / 2, abs=1e-6)
        assert side * normal @ closing > 0.0
        level = normal[:2] / np.linalg.norm(normal[:2])
        assert abs(level @ closing[:2]) >= np.cos(np.arctan(GRIPPER.friction)) - 1e-9


def check_clear(finger_touches, posed, place, grasp, width):
    """See that the fingers touch nothing else on their way, nor, while open, the part."""
    assert grasp.position[2] >= 0.001
    for other, triangles in enumerate(posed):
        assert not finger_touches(triangles, grasp, grasp.opening if other == place else width)


def test_labelled_grasps(count, finger_touches, tell):
    rng = np.random.default_rng(SEED)
    counts, held = [], []
    with GraspScene() as scene:
        meshes = {part.name: part.mesh for part in scene.catalogue}
        numbers = {part.name: number for number, part in enumerate(scene.catalogue)}
        lifts = LiftTest(scene.catalogue, scene.bodies)
        for index in range(count(12, 320)):
            sample = scene.sample(SEED, index)
            things = in_scene(sample)
            posed = [
                np.asarray(meshes[name].triangles) @ rotation.T + position
                for name, rotation, position in things]
            grasps = []
            for place, part in enumerate(sample.objects):
                counts.append(len(part.grasps))
                for label in part.grasps:
                    check_label(sample, label)
                    grasp = in_world(label, sample.view)
                    width = grasp.opening - 2.0 * GRIPPER.clearance
                    check_contacts(posed[place], grasp, width)
                    check_clear(finger_touches, posed, place, grasp, width)
                    grasps.append((place, grasp))
            if grasps:
                target, grasp = grasps[int(rng.integers(len(grasps)))]
                held.append(lifts.holds(
                    [Placed(numbers[name], *pose) for name, *pose in things], target, grasp))
    by_number = np.bincount(counts, minlength=7).tolist()
    tell(f'\n{sum(counts)} grasps; parts with 0, 1, 2 ... of them: {by_number}; '
         f'{sum(held)} of {len(held)} lifts hold')
    assert by_number[1] == 0
    assert len(by_number) == 7
    assert np.mean(held) >= HOLDING
