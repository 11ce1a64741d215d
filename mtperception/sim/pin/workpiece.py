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
A machined plate: a slab with chamfered edges whose top is divided into cells.

Each cell is a rectangle with at most one feature: a hole, a pocket, a land and the like. What
lies deep in a feature is a second mesh, the cavity, with a darker material.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from mtperception.geometry.camera import Floats
from mtperception.sim.shapes.triangles import circle, joined, loft, rectangle, rounded, Triangles


@dataclass(frozen=True)
class Cell:
    """
    A rectangle of a slab's top, in metres.

    (x, y) is the point that its feature is made around; the sides lie `left`, `right`, `down`
    and `up` of it.
    """

    x: float
    y: float
    left: float
    right: float
    down: float
    up: float

    @property
    def room(self) -> float:
        """The radius of the largest circle around (x, y) within the cell."""
        return min(self.left, self.right, self.down, self.up)

    def moved(self, x: float, y: float) -> 'Cell':
        """Return the same rectangle with its feature somewhere else."""
        along, up = x - self.x, y - self.y
        return Cell(x, y, self.left + along, self.right - along, self.down + up, self.up - up)


@dataclass(frozen=True)
class Feature:
    """
    What is machined into a cell, in metres.

    `kind` is one of 'plain', 'hole', 'counterbore', 'pocket', 'land', 'groove'. `radius` is the
    feature's, or half its length; `half_width` that of pockets and lands; `depth` is below the
    top (above it for a land); `bore` is the radius of the hole in a counterbore, which ends at
    `bore_depth`, or the width of a groove; `chamfer` the size of the broken edge.
    """

    kind: str = 'plain'
    radius: float = 0.0
    depth: float = 0.0
    chamfer: float = 0.0
    bore: float = 0.0
    half_width: float = 0.0
    corner: float = 0.0
    bore_depth: float = 0.0


@dataclass
class Slab:
    """A plate around (x, y), its top at z = `height`, in metres."""

    x: float
    y: float
    half_x: float
    half_y: float
    height: float
    thickness: float
    edge: float
    cells: list[tuple[Cell, Feature]] = field(default_factory=list)


def divided(rng: np.random.Generator, slab: Slab, smallest: float, largest: float) -> list[Cell]:
    """Divide a slab's top into rows and columns of random width, in metres."""
    across = _cuts(rng, slab.half_x - slab.edge, smallest, largest)
    along = _cuts(rng, slab.half_y - slab.edge, smallest, largest)
    cells = []
    for x0, x1 in pairwise(across):
        for y0, y1 in pairwise(along):
            half_x, half_y = (x1 - x0) / 2, (y1 - y0) / 2
            x, y = slab.x + (x0 + x1) / 2, slab.y + (y0 + y1) / 2
            cells.append(Cell(x, y, half_x, half_x, half_y, half_y))
    return cells


def _cuts(rng: np.random.Generator, half: float, smallest: float, largest: float) -> list[float]:
    widths: list[float] = []
    while sum(widths) < 2 * half:
        widths.append(float(rng.uniform(smallest, largest)))
    scale = 2 * half / sum(widths)
    return [-half, *(-half + scale * np.cumsum(widths)).tolist()]


def slab_triangles(slab: Slab) -> tuple[Triangles, Triangles]:
    """Return the surface of a slab and its cavities."""
    surfaces, cavities = [_rim(slab)], []
    for cell, feature in slab.cells:
        surface, cavity = _cell(cell, feature)
        move = (cell.x, cell.y, slab.height)
        surfaces.append(surface.moved(move))
        cavities.append(cavity.moved(move))
    return joined(surfaces), joined(cavities)


def block_triangles(
    half_x: float, half_y: float, bottom: float, top: float, corner: float, edge: float
) -> Triangles:
    """Return a block with rounded corners and a chamfer around its top, in metres."""
    angles = _angles(Cell(0.0, 0.0, half_x, half_x, half_y, half_y), 64)
    outline = rounded(angles, half_x, half_y, corner)
    inset = rounded(angles, half_x - edge, half_y - edge, max(corner - edge, 1e-4))
    return loft(angles, [
        (outline, bottom), (outline, top - edge), (inset, top), (0.5 * inset, top),
        (0.0 * inset, top)])


