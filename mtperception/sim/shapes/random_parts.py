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
Parts of random shapes, of which no two are alike: what shapes are, is learned from them.

They are put together from convex pieces, in millimetres, and then scaled. No bars come out as two
at right angles, no star has five rays and no ring is round, so that the project's own L, T, star
and ring are new to who has learned from these.
"""

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
import trimesh

from mtperception.geometry.camera import Floats
from mtperception.sim.shapes.parts import circle, FINISHES, lifted, Part, prism

# The diameter of the sphere around a part, in metres.
SMALLEST, LARGEST = 0.07, 0.108
_Rng = np.random.Generator
Pieces = list[Floats]
# The two ends of its middle line.
Bar = tuple[Floats, Floats]
# A polygon of so many corners is round.
_ROUND = 48


def random_part(seed: int, number: int) -> Part:
    """Make part `number` of the endless series `seed`: a pure function of both."""
    # Not the numbers that picture `number` of a data set is drawn by.
    rng = np.random.default_rng([seed, number, 1])
    make = _KINDS[int(rng.choice(len(_KINDS), p=_SHARES))]
    pieces = make(rng)
    corners = np.concatenate(pieces)
    centre = (corners.min(axis=0) + corners.max(axis=0)) / 2.0
    scale = rng.uniform(SMALLEST, LARGEST) / (
        2.0 * float(np.linalg.norm(corners - centre, axis=1).max()))
    pieces = [(piece - centre) * scale for piece in pieces]
    hulls = [trimesh.convex.convex_hull(piece) for piece in pieces]
    return Part(f'random {seed}-{number}', sum(hulls[1:], hulls[0]),
                tuple(np.asarray(hull.vertices, dtype=np.float64) for hull in hulls),
                str(rng.choice(FINISHES)), None)


def _bars(rng: _Rng) -> Pieces:
    """Join two to five bars in a plane, often at right angles."""
    while True:
        width, height, count = rng.uniform(14, 28), rng.uniform(10, 30), int(rng.integers(2, 6))
        turns = (90,) if rng.random() < 0.65 else (30, 45, 60, 90, 120, 135)
        ends = [(np.zeros(2), np.array((rng.uniform(40, 100), 0.0)))]
        for _ in range(count - 1):
            start, end = ends[int(rng.integers(len(ends)))]
            along = (end - start) / np.linalg.norm(end - start)
            turn = np.radians(rng.choice(turns)) * rng.choice((-1, 1))
            out = np.array(((np.cos(turn), -np.sin(turn)), (np.sin(turn), np.cos(turn)))) @ along
            where = start + rng.choice((0.0, 0.5, 1.0, rng.random())) * (end - start)
            ends.append((where - 0.49 * width * out, where + rng.uniform(25, 85) * out))
        if not _is_l_or_t(ends, width):
            break
    widths = [width * (rng.uniform(0.6, 1.2) if rng.random() < 0.3 else 1.0) for _ in ends]
    return [prism(_bar(*pair, wide), height) for pair, wide in zip(ends, widths, strict=True)]


def _is_l_or_t(bars: Sequence[Bar], width: float) -> bool:
    """Tell whether bars look like two at right angles, some of them in line with others."""
    for one, other in combinations(bars, 2):
        longer = _in_line(one, other, width)
        if longer is not None:
            rest = (bar for bar in bars if bar is not one and bar is not other)
            return _is_l_or_t((*rest, longer), width)
    if len(bars) != 2:
        return False
    (a, b), (c, d) = bars
    cosine = np.dot(b - a, d - c) / np.linalg.norm(b - a) / np.linalg.norm(d - c)
    return abs(float(cosine)) < 0.1


def _in_line(one: Bar, other: Bar, width: float) -> Bar | None:
    """Return the one bar that two look like; None if they do not."""
    ends = np.stack(one + other)
    start, end = max(combinations(ends, 2), key=lambda pair: _length(*pair))
    in_line = _sticks_out(ends, start, end) < 0.3 * width
    together = _length(start, end) < _length(*one) + _length(*other) + 0.3 * width
    return (start, end) if in_line and together else None


def _sticks_out(points: Floats, start: Floats, end: Floats) -> float:
    """Return how far points, N x 2, are from a line between two others, at most."""
    along = end - start
    share = np.clip((points - start) @ along / (along @ along), 0.0, 1.0)
    return float(np.linalg.norm(points - start - share[:, None] * along, axis=1).max())


def _length(start: Floats, end: Floats) -> float:
    return float(np.linalg.norm(end - start))


def _plate(rng: _Rng) -> Pieces:
    """Make a flat piece: a polygon, regular or not, or an ellipse."""
    corners, high = int(rng.choice((3, 4, 5, 6, 8, _ROUND))), rng.uniform(8, 22)
    outline = circle(1.0, corners, rng.random()) * (40.0, 40.0 * rng.uniform(0.35, 1.0))
    if corners < _ROUND and rng.random() < 0.4:
        outline += rng.normal(0.0, 6.0, outline.shape)
    return [prism(outline, high)]


def _star(rng: _Rng) -> Pieces:
    """Make a star of three, four, six, seven or eight rays."""
    rays, outer, high = int(rng.choice((3, 4, 6, 7, 8))), 45.0, rng.uniform(10, 26)
    inner, blunt = rng.uniform(0.3, 0.6) * outer, rng.uniform(1.5, 8.0)
    step = 2 * np.pi / rays
    pieces = [prism(circle(inner, rays, step / 2), high)]
    for turn in np.arange(rays) * step:
        out, across = _direction(turn), _direction(turn + np.pi / 2)
        pieces.append(prism(np.stack((
            inner * _direction(turn - step / 2), outer * out - blunt * across,
            outer * out + blunt * across, inner * _direction(turn + step / 2), np.zeros(2))),
            high))
    return pieces


def _arc(rng: _Rng) -> Pieces:
    """Make a part of a ring, or a whole one with corners; squeezed to an oval."""
    outer, high, squeezed = 40.0, rng.uniform(10, 28), np.array((1.0, rng.uniform(0.6, 1.0)))
    inner = outer * rng.uniform(0.35, 0.75)
    count, span = (int(rng.choice((3, 4, 5, 6, 8))), 2 * np.pi) if rng.random() < 0.4 else (
        14, np.radians(rng.uniform(80, 300)))
    rim = np.stack([_direction(turn) for turn in np.linspace(0.0, span, count + 1)])
    return [prism(np.concatenate((outer * rim[i:i + 2], inner * rim[i:i + 2])) * squeezed, high)
            for i in range(count)]


def _turned(rng: _Rng) -> Pieces:
    """Put two to four rounds, prisms and cones onto each other, as on a lathe."""
    pieces, height, sides = [], 0.0, int(rng.choice((4, 6, 40, 40, 40)))
    for _ in range(int(rng.integers(2, 5))):
        length, low = rng.uniform(8, 45), rng.uniform(6, 30)
        high = low * (rng.uniform(0.3, 1.0) if rng.random() < 0.3 else 1.0)
        own = sides if rng.random() < 0.6 else int(rng.choice((4, 6, 40)))
        pieces.append(np.concatenate((
            lifted(circle(low, own), height), lifted(circle(high, own), height + length))))
        height += length
    return pieces


def _rod(rng: _Rng) -> Pieces:
    """Make a long rod, square, hexagonal or round."""
    radius = rng.uniform(7, 16)
    outline = circle(radius, int(rng.choice((4, 6, 40))))
    return [prism(outline, 2 * radius * rng.uniform(3, 6))]


def _glued(rng: _Rng) -> Pieces:
    """Glue two to four blocks and rounds together, each at a random place of the one before."""
    pieces, middle = [], np.zeros(3)
    for _ in range(int(rng.integers(2, 5))):
        size = rng.uniform(12, 60, 3)
        if rng.random() < 0.6:
            piece = np.array(np.meshgrid(*((-side / 2, side / 2) for side in size)))
            piece = piece.reshape(3, 8).T
        else:
            piece = np.roll(prism(circle(rng.uniform(7, 18), 40), size[2]),
                            int(rng.integers(3)), axis=1)
        pieces.append(piece + middle)
        middle = rng.uniform(pieces[-1].min(axis=0), pieces[-1].max(axis=0))
    return pieces


# How often each kind is made.
_KINDS: tuple[Callable[[_Rng], Pieces], ...] = (
    _bars, _plate, _star, _arc, _turned, _rod, _glued)
_SHARES = (0.4, 0.12, 0.1, 0.12, 0.1, 0.03, 0.13)


def _bar(start: Floats, end: Floats, width: float) -> Floats:
    along = (end - start) / np.linalg.norm(end - start)
    side = np.array((-along[1], along[0])) * width / 2
    return np.stack((start - side, end - side, end + side, start + side))


def _direction(turn: float) -> Floats:
    return np.array((np.cos(turn), np.sin(turn)))
