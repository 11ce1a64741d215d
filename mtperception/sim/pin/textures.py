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

"""Procedural textures of machined metal and of benches: grey, tiling, always the same."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mtperception.sim.looks.noise import clouds, Field, smooth, white

Grey = NDArray[np.uint8]

PLATE_TEXTURES = (
    'brushed_fine', 'brushed_coarse', 'ground', 'milled', 'face_milled', 'blasted', 'mottled',
    'worn',
)
BENCH_TEXTURES = ('rubber', 'painted', 'wood', 'concrete')


def texture(name: str, size: int = 1024) -> Grey:
    """Return a texture by its name, size x size, with a mean of about 190."""
    rng = np.random.default_rng([sum(name.encode()), len(name)])
    return _grey(_MAKERS[name](rng, size))


def pin_texture(size: int = 512) -> Grey:
    """
    Return the texture of turned parts, size x size.

    Its left half is wrapped around the part (what the round side reflects, dark and bright
    bands along the axis), its upper right quarter is a turned end face. `turned_parts` knows the
    coordinates.
    """
    rng = np.random.default_rng(11)
    half = size // 2
    picture = np.full((size, size), 165, dtype=np.float32)
    bands = cv2.GaussianBlur(white(rng, 1, half), (0, 0), sigmaX=half / 24, sigmaY=1)
    bands = bands / bands.std()
    lines = cv2.GaussianBlur(white(rng, size, 1), (0, 0), sigmaX=0.1, sigmaY=1.0)
    picture[:, :half] = 165 + 38 * bands + 10 * lines
    y, x = np.mgrid[0:half, 0:half].astype(np.float32) - (half - 1) / 2
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    marks = cv2.GaussianBlur(white(rng, 1, size), (0, 0), sigmaX=1.5, sigmaY=0.1)[0]
    rings = marks[np.minimum(radius * 2, size - 1).astype(int)] / marks.std()
    fan = np.cos(2 * angle + 0.6) * np.exp(-((radius / half - 0.3) ** 2) / 0.05)
    grain = cv2.GaussianBlur(white(rng, half, half), (0, 0), 0.9)
    picture[:half, half:] = 205 + 9 * rings + 16 * fan + 14 * grain
    return _grey(picture)


def _grey(field: Field) -> Grey:
    return np.clip(field, 0, 255).astype(np.uint8)


def _brushed_fine(rng: np.random.Generator, size: int) -> Field:
    lines = smooth(rng, size, 60, 0.5) + 0.5 * smooth(rng, size, 9, 0.6)
    return 190 + 11 * lines + 4 * clouds(rng, size)


def _brushed_coarse(rng: np.random.Generator, size: int) -> Field:
    lines = smooth(rng, size, 110, 1.6) + 0.7 * smooth(rng, size, 30, 0.7)
    return 188 + 18 * lines + 5 * clouds(rng, size)


def _ground(rng: np.random.Generator, size: int) -> Field:
    passes = smooth(rng, size, 200, 14)
    return 196 + 6 * passes + 8 * smooth(rng, size, 140, 0.4) + 3 * clouds(rng, size)


def _milled(rng: np.random.Generator, size: int) -> Field:
    """Draw a ball cutter's rows: periodic, slightly irregular lines."""
    y = np.arange(size, dtype=np.float32)[:, None]
    phase = 2 * np.pi * y * 64 / size + 0.8 * smooth(rng, size, 80, 3)
    return 188 + 17 * np.cos(phase) + 9 * smooth(rng, size, 60, 0.6) + 5 * clouds(rng, size)


def _face_milled(rng: np.random.Generator, size: int) -> Field:
    """Draw a face cutter's arcs: circles that move along x by one tooth's feed."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size
    sweep = x + 0.55 * np.sqrt(np.maximum(0.36 - (y - 0.5) ** 2, 0.0)) * 1.8
    teeth = 0.8 * np.cos(2 * np.pi * sweep * 72) + 0.5 * np.cos(2 * np.pi * sweep * 18 + 1.0)
    return np.asarray(
        190 + 13 * teeth + 7 * smooth(rng, size, 2, 0.7)
        + 6 * clouds(rng, size), dtype=np.float32)


def _blasted(rng: np.random.Generator, size: int) -> Field:
    return 188 + 13 * smooth(rng, size, 0.8, 0.8) + 7 * smooth(rng, size, 2.5, 2.5) \
        + 5 * clouds(rng, size)


def _mottled(rng: np.random.Generator, size: int) -> Field:
    return 180 + 15 * clouds(rng, size) + 9 * smooth(rng, size, 1.2, 1.2)


def _worn(rng: np.random.Generator, size: int) -> Field:
    """Brushed metal with fine scratches in all directions and spots."""
    picture = _brushed_fine(rng, size)
    scratches = np.zeros_like(picture)
    for _ in range(220):
        x, y = rng.integers(0, size, 2)
        angle, length = rng.uniform(0, np.pi), rng.uniform(20, 260)
        end = (int(x + length * np.cos(angle)), int(y + length * np.sin(angle)))
        shade = float(rng.choice((25.0, -22.0)))
        cv2.line(scratches, (int(x), int(y)), end, shade, 1, cv2.LINE_AA)
    picture = picture + scratches
    return np.asarray(
        picture - 12 * np.clip(smooth(rng, size, 8, 8) - 1.6, 0, 2), dtype=np.float32)


def _rubber(rng: np.random.Generator, size: int) -> Field:
    return 185 + 20 * smooth(rng, size, 0.7, 0.7) + 6 * clouds(rng, size)


def _painted(rng: np.random.Generator, size: int) -> Field:
    chips = np.clip(smooth(rng, size, 6, 6) - 2.2, 0, 0.5)
    return np.asarray(
        195 + 4 * smooth(rng, size, 3, 3) + 8 * clouds(rng, size)
        - 120 * chips, dtype=np.float32)


def _wood(rng: np.random.Generator, size: int) -> Field:
    return 180 + 16 * smooth(rng, size, 220, 7) + 10 * smooth(rng, size, 70, 1.2)


def _concrete(rng: np.random.Generator, size: int) -> Field:
    pores = np.clip(smooth(rng, size, 2, 2) - 2.0, 0, 1)
    return np.asarray(
        185 + 14 * clouds(rng, size) + 7 * smooth(rng, size, 0.8, 0.8)
        - 90 * pores, dtype=np.float32)


_MAKERS = {
    'brushed_fine': _brushed_fine, 'brushed_coarse': _brushed_coarse, 'ground': _ground,
    'milled': _milled, 'face_milled': _face_milled, 'blasted': _blasted, 'mottled': _mottled,
    'worn': _worn, 'rubber': _rubber, 'painted': _painted, 'wood': _wood, 'concrete': _concrete,
}
