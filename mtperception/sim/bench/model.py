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

"""
The physics of a bench: bodies that fall onto it, and may be any of a catalogue of parts.

The model is compiled once. It has some free bodies, and each of them becomes any part by copying
that part's convex pieces, mass and inertia from a body of the catalogue, which takes no part in
anything. So any number of alike or different parts falls without compiling again.
"""

from collections.abc import Sequence
import math
from typing import Any

import numpy as np

from mtperception.geometry.camera import Floats
from mtperception.sim.renderer import import_mujoco, mesh_placeholder
from mtperception.sim.shapes.parts import Part

# What follows is for parts of about 80 mm. Parts of another scale fall alike when time goes with
# the scale's square root: a small thing falls over fast.
# Seconds; larger steps let thin parts sink into each other.
TIMESTEP = 0.004
# Seconds in which a contact pushes apart what is in one another, and metres of softness.
_SOLREF, _SOLIMP = 0.02, 0.001
# Sliding, torsional and rolling (the latter two in metres): with these, and six-dimensional
# contacts, everything comes to rest.
FRICTION = (0.5, 0.005, 0.001)
# Air that takes this share of the speed in a second, moving and turning.
_DAMPING = 1.0
DENSITY = 2700.0
# What is not there lies far below the bench, apart.
_DEPTH = 50.0
# At rest: no faster than this, in metres and radians a second.
_STILL, _STILL_TURNING = 0.01, 0.2
_SETTLING = 3.0
VISIBLE_GROUP, HIDDEN_GROUP = 0, 5
# Bits of what can touch: pieces touch each other, and the bench touches hulls. A plane cannot
# tell a hull from its pieces, but there are fewer contacts to solve for.
_PIECE, _HULL = 1, 2
_COPIED = ('dataid', 'pos', 'quat', 'size', 'aabb', 'rbound')


def bench_spec(parts: Sequence[Part], bodies: int, scale: float = 1.0) -> Any:
    """
    Return a model of a bench, the plane z = 0, with so many bodies, yet to be compiled.

    The scale is the parts' size over 80 mm.

    Materials (named `body0` ..., like the bodies, their visual geoms and meshes), lights and more
    are to be added. The visual meshes are to be written by a Renderer.
    """
    mujoco = import_mujoco()
    spec = mujoco.MjSpec()
    spec.option.timestep = TIMESTEP * np.sqrt(scale)
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    # Its boxes are those of the pieces that a body was compiled with.
    spec.option.disableflags = mujoco.mjtDisableBit.mjDSBL_MIDPHASE
    spec.worldbody.add_geom(
        name='bench', type=mujoco.mjtGeom.mjGEOM_PLANE, size=(0.0, 0.0, 0.1), group=HIDDEN_GROUP,
        contype=0, conaffinity=_HULL, **contact(scale))
    for index, part in enumerate(parts):
        _add_to_catalogue(mujoco, spec, index, part)
    pieces = max(len(_solids(part)) for part in parts)
    triangles = max(len(part.mesh.faces) for part in parts)
    for index in range(bodies):
        _add_body(mujoco, spec, body_name(index), pieces, triangles, scale)
    return spec


def contact(scale: float = 1.0) -> dict[str, Any]:
    """Return the arguments of MjSpec's add_geom for what things touch."""
    sliding, torsional, rolling = FRICTION
    return {
        'condim': 6, 'friction': (sliding, torsional * scale, rolling * scale),
        'solref': (_SOLREF * np.sqrt(scale), 1.0),
        'solimp': (0.9, 0.95, _SOLIMP * scale, 0.5, 2.0),
    }


def body_name(index: int) -> str:
    """Return the name of a body, of its visual geom and mesh, and of its material."""
    return f'body{index}'


def _add_to_catalogue(mujoco: Any, spec: Any, index: int, part: Part) -> None:
    shelf = spec.worldbody.add_body(name=_shelf_name(index))
    for number, piece in enumerate(_solids(part)):
        name = f'{_shelf_name(index)}_{number}'
        density = DENSITY if number < len(part.collision) else 0.0
        spec.add_mesh(name=name, uservert=np.asarray(piece, dtype=np.float64).ravel())
        shelf.add_geom(
            name=name, type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, density=density,
            contype=0, conaffinity=0, group=HIDDEN_GROUP)


