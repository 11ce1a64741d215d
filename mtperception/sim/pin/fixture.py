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
What stands before the pin camera, drawn at random: a plate, pins in it, and things like pins.

Everything here is geometry in metres; `pin_scene` puts it into the renderer.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from mtperception.geometry.camera import Floats, look_at, PinholeCamera, PosedCamera
from mtperception.sim.pin.turned_parts import Hardware, HEADS, nut, Pin, PIN_ENDS, screw, washer
from mtperception.sim.pin.workpiece import (
    block_triangles,
    Cell,
    divided,
    Feature,
    Slab,
    slab_triangles,
)
from mtperception.sim.shapes.marks import blot, disc, scratch, strip
from mtperception.sim.shapes.triangles import joined, planar, Triangles

MAX_PINS = 6
# The pins' diameters in the picture, in pixels.
SMALLEST_PIN, LARGEST_PIN = 12.5, 47.0


@dataclass(frozen=True)
class Fixture:
    """Pins, and the triangles of everything else by the name of their material."""

    view: PosedCamera
    pins: tuple[Pin, ...]
    meshes: dict[str, Triangles]


@dataclass
class _Pieces:
    """What has been put down so far: triangles by material."""

    parts: dict[str, list[Triangles]] = field(default_factory=dict)

    def add(self, material: str, part: Triangles) -> None:
        self.parts.setdefault(material, []).append(part)

    def add_hardware(self, material: str, part: Hardware) -> None:
        self.add(material, part.metal)
        self.add('cavity', part.recess)

    def joined(self) -> dict[str, Triangles]:
        return {name: joined(parts) for name, parts in self.parts.items()}


_Site = tuple[Slab, Cell]


def draw_view(rng: np.random.Generator, width: int, height: int) -> PosedCamera:
    """Draw a camera that looks down at the origin of the fixture."""
    focal = width * rng.uniform(1.55, 2.45)
    camera = PinholeCamera(
        width, height, focal, focal * rng.uniform(0.998, 1.002),
        (width - 1) / 2 + rng.uniform(-8, 8), (height - 1) / 2 + rng.uniform(-8, 8))
    pixels_per_metre = width / 612 * rng.uniform(2200, 3500)
    distance = focal / pixels_per_metre
    tilt, azimuth = np.radians(18.0) * np.sqrt(rng.random()), rng.uniform(0.0, 2 * np.pi)
    target = np.array([rng.uniform(-0.05, 0.05), rng.uniform(-0.04, 0.04), 0.0])
    away = np.array(
        [np.sin(tilt) * np.cos(azimuth), np.sin(tilt) * np.sin(azimuth), np.cos(tilt)])
    return look_at(camera, target + distance * away, target, rng.uniform(-np.pi, np.pi))


def draw_fixture(rng: np.random.Generator, view: PosedCamera, pins: int) -> Fixture:
    """Draw a fixture with so many pins whose top faces are in the picture or just outside."""
    placed: list[Pin] = []
    seen: list[_Site] = []
    while len(seen) < MAX_PINS + 4 or len(placed) < pins:
        slabs = _draw_slabs(rng)
        seen = [
            (slab, cell) for slab in slabs
            for cell in divided(rng, slab, 0.021, 0.042) if _in_view(view, slab, cell)
        ]
        if len(seen) < MAX_PINS + 4:
            continue
        seen = [seen[i] for i in rng.permutation(len(seen))]
        pieces = _Pieces()
        placed, free = _place_pins(rng, view, seen, pins, pieces)
    for slab, cell in free:
        _furnish(rng, slab, cell, pieces)
    texture = (float(rng.uniform(0.08, 0.2)), float(rng.uniform(0.0, np.pi)), rng.random(2))
    for slab in slabs:
        surface, cavity = slab_triangles(slab)
        pieces.add('slab', planar(surface, *texture))
        pieces.add('cavity', planar(cavity, *texture))
    for slab in slabs:
        _draw_marks(rng, slab, pieces)
    _draw_bench(rng, slabs, pieces)
    if rng.random() < 0.35:
        _draw_clamp(rng, placed, pieces)
    return Fixture(view, tuple(placed), pieces.joined())


def _draw_slabs(rng: np.random.Generator) -> list[Slab]:
    """Draw a plate, one in three with a step: then one slab a level."""
    half_x, half_y = rng.uniform(0.075, 0.15), rng.uniform(0.065, 0.13)
    thickness, edge = rng.uniform(0.01, 0.03), rng.uniform(0.0004, 0.002)
    if rng.random() < 0.65:
        return [Slab(0.0, 0.0, half_x, half_y, 0.0, thickness, edge)]
    step, drop = rng.uniform(-0.5, 0.5) * half_x, rng.uniform(0.002, 0.4 * thickness)
    left, right = (step + half_x) / 2, (half_x - step) / 2
    return [
        Slab(step - left, 0.0, left, half_y, 0.0, thickness, edge),
        Slab(step + right, 0.0, right, half_y, -drop, thickness - drop, edge),
    ]


