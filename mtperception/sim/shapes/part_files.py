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
Parts from the user's meshes: OBJ, STL, PLY and GLB files.

Whatever is wrong with a file is said in one line (PartError); what can be put right is, and said
in the part's warnings.
"""

import os
from pathlib import Path
import re

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
import trimesh

from mtperception.geometry.camera import Floats
from mtperception.sim.shapes.convex_pieces import convex_pieces
from mtperception.sim.shapes.holes import open_edges, with_holes_closed
from mtperception.sim.shapes.parts import Part

UNITS = {'m': 1.0, 'cm': 0.01, 'mm': 0.001, 'inch': 0.0254}
FORMATS = ('.obj', '.stl', '.ply', '.glb')
# Metres that the longest side of a part may have.
SMALLEST, LARGEST = 0.002, 2.0
MAX_FACES = 10_000
_DECIMATIONS = 3
# Larger files would take gigabytes of memory to read.
MAX_MEGABYTES = 128
# A mesh that is thinner than this share of its length is flat.
_FLAT = 1e-4

Colours = NDArray[np.uint8]


class PartError(ValueError):
    """A file is not the mesh of a part; the message names the file and what to do."""


def part_from_file(
    path: str | os.PathLike[str], units: str, name: str | None = None
) -> Part:
    """
    Read the mesh of a part from a file, as `mesh_from_file` does, and what else it is made of.

    The name is the file's by default. Raise PartError where there is no such mesh in the file.
    """
    where = Path(path)
    painted, warnings = mesh_from_file(where, units)
    return Part(plain_name(where.stem if name is None else name), painted, convex_pieces(painted),
                'plastic', None, warnings)


def plain_name(name: str) -> str:
    """Return a name with nothing but letters, digits, _ and - in it."""
    return re.sub(r'[^A-Za-z0-9_-]+', '_', name)


def mesh_from_file(
    where: Path, units: str, sizes: tuple[float, float] = (SMALLEST, LARGEST),
) -> tuple[trimesh.Trimesh, tuple[str, ...]]:
    """
    Read a mesh in metres from an OBJ, STL, PLY or GLB file; its origin stays where it is there.

    `units` is one of UNITS: the formats do not say what their numbers mean. Its longest side must
    be within the two `sizes`. Meshes of more than MAX_FACES are decimated, open and inside-out
    ones repaired as far as that goes, of which warnings are returned. Faces keep the file's
    colours, one colour each, also where they come from a texture. Raise PartError where there is
    no such mesh in the file.
    """
    if units not in UNITS:
        raise PartError(f'{where}: unknown unit {units!r}: choose one of {", ".join(UNITS)}')
    mesh, colours = _read(where)
    _check_size(where, mesh, units, sizes)
    mesh.apply_scale(UNITS[units])
    if _is_flat(mesh):
        raise PartError(f'{where}: the mesh is flat: a part must enclose a volume')
    mesh, colours, warnings = _repaired(mesh, colours)
    if mesh.is_empty or _is_flat(mesh):
        raise PartError(f'{where}: the mesh has no volume that could be grasped')
    return trimesh.Trimesh(
        mesh.vertices, mesh.faces, face_colors=colours, process=False), warnings


def _read(path: Path) -> tuple[trimesh.Trimesh, Colours | None]:
    """Return a file's mesh and the colours of its faces, as they are in the file."""
    kind = path.suffix.lower()
    if kind not in FORMATS:
        raise PartError(f'{path}: not a mesh: give an OBJ, STL, PLY or GLB file')
    try:
        megabytes = path.stat().st_size / 2**20
    except OSError as error:
        raise PartError(f'{path}: not readable ({error.strerror})') from None
    if megabytes > MAX_MEGABYTES:
        raise PartError(
            f'{path}: {megabytes:.0f} MB are too many (up to {MAX_MEGABYTES}): simplify the mesh '
            f'first, {MAX_FACES:,} faces are enough')
    try:
        mesh = trimesh.load_mesh(path, file_type=kind[1:], process=False)
    except MemoryError:
        raise PartError(f'{path}: too large for the memory: simplify the mesh first') from None
    except Exception as error:  # the parsers raise whatever comes up in a broken file
        reason = ' '.join(str(error).split())[:100] or type(error).__name__
        raise PartError(f'{path}: not readable as {kind[1:].upper()} ({reason})') from None
    if not isinstance(mesh, trimesh.Trimesh) or not len(mesh.faces):
        raise PartError(f'{path}: no faces in it')
    if not np.isfinite(_corners(mesh)).all():
        raise PartError(f'{path}: some of its vertices are not finite numbers')
    colours = _face_colours(mesh)
    return trimesh.Trimesh(mesh.vertices, mesh.faces, process=False), colours


