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
The parts that lie about in the cell, each made from one description.

A part is a mesh to be seen, convex pieces for physics, a finish, and what a gripper should know
of it. The project's own are made here; `part_from_file` in `part_files` reads the user's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import trimesh

from mtperception.geometry.camera import Floats

FINISHES = ('steel', 'plastic', 'wood')
# Edges are broken by this much (metres), so that they catch light.
_EDGE = 0.0012
Colour = tuple[int, int, int, int]
_STEEL: Colour = (148, 150, 156, 255)
_WOOD: Colour = (176, 124, 72, 255)


@dataclass(frozen=True)
class Part:
    """
    A thing that can be grasped.

    The mesh is in metres, closed unless `warnings` say otherwise, and its origin is the part's.
    Its faces have colours of their own where `finish`, one of FINISHES, alone does not say how it
    looks. `collision` are the vertices (N x 3, in the mesh's frame) of convex pieces that together
    fill the mesh. `grasp_width` is the width, in metres, of what a gripper would close on; None
    where nobody has said. `warnings` are sentences about what was wrong with a mesh, and what has
    been done about it.
    """

    name: str
    mesh: trimesh.Trimesh
    collision: tuple[Floats, ...]
    finish: str
    grasp_width: float | None
    warnings: tuple[str, ...] = ()


def cylinder() -> Part:
    """Make a round bar, 36 mm thick and 70 mm long, along z."""
    outline = circle(0.018, 64)
    return Part(
        'cylinder', _slab(outline, 0.07), (prism(outline, 0.07),), 'steel', 0.036)


def l_shape() -> Part:
    """Make an L with legs of 80 mm and 60 mm, 22 mm wide and 24 mm high."""
    long, short, wide, high = 0.08, 0.06, 0.022, 0.024
    corners = np.array([
        (0, 0), (long, 0), (long, wide), (wide, wide), (wide, short), (0, short)], dtype=float)
    # From where the legs meet, every corner is in sight.
    hub = np.array((wide / 2, wide / 2))
    foot = np.array([(0, 0), (long, 0), (long, wide), (0, wide)])
    back = np.array([(0, wide), (wide, wide), (wide, short), (0, short)])
    middle = _centroid(corners)
    return Part(
        'l', _slab(corners - middle, high, hub - middle),
        (prism(foot - middle, high), prism(back - middle, high)), 'plastic', wide)


def t_shape() -> Part:
    """Make a T, 80 mm wide and 70 mm long, its bars 20 mm wide and 22 mm high."""
    long, tall, wide, high = 0.08, 0.07, 0.02, 0.022
    bar, stem = long / 2, wide / 2
    corners = np.array([
        (-stem, 0), (stem, 0), (stem, tall - wide), (bar, tall - wide), (bar, tall), (-bar, tall),
        (-bar, tall - wide), (-stem, tall - wide)])
    hub = np.array((0.0, tall - wide / 2))
    middle = _centroid(corners)
    pieces = (corners[[3, 4, 5, 6]], corners[[0, 1, 2, 7]])
    return Part(
        't', _slab(corners - middle, high, hub - middle),
        tuple(prism(piece - middle, high) for piece in pieces), 'plastic', wide)


def star() -> Part:
    """Make a star of five rays with blunt tips, 82 mm across them and 20 mm high."""
    # Less blunt, the broken edges of a tip's two sides would cross.
    tip, notch, high, blunt = 0.045, 0.02, 0.02, np.tile((0.0025, _EDGE), 5)
    angles = np.pi / 2 + np.arange(10) * np.pi / 5
    radii = np.where(np.arange(10) % 2 == 0, tip, notch)
    corners = np.column_stack((radii * np.cos(angles), radii * np.sin(angles)))
    ends = _cut(corners, blunt).reshape(10, 2, 2)
    rays = [np.stack((*ends[i], corners[(i + 1) % 10], corners[i - 1])) for i in range(0, 10, 2)]
    pieces = (corners[1::2], *rays)
    return Part(
        'star', _slab(corners, high, blunt=blunt), tuple(prism(piece, high) for piece in pieces),
        'plastic', 2 * notch * float(np.sin(np.pi / 5)))


