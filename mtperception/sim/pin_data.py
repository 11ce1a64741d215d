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

"""The data set of pins: PNG pictures and one file of labels in COCO's format."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import Any

from mtperception.geometry.camera import PinholeCamera
from mtperception.sim.coco import image_name, write_annotations
from mtperception.sim.data_folder import Record
from mtperception.sim.files import png, SampleFiles
from mtperception.sim.labels import PinLabel, PinSample
from mtperception.sim.pin_scene import PinScene


@dataclass(frozen=True)
class PinData:
    """Pictures of pins on machined workpieces."""

    name: str = 'pin'
    arguments: tuple[str, ...] = ()
    # A 612 x 512 picture takes about 220 kB as PNG.
    bytes_per_sample: int = 300_000

    def parameters(self) -> Mapping[str, Any]:
        """Return nothing: the seed says it all."""
        return {}

    def scene(self) -> AbstractContextManager[PinScene]:
        """Open the scene."""
        return PinScene()

    def write(self, files: SampleFiles, index: int, sample: PinSample) -> Record:
        """Save the picture."""
        files.save(image_name(index), png(sample.image))
        return {'camera': asdict(sample.camera), 'pins': [asdict(pin) for pin in sample.pins]}

    def finish(
        self, files: SampleFiles, records: Iterator[Record], info: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        """Save the labels."""
        labels, cameras = [], []
        for record in records:
            labels.append([
                PinLabel(**{**pin, 'box': tuple(pin['box'])}) for pin in record['pins']])
            cameras.append(PinholeCamera(**record['camera']))
        write_annotations(
            files.root, labels, cameras, {'description': 'rendered pins', **info})
        return {}
