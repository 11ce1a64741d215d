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

"""Objects, hands and clutter in the renderer: one compiled model that shows any of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import Floats, PosedCamera
from mtperception.sim.looks.backgrounds import Backgrounds
from mtperception.sim.looks.camera_effects import Picture
from mtperception.sim.looks.lighting import add_lights, Lighting, lit_picture, set_lights
from mtperception.sim.looks.surfaces import add_surface_material, add_surfaces, Surfaces
from mtperception.sim.pose.labels import ALONE_SIZE, Mask, windowed
from mtperception.sim.pose.layout import Pose
from mtperception.sim.renderer import import_mujoco, mesh_placeholder, Renderer
from mtperception.sim.shapes.clutter import clutter
from mtperception.sim.shapes.mesh_triangles import mesh_triangles
from mtperception.sim.shapes.part_pieces import part_pieces, Piece
from mtperception.sim.shapes.parts import Part, PARTS
from mtperception.sim.shapes.solids import Solid
from mtperception.sim.shapes.triangles import loft, planar, Triangles

MAX_OBJECTS, MAX_THINGS, MAX_SOLIDS, PERSONS = 5, 4, 200, 3
BENCH = 'bench'
_PLAIN = 8
_THING_PARTS = ('l', 't', 'star', 'ring', 'cylinder')
_SCENE, _OBJECTS, _ALONE, _TRIED, _HIDDEN = 0, 1, 2, 3, 5
Window = tuple[int, int, int, int]


@dataclass(frozen=True)
class Thing:
    """Clutter with a mesh: its number among `PoseStage.things`, where, and how much enlarged."""

    number: int
    rotation: Floats
    position: Floats
    scale: float


class PoseStage:
    """
    Shows objects to a camera, with what is around and before them.

    The size of the pictures is in pixels. At a scale of 1 the bench and the light are those for
    objects of 0.3 m. Compiling takes about a second, once. To be used from one thread.
    """

    def __init__(
        self, parts: Sequence[Part], width: int, height: int, scale: float,
        backgrounds: Backgrounds | None = None,
    ) -> None:
        self.pieces = [part_pieces(part) for part in parts]
        self.things = [*(PARTS[name]() for name in _THING_PARTS), *clutter()]
        self._scale = scale
        self._bench = _bench_disc(scale)
        self._model = model = _compiled(
            self.pieces, self._thing_shapes, scale, len(self._bench), backgrounds is not None)
        self.renderer = Renderer(model, width, height)
        self.surfaces = Surfaces(self.renderer, backgrounds)
        # Geoms are put where they belong in the world, whatever they were compiled as.
        model.geom_pos[:], model.geom_quat[:] = 0.0, (1.0, 0.0, 0.0, 0.0)
        model.geom_sameframe[:] = 0
        model.geom_group[:] = _HIDDEN
        model.geom_group[model.geom(BENCH).id] = _SCENE
        most = max(len(pieces) for pieces in self.pieces)
        self._objects = np.array([
            [model.geom(object_name(slot, piece)).id for piece in range(most)]
            for slot in range(MAX_OBJECTS)])
        self._things = np.array([model.geom(thing_name(i)).id for i in range(MAX_THINGS)])
        self._solids = np.array([model.geom(f'solid{i}').id for i in range(MAX_SOLIDS)])
        # This colour stands for the material's.
        model.geom_rgba[self._solids] = (0.5, 0.5, 0.5, 1.0)
        mujoco = import_mujoco()
        self._types = {
            'box': int(mujoco.mjtGeom.mjGEOM_BOX), 'cylinder': int(mujoco.mjtGeom.mjGEOM_CYLINDER),
            'capsule': int(mujoco.mjtGeom.mjGEOM_CAPSULE),
            'ellipsoid': int(mujoco.mjtGeom.mjGEOM_ELLIPSOID)}
        self._mujoco = mujoco
        self.lay_bench(np.zeros(3), 0.0, np.zeros(2))
        self._poses: list[Pose] = []
        self._meshes_of_things: list[Triangles] = []

    @cached_property
    def _thing_shapes(self) -> list[Triangles]:
        return [mesh_triangles(thing.mesh) for thing in self.things]

    def close(self) -> None:
        """Free the renderer; harmless when done twice."""
        self.renderer.close()

    def put(self, poses: Sequence[Pose], things: Sequence[Thing]) -> None:
        """Replace the objects and the clutter that has meshes; no solids are there."""
        model = self._model
        self._poses = list(poses)
        model.geom_group[self._objects] = _HIDDEN
        model.geom_group[self._things] = _HIDDEN
        model.geom_group[self._solids] = _HIDDEN
        for slot, pose in enumerate(poses):
            for geom, piece in zip(self._geoms(slot), self.pieces[pose.part], strict=True):
                self.renderer.set_mesh(int(model.geom_dataid[geom]), piece.triangles)
                self._place(geom, pose.rotation, pose.position)
                model.geom_group[geom] = _OBJECTS
        self._meshes_of_things = []
        for geom, thing in zip(self._things, things, strict=False):
            shape = self._thing_shapes[thing.number]
            shape = Triangles(thing.scale * shape.points, shape.normals, thing.scale * shape.uv)
            self.renderer.set_mesh(int(model.geom_dataid[geom]), shape)
            self._place(geom, thing.rotation, thing.position)
            model.geom_group[geom] = _SCENE
            self._meshes_of_things.append(shape.placed(thing.rotation, thing.position))

    def lay_bench(self, under: Floats, angle: float, offset: Floats) -> None:
        """Put the bench's middle under a point of the world; its texture's uv are metres."""
        bench = self._model.geom(BENCH).id
        self._model.geom_pos[bench] = (under[0], under[1], 0.0)
        self.renderer.set_mesh(
            int(self._model.geom_dataid[bench]),
            planar(self._bench, 1.0, angle, offset))

    def _geoms(self, slot: int) -> NDArray[Any]:
        return np.asarray(self._objects[slot, :len(self.pieces[self._poses[slot].part])])

    def _place(self, geom: int, rotation: Floats, position: Floats) -> None:
        quaternion = np.empty(4)
        self._mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(rotation).ravel())
        self._model.geom_pos[geom], self._model.geom_quat[geom] = position, quaternion

    def put_solids(self, solids: Sequence[Solid]) -> None:
        """Replace the solids, all of them hidden; their covers are names of materials."""
        if len(solids) > MAX_SOLIDS:
            raise ValueError(f'{len(solids)} solids do not fit: at most {MAX_SOLIDS}')
        model = self._model
        model.geom_group[self._solids] = _HIDDEN
        for geom, solid in zip(self._solids, solids, strict=False):
            model.geom_type[geom] = self._types[solid.kind]
            model.geom_size[geom] = solid.size
            model.geom_matid[geom] = model.material(solid.cover).id
            self._place(int(geom), solid.rotation, solid.position)

    def show_solids(self, numbers: Iterable[int]) -> None:
        """Have these of the solids in the picture from now on."""
        self._model.geom_group[self._solids[list(numbers)]] = _SCENE

    def silhouette(self, slot: int, view: PosedCamera, window: Window) -> Mask:
        """Return where an object would be seen in a window, were it alone."""
        return self._seen(slot, view, window, (_ALONE,))

    def seen(self, slot: int, view: PosedCamera, window: Window) -> Mask:
        """Return where an object is seen in a window."""
        return self._seen(slot, view, window, (_SCENE, _OBJECTS, _ALONE))

    def seen_behind(
        self, slot: int, solids: Sequence[int], view: PosedCamera, window: Window,
    ) -> Mask:
        """Return where an object would be seen with nothing there but these solids."""
        tried = self._solids[list(solids)]
        self._model.geom_group[tried] = _TRIED
        mask = self._seen(slot, view, window, (_ALONE, _TRIED))
        self._model.geom_group[tried] = _HIDDEN
        return mask

    def _seen(
        self, slot: int, view: PosedCamera, window: Window, groups: tuple[int, ...],
    ) -> Mask:
        geoms = self._geoms(slot)
        self._model.geom_group[geoms] = _ALONE
        seen = self.renderer.geoms(view, groups, window)
        self._model.geom_group[geoms] = _OBJECTS
        return self.belongs(slot, seen)

    def belongs(self, slot: int, identities: NDArray[np.int32]) -> Mask:
        """Tell where the geoms of a picture are an object's."""
        geoms = self._geoms(slot)
        # A part's geoms follow each other.
        return np.asarray((identities >= geoms[0]) & (identities <= geoms[-1]))

    def identities(self, view: PosedCamera) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return which geom each pixel shows, and its depth, as Renderer.identities does."""
        return self.renderer.identities(view, (_SCENE, _OBJECTS))

    def reflect(self, slot: int, view: PosedCamera, metal: Sequence[bool]) -> None:
        """Let the pieces of an object that are metal show what is around."""
        pose = self._poses[slot]
        pieces = self.pieces[pose.part]
        for geom, piece, shiny in zip(self._geoms(slot), pieces, metal, strict=True):
            if shiny:
                placed = piece.triangles.placed(pose.rotation, pose.position)
                self.surfaces.reflect(
                    int(self._model.geom_dataid[geom]), view, placed.points, placed.normals)

    def reflect_thing(self, index: int, view: PosedCamera) -> None:
        """Let clutter of metal show what is around."""
        mesh = int(self._model.geom_dataid[self._things[index]])
        shape = self._meshes_of_things[index]
        self.surfaces.reflect(mesh, view, shape.points, shape.normals)

    def colour(self, name: str, colour: Floats) -> None:
        """Give a material, and the geom of its name where there is one, a colour (RGB, 0 to 1)."""
        model = self._model
        model.mat_rgba[model.material(name).id, :3] = colour
        geom = self._mujoco.mj_name2id(model, self._mujoco.mjtObj.mjOBJ_GEOM, name)
        if geom >= 0:
            model.geom_rgba[geom, :3] = colour

    @property
    def model(self) -> Any:
        """The compiled model."""
        return self._model

    def picture(self, view: PosedCamera, lighting: Lighting) -> Picture:
        """Render in light: RGB, 0 to 1."""
        return lit_picture(
            self.renderer, view, lighting, 1.2 * self._scale, (_SCENE, _OBJECTS))

    def alone(
        self, slot: int, view: PosedCamera, lighting: Lighting,
        window: tuple[float, float, float],
    ) -> Picture:
        """Render an object on black in the same light, without shadows, in a square window."""
        set_lights(self._model, lighting, 1.2 * self._scale)
        geoms = self._geoms(slot)
        self._model.geom_group[geoms] = _ALONE
        close = PosedCamera(
            windowed(view.camera, window, ALONE_SIZE), view.rotation, view.position)
        picture = self.renderer.colour(close, False, (_ALONE,))
        self._model.geom_group[geoms] = _OBJECTS
        return np.asarray(picture * np.float32(1.0 / 255.0), dtype=np.float32)


def object_name(slot: int, piece: int) -> str:
    """Return the name of the geom, the mesh and the material of a piece of an object."""
    return f'object{slot}_{piece}'


def thing_name(index: int) -> str:
    """Return the name of the geom, the mesh and the material of clutter that has a mesh."""
    return f'thing{index}'


HANDS = tuple(f'hand{i}' for i in range(PERSONS))
SLEEVES = tuple(f'sleeve{i}' for i in range(PERSONS))
SOLID_MATERIALS = tuple(f'plain{i}' for i in range(_PLAIN))


def _bench_disc(scale: float) -> Triangles:
    """Return a disc of 14 m, finely divided in its middle: light is worked out at corners."""
    angles = np.linspace(0.0, 2.0 * np.pi, 40, endpoint=False)
    radii = scale * np.concatenate((np.geomspace(14.0, 0.03, 24), [0.0]))
    return loft(angles, [(np.full(len(angles), radius), 0.0) for radius in radii])


def _compiled(
    pieces: Sequence[Sequence[Piece]], things: Sequence[Triangles], scale: float, bench: int,
    photos: bool,
) -> Any:
    mujoco = import_mujoco()
    spec = mujoco.MjSpec()
    spec.visual.map.znear, spec.visual.map.zfar = 0.05, 15.0
    spec.stat.extent, spec.stat.center = scale, (0.0, 0.0, 0.0)
    add_lights(mujoco, spec)
    add_surfaces(mujoco, spec, photos)
    most = [
        max(len(part[k].triangles) for part in pieces if len(part) > k)
        for k in range(max(map(len, pieces)))]
    meshes = {BENCH: bench}
    for slot in range(MAX_OBJECTS):
        meshes.update({object_name(slot, k): capacity for k, capacity in enumerate(most)})
    largest = max(map(len, things))
    meshes.update({thing_name(i): largest for i in range(MAX_THINGS)})
    for name, capacity in meshes.items():
        add_surface_material(mujoco, spec, name)
        spec.add_mesh(
            name=name, inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL,
            **mesh_placeholder(capacity))
        spec.worldbody.add_geom(
            name=name, type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, material=name,
            contype=0, conaffinity=0)
    for name in (*HANDS, *SLEEVES, *SOLID_MATERIALS):
        add_surface_material(mujoco, spec, name)
    for index in range(MAX_SOLIDS):
        spec.worldbody.add_geom(
            name=f'solid{index}', type=mujoco.mjtGeom.mjGEOM_CAPSULE, size=(0.01, 0.01, 0.0),
            material=HANDS[0], contype=0, conaffinity=0)
    return spec.compile()