def _rim(slab: Slab) -> Triangles:
    angles = _angles(Cell(0.0, 0.0, slab.half_x, slab.half_x, slab.half_y, slab.half_y), 48)
    outer = rectangle(angles, slab.half_x, slab.half_x, slab.half_y, slab.half_y)
    x, y = slab.half_x - slab.edge, slab.half_y - slab.edge
    inner = rectangle(angles, x, x, y, y)
    top = slab.height
    return loft(angles, [
        (outer, top - slab.thickness), (outer, top - slab.edge), (inner, top),
    ]).moved((slab.x, slab.y, 0.0))


def _cell(cell: Cell, feature: Feature) -> tuple[Triangles, Triangles]:
    angles = _angles(cell, 12 if feature.kind == 'plain' else 36)
    border = rectangle(angles, cell.left, cell.right, cell.down, cell.up)
    # A skirt closes the seams between cells, whose corners do not meet.
    skirt = (1.002 * border, -1e-4)
    surface, cavity = _LAYERS[feature.kind](angles, feature)
    if surface:
        middle = 0.5 * (border + surface[0][0])
        surface = [skirt, (border, 0.0), (middle, 0.0), *surface]
    else:
        surface = [
            skirt, (border, 0.0), (0.66 * border, 0.0), (0.33 * border, 0.0), (0.0 * border, 0.0)]
    return loft(angles, surface), loft(angles, cavity) if cavity else joined(())


_Layers = list[tuple[Floats, float]]


def _plain(angles: Floats, feature: Feature) -> tuple[_Layers, _Layers]:
    return [], []


def _hole(angles: Floats, feature: Feature) -> tuple[_Layers, _Layers]:
    wall = circle(angles, feature.radius)
    edge = feature.chamfer
    surface = [(circle(angles, feature.radius + edge), 0.0), (wall, -edge)]
    return surface, [(wall, -edge), (wall, -feature.depth), (0.0 * wall, -feature.depth)]


def _counterbore(angles: Floats, feature: Feature) -> tuple[_Layers, _Layers]:
    wall, bore = circle(angles, feature.radius), circle(angles, feature.bore)
    depth, edge = feature.depth, feature.chamfer
    surface = [
        (circle(angles, feature.radius + edge), 0.0), (wall, -edge), (wall, -depth),
        (bore, -depth)]
    bottom = min(-depth, -feature.bore_depth)
    return surface, [(bore, -depth), (bore, bottom), (0.0 * bore, bottom)]


def _pocket(angles: Floats, feature: Feature) -> tuple[_Layers, _Layers]:
    wall = rounded(angles, feature.radius, feature.half_width, feature.corner)
    edge = feature.chamfer
    broken = rounded(
        angles, feature.radius + edge, feature.half_width + edge, feature.corner + edge)
    depth = feature.depth
    return [
        (broken, 0.0), (wall, -edge), (wall, -depth), (0.5 * wall, -depth), (0.0 * wall, -depth),
    ], []


def _land(angles: Floats, feature: Feature) -> tuple[_Layers, _Layers]:
    wall = rounded(angles, feature.radius, feature.half_width, feature.corner)
    edge = feature.chamfer
    inset = rounded(
        angles, feature.radius - edge, feature.half_width - edge,
        max(feature.corner - edge, 1e-4))
    height = feature.depth
    return [
        (wall, 0.0), (wall, height - edge), (inset, height), (0.5 * inset, height),
        (0.0 * inset, height)], []


def _groove(angles: Floats, feature: Feature) -> tuple[_Layers, _Layers]:
    outer, inner = circle(angles, feature.radius), circle(angles, feature.radius - feature.bore)
    depth = feature.depth
    return [
        (outer, 0.0), (outer, -depth), (inner, -depth), (inner, 0.0), (0.0 * inner, 0.0)], []


_LAYERS = {
    'plain': _plain, 'hole': _hole, 'counterbore': _counterbore, 'pocket': _pocket,
    'land': _land, 'groove': _groove,
}


def _angles(cell: Cell, count: int) -> Floats:
    """Return angles over one turn with those of the cell's corners among them."""
    corners = np.arctan2(
        [cell.up, cell.up, -cell.down, -cell.down],
        [cell.right, -cell.left, -cell.left, cell.right])
    every = np.concatenate((np.linspace(0.0, 2 * np.pi, count, endpoint=False), corners))
    return np.unique(np.round(every % (2 * np.pi), 9))
