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

"""The pin scene in the renderer: one compiled model that shows any fixture in any light."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import PosedCamera
from mtperception.geometry.conic import circle_image
from mtperception.sim.looks.camera_effects import Picture
from mtperception.sim.pin.fixture import Fixture, MAX_PINS
from mtperception.sim.pin.labels import PinLabel
from mtperception.sim.pin.textures import BENCH_TEXTURES, pin_texture, PLATE_TEXTURES, texture
from mtperception.sim.pin.turned_parts import Pin, pin_triangles
from mtperception.sim.renderer import import_mujoco, mesh_placeholder, Renderer
from mtperception.sim.shapes.triangles import Triangles

# The most triangles of a material's mesh.
_CAPACITY = {
    'bench': 1200, 'slab': 60000, 'cavity': 20000, 'screw_bright': 12000, 'screw_dark': 12000,
    'block': 8000, 'mark_bright': 1200, 'mark_dark': 1200, 'stain': 400, 'shade': 1200,
}
_PIN_CAPACITY = 1200
_TEXTURE_OF = {
    'bench': 'rubber', 'slab': 'ground', 'cavity': 'flat', 'block': 'blasted',
    'mark_bright': 'flat', 'mark_dark': 'flat', 'stain': 'flat', 'shade': 'flat',
}
_OPACITY = {'stain': 0.14, 'shade': 0.25}
_GROUP, _PIN_GROUP, _ALONE_GROUP, _HIDDEN_GROUP = 0, 1, 2, 5


class PinStage:
    """
    Shows a fixture to a camera.

    The size is that of the pictures, in pixels. Compiling takes most of a second, once; after
    that meshes are rewritten in place. To be used from one thread.
    """

    def __init__(self, width: int, height: int) -> None:
        self._model = model = _compiled(import_mujoco())
        self._renderer = Renderer(model, width, height)
        self._geoms = {
            name: model.geom(name).id for name in (*_CAPACITY, *map(_pin_name, range(MAX_PINS)))}
        self._bodies: list[Triangles] = []
        self._shadows = True

    def close(self) -> None:
        """Free the renderer; harmless when done twice."""
        self._renderer.close()

    def put(self, fixture: Fixture) -> None:
        """Replace what stands on the stage."""
        for name in _CAPACITY:
            self._show(name, fixture.meshes.get(name), _GROUP)
        bodies = [pin_triangles(pin) for pin in fixture.pins]
        for index in range(MAX_PINS):
            body = bodies[index] if index < len(bodies) else None
            self._show(_pin_name(index), body, _PIN_GROUP)
        self._bodies = bodies

    def _show(self, name: str, mesh: Triangles | None, group: int) -> None:
        geom = self._geoms[name]
        if mesh is None or not len(mesh):
            self._model.geom_group[geom] = _HIDDEN_GROUP
            return
        self._model.geom_group[geom] = group
        self._renderer.set_mesh(int(self._model.geom_dataid[geom]), mesh)

    def paint(self, rng: np.random.Generator, bench: bool = True) -> None:
        """
        Draw how bright and how shiny everything is, and the plate's and the bench's finish.

        The bench stays as it was where it is not to be painted.
        """
        model = self._model
        plate = rng.uniform(0.25, 0.95)
        # A pin that is much darker than the plate would be a hole.
        pin = rng.uniform(max(0.45, 0.7 * plate), 1.0)
        if abs(pin - plate) < 0.2:
            # Ground pins look different from the plate that they stand in.
            pin = plate + (0.25 if plate < 0.7 else -0.25)
        shades = {
            'bench': rng.uniform(0.1, 0.8), 'slab': plate,
            'cavity': plate * rng.uniform(0.03, 0.12), 'screw_bright': rng.uniform(0.5, 1.0),
            'screw_dark': rng.uniform(0.15, 0.5), 'block': rng.uniform(0.12, 0.9),
            'mark_bright': min(1.0, 1.5 * plate), 'mark_dark': plate * rng.uniform(0.2, 0.6),
            'stain': plate * rng.uniform(0.3, 1.2), 'shade': 0.05,
            **{_pin_name(i): pin * rng.uniform(0.93, 1.0) for i in range(MAX_PINS)},
        }
        finishes = {
            'slab': str(rng.choice(PLATE_TEXTURES)), 'bench': str(rng.choice(BENCH_TEXTURES))}
        if not bench:
            del shades['bench'], finishes['bench']
        for name, shade in shades.items():
            model.geom_rgba[self._geoms[name]] = (shade, shade, shade, _OPACITY.get(name, 1.0))
        for name, finish in finishes.items():
            model.geom_matid[self._geoms[name]] = model.material(finish).id
        for name in (*PLATE_TEXTURES, 'turned'):
            material = model.material(name).id
            model.mat_specular[material] = rng.uniform(0.2, 0.9)
            model.mat_shininess[material] = rng.uniform(0.05, 0.5)

    def light(self, rng: np.random.Generator) -> None:
        """Draw the lamps: one that mostly casts shadows, a fill light, a light at the camera."""
        model = self._model
        self._shadows = bool(rng.random() < 0.7)
        elevation, azimuth = rng.uniform(0.5, 1.35), rng.uniform(0, 2 * np.pi)
        towards = np.array([
            np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth),
            np.sin(elevation)])
        lamp, fill = model.light('lamp').id, model.light('fill').id
        model.light_pos[lamp] = rng.uniform(0.5, 0.8) * towards
        model.light_dir[lamp] = -towards
        model.light_exponent[lamp] = rng.uniform(0, 6)
        model.light_diffuse[lamp] = rng.uniform(0.25, 0.8)
        model.light_specular[lamp] = rng.uniform(0.2, 0.9)
        azimuth += rng.uniform(1, 5)
        away = np.array([-np.cos(azimuth), -np.sin(azimuth), -rng.uniform(0.6, 2.5)])
        model.light_dir[fill] = away / np.linalg.norm(away)
        model.light_diffuse[fill] = rng.uniform(0.05, 0.35)
        model.light_specular[fill] = rng.uniform(0.0, 0.4)
        model.vis.headlight.ambient[:] = rng.uniform(0.08, 0.35)
        model.vis.headlight.diffuse[:] = rng.uniform(0.0, 0.5)
        model.vis.headlight.specular[:] = rng.uniform(0.0, 0.6)

    def picture(self, view: PosedCamera) -> Picture:
        """Render what stands on the stage: grey, 0 to 1."""
        return self._renderer.grey(view, self._shadows).astype(np.float32) / np.float32(255.0)

    def labels(self, fixture: Fixture) -> tuple[tuple[PinLabel, ...], NDArray[np.bool_]]:
        """Return the pins of the fixture on the stage, and where the plate's surface is seen."""
        geoms = self._renderer.geoms(fixture.view)
        labels = []
        for index, (pin, body) in enumerate(zip(fixture.pins, self._bodies, strict=True)):
            label = self._label(fixture.view, pin, body, self._geoms[_pin_name(index)], geoms)
            if label is not None:
                labels.append(label)
        return tuple(labels), geoms == self._geoms['slab']

    def _label(
        self, view: PosedCamera, pin: Pin, body: Triangles, geom: int, geoms: NDArray[np.int32]
    ) -> PinLabel | None:
        outline = view.project(body.points)
        x0, y0 = (float(low) for low in outline.min(axis=0))
        x1, y1 = (float(high) for high in outline.max(axis=0))
        if x1 < 0 or y1 < 0 or x0 > view.camera.width - 1 or y0 > view.camera.height - 1:
            return None
        left, up = int(np.floor(x0)) - 1, int(np.floor(y0)) - 1
        window = (left, up, int(np.ceil(x1)) + 2 - left, int(np.ceil(y1)) + 2 - up)
        self._model.geom_group[geom] = _ALONE_GROUP
        alone = self._renderer.geoms(view, (_ALONE_GROUP,), window)
        self._model.geom_group[geom] = _PIN_GROUP
        whole, seen = int((alone == geom).sum()), int((geoms == geom).sum())
        x, y = (float(value) for value in view.project(pin.top)[0])
        diameter = circle_image(view, pin.top, pin.axis, pin.radius).major
        return PinLabel(x, y, diameter, (x0, y0, x1, y1), min(seen / max(whole, 1), 1.0))