def _face_colours(mesh: trimesh.Trimesh) -> Colours | None:
    visual = mesh.visual
    if isinstance(visual, trimesh.visual.TextureVisuals):
        pictures = (getattr(visual.material, name, None) for name in ('image', 'baseColorTexture'))
        if visual.uv is None or not any(picture is not None for picture in pictures):
            one = getattr(visual.material, 'baseColorFactor', None)
            return None if one is None else np.tile(np.uint8(one), (len(mesh.faces), 1))
        visual = visual.to_color()
    if visual is None or not visual.defined:
        return None
    if visual.kind == 'vertex':
        corners = np.asarray(visual.vertex_colors)[mesh.faces]
        return np.asarray(corners.mean(axis=1).round(), dtype=np.uint8)
    return np.asarray(visual.face_colors, dtype=np.uint8)


def _check_size(
    path: Path, mesh: trimesh.Trimesh, units: str, sizes: tuple[float, float],
) -> None:
    longest, (least, most) = float(mesh.extents.max()), sizes
    if least <= longest * UNITS[units] <= most:
        return
    every = {unit: f'{unit} ({longest * metres:.3g} m)' for unit, metres in UNITS.items()}
    fitting = [every[unit] for unit, metres in UNITS.items() if least <= longest * metres <= most]
    advice = f'its unit may be {" or ".join(fitting)}' if fitting else \
        f'no unit fits: {", ".join(every.values())}'
    raise PartError(
        f'{path}: {longest * UNITS[units]:.3g} m long in units {units!r}, where parts have '
        f'{least} to {most:g} m; {advice}')


def _is_flat(mesh: trimesh.Trimesh) -> bool:
    corners = _corners(mesh)
    corners = corners - corners.mean(axis=0)
    _, axes = np.linalg.eigh(corners.T @ corners)
    thickness = float(np.ptp(corners @ axes[:, 0]))
    return thickness < _FLAT * float(mesh.extents.max())


def _corners(mesh: trimesh.Trimesh) -> Floats:
    """Return the vertices that faces have as corners, once each."""
    used = np.zeros(len(mesh.vertices), dtype=bool)
    used[mesh.faces.ravel()] = True
    return np.asarray(mesh.vertices[used], dtype=np.float64)


def _decimated(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    # Its thresholds are absolute numbers: the same shape is to become the same in any unit.
    middle, size = mesh.bounds.mean(axis=0), float(mesh.extents.max())
    coarse = trimesh.Trimesh((mesh.vertices - middle) / size, mesh.faces, process=False)
    for _ in range(_DECIMATIONS):
        # Gently: haste would pull spikes out of assemblies, which rather keep some more faces.
        coarse = coarse.simplify_quadric_decimation(face_count=MAX_FACES, aggression=3)
        if len(coarse.faces) < 2 * MAX_FACES:
            break
    return trimesh.Trimesh(coarse.vertices * size + middle, coarse.faces)


def _repaired(
    mesh: trimesh.Trimesh, colours: Colours | None
) -> tuple[trimesh.Trimesh, Colours | None, tuple[str, ...]]:
    warnings = []
    # Vertices that differ in their texture or normal alone are one.
    mesh.merge_vertices(merge_tex=True, merge_norm=True)
    kept = mesh.nondegenerate_faces() & mesh.unique_faces()
    mesh.update_faces(kept)
    mesh.remove_unreferenced_vertices()
    colours = None if colours is None else colours[kept]
    if len(mesh.faces) > MAX_FACES:
        fine = mesh
        mesh = _decimated(fine)
        warnings.append(f'decimated from {len(fine.faces):,} to {len(mesh.faces):,} faces')
        if colours is not None:
            colours = colours[cKDTree(fine.triangles_center).query(mesh.triangles_center)[1]]
    if not mesh.is_winding_consistent or mesh.volume < 0.0:
        # May not change the order of the faces, nor remove any.
        mesh.fix_normals(multibody=True)
        warnings.append('faces that looked inwards have been turned')
    if not mesh.is_watertight:
        mesh, beside = with_holes_closed(mesh)
        if colours is not None:
            colours = np.concatenate((colours, colours[beside]))
        if len(beside):
            warnings.append(f'open: closed with {len(beside)} faces')
        left = len(open_edges(mesh)[0])
        if left:
            warnings.append(f'open: {left} edges belong to one face only, and no way to close it')
    return mesh, colours, tuple(warnings)
