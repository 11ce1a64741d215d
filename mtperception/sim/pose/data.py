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

"""The data set of poses: pictures, depth, masks and poses in the format of the BOP benchmark."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from mtperception.sim.files.data_folder import Record
from mtperception.sim.files.writing import black_and_white, jpeg, millimetres, png, SampleFiles
from mtperception.sim.pose.bop import (
    camera_file,
    model_files,
    picture_record,
    picture_stem,
    scene_files,
    scene_folder,
)
from mtperception.sim.pose.labels import PoseSample
from mtperception.sim.pose.layout import pose_camera
from mtperception.sim.pose.scene import HEIGHT, PoseScene, WIDTH
from mtperception.sim.shapes.parts import hammer, Part
from mtperception.sim.shapes.user_files import UserFiles


@dataclass(frozen=True)
class PoseData:
    """
    Pictures of parts that hands hold and hide, one in each: the hammer, or the user's meshes.

    Of several meshes one is drawn for each picture.
    """

    user: UserFiles = field(default_factory=UserFiles)
    name: str = 'pose'
    # 512 x 512: the picture takes about 130 kB, its depth 120 kB, the rest 30 kB.
    bytes_per_sample: int = 400_000

    @property
    def arguments(self) -> tuple[str, ...]:
        """The command line's further words that make the same data."""
        return self.user.arguments

    def parameters(self) -> Mapping[str, Any]:
        """Return the hashes of the user's files."""
        return self.user.parameters()

    def scene(self) -> AbstractContextManager[PoseScene]:
        """Open the scene."""
        return PoseScene(*self.parts(), backgrounds=self.user.backgrounds)

    def parts(self) -> list[Part]:
        """Return what is in the pictures, in the order of the models' numbers."""
        return self.user.parts() or [hammer()]

    def write(self, files: SampleFiles, index: int, sample: PoseSample) -> Record:
        """Save the picture, its depth, the masks, and the objects alone."""
        scene, stem = scene_folder(index), picture_stem(index)
        depth = millimetres(sample.depth)
        files.save(f'{scene}/rgb/{stem}.jpg', jpeg(sample.image))
        files.save(f'{scene}/depth/{stem}.png', png(depth))
        for place, thing in enumerate(sample.objects):
            name = f'{stem}_{place:06d}.png'
            files.save(f'{scene}/mask/{name}', png(black_and_white(thing.mask), flat=True))
            files.save(
                f'{scene}/mask_visib/{name}',
                png(black_and_white(thing.visible_mask), flat=True))
            files.save(f'{scene}/alone/{name}', png(thing.alone, flat=True))
        return picture_record(sample, depth)

    def finish(
        self, files: SampleFiles, records: Iterator[Record], info: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        """Save the scenes' labels, the models, and the camera."""
        parts = self.parts()
        numbers = {part.name: number for number, part in enumerate(parts, 1)}
        for name, data in scene_files(records, numbers):
            files.save(name, data)
        for name, data in model_files([(part.name, part.mesh) for part in parts]):
            files.save(name, data)
        files.save(*camera_file(pose_camera(WIDTH, HEIGHT)))
        return {}
