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

"""Whether grasps hold: a simulated gripper closes on a part, lifts it and waits."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from mtperception.geometry.camera import Floats
from mtperception.sim.bench.model import bench_spec, Bodies, body_name
from mtperception.sim.grasp.grasps import Grasp
from mtperception.sim.grasp.gripper import GRIPPER, Gripper
from mtperception.sim.renderer import import_mujoco
from mtperception.sim.shapes.parts import Part

# Newtons with which each finger presses, metres and seconds of a lift.
FORCE = 40.0
LIFT = 0.08
_CLOSING, _LIFTING, _WAITING = 0.3, 0.4, 0.2
# A part held has risen at least by this share of the lift: it may turn in the fingers.
_RISEN = 0.6
# The gripper's own masses, in kilograms: they are moved by ideal drives.
_FINGER_MASS, _PALM_MASS = 0.5, 1.0
# Newtons at a metre a second: the fingers close slowly, or they would hit the part.
_DAMPING = 400.0
# With MuJoCo's own, the fingers would sink millimetres into the part.
_SOLREF, _SOLIMP = (0.008, 1.0), (0.95, 0.99, 0.001, 0.5, 2.0)


class Placed(NamedTuple):
    """A part on the bench: its place among a LiftTest's parts, and its pose in the world."""

    part: int
    rotation: Floats
    position: Floats


class LiftTest:
    """
    Lifts parts off a bench in physics, with the gripper that the grasps were planned for.

    `parts` are what can lie on the bench, `bodies` how many at once.
    """

    def __init__(
        self, parts: Sequence[Part], bodies: int, gripper: Gripper = GRIPPER,
    ) -> None:
        self._mujoco = mujoco = import_mujoco()
        spec = bench_spec(parts, bodies)
        for index in range(bodies):
            spec.add_material(name=body_name(index))
        _add_gripper(mujoco, spec, gripper)
        self._model = model = spec.compile()
        self._data = mujoco.MjData(model)
        self._bodies = Bodies(model, self._data, parts, bodies)
        self._hand = int(model.body('hand').id)
        self._fingers = [int(model.geom(name).id) for name in _FINGERS]
        self._joints = [
            int(model.jnt_qposadr[model.joint(name).id]) for name in _FINGERS]

    def holds(self, scene: Sequence[Placed], target: int, grasp: Grasp) -> bool:
        """Tell whether a grasp of one part of a scene lifts it, and keeps it."""
        model, data, bodies = self._model, self._data, self._bodies
        bodies.clear()
        for body, placed in enumerate(scene):
            bodies.add(body, placed.part)
            bodies.place(body, placed.position, placed.rotation)
        bodies.weighed()
        model.body_pos[self._hand] = grasp.position
        model.body_quat[self._hand] = (
            np.cos(grasp.closing / 2), 0.0, 0.0, np.sin(grasp.closing / 2))
        data.qpos[self._joints] = grasp.opening / 2
        self._mujoco.mj_forward(model, data)
        body = int(model.body(body_name(target)).id)
        start = float(data.xipos[body, 2])
        data.ctrl[:] = (0.0, -FORCE, -FORCE)
        self._run(_CLOSING)
        for share in np.linspace(0.0, 1.0, 20):
            # Speed is zero at both ends.
            data.ctrl[0] = LIFT * share * share * (3.0 - 2.0 * share)
            self._run(_LIFTING / 20)
        self._run(_WAITING)
        risen = float(data.xipos[body, 2]) - start
        return risen > _RISEN * LIFT and self._touched(body) == set(self._fingers)

    def _run(self, seconds: float) -> None:
        steps = round(seconds / self._model.opt.timestep)
        self._mujoco.mj_step(self._model, self._data, nstep=steps)

    def _touched(self, body: int) -> set[int]:
        """Return which fingers touch a body."""
        pairs = self._data.contact.geom[:self._data.ncon]
        owners = self._model.geom_bodyid[pairs]
        touching = pairs[(owners == body).any(axis=1)]
        return set(touching.ravel().tolist()) & set(self._fingers)


_FINGERS = ('left_finger', 'right_finger')


def _add_gripper(mujoco: Any, spec: Any, gripper: Gripper) -> None:
    """Add a gripper whose origin is half way between its fingers' tips; it closes along x."""
    # Firm contacts: soft ones let everything creep out of the fingers.
    spec.option.impratio = 10.0
    hand = spec.worldbody.add_body(name='hand')
    palm = hand.add_body(name='palm', gravcomp=1.0)
    palm.add_joint(name='lift', type=mujoco.mjtJoint.mjJNT_SLIDE, axis=(0, 0, 1), damping=200.0)
    thick, length = 0.02, gripper.finger_length
    palm.add_geom(
        type=mujoco.mjtGeom.mjGEOM_BOX, mass=_PALM_MASS, pos=(0, 0, length + thick / 2),
        size=(gripper.palm_length / 2, gripper.palm_width / 2, thick / 2), contype=0,
        conaffinity=0)
    _add_drive(mujoco, spec, 'lift', 10_000.0)
    half = gripper.finger_thickness / 2
    for name, side in zip(_FINGERS, (-1.0, 1.0), strict=True):
        finger = palm.add_body(name=name, gravcomp=1.0)
        finger.add_joint(
            name=name, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=(side, 0, 0), damping=_DAMPING)
        finger.add_geom(
            name=name, type=mujoco.mjtGeom.mjGEOM_BOX, mass=_FINGER_MASS,
            pos=(side * half, 0, length / 2), size=(half, gripper.finger_width / 2, length / 2),
            condim=6, friction=(gripper.friction, 0.005, 0.0005), priority=1, solref=_SOLREF,
            solimp=_SOLIMP)
        _add_drive(mujoco, spec, name, None)
    # One drive moves both fingers.
    coupling = spec.add_equality(
        type=mujoco.mjtEq.mjEQ_JOINT, name1=_FINGERS[0], name2=_FINGERS[1])
    coupling.data[:2] = (0.0, 1.0)


def _add_drive(mujoco: Any, spec: Any, joint: str, stiffness: float | None) -> None:
    """Drive a joint: to a position with a stiffness, or with a force."""
    drive = spec.add_actuator(
        name=joint, target=joint, trntype=mujoco.mjtTrn.mjTRN_JOINT)
    if stiffness is not None:
        drive.biastype = mujoco.mjtBias.mjBIAS_AFFINE
        drive.gainprm[0] = stiffness
        drive.biasprm[1] = -stiffness
