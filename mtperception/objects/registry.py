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
The user's own objects: what poses mean, and the models that tell them.

Each has a folder, `own_folder()/NAME`: `mesh.ply` (metres; poses are of its frame), `object.json`
(what is known of it beside), and `pose.safetensors` with its card `pose.json`. A folder appears
whole, by a rename, or not at all.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
import json
import os
from pathlib import Path
import shutil
from typing import Any

import numpy as np
import trimesh

from mtperception import zoo
from mtperception.sim.shapes.part_files import mesh_from_file, PartError
from mtperception.sim.shapes.parts import FINISHES, Part, PARTS
from mtperception.zoo.own_models import is_name, MODEL, own_folder, own_names

MESH, ABOUT = 'mesh.ply', 'object.json'


class ObjectError(zoo.ModelError):
    """An object cannot be taken in or used; the message says which, why, and what to do."""


@dataclass(frozen=True)
class OwnObject:
    """
    What is known of one of the user's objects beside its mesh.

    `unit` is that of the `source` file, whose bytes have `source_sha256`; `finish` is one of
    FINISHES and `colour` (#RRGGBB) what it was painted with, None for the file's own colours.
    `diameter` is the largest distance between two of its points, in metres; `mirrored` says that
    it is its own mirror image, `symmetries` after how many turns it looks the same, itself
    included. `notes` are about what was remarkable in the mesh, `version` is the package's.
    """

    name: str
    unit: str
    source: str
    source_sha256: str
    finish: str
    colour: str | None
    diameter: float
    mirrored: bool
    symmetries: int
    notes: tuple[str, ...]
    version: str


def check_name(name: str) -> None:
    """Refuse a name that cannot be given to a new object."""
    if not is_name(name):
        raise ObjectError(f'{name!r} is no name for an object: up to 64 letters, digits, _ and -, '
                          'beginning with a letter or a digit')
    if name in PARTS or name in zoo.names():
        raise ObjectError(f'{name!r} is taken by what the package brings; choose another name')
    if (own_folder() / name).exists():
        raise ObjectError(f'an object {name!r} is known already ({own_folder() / name}); choose '
                          f'another name, or `mtperception objects --remove {name}` first')


def register(about: OwnObject, mesh: Path, model: Path) -> Path:
    """
    Take in a new object, whole or not at all; return its folder.

    `mesh` is a file in metres, `model` a `.safetensors` file with its card beside it. ObjectError
    says why the name cannot be had.
    """
    check_name(about.name)
    root = own_folder()
    temporary = root / f'.{about.name}.{os.getpid()}'
    try:
        temporary.mkdir(parents=True)
        shutil.copyfile(mesh, temporary / MESH)
        shutil.copyfile(model, temporary / MODEL)
        shutil.copyfile(model.with_suffix('.json'), (temporary / MODEL).with_suffix('.json'))
        (temporary / ABOUT).write_text(json.dumps(asdict(about), indent=2) + '\n')
        os.rename(temporary, root / about.name)
    except OSError as error:
        raise ObjectError(f'{root / about.name} cannot be written: {error.strerror}') from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return root / about.name


def remove(name: str) -> None:
    """Forget an object: its mesh and its model are deleted."""
    folder = _folder(name)
    # It is gone at once, whatever happens to its files.
    gone = folder.with_name(f'.{name}.{os.getpid()}.gone')
    try:
        os.rename(folder, gone)
        shutil.rmtree(gone)
    except OSError as error:
        raise ObjectError(f'{folder} cannot be removed: {error.strerror}') from None


def own_part(name: str) -> Part:
    """
    Return one of the user's objects as it is rendered.

    For physics it would have no piece but its convex hull. ObjectError says what is wrong.
    """
    folder = _folder(name)
    about = own_object(name)
    try:
        mesh, warnings = mesh_from_file(folder / MESH, 'm')
    except PartError as error:
        raise ObjectError(f'object {name!r}: {error}; {_again(name)}') from None
    return part_of_mesh(name, mesh, about.finish, warnings)


def part_of_mesh(
    name: str, mesh: trimesh.Trimesh, finish: str, warnings: Iterable[str] = (),
) -> Part:
    """Make a part of a mesh (metres) for pictures: its only piece for physics is its hull."""
    hull = np.asarray(mesh.convex_hull.vertices, dtype=np.float64)
    return Part(name, mesh, (hull,), finish, None, tuple(warnings))


def own_object(name: str) -> OwnObject:
    """Read what is known of an object; ObjectError says what is wrong."""
    path = _folder(name) / ABOUT
    try:
        values: dict[str, Any] = json.loads(path.read_bytes())
        about = OwnObject(**{field.name: values[field.name] for field in fields(OwnObject)})
        good = about.finish in FINISHES and about.name == name and float(about.diameter) > 0.0
    except (OSError, KeyError, TypeError, ValueError):
        good = False
    if not good:
        raise ObjectError(f'{path} is missing or damaged; {_again(name)}')
    return replace(about, notes=tuple(about.notes))


def own_objects() -> dict[str, OwnObject | ObjectError]:
    """Return all of the user's objects by name; an error for what is damaged."""
    found: dict[str, OwnObject | ObjectError] = {}
    for name in own_names():
        try:
            found[name] = own_object(name)
        except ObjectError as error:
            found[name] = error
    return found


def _folder(name: str) -> Path:
    folder = own_folder() / name
    if not is_name(name) or not folder.is_dir():
        known = ', '.join(own_names()) or 'none'
        raise ObjectError(f'no object of your own is called {name!r}; there are: {known}')
    return folder


def _again(name: str) -> str:
    return (f'`mtperception objects --remove {name}` and `mtperception onboard` make it '
            'anew')