def _solids(part: Part) -> tuple[Floats, ...]:
    """Return the vertices of a part's pieces, and of its hull where there are several."""
    pieces = part.collision
    return pieces if len(pieces) == 1 else (*pieces, np.concatenate(pieces))


def _shelf_name(index: int) -> str:
    return f'catalogue{index}'


def _add_body(
    mujoco: Any, spec: Any, name: str, pieces: int, triangles: int, scale: float,
) -> None:
    # The inertia's frame is askew, so that the compiler does not take what any part's would be
    # for something simpler.
    body = spec.worldbody.add_body(
        name=name, explicitinertial=True, mass=1.0, inertia=(1.0, 1.1, 1.2), ipos=(0.1, 0.2, 0.3),
        iquat=(0.5, 0.5, 0.5, 0.5))
    body.add_freejoint()
    for number in range(pieces):
        body.add_geom(
            name=f'{name}_{number}', type=mujoco.mjtGeom.mjGEOM_MESH,
            meshname=f'{_shelf_name(0)}_0', pos=(0.1, 0.2, 0.3), quat=(0.5, 0.5, 0.5, 0.5),
            group=HIDDEN_GROUP, **contact(scale))
    spec.add_mesh(
        name=name, inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL,
        **mesh_placeholder(triangles))
    body.add_geom(
        name=name, type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, material=name, contype=0,
        conaffinity=0, group=HIDDEN_GROUP)


def _away(body: int) -> Floats:
    return np.array((10.0 * body, 0.0, -_DEPTH))