def _in_view(view: PosedCamera, slab: Slab, cell: Cell) -> bool:
    corners = np.array([
        (cell.x + x, cell.y + y, slab.height)
        for x in (-cell.left, cell.right) for y in (-cell.down, cell.up)])
    u, v = view.project(corners).T
    camera = view.camera
    return bool(
        u.max() > 0 and u.min() < camera.width - 1 and v.max() > 0 and v.min() < camera.height - 1)


def _place_pins(
    rng: np.random.Generator, view: PosedCamera, sites: list[_Site], count: int, pieces: _Pieces
) -> tuple[list[Pin], list[_Site]]:
    """Stand pins in the first cells that will do; return them and the cells left free."""
    sizes = np.exp(rng.uniform(np.log(SMALLEST_PIN), np.log(LARGEST_PIN), int(rng.integers(1, 4))))
    end = str(rng.choice(PIN_ENDS))
    style = rng.random()
    pins: list[Pin] = []
    free: list[_Site] = []
    for slab, cell in sites:
        pin = None
        if len(pins) < count:
            pin = _draw_pin(rng, view, slab, cell, float(rng.choice(sizes)), end, style)
        if pin is None:
            free.append((slab, cell))
        else:
            pins.append(pin)
            _seat(rng, slab, cell, pin, style, pieces)
    return pins, free


def _draw_pin(
    rng: np.random.Generator, view: PosedCamera, slab: Slab, cell: Cell, size: float, end: str,
    style: float,
) -> Pin | None:
    """Draw a pin of a size in pixels in a cell, or None where its top would not be in view."""
    middle = np.array([[cell.x, cell.y, slab.height]])
    depth = float(view.to_optical(middle)[0, 2])
    radius = min(0.5 * size * depth / view.camera.fx, cell.room - 0.002)
    height = min(2 * radius * rng.uniform(0.6, 1.9), 0.024)
    height = max(height, 0.003)
    radius *= (depth - height) / depth
    if 2 * radius * view.camera.fx / (depth - height) < 0.95 * SMALLEST_PIN:
        return None
    collar = bool(rng.random() < (0.75 if style < 0.15 else 0.06))
    wide = radius * rng.uniform(1.35, 1.9) if collar else 0.0
    wide = min(wide, cell.room - 0.001) if wide else 0.0
    free = cell.room - max(radius * 1.3, wide) - 0.0006
    x = cell.x + rng.uniform(-1, 1) * max(free, 0.0)
    y = cell.y + rng.uniform(-1, 1) * max(free, 0.0)
    tilt = np.radians(rng.uniform(2, 12) if rng.random() < 0.2 else abs(rng.normal(0, 0.4)))
    edge = radius * rng.uniform(0.06, 0.28)
    pin = Pin(
        np.array([x, y, slab.height]), _tilted(tilt, rng.uniform(0, 2 * np.pi)), radius, height,
        wide if wide > 1.15 * radius else 0.0, min(rng.uniform(0.1, 0.35), 0.4) * height,
        min(edge, 0.35 * height), end)
    u, v = view.project(pin.top[None])[0]
    margin = rng.uniform(-8, 2) if rng.random() < 0.12 else 0.3 * size
    camera = view.camera
    inside = margin <= u < camera.width - margin and margin <= v < camera.height - margin
    return pin if inside else None


def _seat(
    rng: np.random.Generator, slab: Slab, cell: Cell, pin: Pin, style: float, pieces: _Pieces
) -> None:
    """Machine the place that a pin stands in."""
    x, y, _ = pin.seat
    cell = cell.moved(float(x), float(y))
    base = max(pin.radius, pin.collar_radius)
    gap = base * (1.02 + 0.2 * rng.random()) + 0.0002
    feature = Feature()
    if style < 0.55 and cell.room > gap + 0.0008:
        recessed = rng.random() >= 0.7
        chamfer = min(rng.uniform(0.0, 0.0008), cell.room - gap - 0.0001)
        # Shallow: the pin stands on the ring's floor, which is dark.
        feature = Feature('hole', gap, 0.0015 + chamfer, chamfer)
        if recessed and cell.room > 1.3 * gap + 0.001:
            feature = Feature('pocket', 1.25 * gap, 0.001, 0.0002, 0.0, 1.25 * gap, 1.2499 * gap)
    slab.cells.append((cell, feature))
    # Three discs, one in the other, stand for the light that a pin takes from the plate around.
    for reach in (1.12, 1.3, 1.55):
        if feature.kind == 'plain' and reach * base < cell.room:
            pieces.add('shade', disc(reach * base, np.array([x, y, slab.height + 4e-5])))


