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

"""How a bench and what lies on it look, drawn at random."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from mtperception.geometry.camera import Floats
from mtperception.sim.looks.surfaces import METAL_FINISHES, Surfaces
from mtperception.sim.renderer import import_mujoco

# What a part's own surface may be textured with.
_PART_TEXTURES = ('wood', 'metal', 'noise', 'concrete', 'rubber', 'cloth')
_Rng = np.random.Generator


def dress_bench(
    rng: _Rng, surfaces: Surfaces, model: Any, name: str, scale: float, photo: bool = False,
) -> Floats:
    """
    Draw what a bench is made of; return its mean colour, RGB, 0 to 1.

    Its geom and its material have the same name, its mesh's uv are metres. It is seen over about
    a third of a metre times the scale. With `photo` it wears one of the user's pictures.
    """
    period = scale * np.exp(rng.uniform(np.log(0.1), np.log(0.7)))
    if photo:
        surfaces.photo(rng, name)
    else:
        surfaces.texture(rng, name, float(1.0 / period))
    tint = np.clip(rng.uniform(0.4, 1.3) * (1.0 + rng.normal(0.0, 0.08, 3)), 0.05, 1.0)
    _colour(model, name, tint)
    return np.asarray(tint * _mean(model, name))


def dress_belt(rng: _Rng, surfaces: Surfaces, model: Any, belt: str, rail: str) -> Floats:
    """Draw what a conveyor is made of; return the belt's mean colour, RGB, 0 to 1."""
    surfaces.texture(rng, belt, 1.0, ('rubber', 'cloth', 'concrete'))
    _colour(model, belt, np.clip(rng.uniform(0.5, 1.2) * np.ones(3), 0.0, 1.0))
    surfaces.plain(rng, rail)
    shade = rng.uniform(0.3, 0.8) * np.ones(3)
    for side in '+-':
        model.geom_rgba[model.geom(f'{rail}{side}').id, :3] = shade
    return _mean(model, belt)


def dress_parts(
    rng: _Rng, surfaces: Surfaces, model: Any, names: Sequence[str], finishes: Sequence[str],
    bench: Floats,
) -> list[bool]:
    """
    Draw what things are made of, by their finishes; tell which of them are to reflect a room.

    Things of one finish are often alike. One look in four is about as bright as the bench (its
    mean colour, RGB): dark on dark, bright on bright.
    """
    looks: dict[str, tuple[int, Floats, bool]] = {}
    alike = rng.random() < 0.5
    reflecting = []
    for name, finish in zip(names, finishes, strict=True):
        if not alike or finish not in looks:
            looks[finish] = (
                int(rng.integers(2**32)), *_draw_colour(rng, finish, float(bench.mean())))
        seed, colour, metal = looks[finish]
        # The same numbers again make the same surface again.
        again = np.random.default_rng(seed)
        if metal:
            surfaces.metal(again, name, str(again.choice(METAL_FINISHES)))
        elif finish == 'wood' or again.random() < 0.4:
            kinds = ('wood',) if finish == 'wood' else _PART_TEXTURES
            surfaces.texture(again, name, float(1.0 / again.uniform(0.03, 0.15)), kinds)
        else:
            surfaces.plain(again, name)
        _colour(model, name, colour * rng.uniform(0.92, 1.0))
        reflecting.append(metal)
    return reflecting


def _draw_colour(rng: _Rng, finish: str, bench: float) -> tuple[Floats, bool]:
    """Draw a colour (RGB, 0 to 1), and whether it is metal's."""
    likeness = bench if rng.random() < 0.25 else None
    if rng.random() < (0.75 if finish == 'steel' else 0.12):
        tints = ((1.0, 1.0, 1.0), (1.0, 0.97, 0.93), (1.0, 0.86, 0.6), (0.98, 0.74, 0.62))
        tint = np.array(tints[int(rng.choice(4, p=(0.5, 0.3, 0.12, 0.08)))])
        bright = rng.uniform(0.3, 1.0) if likeness is None else likeness * rng.uniform(0.9, 1.5)
        return np.clip(bright * tint, 0.08, 0.9), True
    saturation = 255 * (rng.beta(1.2, 1.6) if rng.random() < 0.75 else 0.05)
    hsv = np.array([[(rng.uniform(0, 180), saturation, 255 * rng.uniform(0.12, 1.0))]])
    colour = cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB)[0, 0] / 255.0
    if likeness is not None:
        colour = colour * min(likeness * rng.uniform(0.85, 1.2) / max(colour.mean(), 0.05), 4.0)
    # Nothing is whiter than paper.
    return np.clip(colour, 0.03, 0.82), False


def _colour(model: Any, name: str, colour: Floats) -> None:
    model.geom_rgba[model.geom(name).id, :3] = colour
    model.mat_rgba[model.material(name).id, :3] = colour


def _mean(model: Any, material: str) -> Floats:
    """Return the mean colour of a material's texture."""
    role = int(import_mujoco().mjtTextureRole.mjTEXROLE_RGB)
    texture = int(model.mat_texid[model.material(material).id, role])
    start = int(model.tex_adr[texture])
    count = 3 * int(model.tex_height[texture]) * int(model.tex_width[texture])
    some = model.tex_data[start:start + count].reshape(-1, 3)[::101]
    return np.asarray(some.mean(axis=0) / 255.0)