class Bodies:
    """
    The free bodies of a compiled bench.

    The catalogue are the parts that the model was made with. Everything starts absent. `data` is
    the state of the simulation, a Renderer's own so that it draws what happens.
    """

    def __init__(self, model: Any, data: Any, catalogue: Sequence[Part], bodies: int) -> None:
        self._mujoco = import_mujoco()
        # How much slower time goes than for parts of 80 mm.
        self._slowness = float(model.opt.timestep) / TIMESTEP
        self.model, self.data = model, data
        self._catalogue = [
            (int(model.body(_shelf_name(i)).id), len(_solids(part)))
            for i, part in enumerate(catalogue)]
        self._bodies = [int(model.body(body_name(i)).id) for i in range(bodies)]
        self._dofs = [int(model.body_dofadr[body]) for body in self._bodies]
        self.geoms = [int(model.geom(body_name(i)).id) for i in range(bodies)]
        # The compiler moves meshes to their centre of mass; what these are rewritten with is in
        # the part's frame.
        model.geom_pos[self.geoms] = 0.0
        model.geom_quat[self.geoms] = (1.0, 0.0, 0.0, 0.0)
        model.geom_sameframe[:] = 0
        model.body_sameframe[:] = 0
        self.present: set[int] = set()
        self.clear()

    def clear(self) -> None:
        """Take everything away; what follows is not influenced by what was before."""
        self._mujoco.mj_resetData(self.model, self.data)
        for body in range(len(self._bodies)):
            self._become(body, 0)
            self.remove(body)

    def remove(self, body: int) -> None:
        """Take a body away."""
        self.present.discard(body)
        self.model.geom_group[self.geoms[body]] = HIDDEN_GROUP
        pieces = self._pieces(body)
        self.model.geom_contype[pieces] = self.model.geom_conaffinity[pieces] = 0
        self.place(body, _away(body), np.eye(3))

    def add(self, body: int, part: int) -> None:
        """Make a body a part of the catalogue; where, and how it looks, is to be said next."""
        self._become(body, part)
        self.present.add(body)
        self.model.geom_group[self.geoms[body]] = VISIBLE_GROUP

    def _become(self, body: int, part: int) -> None:
        model = self.model
        source, count = self._catalogue[part]
        target = self._bodies[body]
        for name in ('mass', 'inertia', 'ipos', 'iquat'):
            values = getattr(model, f'body_{name}')
            values[target] = values[source]
        first = model.body_geomadr[source]
        pieces = self._pieces(body)
        for name in _COPIED:
            values = getattr(model, f'geom_{name}')
            values[pieces][:count] = values[first:first + count]
        contype, conaffinity = model.geom_contype[pieces], model.geom_conaffinity[pieces]
        contype[:], conaffinity[:] = 0, 0
        contype[:count], conaffinity[:count] = _PIECE, _PIECE
        alone = count == 1
        contype[count - 1] = _PIECE | _HULL if alone else _HULL
        conaffinity[count - 1] = _PIECE if alone else 0
        dof = self._dofs[body]
        damping = _DAMPING / self._slowness
        model.dof_damping[dof:dof + 3] = damping * model.body_mass[target]
        model.dof_damping[dof + 3:dof + 6] = damping * model.body_inertia[target].max()

    def _pieces(self, body: int) -> slice:
        model, number = self.model, self._bodies[body]
        first = int(model.body_geomadr[number])
        # The last one is the visual geom.
        return slice(first, first + int(model.body_geomnum[number]) - 1)

    def restart(self) -> None:
        """Forget how everything moved, so that the same fall goes the same way."""
        self._mujoco.mj_resetData(self.model, self.data)
        for body in set(range(len(self._bodies))) - self.present:
            self.place(body, _away(body), np.eye(3))

    def weighed(self) -> None:
        """Have the solver's constants follow the bodies' masses; to be called after `add`."""
        qpos, qvel = self.data.qpos.copy(), self.data.qvel.copy()
        scene = self.model.stat
        extent, centre = float(scene.extent), scene.center.copy()
        self._mujoco.mj_setConst(self.model, self.data)
        # Releases before 4 measure the scene anew, and put the camera's planes by its size.
        scene.extent, scene.center[:] = extent, centre
        self.data.qpos[:], self.data.qvel[:] = qpos, qvel

    def place(self, body: int, position: Floats, rotation: Floats) -> None:
        """Put a body's origin (metres) and axes (3 x 3) somewhere in the world, at rest."""
        quaternion = np.empty(4)
        self._mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(rotation).ravel())
        joint = self.model.body_jntadr[self._bodies[body]]
        start = self.model.jnt_qposadr[joint]
        self.data.qpos[start:start + 3] = position
        self.data.qpos[start + 3:start + 7] = quaternion
        dof = self.model.jnt_dofadr[joint]
        self.data.qvel[dof:dof + 6] = 0.0

    def pose(self, body: int) -> tuple[Floats, Floats]:
        """Return a body's axes (3 x 3) and origin (metres) in the world."""
        joint = self.model.body_jntadr[self._bodies[body]]
        start = self.model.jnt_qposadr[joint]
        rotation = np.empty(9)
        self._mujoco.mju_quat2Mat(rotation, self.data.qpos[start + 3:start + 7])
        return rotation.reshape(3, 3), self.data.qpos[start:start + 3].copy()

    def still(self, body: int, carried: tuple[float, float, float]) -> bool:
        """Tell whether a body rests on what moves at a speed (3, metres a second)."""
        start = self._dofs[body]
        speed = self.data.qvel[start:start + 6].tolist()
        # Lengths go with the square of the time.
        return (
            math.dist(speed[:3], carried) < _STILL * self._slowness
            and math.hypot(*speed[3:]) < _STILL_TURNING / self._slowness)

    def settle(self) -> bool:
        """Let everything fall, and tell whether it came to rest."""
        still = 0
        for _ in range(round(_SETTLING / TIMESTEP / 10)):
            self._mujoco.mj_step(self.model, self.data, nstep=10)
            at_rest = all(self.still(body, (0.0, 0.0, 0.0)) for body in self.present)
            still = still + 1 if at_rest else 0
            # Twice, since what is thrown up rests for a moment, too.
            if still == 2:
                return True
        return False
