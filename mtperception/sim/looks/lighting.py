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

"""Lamps over a scene: drawn at random, put into a model, with hard or soft shadows."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import Floats, PosedCamera
from mtperception.sim.looks.camera_effects import Picture
from mtperception.sim.renderer import Renderer

# A soft shadow is the mean of so many hard ones, from places spread over the lamp.
_SOFT = 4
# Wavelengths (metres) that stand for red, green and blue.
_WAVELENGTHS = np.array((611e-9, 549e-9, 464e-9))


@dataclass(frozen=True)
class Lighting:
    """
    A lamp that casts shadows, a fill light that does not, and light from all around.

    `target` is what the lamp points at, `lamp` where it is (world, metres), `radius` the lamp's,
    0 for hard shadows. `fill` is the direction (unit, world) that the fill light comes from. The
    light's colours are RGB; 1 is what turns a white surface that faces it white. `glint` is the
    share of the lamps' light in highlights.
    """

    target: Floats
    lamp: Floats
    radius: float
    lamp_colour: Floats
    fill: Floats
    fill_colour: Floats
    ambient: Floats
    camera_colour: Floats
    glint: float
    shadows: bool


def black_body(kelvin: float) -> Floats:
    """Return the RGB colour of a lamp by its temperature, brightest channel 1; 6500 K is white."""
    def radiance(temperature: float) -> Floats:
        # Planck's law; hc / k in metre kelvin.
        return np.asarray(1.0 / np.expm1(0.014388 / (_WAVELENGTHS * temperature)))

    colour = radiance(kelvin) / radiance(6500.0)
    return np.asarray(colour / colour.max())


def draw_lighting(
    rng: np.random.Generator, target: Floats, up: Floats, distance: float = 1.2,
) -> Lighting:
    """
    Draw lamps on the side of the target that `up` (unit) points to, about so many metres away.

    From a single hard spot in the dark to light from everywhere, warm or cold, mostly mild.
    """
    share = rng.dirichlet((2.0, 0.9, 1.6, 0.6))
    total = rng.uniform(0.55, 0.8)
    lamp, fill, ambient, camera = total * share
    warm, cold = (black_body(float(kelvin)) for kelvin in (
        np.exp(rng.uniform(np.log(2600), np.log(11000))), rng.uniform(4500, 9000)))
    tint = 1.0 + (warm - 1.0) * rng.uniform(0.2, 0.9)
    other = 1.0 + (cold - 1.0) * rng.uniform(0.0, 0.7)
    position = target + distance * rng.uniform(0.6, 1.6) * _within(rng, up, 1.15)
    soft = rng.random() < 0.5
    return Lighting(
        target, position, float(rng.uniform(0.02, 0.14) * distance) if soft else 0.0,
        # The lamp shines on what faces it only, which is half of what there is to see.
        1.3 * lamp * tint, _within(rng, up, 1.4), 1.3 * fill * other, ambient * other,
        camera * tint, float(rng.uniform(0.1, 0.8)), bool(rng.random() < 0.85))


def _within(rng: np.random.Generator, axis: Floats, angle: float) -> Floats:
    """Draw a direction that is at most so many radians from an axis, uniform on the sphere."""
    cosine = rng.uniform(np.cos(angle), 1.0)
    across = rng.normal(size=3)
    across -= axis * (across @ axis)
    across /= np.linalg.norm(across)
    return np.asarray(cosine * axis + np.sqrt(1.0 - cosine**2) * across)


def add_lights(mujoco: Any, spec: Any, shadow_size: int = 1024) -> None:
    """Add the lamps to a model to be compiled; `set_lights` finds them there."""
    spec.visual.quality.shadowsize = shadow_size
    spec.visual.map.shadowscale = 0.9
    lamp = spec.worldbody.add_light(name='lamp', castshadow=True, dir=(0, 0, -1))
    lamp.type = mujoco.mjtLightType.mjLIGHT_SPOT
    fill = spec.worldbody.add_light(name='fill', castshadow=False, dir=(0, 0, -1))
    fill.type = mujoco.mjtLightType.mjLIGHT_DIRECTIONAL


def set_lights(model: Any, lighting: Lighting, reach: float, shift: Floats | None = None) -> None:
    """
    Put the lamps into a compiled model; light reaches so many metres around the target.

    `shift` (2) moves the lamp sideways within its disc, in radii.
    """
    lamp, fill, head = model.light('lamp').id, model.light('fill').id, model.vis.headlight
    away = lighting.lamp - lighting.target
    distance = np.linalg.norm(away)
    position = lighting.lamp
    if shift is not None:
        across = np.cross(away, (0.3, 0.5, 0.8))
        across /= np.linalg.norm(across)
        other = np.cross(away / distance, across)
        position = position + lighting.radius * (shift[0] * across + shift[1] * other)
    towards = lighting.target - position
    model.light_pos[lamp] = position
    model.light_dir[lamp] = towards / np.linalg.norm(towards)
    model.light_cutoff[lamp] = np.degrees(np.arctan2(reach, distance)) + 2.0
    model.light_exponent[lamp] = 0.0
    model.light_diffuse[lamp] = lighting.lamp_colour
    model.light_specular[lamp] = lighting.glint * lighting.lamp_colour
    model.light_dir[fill] = -lighting.fill
    model.light_diffuse[fill] = lighting.fill_colour
    model.light_specular[fill] = lighting.glint * lighting.fill_colour
    head.ambient[:] = lighting.ambient
    head.diffuse[:] = lighting.camera_colour
    head.specular[:] = lighting.glint * lighting.camera_colour


def lit_picture(
    renderer: Renderer, view: PosedCamera, lighting: Lighting, reach: float,
    groups: tuple[int, ...] = (0, 1, 2),
) -> Picture:
    """Render in the light of the lamps: RGB, 0 to 1, with soft shadows where the lamp is wide."""
    if not lighting.shadows or lighting.radius == 0.0:
        set_lights(renderer.model, lighting, reach)
        return _scaled(renderer.colour(view, lighting.shadows, groups), 1)
    total: Picture = np.zeros((view.camera.height, view.camera.width, 3), dtype=np.float32)
    for index in range(_SOFT):
        angle = 2.4 * index
        # Places spread evenly over a disc.
        place = np.sqrt((index + 0.5) / _SOFT) * np.array((np.cos(angle), np.sin(angle)))
        set_lights(renderer.model, lighting, reach, place)
        cv2.accumulate(renderer.colour(view, True, groups), total)
    return _scaled(total, _SOFT)


def _scaled(picture: NDArray[Any], pictures: int) -> Picture:
    return np.asarray(picture * np.float32(1.0 / (255.0 * pictures)), dtype=np.float32)