def _pin_name(index: int) -> str:
    return f'pin{index}'


def _compiled(mujoco: Any) -> Any:
    """Compile the model: a mesh to be rewritten for each material and each pin."""
    spec = mujoco.MjSpec()
    spec.visual.map.znear, spec.visual.map.zfar = 0.02, 3.0
    spec.visual.map.shadowscale = 0.9
    spec.visual.quality.shadowsize = 1024
    spec.stat.extent, spec.stat.center = 1.0, [0.0, 0.0, 0.0]
    for name in (*PLATE_TEXTURES, *BENCH_TEXTURES):
        _add_material(mujoco, spec, name, texture(name))
    _add_material(mujoco, spec, 'turned', pin_texture())
    _add_material(mujoco, spec, 'flat', None)
    world = spec.worldbody
    capacity = {**_CAPACITY, **{_pin_name(i): _PIN_CAPACITY for i in range(MAX_PINS)}}
    for name, triangles in capacity.items():
        spec.add_mesh(
            name=name, inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL,
            **mesh_placeholder(triangles))
        world.add_geom(
            name=name, type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name,
            material=_TEXTURE_OF.get(name, 'turned'), contype=0, conaffinity=0)
    lamp = world.add_light(name='lamp', castshadow=True, cutoff=24.0, dir=(0, 0, -1))
    lamp.type = mujoco.mjtLightType.mjLIGHT_SPOT
    fill = world.add_light(name='fill', castshadow=False, dir=(0, 0, -1))
    fill.type = mujoco.mjtLightType.mjLIGHT_DIRECTIONAL
    model = spec.compile()
    # The compiler moves meshes to their centre of mass; what they are rewritten with is in place.
    model.geom_pos[:] = 0.0
    model.geom_quat[:] = (1.0, 0.0, 0.0, 0.0)
    return model


def _add_material(mujoco: Any, spec: Any, name: str, grey: NDArray[np.uint8] | None) -> None:
    material = spec.add_material(name=name, specular=0.4, shininess=0.3, reflectance=0.0)
    if grey is None:
        material.specular = 0.0
        return
    high, wide = grey.shape
    picture = spec.add_texture(
        name=name, type=mujoco.mjtTexture.mjTEXTURE_2D, width=wide, height=high, nchannel=3)
    picture.data = np.repeat(grey, 3).tobytes()
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
