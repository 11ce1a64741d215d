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

"""Whether the fingers are clear where a rectangle says, against what is known to be."""

from dataclasses import replace

import numpy as np
import pytest
import trimesh

from mtperception.geometry.camera import look_at, PinholeCamera
from mtperception.sim.grasp.clearance import fingers_clear
from mtperception.sim.grasp.data import in_world
from mtperception.sim.grasp.grasps import grasp_labels, plan_grasps, PosedMesh
from mtperception.sim.grasp.gripper import GRIPPER
from mtperception.sim.grasp.labels import Clutter, GraspObject, GraspSample
from mtperception.sim.grasp.scene import catalogue, GraspScene, TRAINING_PARTS
from mtperception.sim.shapes.parts import PARTS

VIEW = look_at(
    PinholeCamera(300, 300, 520.0, 522.0, 148.0, 151.0), (0.1, -0.05, 0.6), (0.0, 0.0, 0.0), 0.7)
MESHES = {
    'box': trimesh.creation.box((0.03, 0.04, 0.03)),
    'wall': trimesh.creation.box((0.1, 0.01, 0.03)),
    'tower': trimesh.creation.box((0.02, 0.02, 0.09)),
    'post': trimesh.creation.box((0.02, 0.02, 0.05)),
    'block': trimesh.creation.box((0.02, 0.04, 0.03)),
}


def bench(**places):
    """Put a box in the middle of a bench, and other things where they are told to be."""
    things = {'box': (0.0, 0.0), **places}
    posed = [PosedMesh(MESHES[name], np.eye(3), np.array((x, y, -MESHES[name].bounds[0, 2])))
             for name, (x, y) in things.items()]
    poses = [(VIEW.rotation.T, VIEW.to_optical([thing.position])[0]) for thing in posed]
    mask = np.zeros((300, 300), dtype=bool)
    (alone,) = plan_grasps(posed[:1], [0])
    part = GraspObject(
        'box', *poses[0], (0.0, 0.0, 1.0, 1.0), mask, mask, 1.0, grasp_labels(alone, VIEW))
    clutter = tuple(Clutter(name, *pose) for name, pose in zip(places, poses[1:], strict=True))
    return GraspSample(
        np.zeros((300, 300, 3), np.uint8), np.zeros((300, 300), np.float32), (part,), VIEW,
        clutter)


def across(sample, shift=0.0, aside=0.0, opening=None):
    """Return the rectangle of a grasp along x, moved along x and along y, in metres."""
    label = next(grasp for grasp in sample.grasps
                 if abs(in_world(grasp, VIEW).closing) < 0.1 and abs(
                     in_world(grasp, VIEW).position[1]) < 0.002)
    grasp = in_world(label, VIEW)
    moved = replace(
        grasp, position=(shift, aside, grasp.position[2]),
        opening=opening or grasp.opening)
    (rectangle,) = grasp_labels([moved], VIEW)
    return rectangle.rectangle


def clear(sample, *rectangles):
    return fingers_clear(sample, rectangles, MESHES).tolist()


def test_fingers_have_so_much_room_as_their_clearance():
    sample = bench()
    # Cells are a millimetre wide.
    near, far = GRIPPER.clearance - 0.0015, GRIPPER.clearance + 0.0015
    rectangles = [across(sample, shift) for shift in (0.0, near, -near, far, -far)]
    assert clear(sample, *rectangles) == [True, True, True, False, False]
    assert clear(sample, across(sample, opening=0.033), across(sample, opening=0.027)) == [
        True, False]


def test_a_gripper_opens_no_further_than_it_can():
    sample = bench(wall=(0.0, 0.07))
    assert clear(sample, across(sample, opening=0.2)) == [True]


def test_what_else_is_there_is_in_the_way():
    # 40 to 60 mm away: the fingers are from 21 to 27, the palm reaches 55, 50 above their tips.
    tall, low = bench(tower=(0.05, 0.0)), bench(post=(0.05, 0.0))
    assert clear(tall, across(tall)) == [False]
    assert clear(low, across(low)) == [True]
    near = bench(post=(0.036, 0.0))
    assert clear(near, across(near)) == [False]


def test_nothing_else_may_be_between_the_fingers():
    # It touches the box, and is narrower: the fingers pass it.
    alone, sample = bench(), bench(block=(0.0, 0.04))
    assert clear(alone, across(alone, aside=0.015)) == [True]
    assert clear(sample, across(sample), across(sample, aside=0.015)) == [True, False]


def test_no_rectangles():
    assert clear(bench()) == []


@pytest.fixture(scope='module')
def samples():
    """Give pictures of parts among others, and all their meshes."""
    with GraspScene([PARTS[name]() for name in TRAINING_PARTS]) as scene:
        return [scene.sample(5, index) for index in range(12)]


@pytest.fixture(scope='module')
def meshes():
    return {part.name: part.mesh
            for part in catalogue([PARTS[name]() for name in TRAINING_PARTS])}


def test_labelled_grasps_are_clear(samples, meshes):
    for sample in samples:
        labels = [grasp.rectangle for grasp in sample.grasps]
        assert fingers_clear(sample, labels, meshes).all()


def test_fingers_that_are_clear_touch_nothing(samples, meshes, finger_touches):
    # By separating axes; what the cells of a millimetre miss, a slightly larger gripper does not.
    larger = replace(
        GRIPPER, finger_width=GRIPPER.finger_width + 0.003,
        finger_thickness=GRIPPER.finger_thickness + 0.0015)
    rng = np.random.default_rng(0)
    touched = free = 0
    for sample in samples:
        # The fingers go as deep as a label says, and not as another way to hold the part there.
        sample = replace(sample, objects=tuple(
            replace(part, others=()) for part in sample.objects))
        view = sample.view
        things = [(part.part, part) for part in sample.objects]
        things += [(thing.name, thing) for thing in sample.clutter]
        scene = [
            PosedMesh(meshes[name], view.rotation @ thing.rotation,
                      view.rotation @ thing.translation + view.position)
            for name, thing in things]
        for label in sample.grasps:
            grasp = in_world(label, view)
            x, y, z = grasp.position
            right, up = rng.normal(0.0, 0.006, 2)
            moved = replace(grasp, position=(x + right, y + up, z), opening=grasp.opening + 0.0015)
            (rectangle,) = grasp_labels([moved], view)
            touches = any(finger_touches(thing.triangles, moved, moved.opening) for thing in scene)
            touched += touches
            inner = replace(rectangle, opening=rectangle.opening * (
                1 - 0.003 / moved.opening)).rectangle
            if fingers_clear(sample, [inner], meshes, larger)[0]:
                free += 1
                assert not touches
    assert touched > 20
    assert free > 20