def _furnish(rng: np.random.Generator, slab: Slab, cell: Cell, pieces: _Pieces) -> None:
    """Machine and fill a cell without a pin."""
    free = cell.room - 0.001
    radius = float(rng.uniform(0.0018, 0.0085))
    radius = min(radius, 0.62 * free)
    spare = max(cell.room - 1.9 * radius, 0.0)
    cell = cell.moved(cell.x + rng.uniform(-1, 1) * spare, cell.y + rng.uniform(-1, 1) * spare)
    kind = rng.choice(
        ('plain', 'hole', 'countersunk', 'blind', 'screw', 'sunk_screw', 'flush_screw', 'pocket',
         'slot', 'land', 'groove', 'nut', 'washer', 'block'),
        p=(0.27, 0.13, 0.08, 0.06, 0.1, 0.07, 0.05, 0.05, 0.05, 0.04, 0.03, 0.03, 0.02, 0.02))
    chamfer = float(rng.uniform(0.0001, 0.001))
    at = np.array([cell.x, cell.y, slab.height])
    turn = _turned(rng.uniform(0, 2 * np.pi))
    feature = Feature()
    metal = str(rng.choice(('bright', 'dark')))
    # Drilled nearly through: below, the bench would be a bright disc, lit as no bench there is.
    deep = slab.thickness - 0.0005
    if kind == 'hole':
        feature = Feature('hole', radius, deep, chamfer)
    elif kind == 'countersunk':
        feature = Feature(
            'hole', radius, deep, min(0.7 * radius, 0.8 * (free - radius), 0.8 * deep))
    elif kind == 'blind':
        feature = Feature(
            'counterbore', radius, rng.uniform(0.001, 0.005), chamfer, 0.6 * radius,
            bore_depth=deep)
    elif kind in ('screw', 'flush_screw', 'sunk_screw'):
        feature = _screw(rng, str(kind), radius, chamfer, at, turn, metal, pieces)
    elif kind in ('pocket', 'slot', 'land'):
        # Smaller, one with round corners would be a round hole or a pin.
        long = min(free, rng.uniform(0.0075, 0.018)) - 0.001
        wide = rng.uniform(0.3, 1.0) * long
        if kind == 'slot':
            wide = min(0.5 * long, radius)
        corner = 0.98 * wide if kind == 'slot' else min(rng.uniform(0.001, 0.003), 0.5 * wide)
        feature = Feature(
            'land' if kind == 'land' else 'pocket', long, rng.uniform(0.001, 0.005),
            min(chamfer, 0.5 * corner), 0.0, wide, corner)
    elif kind == 'groove':
        feature = Feature('groove', min(1.6 * radius, free), rng.uniform(0.0006, 0.002), 0.0,
                          0.3 * radius)
    elif kind == 'nut':
        pieces.add_hardware(f'screw_{metal}', nut(radius, 0.85 * radius).placed(turn, at))
    elif kind == 'washer':
        ring = washer(radius * 1.3, radius * rng.uniform(0.5, 0.75), 0.0012)
        pieces.add_hardware(f'screw_{metal}', ring.placed(turn, at))
    elif kind == 'block':
        half = rng.uniform(0.3, 0.75, 2) * free
        part = block_triangles(
            half[0], half[1], 0.0, rng.uniform(0.003, 0.015), 0.0012, 0.0005)
        pieces.add('block', planar(part.placed(turn, at), 0.1, 0.3, rng.random(2)))
    slab.cells.append((cell, feature))


def _screw(
    rng: np.random.Generator, kind: str, radius: float, chamfer: float, at: Floats, turn: Floats,
    metal: str, pieces: _Pieces,
) -> Feature:
    head = str(rng.choice(HEADS))
    # Smaller, their slots and corners could not be seen.
    radius = max(radius, 0.0044 if head == 'hexagon' else 0.0034)
    height = radius * {'socket': 1.1, 'hexagon': 0.75, 'slotted': 0.6, 'cross': 0.55}[head]
    feature = Feature()
    if kind == 'sunk_screw' and head != 'hexagon':
        depth = height * rng.uniform(0.6, 1.3)
        feature = Feature('counterbore', 1.12 * radius, depth, chamfer, 0.4 * radius)
        at = at - np.array((0.0, 0.0, depth))
    elif kind == 'flush_screw' and head != 'hexagon':
        feature = Feature('hole', 1.06 * radius, 0.002, 0.0002)
        at = at - np.array((0.0, 0.0, height - rng.uniform(-0.0002, 0.0003)))
    elif rng.random() < 0.4:
        disc = washer(1.5 * radius, 0.9 * radius, 0.001)
        pieces.add_hardware('screw_bright', disc.placed(turn, at))
        at = at + np.array((0.0, 0.0, 0.001))
    pieces.add_hardware(f'screw_{metal}', screw(head, radius, height).placed(turn, at))
    return feature