def ring() -> Part:
    """Make a ring, 80 mm across with a hole of 48 mm, 18 mm high."""
    outer, inner, high, count, pieces = 0.04, 0.024, 0.018, 80, 16
    top = high / 2
    profile = [
        (outer, -top + _EDGE), (outer, top - _EDGE), (outer - _EDGE, top), (inner + _EDGE, top),
        (inner, top - _EDGE), (inner, -top + _EDGE), (inner + _EDGE, -top), (outer - _EDGE, -top)]
    mesh = _skin([lifted(circle(radius, count), z) for radius, z in profile], None)
    # A piece's inner side is a chord: moved out until it touches the hole's wall in its middle.
    chord = inner / np.cos(np.pi / pieces)
    step = 2 * np.pi / pieces
    sectors = []
    for index in range(pieces):
        angles = step * (index + np.linspace(0.0, 1.0, count // pieces + 1))
        arc = outer * np.column_stack((np.cos(angles), np.sin(angles)))
        sectors.append(np.concatenate((arc, arc[[-1, 0]] * (chord / outer))))
    return Part(
        'ring', mesh, tuple(prism(sector, high) for sector in sectors), 'steel', outer - inner)


def hammer() -> Part:
    """Make a hammer, 300 mm long, its handle along z and its head's face towards +y."""
    # z, and the half width in x and y
    handle = _lofted_ovals(
        [(-0.15, 0.0095, 0.013), (-0.147, 0.0125, 0.016), (-0.125, 0.0135, 0.0175),
         (-0.09, 0.0125, 0.016), (-0.04, 0.0115, 0.014), (0.06, 0.0105, 0.0125),
         (0.148, 0.0105, 0.0125), (0.15, 0.0095, 0.0115)])
    # y, the half width in x and z, and how square: 2 is an ellipse
    sections = [
        (-0.0585, 0.0125, 0.0018, 4.0), (-0.0575, 0.0135, 0.003, 4.0),
        (-0.026, 0.0145, 0.0145, 5.0), (-0.021, 0.0155, 0.0165, 7.0),
        (0.021, 0.0155, 0.0165, 7.0), (0.025, 0.0115, 0.0115, 2.5), (0.033, 0.0115, 0.0115, 2.0),
        (0.038, 0.0155, 0.0155, 2.0), (0.0573, 0.0155, 0.0155, 2.0),
        (0.0585, 0.0143, 0.0143, 2.0)]
    # The handle's upper end just comes out of the head.
    rings = [_head_ring(0.1325, *section) for section in sections]
    mesh = _ended(handle, _WOOD) + _ended(rings, _STEEL)
    # Convex between the waists of the handle and the neck of the head.
    pieces = (handle[:5], handle[4:], rings[:4], rings[3:5], rings[4:7], rings[6:])
    return Part(
        'hammer', mesh, tuple(np.concatenate(piece) for piece in pieces), 'steel', 0.025)


PARTS: dict[str, Callable[[], Part]] = {
    'cylinder': cylinder, 'l': l_shape, 'star': star, 't': t_shape, 'ring': ring,
    'hammer': hammer,
}


def _slab(
    outline: Floats, height: float, hub: Floats | None = None, blunt: float | Floats = _EDGE,
) -> trimesh.Trimesh:
    """
    Extrude an outline (N x 2, counter-clockwise) around z = 0 and break its edges.

    All of the outline must be seen from the hub, which is the origin by default. Corners are cut
    off by `blunt` metres along their sides, one number for all or one each.
    """
    top = height / 2
    round_outline = len(outline) > 20
    outer = outline if round_outline else _cut(outline, blunt)
    inner = _inset(outer, _EDGE)
    centre = np.zeros(2) if hub is None else hub
    rings = [
        lifted(inner, -top), lifted(outer, -top + _EDGE), lifted(outer, top - _EDGE),
        lifted(inner, top)]
    return _skin(rings, (np.array((*centre, -top)), np.array((*centre, top))))


def _ended(rings: Sequence[Floats], colour: Colour) -> trimesh.Trimesh:
    return _skin(rings, (rings[0].mean(axis=0), rings[-1].mean(axis=0)), colour)


def _skin(
    rings: Sequence[Floats], ends: tuple[Floats, Floats] | None, colour: Colour | None = None,
) -> trimesh.Trimesh:
    """
    Join closed curves of N points each, counter-clockwise seen from where they lead.

    The ends are closed with fans around two points; without, the last curve is joined to the
    first.
    """
    count, levels = len(rings[0]), len(rings)
    here = np.arange(count)
    after = np.roll(here, -1)
    faces = []
    for level in range(levels if ends is None else levels - 1):
        low, high = level * count, (level + 1) % levels * count
        faces.append(np.column_stack((low + here, low + after, high + after)))
        faces.append(np.column_stack((low + here, high + after, high + here)))
    points = np.concatenate(list(rings))
    if ends is not None:
        bottom, top = len(points), len(points) + 1
        last = (levels - 1) * count
        faces.append(np.column_stack((np.full(count, bottom), after, here)))
        faces.append(np.column_stack((np.full(count, top), last + here, last + after)))
        points = np.concatenate((points, np.stack(ends)))
    triangles = np.concatenate(faces)
    colours = None
    if colour is not None:
        colours = np.tile(np.array(colour, dtype=np.uint8), (len(triangles), 1))
    return trimesh.Trimesh(points, triangles, face_colors=colours, process=False)


def _lofted_ovals(sections: Sequence[tuple[float, float, float]]) -> list[Floats]:
    unit = circle(1.0, 40)
    return [lifted(unit * (half_x, half_y), z) for z, half_x, half_y in sections]


def _head_ring(
    z: float, y: float, half_x: float, half_z: float, squareness: float,
) -> Floats:
    """Return a curve around the y axis: a superellipse, counter-clockwise seen from +y."""
    unit = circle(1.0, 48)
    bent = np.sign(unit) * np.abs(unit) ** (2.0 / squareness)
    return np.column_stack(
        (-half_x * bent[:, 0], np.full(len(bent), y), z + half_z * bent[:, 1]))


def prism(outline: Floats, height: float) -> Floats:
    """Return the corners of an outline (N x 2), moved up and down by half of a height."""
    return np.concatenate((lifted(outline, -height / 2), lifted(outline, height / 2)))


def lifted(outline: Floats, z: float) -> Floats:
    """Return the corners of an outline (N x 2) at a height, N x 3."""
    return np.column_stack((outline, np.full(len(outline), z)))


def circle(radius: float, count: int, phase: float = 0.0) -> Floats:
    """Return so many corners on a circle, N x 2, the first one at an angle in radians."""
    angles = phase + np.arange(count) * 2 * np.pi / count
    return radius * np.column_stack((np.cos(angles), np.sin(angles)))


def _centroid(corners: Floats) -> Floats:
    x, y = corners.T
    after_x, after_y = np.roll(x, -1), np.roll(y, -1)
    twice = x * after_y - after_x * y
    moments = np.array([(twice * (x + after_x)).sum(), (twice * (y + after_y)).sum()])
    return np.asarray(moments / (3.0 * twice.sum()))


def _cut(corners: Floats, edge: float | Floats) -> Floats:
    """Cut a polygon's corners off, `edge` along either side, one number or one each."""
    edge = np.broadcast_to(edge, len(corners))[:, None]
    ahead = np.roll(corners, -1, axis=0) - corners
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    behind = np.roll(ahead, 1, axis=0)
    return np.stack((corners - edge * behind, corners + edge * ahead), axis=1).reshape(-1, 2)


def _inset(corners: Floats, depth: float) -> Floats:
    """Move the sides of a counter-clockwise polygon inwards."""
    ahead = np.roll(corners, -1, axis=0) - corners
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    inwards = np.column_stack((-ahead[:, 1], ahead[:, 0]))
    before = np.roll(inwards, 1, axis=0)
    mitre = before + inwards
    share = 1.0 + np.einsum('ij,ij->i', before, inwards)
    return np.asarray(corners + depth * mitre / share[:, None])
