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

"""A bench with parts in the renderer: one compiled model that shows any of them in any light."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import Floats, PosedCamera
from mtperception.sim.bench.conveyor import add_conveyor, carry, Conveyor, FLOOR
from mtperception.sim.bench.looks import dress_belt, dress_bench, dress_parts
from mtperception.sim.bench.model import bench_spec, Bodies, body_name, VISIBLE_GROUP
from mtperception.sim.looks.backgrounds import Backgrounds
from mtperception.sim.looks.camera_effects import Picture
from mtperception.sim.looks.contact_shadows import shaded
from mtperception.sim.looks.lighting import add_lights, Lighting, lit_picture
from mtperception.sim.looks.reflections import reflected_uv, Room
from mtperception.sim.looks.surfaces import add_surface_material, add_surfaces, Surfaces
from mtperception.sim.renderer import import_mujoco, mesh_placeholder, Renderer
from mtperception.sim.shapes.marks import strip
from mtperception.sim.shapes.mesh_triangles import mesh_triangles
from mtperception.sim.shapes.parts import Part
from mtperception.sim.shapes.triangles import joined, planar, Triangles

_TOP, _BELT, _RAIL = 'bench_top', 'belt_top', 'rail'
# Metres after which the belt's pattern comes again.
BELT_PERIOD = 0.25
# Metres from its middle to its edges, for parts of 80 mm.
_HALF_SIZE = 0.85
# The bench is drawn as a grid: light is worked out at its corners.
_GRID = 32
_ALONE_GROUP = 2


class Silhouette(NamedTuple):
    """Where a body is in a picture; as in GraspObject."""

    box: tuple[float, float, float, float]
    mask: NDArray[np.bool_]
    visible_mask: NDArray[np.bool_]
    visible: float


class BenchStage:
    """
    Shows a bench to a camera, and lets things fall onto it.

    `catalogue` is what its bodies can be, `bodies` how many can be there. The scale is the size
    of the parts over 80 mm; the bench is as large as befits it. The size of the pictures is in
    pixels. With `backgrounds` the bench can wear the user's pictures. With a conveyor the plane
    z = 0 is a belt that moves, and the bench is the floor below it. Compiling takes about a
    second, once. To be used from one thread.
    """

    def __init__(
        self, catalogue: Sequence[Part], bodies: int, scale: float, width: int, height: int,
        backgrounds: Backgrounds | None = None, conveyor: Conveyor | None = None,
    ) -> None:
        self.catalogue = tuple(catalogue)
        self._conveyor = conveyor
        self._scale = scale
        self._half_size = half_size = _HALF_SIZE * scale
        self._shapes = [mesh_triangles(part.mesh) for part in catalogue]
        self._tops = {_TOP: _grid(half_size, half_size)}
        if conveyor is not None:
            self._tops[_BELT] = _grid(conveyor.length / 2, conveyor.width / 2)
        self._model = model = _compiled(
            self.catalogue, self._shapes, bodies, self._tops, scale, backgrounds is not None,
            conveyor)
        self._renderer = Renderer(model, width, height)
        # Bodies of a kind share a mesh; one that reflects has its own.
        self._shared = [int(model.mesh(_shape_name(kind)).id) for kind in range(len(catalogue))]
        for mesh, shape in zip(self._shared, self._shapes, strict=True):
            self._renderer.set_mesh(mesh, shape)
        self._own = [int(model.mesh(body_name(body)).id) for body in range(bodies)]
        self.bodies = Bodies(model, self._renderer.data, self.catalogue, bodies)
        self._surfaces = Surfaces(self._renderer, backgrounds)
        self._photos = backgrounds is not None
        for name in self._tops:
            top = model.geom(name).id
            model.geom_pos[top], model.geom_quat[top] = 0.0, (1.0, 0.0, 0.0, 0.0)
        self._kinds = [0] * bodies
        self._reflecting: set[int] = set()

    def close(self) -> None:
        """Free the renderer; harmless when done twice."""
        self._renderer.close()

    def put(self, kinds: Sequence[int]) -> None:
        """Take everything away, and have the first bodies be these parts of the catalogue."""
        self.bodies.clear()
        for body, kind in enumerate(kinds):
            self.replace(body, kind)
        self.bodies.weighed()

    def replace(self, body: int, kind: int) -> None:
        """Have a body be another part; `bodies.weighed` is still to be called."""
        self.bodies.add(body, kind)
        self._kinds[body] = kind
        self._reflecting.discard(body)
        self._model.geom_dataid[self.bodies.geoms[body]] = self._shared[kind]

    def carry(self, moved: float) -> None:
        """Go one time step on; the belt's surface has moved by so many metres in all."""
        assert self._conveyor is not None
        carry(self._model, self._renderer.data, self._conveyor)
        self._renderer.data.mocap_pos[0, 0] = moved % BELT_PERIOD

    def paint_bench(self, rng: np.random.Generator) -> Floats:
        """Draw what the bench is made of; return its mean colour, RGB, 0 to 1."""
        turn = float(rng.uniform(0.0, 2.0 * np.pi))
        self._lay(_TOP, planar(self._tops[_TOP], 1.0, turn, rng.random(2)))
        photos = self._photos and bool(rng.random() < 0.5)
        return dress_bench(rng, self._surfaces, self._model, _TOP, self._scale, photos)

    def paint_belt(self, rng: np.random.Generator) -> Floats:
        """Draw what the belt and its rails are made of; return the belt's mean colour."""
        self._lay(_BELT, planar(self._tops[_BELT], BELT_PERIOD, 0.0, (0.0, 0.0)))
        return dress_belt(rng, self._surfaces, self._model, _BELT, _RAIL)

    def _lay(self, name: str, top: Triangles) -> None:
        # A texture's rows go down, v goes up.
        self._renderer.set_mesh(
            int(self._model.geom_dataid[self._model.geom(name).id]),
            replace(top, uv=top.uv * (1.0, -1.0)))

    def paint(self, rng: np.random.Generator, bodies: Sequence[int], bench: Floats) -> None:
        """Draw what some bodies, on a bench of a mean colour, are made of."""
        metal = dress_parts(
            rng, self._surfaces, self._model, [body_name(body) for body in bodies],
            [self.catalogue[self._kinds[body]].finish for body in bodies], bench)
        for body, reflecting in zip(bodies, metal, strict=True):
            geom = self.bodies.geoms[body]
            if reflecting:
                self._reflecting.add(body)
                self._model.geom_dataid[geom] = self._own[body]
            else:
                self._reflecting.discard(body)
                self._model.geom_dataid[geom] = self._shared[self._kinds[body]]

    def set_room(self, room: Room, view: PosedCamera) -> None:
        """Say what metal reflects, once all of it is painted; `reflect` is to be called then."""
        if self._reflecting & self.bodies.present:
            self._surfaces.set_room(room, view)

    def reflect(self, view: PosedCamera) -> None:
        """Have metal bodies reflect the room from where they are now."""
        for body in sorted(self._reflecting & self.bodies.present):
            shape = self._shapes[self._kinds[body]]
            placed = shape.placed(*self.bodies.pose(body))
            uv = reflected_uv(view, placed.points, placed.normals)
            self._renderer.set_mesh(self._own[body], replace(shape, uv=uv))

    def picture(
        self, view: PosedCamera, lighting: Lighting, shade: NDArray[np.float32],
    ) -> Picture:
        """Render in light: RGB, 0 to 1, less what the shade (`contact_shade`) takes."""
        light = lit_picture(self._renderer, view, lighting, 1.2 * self._half_size)
        return shaded(light, shade)

    def identities(self, view: PosedCamera) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return which geom each pixel shows, and its depth, as Renderer.identities does."""
        return self._renderer.identities(view)

    def pose(self, body: int, view: PosedCamera) -> tuple[Floats, Floats]:
        """Return the rotation and translation of a body in the camera's optical frame."""
        rotation, position = self.bodies.pose(body)
        return view.rotation.T @ rotation, view.to_optical(position)[0]

    def silhouette(
        self, body: int, view: PosedCamera, geoms: NDArray[np.int32],
    ) -> Silhouette | None:
        """Return where a body is, the picture showing `geoms`; None where it is outside."""
        rotation, position = self.bodies.pose(body)
        vertices = np.asarray(self.catalogue[self._kinds[body]].mesh.vertices)
        outline = view.project(vertices @ rotation.T + position)
        x0, y0 = (float(low) for low in outline.min(axis=0))
        x1, y1 = (float(high) for high in outline.max(axis=0))
        height, width = geoms.shape
        left, up = int(np.floor(x0)) - 1, int(np.floor(y0)) - 1
        right, down = int(np.ceil(x1)) + 2, int(np.ceil(y1)) + 2
        inside = np.s_[max(up, 0):min(down, height), max(left, 0):min(right, width)]
        if geoms[inside].size == 0:
            return None
        geom = self.bodies.geoms[body]
        self._model.geom_group[geom] = _ALONE_GROUP
        alone = self._renderer.geoms(
            view, (_ALONE_GROUP,), (left, up, right - left, down - up))
        self._model.geom_group[geom] = VISIBLE_GROUP
        mask = np.zeros((height, width), dtype=bool)
        whole = alone == geom
        mask[inside] = whole[
            inside[0].start - up:inside[0].stop - up, inside[1].start - left:inside[1].stop - left]
        visible_mask = geoms == geom
        visible = min(int(visible_mask.sum()) / max(int(whole.sum()), 1), 1.0)
        return Silhouette((x0, y0, x1, y1), mask, visible_mask, visible)


