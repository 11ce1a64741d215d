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

from dataclasses import replace

import numpy as np
import pytest

from mtperception.geometry.rotations import about_axis
from mtperception.sim.grasp.grasps import Grasp, plan_grasps, PosedMesh
from mtperception.sim.grasp.gripper import Gripper
from mtperception.sim.grasp.lift_test import LiftTest, Placed
from mtperception.sim.shapes.parts import PARTS

NAMES = ('cylinder', 'l', 'star', 't', 'ring')
UP = np.array((0.0, 0.0, 1.0))


@pytest.fixture(scope='module')
def parts():
    return [PARTS[name]() for name in NAMES]


@pytest.fixture(scope='module')
def lift_test(parts):
    return LiftTest(parts, 2)


def flat(parts, kind, turn=0.0, x=0.0, y=0.0):
    return Placed(kind, about_axis(UP, turn), np.array((x, y, -parts[kind].mesh.bounds[0, 2])))


def planned(parts, scene):
    meshes = [
        PosedMesh(parts[placed.part].mesh, placed.rotation, placed.position) for placed in scene]
    return plan_grasps(meshes, range(len(scene)))


@pytest.mark.parametrize('kind', range(len(NAMES)), ids=NAMES)
def test_planned_grasps_hold(parts, lift_test, kind):
    scene = [flat(parts, kind, 0.7), flat(parts, (kind + 1) % len(NAMES), 0.2, 0.16)]
    for target, grasps in enumerate(planned(parts, scene)):
        held = [lift_test.holds(scene, target, grasp) for grasp in grasps]
        assert len(held) >= 2
        assert all(held)


def test_a_grasp_beside_the_part_does_not_hold(parts, lift_test):
    scene = [flat(parts, 3)]
    grasp = planned(parts, scene)[0][0]
    x, y, z = grasp.position
    assert lift_test.holds(scene, 0, grasp)
    assert not lift_test.holds(scene, 0, replace(grasp, position=(x, y + 0.1, z)))
    assert not lift_test.holds(scene, 0, replace(grasp, position=(x, y, z + 0.03)))


def test_what_is_lifted_is_the_part_that_was_asked_for(parts, lift_test):
    scene = [flat(parts, 1), flat(parts, 3, 0.0, 0.16)]
    grasp = planned(parts, scene)[1][0]
    assert lift_test.holds(scene, 1, grasp)
    assert not lift_test.holds(scene, 0, grasp)


def test_slippery_fingers_lose_what_is_inclined(parts):
    # Across a ray of the star, whose sides lean by 18 degrees.
    scene = [flat(parts, 2)]
    grasp = Grasp((0.0, 0.033, 0.005), 0.0, 0.03, 0.011, 0.014, 1.0)
    assert LiftTest(parts, 1).holds(scene, 0, grasp)
    assert not LiftTest(parts, 1, Gripper(friction=0.05)).holds(scene, 0, grasp)


def test_the_answer_does_not_depend_on_what_was_lifted_before(parts, lift_test):
    scene = [flat(parts, 1), flat(parts, 4, 0.3, 0.15, 0.02)]
    grasps = [grasp for some in planned(parts, scene) for grasp in some]
    weak = [replace(grasp, position=tuple(np.add(grasp.position, (0.009, -0.007, 0.0))))
            for grasp in grasps]
    first = [lift_test.holds(scene, 0, grasp) for grasp in weak]
    again = [lift_test.holds(scene, 0, grasp) for grasp in reversed(weak)]
    assert first == again[::-1]
