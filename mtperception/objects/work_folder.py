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

"""The folder in which a new object is worked on, until it is known; it outlives interruptions."""

from collections.abc import Mapping
from dataclasses import dataclass
import json
import os
from pathlib import Path
import shutil
from typing import Any

from mtperception.objects.cache import cache_root
from mtperception.objects.mesh_check import CheckedMesh, write_mesh
from mtperception.objects.registry import ObjectError, part_of_mesh
from mtperception.sim.shapes.part_files import mesh_from_file
from mtperception.sim.shapes.parts import Part

_RUN = 'run.json'


@dataclass(frozen=True)
class WorkFolder:
    """
    What there is of an object while it is taken in.

    `run.json` says of what, once the mesh is there; pictures, checkpoint and model come later.
    """

    root: Path
    name: str

    @property
    def meshes(self) -> Path:
        """The folder of the object's mesh alone, in metres."""
        return self.root / 'meshes'

    @property
    def mesh(self) -> Path:
        """The object's mesh; pictures are labelled with the name of its file."""
        return self.meshes / f'{self.name}.ply'

    @property
    def pictures(self) -> Path:
        """The data set to learn from."""
        return self.root / 'pictures'

    @property
    def tests(self) -> Path:
        """The data set of new pictures to measure with."""
        return self.root / 'tests'

    @property
    def training(self) -> Path:
        """The folder of checkpoint and model."""
        return self.root / 'training'

    def begin(self, checked: CheckedMesh, run: Mapping[str, Any], resume: bool) -> None:
        """
        Put the mesh there, or see that a run is gone on with that is the same.

        Raise ObjectError where the folder is anything else.
        """
        if self.root.exists() and not self.root.is_dir():
            raise ObjectError(f'{self.root} is a file: choose a folder')
        path = self.root / _RUN
        if path.exists():
            self._must_be_same(path, run, resume)
            return
        if resume:
            raise ObjectError(f'{self.root}: nothing was begun here; leave out --resume')
        strangers = [] if not self.root.exists() else [
            entry.name for entry in self.root.iterdir() if entry != self.meshes]
        if strangers:
            raise ObjectError(
                f'{self.root} holds other files ({strangers[0]}): choose a new folder')
        try:
            shutil.rmtree(self.meshes, ignore_errors=True)
            self.meshes.mkdir(parents=True)
            write_mesh(checked.mesh, self.mesh)
            temporary = path.with_name(f'.{_RUN}')
            temporary.write_text(json.dumps(run, indent=2) + '\n')
            os.replace(temporary, path)
        except OSError as error:
            raise ObjectError(f'{self.root} cannot be written: {error.strerror}') from None

    def part(self, finish: str) -> Part:
        """Return the object as it is rendered."""
        mesh, warnings = mesh_from_file(self.mesh, 'm')
        return part_of_mesh(self.name, mesh, finish, warnings)

    def discard(self) -> None:
        """Delete all that was made on the way."""
        shutil.rmtree(self.root, ignore_errors=True)

    def _must_be_same(self, path: Path, run: Mapping[str, Any], resume: bool) -> None:
        if not resume:
            raise ObjectError(f'{self.root}: {self.name!r} was begun here; go on with --resume, '
                              'or delete the folder to begin anew')
        try:
            begun = dict(json.loads(path.read_bytes()))
        except (OSError, TypeError, ValueError):
            raise ObjectError(f'{path} is damaged; delete the folder to begin anew') from None
        wanted = json.loads(json.dumps(run))
        differing = [key for key in wanted if begun.get(key) != wanted[key]]
        if differing:
            raise ObjectError(
                f'{self.root} was begun with another {", ".join(differing)}; give the same to go '
                'on, or delete the folder to begin anew')


def default_work_folder(name: str) -> Path:
    """Return where an object is worked on when no folder is named."""
    return cache_root() / 'onboarding' / name
