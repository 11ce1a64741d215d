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

"""A part's mesh divided by the colours of its faces, each piece with what it is made of."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
import trimesh

from mtperception.geometry.camera import Floats
from mtperception.sim.shapes.mesh_triangles import mesh_triangles
from mtperception.sim.shapes.parts import Part
from mtperception.sim.shapes.triangles import Triangles

MAX_PIECES = 6
# What a part of a finish looks like where its mesh does not say (RGB, 0 to 1).
_COLOURS = {
    'steel': (0.58, 0.59, 0.61), 'plastic': (0.45, 0.46, 0.48), 'wood': (0.69, 0.49, 0.28)}


@dataclass(frozen=True)
class Piece:
    """Triangles of one colour (RGB, 0 to 1), in the part's frame, of metal or not."""

    triangles: Triangles
    colour: Floats
    metal: bool


def part_pieces(part: Part) -> tuple[Piece, ...]:
    """Divide a part by colour; similar colours are put together where there are many."""
    triangles = mesh_triangles(part.mesh)
    steel = part.finish == 'steel'
    own = own_colours(part.mesh)
    if own is None:
        return (Piece(triangles, np.array(_COLOURS[part.finish]), steel),)
    colours = np.asarray(own.face_colors)[:, :3] / 255.0
    kinds = _kinds(colours)
    pieces = []
    for kind in range(int(kinds.max()) + 1):
        those = kinds == kind
        colour = colours[those].mean(axis=0)
        pieces.append(Piece(
            Triangles(triangles.points[those], triangles.normals[those], triangles.uv[those]),
            colour, bool(steel and np.ptp(colour) < 0.15)))
    return tuple(pieces)


def own_colours(mesh: trimesh.Trimesh) -> trimesh.visual.ColorVisuals | None:
    """Return the colours of a mesh's faces and corners, None where it has none."""
    visual = mesh.visual
    if not isinstance(visual, trimesh.visual.ColorVisuals) or visual.kind is None:
        return None
    return visual


def _kinds(colours: Floats) -> NDArray[np.intp]:
    """Return which of at most MAX_PIECES pieces each face belongs to."""
    found, kinds = np.unique(colours, axis=0, return_inverse=True)
    if len(found) <= MAX_PIECES:
        return np.asarray(kinds).ravel()
    # Many colours are put in order of brightness and cut into equal shares.
    order = np.argsort(colours.mean(axis=1), kind='stable')
    kinds = np.empty(len(colours), dtype=np.intp)
    kinds[order] = np.arange(len(colours)) * MAX_PIECES // len(colours)
    return kinds
