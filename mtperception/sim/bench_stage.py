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

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import Floats, PosedCamera
from mtperception.sim.backgrounds import Backgrounds
from mtperception.sim.bench_looks import dress_bench, dress_parts
from mtperception.sim.bench_model import bench_spec, Bodies, body_name, VISIBLE_GROUP
from mtperception.sim.camera_effects import Picture
from mtperception.sim.contact_shadows import shaded
from mtperception.sim.lighting import add_lights, Lighting, lit_picture
from mtperception.sim.marks import strip
from mtperception.sim.mesh_triangles import mesh_triangles
from mtperception.sim.parts import Part
from mtperception.sim.reflections import draw_room
from mtperception.sim.renderer import import_mujoco, mesh_placeholder, Renderer
from mtperception.sim.surfaces import add_surface_material, add_surfaces, Surfaces
from mtperception.sim.triangles import joined, planar, Triangles

_TOP = 'bench_top'
# The bench is drawn as a grid: light is worked out at its corners.
_GRID = 32
_ALONE_GROUP = 2
_UP = np.array((0.0, 0.0, 1.0))


class Silhouette(NamedTuple):
    """Where a body is in a picture; as in GraspObject."""

    box: tuple[float, float, float, float]
    mask: NDArray[np.bool_]
    visible_mask: NDArray[np.bool_]
    visible: float


class BenchStage:
    """
    Shows a bench to a camera, and lets things fall onto it.

    `catalogue` is what its bodies can be, `bodies` how many can be there. The bench reaches
    `half_size` metres to each side; the size of the pictures is in pixels. Compiling takes about
    a second, once. To be used from one thread.
    """

    def __init__(
        self, catalogue: Sequence[Part], bodies: int, half_size: float, width: int, height: int,
        backgrounds: Backgrounds | None = None,
    ) -> None:
        self.catalogue = tuple(catalogue)
        self._shapes = [mesh_triangles(part.mesh) for part in catalogue]
        self._top = _grid(half_size)
        self._half_size = half_size
        self._model = model = _compiled(
            self.catalogue, bodies, len(self._top), half_size, backgrounds is not None)
        self._renderer = Renderer(model, width, height)
        self.bodies = Bodies(model, self._renderer.data, self.catalogue, bodies)
        self._surfaces = Surfaces(self._renderer, backgrounds)
        self._photos = backgrounds is not None
        top = model.geom(_TOP).id
        model.geom_pos[top], model.geom_quat[top] = 0.0, (1.0, 0.0, 0.0, 0.0)
        self._top_mesh = int(model.geom_dataid[top])
        self._kinds = [0] * bodies

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
        self._renderer.set_mesh(self._mesh(body), self._shapes[kind])

    def paint_bench(self, rng: np.random.Generator, scale: float) -> Floats:
        """
        Draw what the bench is made of; return its mean colour, RGB, 0 to 1.

        The patterns are as large as befits parts of 80 mm times the scale.
        """
        turn = float(rng.uniform(0.0, 2.0 * np.pi))
        top = planar(self._top, 1.0, turn, rng.random(2))
        # A texture's rows go down, v goes up.
        self._renderer.set_mesh(self._top_mesh, replace(top, uv=top.uv * (1.0, -1.0)))
        photos = self._photos and rng.random() < 0.5
        return dress_bench(rng, self._surfaces, self._model, _TOP, scale, photos)

    def paint(
        self, rng: np.random.Generator, view: PosedCamera, bench: Floats, lighting: Lighting,
    ) -> None:
        """Draw what everything on the bench, of a mean colour, is made of and reflects."""
        there = sorted(self.bodies.present)
        reflecting = dress_parts(
            rng, self._surfaces, self._model, [body_name(body) for body in there],
            [self.catalogue[self._kinds[body]].finish for body in there], bench)
        self._surfaces.set_room(draw_room(rng, _UP, bench, lighting), view)
        for body, metal in zip(there, reflecting, strict=True):
            shape = self._shapes[self._kinds[body]]
            if metal:
                placed = shape.placed(*self.bodies.pose(body))
                self._surfaces.reflect(self._mesh(body), view, placed.points, placed.normals)
            else:
                self._renderer.set_texcoords(self._mesh(body), shape.uv)

    def _mesh(self, body: int) -> int:
        return int(self._model.geom_dataid[self.bodies.geoms[body]])

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
        alone, _ = self._renderer.identities(
            view, (_ALONE_GROUP,), (left, up, right - left, down - up))
        self._model.geom_group[geom] = VISIBLE_GROUP
        mask = np.zeros((height, width), dtype=bool)
        whole = alone == geom
        mask[inside] = whole[
            inside[0].start - up:inside[0].stop - up, inside[1].start - left:inside[1].stop - left]
        visible_mask = geoms == geom
        visible = min(int(visible_mask.sum()) / max(int(whole.sum()), 1), 1.0)
        return Silhouette((x0, y0, x1, y1), mask, visible_mask, visible)


def _grid(half_size: float) -> Triangles:
    places = np.linspace(-half_size, half_size, _GRID + 1)
    lines = [np.column_stack((places, np.full(_GRID + 1, y))) for y in places]
    return joined([strip(upper, lower, 0.0) for lower, upper in pairwise(lines)])


def _compiled(
    catalogue: Sequence[Part], bodies: int, top_triangles: int, half_size: float, photos: bool,
) -> Any:
    mujoco = import_mujoco()
    spec = bench_spec(catalogue, bodies)
    spec.visual.map.znear, spec.visual.map.zfar = 0.05, 10.0
    spec.stat.extent, spec.stat.center = half_size, (0.0, 0.0, 0.0)
    add_lights(mujoco, spec)
    add_surfaces(mujoco, spec, photos)
    for name in (_TOP, *map(body_name, range(bodies))):
        add_surface_material(mujoco, spec, name)
    spec.add_mesh(
        name=_TOP, inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL,
        **mesh_placeholder(top_triangles))
    spec.worldbody.add_geom(
        name=_TOP, type=mujoco.mjtGeom.mjGEOM_MESH, meshname=_TOP, material=_TOP, contype=0,
        conaffinity=0, group=VISIBLE_GROUP)
    return spec.compile()
