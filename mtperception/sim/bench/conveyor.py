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

"""A conveyor belt in the physics of a bench: parts on it are carried along x."""

from dataclasses import dataclass
from typing import Any

from mtperception.sim.bench.model import contact, HIDDEN_GROUP
from mtperception.sim.renderer import import_mujoco

# Nothing that falls onto the belt slows it down.
_MASS = 1000.0
# Metres from the belt down to the floor, and what the rails rise above the belt.
FLOOR, RAIL = 0.12, 0.02
_THICKNESS = 0.01


@dataclass(frozen=True)
class Conveyor:
    """A belt whose upper side is at z = 0, along x around the origin: metres, metres a second."""

    length: float
    width: float
    speed: float


def add_conveyor(spec: Any, conveyor: Conveyor, material: str) -> None:
    """Lay a belt with rails, of a material, over a bench, which then is the floor."""
    mujoco = import_mujoco()
    spec.geom('bench').pos = (0.0, 0.0, -FLOOR)
    half_x, half_y, half_z = conveyor.length / 2, conveyor.width / 2, _THICKNESS / 2
    box = {'type': mujoco.mjtGeom.mjGEOM_BOX, **contact()}
    belt = spec.worldbody.add_body(name='belt', pos=(0.0, 0.0, -half_z))
    belt.add_joint(name='belt', type=mujoco.mjtJoint.mjJNT_SLIDE, axis=(1.0, 0.0, 0.0))
    belt.add_geom(size=(half_x, half_y, half_z), mass=_MASS, group=HIDDEN_GROUP, **box)
    half_rail = (RAIL + FLOOR) / 2
    for side in (-1.0, 1.0):
        spec.worldbody.add_geom(
            name=f'rail{"+" if side > 0 else "-"}', size=(half_x, _THICKNESS, half_rail),
            pos=(0.0, side * (half_y + _THICKNESS), RAIL - half_rail), material=material, **box)


def carry(model: Any, data: Any, conveyor: Conveyor) -> None:
    """Go one time step on, the belt moving on the spot."""
    joint = model.joint('belt')
    data.qpos[joint.qposadr] = 0.0
    data.qvel[joint.dofadr] = conveyor.speed
    import_mujoco().mj_step(model, data)