def _grid(half_x: float, half_y: float) -> Triangles:
    x, y = np.linspace(-half_x, half_x, _GRID + 1), np.linspace(-half_y, half_y, _GRID + 1)
    lines = [np.column_stack((x, np.full(_GRID + 1, place))) for place in y]
    return joined([strip(upper, lower, 0.0) for lower, upper in pairwise(lines)])


def _shape_name(kind: int) -> str:
    return f'shape{kind}'


def _compiled(
    catalogue: Sequence[Part], shapes: Sequence[Triangles], bodies: int,
    tops: Mapping[str, Triangles], scale: float, photos: bool, conveyor: Conveyor | None,
) -> Any:
    mujoco = import_mujoco()
    spec = bench_spec(catalogue, bodies, scale)
    spec.visual.map.znear, spec.visual.map.zfar = 0.05, 10.0
    spec.stat.extent, spec.stat.center = _HALF_SIZE * scale, (0.0, 0.0, 0.0)
    add_lights(mujoco, spec)
    add_surfaces(mujoco, spec, photos)
    for name in (*tops, *map(body_name, range(bodies))):
        add_surface_material(mujoco, spec, name)
    for name, shape in (
            *tops.items(), *((_shape_name(kind), shape) for kind, shape in enumerate(shapes))):
        spec.add_mesh(
            name=name, inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL,
            **mesh_placeholder(len(shape)))
    places = {_TOP: spec.worldbody}
    if conveyor is not None:
        add_surface_material(mujoco, spec, _RAIL)
        add_conveyor(spec, conveyor, _RAIL)
        places[_TOP] = spec.worldbody.add_body(pos=(0.0, 0.0, -FLOOR))
        places[_BELT] = spec.worldbody.add_body(name=_BELT, mocap=True)
    for name, place in places.items():
        place.add_geom(
            name=name, type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, material=name, contype=0,
            conaffinity=0, group=VISIBLE_GROUP)
    return spec.compile()
