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
from dataclasses import dataclass, field
import json
from typing import Any

from mtperception.sim.data_folder import Record
from mtperception.sim.files import millimetres, png, SampleFiles
from mtperception.sim.grasp_labels import GraspSample
from mtperception.sim.grasp_lines import grasp_line, GRASP_LINES
from mtperception.sim.grasp_scene import GraspScene
from mtperception.sim.user_files import UserFiles


@dataclass(frozen=True)
class GraspData:
    """Pictures of parts that fell onto a bench: the project's own, or the user's meshes."""

    user: UserFiles = field(default_factory=UserFiles)
    name: str = 'grasp'
    # A 300 x 300 picture takes about 160 kB as PNG, its depth 40 kB.
    bytes_per_sample: int = 300_000

    @property
    def arguments(self) -> tuple[str, ...]:
        """The command line's further words that make the same data."""
        return self.user.arguments

    def parameters(self) -> Mapping[str, Any]:
        """Return the hashes of the user's files."""
        return self.user.parameters()

    def scene(self) -> AbstractContextManager[GraspScene]:
        """Open the scene."""
        return GraspScene(self.user.parts(), backgrounds=self.user.backgrounds)

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
