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

"""How materials look: textures that are loaded once, the user's pictures, and polished metal."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import Floats, PosedCamera
from mtperception.sim.looks.backgrounds import Backgrounds
from mtperception.sim.looks.camera_effects import blurred
from mtperception.sim.looks.colour_textures import colour_texture, COLOUR_TEXTURES
from mtperception.sim.looks.reflections import mirror_ball, reflected_uv, Room
from mtperception.sim.renderer import Renderer

_VARIANTS, _SIZE = 3, 512
_PHOTO_SIZE, _MIRROR_SIZE = 1024, 128
# Blur of what is reflected, in radii of the mirror ball.
_ROUGHNESS = {'polished': 0.015, 'ground': 0.07, 'blasted': 0.25}
METAL_FINISHES = tuple(_ROUGHNESS)


def add_surfaces(mujoco: Any, spec: Any, photos: bool = False) -> None:
    """
    Add the textures to a model to be compiled; with room for one of the user's pictures or not.

    `add_surface_material` then adds materials to wear them.
    """
    for kind in COLOUR_TEXTURES:
        for variant in range(_VARIANTS):
            _add_texture(mujoco, spec, f'{kind}{variant}', _bank_texture(kind, variant))
    for finish in METAL_FINISHES:
        black = np.zeros((_MIRROR_SIZE, _MIRROR_SIZE, 3), dtype=np.uint8)
        _add_texture(mujoco, spec, finish, black)
    if photos:
        black = np.zeros((_PHOTO_SIZE, _PHOTO_SIZE, 3), dtype=np.uint8)
        _add_texture(mujoco, spec, 'photo', black)


def add_surface_material(mujoco: Any, spec: Any, name: str) -> None:
    """Add a material whose look `Surfaces` can change; one for each thing that has its own."""
    material = spec.add_material(name=name)
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = f'{COLOUR_TEXTURES[0]}0'


def _add_texture(mujoco: Any, spec: Any, name: str, picture: NDArray[np.uint8]) -> None:
    high, wide = picture.shape[:2]
    texture = spec.add_texture(
        name=name, type=mujoco.mjtTexture.mjTEXTURE_2D, width=wide, height=high, nchannel=3)
    texture.data = picture.tobytes()


@lru_cache(maxsize=_VARIANTS * len(COLOUR_TEXTURES))
def _bank_texture(kind: str, variant: int) -> NDArray[np.uint8]:
    # MuJoCo's first row is the lowest: upside down, or print would read as in a mirror.
    picture = np.ascontiguousarray(colour_texture(kind, variant, _SIZE)[::-1])
    picture.flags.writeable = False
    return picture


class Surfaces:
    """Changes how the materials of a compiled model look, without compiling it again."""

    def __init__(self, renderer: Renderer, backgrounds: Backgrounds | None = None) -> None:
        self._renderer, self._backgrounds = renderer, backgrounds
        model = renderer.model
        self._bank = {
            kind: [model.texture(f'{kind}{variant}').id for variant in range(_VARIANTS)]
            for kind in COLOUR_TEXTURES}
        self._mirrors = {finish: model.texture(finish).id for finish in METAL_FINISHES}
        self._photo = model.texture('photo').id if backgrounds is not None else None

    def photo(self, rng: np.random.Generator, material: str) -> None:
        """Put one of the user's pictures on a material, once over; one at a time has room."""
        if self._backgrounds is None or self._photo is None:
            raise ValueError('there are no pictures: give a folder of backgrounds')
        index = int(rng.integers(len(self._backgrounds)))
        self._renderer.set_texture(self._photo, self._backgrounds.tile(index, _PHOTO_SIZE))
        self._wear(material, self._photo, (1.0, 1.0), 0.0)

    def texture(
        self, rng: np.random.Generator, material: str, repeat: float = 1.0,
        kinds: tuple[str, ...] = COLOUR_TEXTURES,
    ) -> None:
        """Put a random texture of some kinds on a material, so many times over, and a gloss."""
        kind = kinds[int(rng.integers(len(kinds)))]
        texture = self._bank[kind][int(rng.integers(_VARIANTS))]
        self._wear(material, texture, (repeat, repeat), 0.0)
        self._gloss(rng, material)

    def plain(self, rng: np.random.Generator, material: str) -> None:
        """Take the texture off a material, and draw a gloss; its colour is the geom's."""
        self._wear(material, -1, (1.0, 1.0), 0.0)
        self._gloss(rng, material)

    def metal(self, rng: np.random.Generator, material: str, finish: str) -> None:
        """
        Make a material of metal; its colour is the geom's.

        It shows what `set_room` says, where the meshes that wear it are told by `reflect`.
        """
        self._wear(material, self._mirrors[finish], (1.0, 1.0), float(rng.uniform(0.55, 0.9)))
        model, number = self._renderer.model, self._renderer.model.material(material).id
        model.mat_specular[number] = rng.uniform(0.1, 0.6)
        model.mat_shininess[number] = rng.uniform(0.3, 0.9) if finish == 'polished' else 0.2

    def set_room(self, room: Room, view: PosedCamera) -> None:
        """Paint what the metal that is there reflects, as seen by a camera."""
        worn = [
            finish for finish, texture in self._mirrors.items()
            if (self._renderer.model.mat_texid == texture).any()]
        if not worn:
            return
        ball = mirror_ball(room, view, _MIRROR_SIZE)
        for finish in worn:
            seen = blurred(ball, _ROUGHNESS[finish] * _MIRROR_SIZE / 2.0)
            self._renderer.set_texture(self._mirrors[finish], seen)

    def reflect(self, mesh: int, view: PosedCamera, points: Floats, normals: Floats) -> None:
        """
        Let a mesh show reflections: where its corners are and face, T x 3 x 3 in the world.

        To be told again for each pose and each camera. A mesh that two geoms share reflects
        rightly in one of them only.
        """
        self._renderer.set_texcoords(mesh, reflected_uv(view, points, normals))

    def _wear(
        self, material: str, texture: int, repeat: tuple[float, float], emission: float,
    ) -> None:
        model = self._renderer.model
        number = model.material(material).id
        self._renderer.dress(number, texture, repeat)
        # Reflected light is there whatever lamps shine on the metal.
        model.mat_emission[number] = emission

    def _gloss(self, rng: np.random.Generator, material: str) -> None:
        model, number = self._renderer.model, self._renderer.model.material(material).id
        glossy = rng.random() < 0.4
        model.mat_specular[number] = rng.uniform(0.3, 0.9) if glossy else rng.uniform(0.0, 0.25)
        model.mat_shininess[number] = rng.uniform(0.3, 0.9) if glossy else rng.uniform(0.05, 0.4)
