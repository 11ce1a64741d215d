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
What polished metal reflects: a procedural room, seen in a mirror ball.

The renderer has no reflections. A mesh's texture coordinates are rewritten for each picture so
that every corner shows the place of a mirror ball's picture where the ball has the same normal:
this is exact for a room far away, and for round and flat metal alike.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mtperception.geometry.camera import Floats, PosedCamera
from mtperception.sim.looks.camera_effects import Picture
from mtperception.sim.looks.lighting import Lighting


@dataclass(frozen=True)
class Lamp:
    """A bright panel or window: its direction, its two half sizes (radians) and its colour."""

    direction: Floats
    across: Floats
    half_size: tuple[float, float]
    softness: float
    colour: Floats


@dataclass(frozen=True)
class Room:
    """
    Light that comes from far away, by direction; colours are RGB, 0 to 1 and above.

    `up` (unit, world) points to the zenith. Below the horizon is the bench.
    """

    up: Floats
    zenith: Floats
    horizon: Floats
    bench: Floats
    lamps: tuple[Lamp, ...]

    def light(self, directions: ArrayLike) -> Picture:
        """Return the colours (N x 3) that come from directions (N x 3, unit, world)."""
        towards = np.asarray(directions, dtype=np.float32).reshape(-1, 3).T
        height = _along(self.up, towards)
        above = np.clip(height, 0.0, 1.0) ** np.float32(0.6)
        sky = _shades(self.horizon, 1.0 - above) + _shades(self.zenith, above)
        # The horizon is soft: nothing far away is sharp in machined metal.
        floor = _step(height * np.float32(-1.0 / 0.06))
        light = sky * (1.0 - floor) + _shades(self.bench, floor)
        for lamp in self.lamps:
            facing = _along(lamp.direction, towards)
            other = np.cross(lamp.direction, lamp.across)
            inside = (facing > 0.0).astype(np.float32)
            facing = np.clip(facing, np.float32(1e-6), np.float32(1.0))
            for axis, half in zip((lamp.across, other), lamp.half_size, strict=True):
                reach = np.abs(_along(axis / np.tan(half), towards)) / facing
                inside *= _step((np.float32(1.0) - reach) * np.float32(1.0 / lamp.softness))
            light += _shades(lamp.colour, inside)
        return np.asarray(light.T)


def _along(axis: Floats, towards: Picture) -> Picture:
    # A product of matrices would be spread over threads, which are for other processes.
    x, y, z = axis.astype(np.float32)
    return np.asarray(x * towards[0] + y * towards[1] + z * towards[2])


def _shades(colour: Floats, shares: Picture) -> Picture:
    """Return shares (N) of a colour: 3 x N."""
    return np.outer(colour.astype(np.float32), shares)


def _step(place: NDArray[Any]) -> Picture:
    """Rise smoothly from 0 at -1 to 1 at 1."""
    share = np.clip(0.5 + 0.5 * place, 0.0, 1.0)
    return np.asarray(share * share * (3.0 - 2.0 * share))


def draw_room(
    rng: np.random.Generator, up: Floats, bench: Floats, lighting: Lighting | None = None,
) -> Room:
    """
    Draw a room over a bench of a colour (RGB, 0 to 1), with the lamp of the scene in it.

    Without lighting there are panels and windows only.
    """
    zenith, horizon = (
        rng.uniform(0.05, 0.75) * (1.0 + rng.uniform(-0.12, 0.12, 3)) for _ in range(2))
    lamps = [_draw_lamp(rng, up) for _ in range(int(rng.integers(1, 6)))]
    if lighting is not None:
        towards = lighting.lamp - lighting.target
        distance = float(np.linalg.norm(towards))
        half = max(lighting.radius / distance, 0.06)
        colour = lighting.lamp_colour / max(lighting.lamp_colour.max(), 1e-6)
        lamps.append(Lamp(
            towards / distance, _across(rng, towards / distance), (half, half), 0.5, 1.5 * colour))
    return Room(up, zenith, horizon, np.asarray(bench, dtype=np.float64), tuple(lamps))


def _draw_lamp(rng: np.random.Generator, up: Floats) -> Lamp:
    direction = rng.normal(size=3)
    direction /= np.linalg.norm(direction)
    direction = direction + up * (rng.uniform(0.05, 1.2) - direction @ up)
    direction /= np.linalg.norm(direction)
    size = tuple(float(half) for half in np.exp(rng.uniform(np.log(0.06), np.log(0.7), 2)))
    # Some are doors and dark machines rather than lamps.
    colour = rng.uniform(-0.3, 1.3) * (1.0 + rng.uniform(-0.15, 0.15, 3))
    return Lamp(
        direction, _across(rng, direction), (size[0], size[1]), float(rng.uniform(0.1, 0.8)),
        colour)


def _across(rng: np.random.Generator, direction: Floats) -> Floats:
    across = np.cross(direction, rng.normal(size=3))
    return np.asarray(across / np.linalg.norm(across))


def mirror_ball(room: Room, view: PosedCamera, size: int) -> NDArray[np.uint8]:
    """
    Return what a mirror ball far down the optical axis shows: RGB, size x size, as a texture.

    The texture's first row is at the ball's lower side, as the renderer has it.
    """
    light = room.light(_ball_rays(size) @ view.rotation.T.astype(np.float32))
    return np.asarray(np.clip(255.0 * light, 0, 255).astype(np.uint8).reshape(size, size, 3))


@lru_cache(maxsize=2)
def _ball_rays(size: int) -> Picture:
    """Return where a mirror ball's pixels look (N x 3, unit), in the optical frame."""
    place = (np.arange(size) + 0.5) / size * 2.0 - 1.0
    x, y = np.meshgrid(place, -place)
    outside = np.hypot(x, y)
    # Beyond the ball's outline the texture goes on as at the outline.
    shrink = np.minimum(1.0, 0.999 / np.maximum(outside, 1e-9))
    x, y = x * shrink, y * shrink
    z = np.sqrt(1.0 - x * x - y * y)
    rays = np.stack((2 * x * z, 2 * y * z, 1.0 - 2.0 * z * z), axis=-1).reshape(-1, 3)
    return rays.astype(np.float32)


def reflected_uv(view: PosedCamera, points: Floats, normals: Floats) -> Floats:
    """
    Return where in a mirror ball's texture the corners of triangles find their reflection.

    Points and normals (T x 3 x 3) are of the world, the result is T x 3 x 2.
    """
    optical = ((points - view.position) @ view.rotation).reshape(-1, 3)
    normal = (normals @ view.rotation).reshape(-1, 3)
    sight = optical / np.linalg.norm(optical, axis=1, keepdims=True)
    ray = sight - 2.0 * np.einsum('ij,ij->i', sight, normal)[:, None] * normal
    # The ball's normal is half way between the reflected ray and the way back to the camera.
    half = ray - (0.0, 0.0, 1.0)
    length = np.maximum(np.linalg.norm(half, axis=1, keepdims=True), 1e-9)
    place = half[:, :2] / length
    return np.asarray(0.5 + 0.5 * place * (1.0, -1.0)).reshape(*points.shape[:2], 2)
