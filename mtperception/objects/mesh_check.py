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
An object's mesh from the user's CAD file or scan, and whether it will do.

What is wrong is said in one line, with the way out (ObjectError, and PartError from reading it);
what was put right is said in notes. Nothing of torch is needed yet.
"""

from dataclasses import dataclass
import hashlib
from pathlib import Path
import re

import numpy as np
import trimesh

from mtperception.objects.registry import ObjectError
from mtperception.sim.shapes.holes import open_edges
from mtperception.sim.shapes.part_files import mesh_from_file

# Metres that the longest side of an object may have: a camera sees smaller ones as a few pixels,
# and larger ones do not fit in a hand.
SIZES = (0.01, 1.0)
# A mesh is written and read until nothing is to be simplified any more, at most so often.
_ROUNDS = 6
_COLOUR = re.compile(r'#[0-9a-fA-F]{6}')


@dataclass(frozen=True)
class CheckedMesh:
    """
    A mesh in metres, in the frame that poses will be of, which is the file's.

    `source` is the file, `sha256` that of its bytes, `notes` say what is remarkable and what was
    put right.
    """

    mesh: trimesh.Trimesh
    source: Path
    sha256: str
    notes: tuple[str, ...]


def checked_mesh(
    path: Path, units: str, *, allow_open: bool = False, colour: str | None = None,
) -> CheckedMesh:
    """
    Read an object's mesh, in `units`, and refuse what could only disappoint later.

    `allow_open` takes a scan with holes as it is. `colour` (#RRGGBB) paints all of it; without,
    faces keep the file's colours. Raise ObjectError or PartError, whose messages name the file.
    """
    paint = None if colour is None else colour_of(colour)
    mesh, warnings = mesh_from_file(path, units, SIZES)
    gaps = len(open_edges(mesh)[0])
    if gaps and not allow_open:
        raise ObjectError(
            f'{path}: the mesh is open: {gaps} edges belong to one face only, around holes too '
            'large to be closed here; close them in the CAD program, or give --allow-open: it is '
            'then seen through its holes from behind')
    notes = [f'{note[0].upper()}{note[1:]}' for note in warnings]
    if gaps:
        notes = [note for note in notes if not note.endswith('no way to close it')]
        notes.append(f'Open at {gaps} edges: taken as it is')
    if paint is not None:
        mesh = trimesh.Trimesh(
            mesh.vertices, mesh.faces, face_colors=np.tile(paint, (len(mesh.faces), 1)),
            process=False)
    away = float(np.linalg.norm(mesh.bounds.mean(axis=0))) / float(mesh.extents.max())
    if away > 1.0:
        notes.append(
            f'Its origin is {away:.1f} lengths away from its middle: poses are of the origin, so '
            'a small turn moves the object far; move the origin into it')
    return CheckedMesh(mesh, path, hashlib.sha256(path.read_bytes()).hexdigest(), tuple(notes))


def colour_of(text: str) -> tuple[int, int, int, int]:
    """Read a colour such as #C8102E; give red, green, blue and alpha, 0 to 255."""
    if not _COLOUR.fullmatch(text):
        raise ObjectError(f'--colour is {text!r}; it is six hexadecimal digits, such as #C8102E')
    red, green, blue = bytes.fromhex(text[1:])
    return red, green, blue, 255


def size_text(mesh: trimesh.Trimesh) -> str:
    """Say in millimetres how large a mesh is, for the user to see that the unit is right."""
    return ' x '.join(f'{1000.0 * side:.4g}' for side in mesh.extents) + ' mm'


def write_mesh(mesh: trimesh.Trimesh, path: Path) -> None:
    """Write a mesh (metres) such that `mesh_from_file` gives back the very mesh that is there."""
    for _ in range(_ROUNDS):
        mesh.export(path)
        mesh, warnings = mesh_from_file(path, 'm')
        if not any(line.startswith('decimated') for line in warnings):
            break
