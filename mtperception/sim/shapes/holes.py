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

"""Edges at which a mesh is open, and holes that are small enough to be closed."""

import numpy as np
from numpy.typing import NDArray
import trimesh

from mtperception.geometry.camera import Floats
from mtperception.sim.shapes.triangles import Indices

# Holes across which there is less than this, in diagonals of the mesh's box, are closed; so are
# those that a triangle or two close, of any size.
_SMALL, _FEW = 0.05, 4
# An edge runs along others where it is no farther from them than this, in diagonals.
_SEAM = 1e-5
# Looked at so far along it: its middle tells most edges that do not.
_LOOKED_AT = (0.5, 0.1, 0.3, 0.7, 0.9)
# More edges would take minutes to compare: then no seams are looked for.
_MOST = 5000


def open_edges(mesh: trimesh.Trimesh) -> tuple[Indices, Indices]:
    """
    Return the edges (E x 2, in their faces' direction) that one face alone has, and those faces.

    Where edges run along others, as where a long one meets two short ones, nothing is open.
    """
    alone = trimesh.grouping.group_rows(mesh.edges_sorted, require_count=1)
    edges, faces = np.asarray(mesh.edges)[alone], np.asarray(mesh.edges_face)[alone]
    if not 0 < len(edges) <= _MOST:
        return edges, faces
    reach = _SEAM * float(np.linalg.norm(mesh.extents))
    ends = np.asarray(mesh.vertices, dtype=np.float64)[edges]
    gaping = np.array([not _runs_along(ends, number, reach) for number in range(len(ends))])
    return edges[gaping], faces[gaping]


def _runs_along(ends: Floats, number: int, reach: float) -> bool:
    """Tell whether an edge of E x 2 x 3 has others along all of its length."""
    first, last = ends[number]
    start, along = ends[:, 0], ends[:, 1] - ends[:, 0]
    length2 = np.maximum((along * along).sum(axis=1), 1e-30)
    for place in _LOOKED_AT:
        away = first + place * (last - first) - start
        share = np.clip((away * along).sum(axis=1) / length2, 0.0, 1.0)
        gaps = np.linalg.norm(away - share[:, None] * along, axis=1)
        gaps[number] = np.inf
        if gaps.min() > reach:
            return False
    return True


def with_holes_closed(mesh: trimesh.Trimesh) -> tuple[trimesh.Trimesh, Indices]:
    """
    Close small holes; return the mesh, and for each new face, which come last, one beside it.

    A hole of three or four edges is closed as it is, others by faces around their middle.
    """
    corners = np.asarray(mesh.vertices, dtype=np.float64)
    largest = _SMALL * float(np.linalg.norm(mesh.extents))
    vertices, faces, beside = [corners], [np.asarray(mesh.faces)], []
    count = len(corners)
    for loop, neighbours in _loops(*open_edges(mesh)):
        if len(loop) > _FEW and np.linalg.norm(np.ptp(corners[loop], axis=0)) > largest:
            continue
        if len(loop) <= _FEW:
            new = np.array([(loop[0], loop[place + 1], loop[place])
                            for place in range(1, len(loop) - 1)])
        else:
            vertices.append(corners[loop].mean(axis=0)[None])
            new = np.column_stack((np.roll(loop, -1), loop, np.full(len(loop), count)))
            count += 1
        faces.append(new)
        beside.append(neighbours[:len(new)])
    closed = trimesh.Trimesh(np.concatenate(vertices), np.concatenate(faces), process=False)
    return closed, np.concatenate(beside) if beside else np.empty(0, dtype=np.intp)


def _loops(edges: Indices, faces: Indices) -> list[tuple[Indices, NDArray[np.intp]]]:
    """Put open edges together to closed ways, each with the faces along it."""
    leaving: dict[int, list[tuple[int, int]]] = {}
    for (start, end), face in zip(edges.tolist(), faces.tolist(), strict=True):
        leaving.setdefault(start, []).append((end, face))
    loops = []
    while leaving:
        way: list[int] = []
        along: list[int] = []
        here = next(iter(leaving))
        while here not in way and here in leaving:
            way.append(here)
            there, face = leaving[here].pop()
            along.append(face)
            if not leaving[here]:
                del leaving[here]
            here = there
        if here in way and len(way) - way.index(here) >= 3:
            begin = way.index(here)
            loops.append((np.array(way[begin:]), np.array(along[begin:], dtype=np.intp)))
    return loops
