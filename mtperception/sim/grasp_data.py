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

"""The data set of grasps: PNG pictures, depth pictures, and one file of JSON lines."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtperception.sim.backgrounds import Backgrounds
from mtperception.sim.data_folder import Record
from mtperception.sim.files import png, SampleFiles
from mtperception.sim.grasp_labels import GraspSample
from mtperception.sim.grasp_lines import grasp_line, GRASP_LINES
from mtperception.sim.grasp_scene import GraspScene
from mtperception.sim.part_files import FORMATS, part_from_file, PartError
from mtperception.sim.parts import Part


@dataclass(frozen=True)
class GraspData:
    """
    Pictures of parts that fell onto a bench.

    `meshes` is a folder of the user's meshes, in `units`, which then take the place of the
    project's own parts; `backgrounds` are pictures for the bench.
    """

    meshes: Path | None = None
    units: str = 'mm'
    backgrounds: Backgrounds | None = None
    name: str = 'grasp'
    # A 300 x 300 picture takes about 160 kB as PNG, its depth 40 kB.
    bytes_per_sample: int = 300_000

    @property
    def arguments(self) -> tuple[str, ...]:
        """The command line's further words that make the same data."""
        words: tuple[str, ...] = ()
        if self.meshes is not None:
            words += ('--meshes', str(self.meshes), '--units', self.units)
        if self.backgrounds is not None:
            words += ('--backgrounds', str(self.backgrounds.folder))
        return words

    def parameters(self) -> Mapping[str, Any]:
        """Return the hashes of the user's files."""
        found: dict[str, Any] = {}
        if self.meshes is not None:
            digest = hashlib.sha256()
            for path in mesh_files(self.meshes):
                digest.update(path.name.encode() + b'\0')
                digest.update(hashlib.sha256(path.read_bytes()).digest())
            found['meshes'], found['units'] = digest.hexdigest(), self.units
        if self.backgrounds is not None:
            found['backgrounds'] = self.backgrounds.sha256
        return found

    def scene(self) -> AbstractContextManager[GraspScene]:
        """Open the scene."""
        return GraspScene(self._parts(), backgrounds=self.backgrounds)

    def _parts(self) -> list[Part] | None:
        if self.meshes is None:
            return None
        return [part_from_file(path, self.units) for path in mesh_files(self.meshes)]

    def write(self, files: SampleFiles, index: int, sample: GraspSample) -> Record:
        """Save the picture and its depth."""
        image, depth = f'images/{index:06d}.png', f'depth/{index:06d}.png'
        files.save(image, png(sample.image))
        files.save(depth, png(millimetres(sample.depth)))
        return grasp_line(image, depth, sample)

    def finish(
        self, files: SampleFiles, records: Iterator[Record], info: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        """Save the labels."""
        lines = [json.dumps(record) for record in records]
        files.save(GRASP_LINES, ('\n'.join(lines) + '\n').encode())
        return {}


def mesh_files(folder: Path) -> list[Path]:
    """Return the mesh files in a folder; raise PartError where there is none."""
    if not folder.is_dir():
        raise PartError(f'{folder} is not a folder of meshes')
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in FORMATS)
    if not paths:
        raise PartError(f'{folder} holds no OBJ, STL or PLY file')
    return paths


def millimetres(depth: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return a depth picture, in metres, as it is stored: whole millimetres, 0 for nothing."""
    whole = np.rint(1000.0 * np.where(np.isfinite(depth), depth, 0.0))
    return np.where(whole < 65536.0, whole, 0.0).astype(np.uint16)