def _draw_marks(rng: np.random.Generator, slab: Slab, pieces: _Pieces) -> None:
    """Draw scratches, chips and stains on a plate, each kind a hair above it."""
    for _ in range(int(rng.integers(0, 14))):
        name = str(rng.choice(('mark_bright', 'mark_dark')))
        pieces.add(name, scratch(rng, _somewhere(rng, slab, 3e-5)))
    for _ in range(int(rng.integers(0, 9))):
        name = str(rng.choice(('mark_bright', 'mark_dark')))
        at = _somewhere(rng, slab, 3e-5)
        pieces.add(name, blot(rng, at, float(rng.uniform(0.0003, 0.0014))))
    for _ in range(int(rng.integers(0, 4))):
        at = _somewhere(rng, slab, 2e-5)
        pieces.add('stain', blot(rng, at, float(rng.uniform(0.004, 0.02))))


def _somewhere(rng: np.random.Generator, slab: Slab, above: float) -> Floats:
    x, y = rng.uniform(-0.9, 0.9, 2) * (slab.half_x, slab.half_y)
    return np.array([slab.x + x, slab.y + y, slab.height + above])


def _draw_bench(rng: np.random.Generator, slabs: list[Slab], pieces: _Pieces) -> None:
    floor = min(slab.height - slab.thickness for slab in slabs)
    grid = np.linspace(-0.35, 0.35, 22)
    lines = [np.column_stack((grid, np.full(22, y))) for y in grid]
    squares = [strip(upper, lower, floor) for lower, upper in pairwise(lines)]
    size, angle = float(rng.uniform(0.15, 0.4)), float(rng.uniform(0, np.pi))
    pieces.add('bench', planar(joined(squares), size, angle, rng.random(2)))
    half_x, half_y = sum(slab.half_x for slab in slabs), slabs[0].half_y
    for _ in range(int(rng.integers(0, 6))):
        side = rng.integers(0, 4)
        reach = rng.uniform(1.0, 1.4)
        x, y = rng.uniform(-1.2, 1.2, 2) * (half_x, half_y)
        x = x if side < 2 else (1, -1)[side - 2] * (half_x * reach + 0.015)
        y = y if side >= 2 else (1, -1)[side] * (half_y * reach + 0.015)
        half = rng.uniform(0.004, 0.016, 2)
        part = block_triangles(
            half[0], half[1], 0.0, rng.uniform(0.004, 0.02), 0.001, 0.0006)
        part = part.placed(_turned(rng.uniform(0, np.pi)), (x, y, floor))
        pieces.add('block', planar(part, 0.1, 0.3, rng.random(2)))


def _draw_clamp(rng: np.random.Generator, pins: list[Pin], pieces: _Pieces) -> None:
    """Hold a bar over the plate that may hide part of a pin."""
    long, wide = rng.uniform(0.03, 0.07), rng.uniform(0.006, 0.014)
    heading = rng.uniform(0, 2 * np.pi)
    ahead = np.array([np.cos(heading), np.sin(heading), 0.0])
    if pins and rng.random() < 0.75:
        pin = pins[int(rng.integers(len(pins)))]
        tip = pin.top + ahead * pin.radius * rng.uniform(-0.5, 1.6)
    else:
        tip = np.array([*rng.uniform(-0.06, 0.06, 2), 0.0])
    bottom = max([0.006] + [p.top[2] + 0.003 for p in pins])
    at = tip + ahead * long
    bar = block_triangles(long, wide, 0.0, rng.uniform(0.005, 0.01), 0.6 * wide, 0.0008)
    bar = bar.placed(_turned(heading), (at[0], at[1], bottom))
    pieces.add('block', planar(bar, 0.12, heading, rng.random(2)))


def _turned(angle: float) -> Floats:
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])


def _tilted(tilt: float, azimuth: float) -> Floats:
    cosine, sine = np.cos(tilt), np.sin(tilt)
    lean = np.array([[cosine, 0.0, sine], [0.0, 1.0, 0.0], [-sine, 0.0, cosine]])
    turn = _turned(azimuth)
    return np.asarray(turn @ lean @ turn.T)
