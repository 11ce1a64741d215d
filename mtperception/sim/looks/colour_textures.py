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

"""Procedural textures of what lies under and around things: RGB, tiling, always the same."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from mtperception.sim.looks.noise import clouds, Field, smooth

Colour = NDArray[np.uint8]
_Rng = np.random.Generator
_Maker = Callable[[_Rng, int], Field]


def colour_texture(name: str, variant: int, size: int = 512) -> Colour:
    """
    Return a texture, size x size x 3, by its name and a number of one's choice.

    The size must be a power of two, 512 or more. Variants differ in colour, scale and pattern.
    """
    rng = np.random.default_rng([*name.encode(), variant])
    made = _MAKERS[name](rng, size)
    turned = np.rot90(made, int(rng.integers(0, 4)))
    return np.ascontiguousarray(_printable(turned))


def _any(rng: _Rng) -> Field:
    """Draw a colour, dull ones more often than bright ones."""
    hue, value = rng.uniform(0, 180), rng.uniform(25, 250)
    saturation = 255 * rng.beta(1.0, 1.6)
    pixel = np.array([[(hue, saturation, value)]], dtype=np.uint8)
    colour = cv2.cvtColor(pixel, cv2.COLOR_HSV2RGB)
    return np.asarray(colour[0, 0], dtype=np.float32)


def _of(rng: _Rng, *palette: tuple[int, int, int]) -> Field:
    """Draw one of some colours, and a shade of it."""
    colour = np.array(palette[int(rng.integers(len(palette)))], dtype=np.float32)
    shade = colour * rng.uniform(0.65, 1.15) + rng.normal(0, 5, 3)
    return np.asarray(np.clip(shade, 0, 255), dtype=np.float32)


def _shaded(colour: Field, share: Field) -> Field:
    """Lighten a colour where the share is above 0 and darken it where it is below."""
    return np.asarray(colour * (1.0 + share[..., None]), dtype=np.float32)


def _mixed(one: Field, other: Field, share: Field) -> Field:
    """Go from one colour, at a share of 0, to another at 1."""
    part = np.clip(share, 0.0, 1.0)[..., None]
    return np.asarray(one * (1.0 - part) + other * part, dtype=np.float32)


def _divisor(rng: _Rng, low: int, high: int) -> int:
    """Draw a power of two, so that a pattern fits the tile."""
    return 1 << int(rng.integers(low, high + 1))


def _rows(size: int) -> Field:
    return np.arange(size, dtype=np.float32)[:, None]


def _wood(rng: _Rng, size: int) -> Field:
    """Draw planks, each with rings of its own."""
    colour = _of(rng, (196, 150, 98), (150, 104, 62), (112, 72, 44), (214, 186, 140), (96, 84, 72))
    planks = _divisor(rng, 0, 3)
    rows, high = _rows(size), size // planks
    rings = smooth(rng, size, size / 2, 5) * rng.uniform(0.3, 1.0)
    offset = np.repeat(rng.uniform(0, 40, planks), high)[:, None]
    bands = np.sin(2 * np.pi * (rows * _divisor(rng, 2, 4) / size) + 2.0 * rings + offset)
    fibres = smooth(rng, size, 40, 0.7)
    shade = np.repeat(rng.uniform(-0.14, 0.1, planks), high)[:, None]
    share = shade + rng.uniform(0.03, 0.12) * bands + 0.05 * fibres + 0.03 * clouds(rng, size)
    joint = (rows % high < max(1, size // 256)) & (planks > 1)
    return _shaded(colour, np.where(joint, -0.6, share).astype(np.float32))


def _rubber(rng: _Rng, size: int) -> Field:
    colour = _of(rng, (40, 40, 42), (60, 62, 66), (30, 62, 44), (44, 56, 96), (120, 40, 36))
    return _shaded(colour, 0.12 * smooth(rng, size, 0.8, 0.8) + 0.05 * clouds(rng, size))


def _metal(rng: _Rng, size: int) -> Field:
    colour = _of(rng, (190, 192, 196), (150, 152, 156), (200, 190, 170), (110, 112, 118))
    lines = smooth(rng, size, rng.uniform(30, 110), rng.uniform(0.5, 1.4))
    return _shaded(colour, 0.08 * lines + 0.03 * clouds(rng, size))


def _cloth(rng: _Rng, size: int) -> Field:
    """Weave threads of two colours, over and under one another."""
    threads = _divisor(rng, 5, 7)
    one = _any(rng)
    other = one * rng.uniform(0.75, 1.0) if rng.random() < 0.7 else _any(rng)
    phase = np.pi * threads * np.arange(size, dtype=np.float32) / size
    down, across = np.sin(phase)[:, None], np.sin(phase)[None]
    step = np.arange(size) * threads // size
    twill = int(rng.integers(2, 5))
    over = ((step[:, None] + step[None]) // (twill // 2)) % 2 == 0
    share = np.where(over, 1.0, 0.0).astype(np.float32)
    bulge = np.where(over, np.abs(down), np.abs(across)) - 0.6
    worn = 0.06 * clouds(rng, size) + 0.05 * smooth(rng, size, 0.7, 0.7)
    return _shaded(_mixed(one, other, share), (0.35 * bulge + worn).astype(np.float32))


def _cardboard(rng: _Rng, size: int) -> Field:
    colour = _of(rng, (186, 146, 100), (204, 170, 126), (160, 126, 88))
    flutes = np.sin(2 * np.pi * _rows(size) * _divisor(rng, 4, 6) / size)
    fibres = smooth(rng, size, 5, 0.8) + smooth(rng, size, 0.8, 5)
    share = 0.025 * flutes + 0.025 * fibres + 0.03 * clouds(rng, size)
    return _shaded(colour, share.astype(np.float32))


def _concrete(rng: _Rng, size: int) -> Field:
    colour = _of(rng, (158, 156, 150), (120, 120, 122), (188, 184, 176))
    pores = np.clip(smooth(rng, size, 2, 2) - 1.8, 0, 1)
    return _shaded(
        colour, 0.07 * clouds(rng, size) + 0.05 * smooth(rng, size, 0.8, 0.8) - 0.5 * pores)


def _noise(rng: _Rng, size: int) -> Field:
    """Mix three colours by clouds of random scales."""
    scales = rng.uniform(2, size / 6, 2)
    first, second = (smooth(rng, size, float(scale), float(scale)) for scale in scales)
    mixed = _mixed(_any(rng), _any(rng), 0.5 + rng.uniform(0.3, 2.0) * first)
    return _mixed(mixed, _any(rng), rng.uniform(0.3, 2.0) * second - 0.4)


def _checker(rng: _Rng, size: int) -> Field:
    step = np.arange(size) * _divisor(rng, 2, 5) // size
    share = ((step[:, None] + step[None]) % 2).astype(np.float32)
    return _shaded(_mixed(_any(rng), _any(rng), share), 0.03 * clouds(rng, size))


def _stripes(rng: _Rng, size: int) -> Field:
    """Draw slanted stripes of some colours and widths."""
    picture = np.empty((size, size, 3), dtype=np.float32)
    slope, count = int(rng.integers(-2, 3)), _divisor(rng, 0, 3)
    place = (np.arange(size)[:, None] + slope * np.arange(size)[None]) * count % size
    edges = np.sort(rng.integers(1, size, int(rng.integers(1, 5))))
    colours = np.stack([_any(rng) for _ in range(len(edges) + 1)])
    picture[:] = colours[np.searchsorted(edges, place, side='right')]
    return _shaded(picture, 0.03 * clouds(rng, size))


def _cells(rng: _Rng, size: int, count: int) -> tuple[Field, NDArray[np.int32]]:
    """Return the distance to the nearest of some random points, and which it is."""
    margin = size // 4
    points = rng.integers(0, size, (count, 2))
    far = np.ones((size, size), dtype=np.uint8)
    far[points[:, 0], points[:, 1]] = 0
    number = np.zeros((size, size), dtype=np.int32)
    number[points[:, 0], points[:, 1]] = np.arange(count)
    wide = np.pad(far, margin, mode='wrap')
    distance, label = cv2.distanceTransformWithLabels(
        wide, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL)
    of_label = np.zeros(int(label.max()) + 1, dtype=np.int32)
    seeds = wide == 0
    of_label[label[seeds]] = np.pad(number, margin, mode='wrap')[seeds]
    inner = np.s_[margin:margin + size, margin:margin + size]
    return np.asarray(distance[inner], dtype=np.float32), of_label[label[inner]]


def _foam(rng: _Rng, size: int) -> Field:
    """Draw open cells, dark in their middles."""
    colour = _of(rng, (54, 54, 58), (210, 200, 120), (90, 130, 190), (230, 226, 214))
    distance, _ = _cells(rng, size, int(size * size / rng.uniform(60, 400)))
    return _shaded(
        colour, 0.45 * (distance / np.percentile(distance, 95) - 0.7)
        + 0.05 * smooth(rng, size, 0.8, 0.8))


def _terrazzo(rng: _Rng, size: int) -> Field:
    """Lay chips of some colours into a ground."""
    distance, number = _cells(rng, size, int(size * size / rng.uniform(150, 2000)))
    colours = np.stack([_any(rng) for _ in range(int(rng.integers(2, 6)))])
    kind = rng.integers(0, len(colours), number.max() + 1)
    reach = rng.uniform(0.3, 1.2, number.max() + 1) * np.percentile(distance, 70)
    chips = np.clip(reach[number] - distance + 0.5, 0.0, 1.0).astype(np.float32)
    picture = _any(rng) * (1.0 - chips[..., None]) + colours[kind[number]] * chips[..., None]
    return _shaded(picture, 0.03 * clouds(rng, size))


def _tiles(rng: _Rng, size: int) -> Field:
    """Lay tiles of slightly different shades with joints between them."""
    count = _divisor(rng, 1, 3)
    step = size // count
    shades = np.kron(rng.normal(0, 0.06, (count, count)), np.ones((step, step)))
    place = np.arange(size) % step
    joint = max(2, step // 32)
    line = (place < joint)[:, None] | (place < joint)[None]
    tiles = _shaded(_any(rng), (shades + 0.03 * clouds(rng, size)).astype(np.float32))
    return np.where(line[..., None], _of(rng, (150, 148, 142), (70, 70, 70)), tiles)


def _blobs(rng: _Rng, size: int) -> Field:
    """Throw shapes of random colours on top of one another."""
    picture = _printable(np.tile(_any(rng), (size, size, 1)))
    largest = rng.uniform(0.08, 0.45) * size
    for _ in range(int(rng.integers(8, 45))):
        picture, (x, y) = _turned(rng, picture)
        colour = tuple(float(value) for value in _any(rng))
        reach = rng.uniform(0.2, 1.0, 2) * largest / 2
        axes = (max(1, int(reach[0])), max(1, int(reach[1])))
        angle = float(rng.uniform(0, 180))
        if rng.random() < 0.5:
            cv2.ellipse(picture, (x, y), axes, angle, 0, 360, colour, -1, cv2.LINE_AA)
        else:
            corners = cv2.boxPoints(((x, y), (2 * axes[0], 2 * axes[1]), angle))
            cv2.fillPoly(picture, [np.int32(corners)], colour, cv2.LINE_AA)
    return picture.astype(np.float32)


def _labels(rng: _Rng, size: int) -> Field:
    """Stick printed labels on a ground: letters, lines of small print, bar codes."""
    picture = _printable(_shaded(_any(rng), 0.02 * clouds(rng, size)))
    for _ in range(int(rng.integers(4, 14))):
        picture, (x, y) = _turned(rng, picture)
        label = _label(rng, *(int(size * rng.uniform(0.12, 0.4)) for _ in range(2)))
        high, wide = label.shape[:2]
        turn = cv2.getRotationMatrix2D((wide / 2, high / 2), float(rng.uniform(0, 360)), 1.0)
        turn[:, 2] += (x - wide / 2, y - high / 2)
        cv2.warpAffine(
            label, turn, (size, size), dst=picture, flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_TRANSPARENT)
    return picture.astype(np.float32)


def _label(rng: _Rng, wide: int, high: int) -> Colour:
    ground = _of(rng, (245, 244, 238), (240, 210, 60), (200, 40, 40), (40, 80, 160))
    label = _printable(np.tile(ground, (high, wide, 1)))
    dark, light = _of(rng, (20, 20, 22), (20, 30, 90)), _of(rng, (250, 250, 250))
    ink = tuple(float(value) for value in (dark if ground.mean() > 110 else light))
    third = high // 3
    letters = ''.join(chr(int(code)) for code in rng.integers(48, 91, 8))
    cv2.putText(label, letters, (4, third), cv2.FONT_HERSHEY_SIMPLEX, third / 30, ink,
                max(1, third // 12), cv2.LINE_AA)
    for row in range(third + 6, 2 * third, 6):
        ends = rng.integers(2, wide, 2)
        cv2.line(label, (int(ends.min()), row), (int(ends.max()), row), ink, 1)
    bars = np.repeat(rng.random(wide // 2 + 1) < 0.5, 2)[:wide]
    label[2 * third + 2:high - 3, bars] = ink
    return label


def _printable(picture: Field) -> Colour:
    return np.clip(picture, 0, 255).astype(np.uint8)


def _turned(rng: _Rng, picture: Colour) -> tuple[Colour, tuple[int, int]]:
    """Move a tile around itself, so that what is drawn in its middle lands anywhere."""
    size = len(picture)
    down, right = (int(step) for step in rng.integers(0, size, 2))
    return np.roll(picture, (down, right), axis=(0, 1)), (size // 2, size // 2)


_MAKERS: dict[str, _Maker] = {
    'wood': _wood, 'rubber': _rubber, 'metal': _metal, 'cloth': _cloth, 'cardboard': _cardboard,
    'concrete': _concrete, 'noise': _noise, 'checker': _checker, 'stripes': _stripes,
    'foam': _foam, 'terrazzo': _terrazzo, 'tiles': _tiles, 'blobs': _blobs, 'labels': _labels,
}
COLOUR_TEXTURES = tuple(_MAKERS)
