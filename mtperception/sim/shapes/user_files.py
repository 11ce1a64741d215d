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

"""What the user brings to a data set: meshes of parts, and pictures for the background."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
import hashlib
from pathlib import Path
from typing import Any

from mtperception.sim.looks.backgrounds import Backgrounds
from mtperception.sim.shapes.part_files import FORMATS, part_from_file, PartError
from mtperception.sim.shapes.parts import Part


@dataclass(frozen=True)
class UserFiles:
    """
    Files that take the place of the project's own.

    `meshes` is a folder of meshes, in `units`, of a `finish`; None for the project's own parts.
    `backgrounds` are pictures to lie under and behind things, None for none.
    """

    meshes: Path | None = None
    units: str = 'mm'
    finish: str = 'plastic'
    backgrounds: Backgrounds | None = None

    @property
    def arguments(self) -> tuple[str, ...]:
        """The words that say so on the command line."""
        words: tuple[str, ...] = ()
        if self.meshes is not None:
            words += ('--meshes', str(self.meshes), '--units', self.units)
            words += () if self.finish == 'plastic' else ('--finish', self.finish)
        if self.backgrounds is not None:
            words += ('--backgrounds', str(self.backgrounds.folder))
        return words

    def parameters(self) -> Mapping[str, Any]:
        """Return the files' hashes, as a data set's parameters."""
        found: dict[str, Any] = {}
        if self.meshes is not None:
            digest = hashlib.sha256()
            for path in mesh_files(self.meshes):
                digest.update(path.name.encode() + b'\0')
                digest.update(hashlib.sha256(path.read_bytes()).digest())
            found['meshes'], found['units'] = digest.hexdigest(), self.units
            if self.finish != 'plastic':  # which all were before there was a choice
                found['finish'] = self.finish
        if self.backgrounds is not None:
            found['backgrounds'] = self.backgrounds.sha256
        return found

    def parts(self) -> list[Part] | None:
        """Read the meshes; None where there are none."""
        if self.meshes is None:
            return None
        return [replace(part_from_file(path, self.units), finish=self.finish)
                for path in mesh_files(self.meshes)]


def mesh_files(folder: Path) -> list[Path]:
    """Return the mesh files in a folder; raise PartError where there is none."""
    if not folder.is_dir():
        raise PartError(f'{folder} is not a folder of meshes')
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in FORMATS)
    if not paths:
        raise PartError(f'{folder} holds no OBJ, STL, PLY or GLB file')
    return paths
