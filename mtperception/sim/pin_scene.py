"""Pictures of pins on a machined workpiece, with exact labels."""

from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..geometry.camera import PosedCamera
from ..geometry.conic import circle_image
from . import camera_effects as effects
from .fixture import draw_fixture, draw_view, Fixture, MAX_PINS
from .labels import PinLabel, PinSample
from .renderer import import_mujoco, mesh_placeholder, Renderer
from .textures import BENCH_TEXTURES, pin_texture, PLATE_TEXTURES, texture
from .triangles import Triangles
from .turned_parts import Pin, pin_triangles

# The most triangles of a material's mesh.
_CAPACITY = {
    'bench': 1200, 'slab': 36000, 'cavity': 16000, 'screw_bright': 12000, 'screw_dark': 12000,
    'block': 8000, 'mark_bright': 1200, 'mark_dark': 1200, 'stain': 400, 'shade': 1200,
}
_PIN_CAPACITY = 1200
_HIDDEN_GROUP = 5
_PIN_GROUP = 1
_ALONE_GROUP = 2


class PinScene:
    """
    Renders random workpieces; a context manager.

    The size of the pictures is in pixels. Compiling the scene takes a second or so, once.
    """

    def __init__(self, width: int = 612, height: int = 512) -> None:
        self.width, self.height = width, height
        mujoco = import_mujoco()
        model = _compiled(mujoco)
        self._renderer = Renderer(model, width, height)
        self._model = model
        self._materials = {
            name: model.material(name).id
            for name in (*PLATE_TEXTURES, *BENCH_TEXTURES, 'turned', 'flat')
        }

    def __enter__(self) -> 'PinScene':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the renderer; harmless when done twice."""
        self._renderer.close()

    def sample(self, seed: int, index: int, pins: int | None = None) -> PinSample:
        """
        Render picture `index` of the data set `seed`.

        It has 0 to 6 pins at random, or as many as asked for. The same seed, index and number of
        pins give the same bytes, whatever was rendered before.
        """
        if pins is not None and not 0 <= pins <= MAX_PINS:
            raise ValueError(f'{pins} pins do not fit: choose 0 to {MAX_PINS}')
        rng = np.random.default_rng([seed, index])
        count = int(rng.integers(0, MAX_PINS + 1))
        fixture = draw_fixture(
            rng, draw_view(rng, self.width, self.height), count if pins is None else pins)
        labels = self.install(rng, fixture)
        picture = self.surface(rng, fixture)
        return PinSample(self.photograph(rng, picture), labels, fixture.view.camera)

    def install(self, rng: np.random.Generator, fixture: Fixture) -> tuple[PinLabel, ...]:
        """Put a fixture before the camera with random materials and light; return its labels."""
        self._put(fixture)
        self._paint(rng, fixture)
        self._light(rng, fixture.view)
        return self._labels(fixture)

    def surface(self, rng: np.random.Generator, fixture: Fixture) -> effects.Picture:
        """Render what is installed, well exposed, with glare: grey float32, 1 is white."""
        view = fixture.view
        picture = self._renderer.colour(view).astype(np.float32) / 255.0
        geoms, _ = self._renderer.identities(view)
        plate = geoms == self._model.geom('slab').id
        level = float(np.percentile(picture[plate] if plate.any() else picture, 60))
        gain = rng.uniform(0.22, 0.8) / max(level, 0.05)
        picture = effects.exposed(picture, min(gain, 5.0), rng.uniform(0.8, 1.3), 0.0)
        for _ in range(int(rng.integers(0, 4))):
            across = rng.uniform(25, 120)
            picture = effects.glare(
                picture, rng.uniform(0, self.width), rng.uniform(0, self.height),
                across * rng.uniform(1.0, 7.0), across, rng.uniform(0, np.pi),
                rng.uniform(-0.35, 1.6), 0.0, plate)
        if rng.random() < 0.3:
            picture = effects.glare(
                picture, rng.uniform(0, self.width), rng.uniform(0, self.height),
                rng.uniform(40, 200), rng.uniform(40, 200), 0.0, 0.2, rng.uniform(0.05, 0.35))
        return effects.bloom(picture, 0.95, rng.uniform(4, 16), rng.uniform(0.1, 0.6))

    def photograph(
        self, rng: np.random.Generator, picture: effects.Picture
    ) -> NDArray[np.uint8]:
        """Take a picture of a surface with a random lens and sensor."""
        picture = effects.vignetted(picture, rng.uniform(0.0, 0.45))
        blur = rng.uniform(0.45, 1.1) if rng.random() < 0.8 else rng.uniform(1.1, 2.2)
        picture = effects.defocused(picture, blur)
        gain, offset = rng.uniform(0.8, 1.15), rng.uniform(-0.06, 0.08)
        picture = np.maximum(picture * np.float32(gain) + np.float32(offset), 0)
        return effects.sensed(picture, rng, rng.uniform(0.4, 2.2), rng.uniform(0.5, 4.0))

    def _put(self, fixture: Fixture) -> None:
        for name in _CAPACITY:
            self._show(name, fixture.meshes.get(name), 0)
        for index in range(MAX_PINS):
            mesh = pin_triangles(fixture.pins[index]) if index < len(fixture.pins) else None
            self._show(f'pin{index}', mesh, _PIN_GROUP)

    def _show(self, name: str, mesh: Triangles | None, group: int) -> None:
        geom = self._model.geom(name).id
        if mesh is None or not len(mesh):
            self._model.geom_group[geom] = _HIDDEN_GROUP
            return
        self._model.geom_group[geom] = group
        self._renderer.set_mesh(self._model.mesh(name).id, mesh)

    def _paint(self, rng: np.random.Generator, fixture: Fixture) -> None:
        model = self._model
        plate = rng.uniform(0.25, 1.0)
        pin = rng.uniform(0.45, 1.0)
        shades = {
            'bench': rng.uniform(0.1, 0.8), 'slab': plate, 'cavity': plate * rng.uniform(0.05, 0.5),
            'screw_bright': rng.uniform(0.5, 1.0), 'screw_dark': rng.uniform(0.15, 0.5),
            'block': rng.uniform(0.12, 0.9), 'mark_bright': min(1.0, plate * 1.5),
            'mark_dark': plate * rng.uniform(0.2, 0.6), 'stain': plate * rng.uniform(0.3, 1.2),
            'shade': 0.05,
        }
        shades.update({f'pin{i}': pin * rng.uniform(0.93, 1.0) for i in range(MAX_PINS)})
        for name, shade in shades.items():
            geom = model.geom(name).id
            model.geom_rgba[geom] = (shade, shade, shade, _ALPHA.get(name, 1.0))
        model.geom_matid[model.geom('slab').id] = self._materials[str(rng.choice(PLATE_TEXTURES))]
        model.geom_matid[model.geom('bench').id] = self._materials[str(rng.choice(BENCH_TEXTURES))]
        for name in (*PLATE_TEXTURES, 'turned'):
            material = self._materials[name]
            model.mat_specular[material] = rng.uniform(0.2, 0.9)
            model.mat_shininess[material] = rng.uniform(0.05, 0.5)

    def _light(self, rng: np.random.Generator, view: PosedCamera) -> None:
        model = self._model
        elevation, azimuth = rng.uniform(0.5, 1.35), rng.uniform(0, 2 * np.pi)
        distance = rng.uniform(0.5, 0.8)
        towards = np.array([
            np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth),
            np.sin(elevation)])
        lamp, fill = model.light('lamp').id, model.light('fill').id
        model.light_pos[lamp] = distance * towards
        model.light_dir[lamp] = -towards
        model.light_exponent[lamp] = rng.uniform(0, 6)
        model.light_diffuse[lamp] = rng.uniform(0.25, 0.8)
        model.light_specular[lamp] = rng.uniform(0.2, 0.9)
        azimuth += rng.uniform(1, 5)
        model.light_dir[fill] = (-np.cos(azimuth), -np.sin(azimuth), -rng.uniform(0.6, 2.5))
        model.light_diffuse[fill] = rng.uniform(0.05, 0.35)
        model.light_specular[fill] = rng.uniform(0.0, 0.4)
        model.vis.headlight.ambient[:] = rng.uniform(0.08, 0.35)
        model.vis.headlight.diffuse[:] = rng.uniform(0.0, 0.5)
        model.vis.headlight.specular[:] = rng.uniform(0.0, 0.6)

    def _labels(self, fixture: Fixture) -> tuple[PinLabel, ...]:
        if not fixture.pins:
            return ()
        geoms, _ = self._renderer.identities(fixture.view)
        labels = (
            self._label(fixture.view, pin, self._model.geom(f'pin{i}').id, geoms)
            for i, pin in enumerate(fixture.pins)
        )
        return tuple(label for label in labels if label is not None)

    def _label(
        self, view: PosedCamera, pin: Pin, geom: int, geoms: NDArray[np.int32]
    ) -> PinLabel | None:
        outline = view.project(pin_triangles(pin).points)
        x0, y0 = outline.min(axis=0)
        x1, y1 = outline.max(axis=0)
        camera = view.camera
        if x1 < 0 or y1 < 0 or x0 > camera.width - 1 or y0 > camera.height - 1:
            return None
        left, up = int(np.floor(x0)) - 1, int(np.floor(y0)) - 1
        window = (left, up, int(np.ceil(x1)) + 2 - left, int(np.ceil(y1)) + 2 - up)
        self._model.geom_group[geom] = _ALONE_GROUP
        alone, _ = self._renderer.identities(view, (_ALONE_GROUP,), window)
        self._model.geom_group[geom] = _PIN_GROUP
        whole = int((alone == geom).sum())
        seen = int((geoms == geom).sum())
        (x, y), = view.project(pin.top)
        ellipse = circle_image(view, pin.top, pin.axis, pin.radius)
        return PinLabel(
            float(x), float(y), ellipse.major, (float(x0), float(y0), float(x1), float(y1)),
            min(seen / max(whole, 1), 1.0))


_ALPHA = {'stain': 0.25, 'shade': 0.22}


def _compiled(mujoco: Any) -> Any:
    """Compile the model: a mesh to be rewritten for each material and each pin."""
    spec = mujoco.MjSpec()
    spec.visual.map.znear, spec.visual.map.zfar = 0.02, 3.0
    spec.visual.map.shadowscale = 0.9
    spec.visual.quality.shadowsize = 2048
    spec.stat.extent, spec.stat.center = 1.0, [0.0, 0.0, 0.0]
    for name in (*PLATE_TEXTURES, *BENCH_TEXTURES):
        _add_material(mujoco, spec, name, texture(name))
    _add_material(mujoco, spec, 'turned', pin_texture())
    _add_material(mujoco, spec, 'flat', None)
    world = spec.worldbody
    capacity = dict(_CAPACITY)
    capacity.update({f'pin{i}': _PIN_CAPACITY for i in range(MAX_PINS)})
    for name, triangles in capacity.items():
        spec.add_mesh(
            name=name, inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL,
            **mesh_placeholder(triangles))
        world.add_geom(
            name=name, type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name,
            material=_MATERIAL_OF.get(name, 'turned'), contype=0, conaffinity=0)
    lamp = world.add_light(name='lamp', castshadow=True, cutoff=24.0, dir=(0, 0, -1))
    lamp.type = mujoco.mjtLightType.mjLIGHT_SPOT
    fill = world.add_light(name='fill', castshadow=False, dir=(0, 0, -1))
    fill.type = mujoco.mjtLightType.mjLIGHT_DIRECTIONAL
    model = spec.compile()
    # The compiler moves meshes to their centre of mass; what they are rewritten with is in place.
    model.geom_pos[:] = 0.0
    model.geom_quat[:] = (1.0, 0.0, 0.0, 0.0)
    return model


_MATERIAL_OF = {
    'bench': 'rubber', 'slab': 'ground', 'cavity': 'ground', 'block': 'blasted',
    'mark_bright': 'flat', 'mark_dark': 'flat', 'stain': 'flat', 'shade': 'flat',
}


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
