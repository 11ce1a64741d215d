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
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from mtperception.geometry.camera import PinholeCamera
from mtperception.sim.files.coco import image_name, write_annotations
from mtperception.sim.files.data_folder import Record
from mtperception.sim.files.writing import png, SampleFiles
from mtperception.sim.pin.fixture import MAX_PINS
from mtperception.sim.pin.labels import PinLabel, PinSample
from mtperception.sim.pin.scene import PinScene


@dataclass(frozen=True)
class PinData:
    """Pictures of machined workpieces with 0 to 6 pins at random, or with ``pins`` each."""

    pins: int | None = None
    name: str = 'pin'
    # A 612 x 512 picture takes about 220 kB as PNG.
    bytes_per_sample: int = 300_000

    def __post_init__(self) -> None:
        """Refuse a number of pins that no picture has room for."""
        if self.pins is not None and not 0 <= self.pins <= MAX_PINS:
            raise ValueError(f'{self.pins} pins do not fit: choose 0 to {MAX_PINS}')

    @property
    def arguments(self) -> tuple[str, ...]:
        """Return the words for the number of pins, where it is not left to chance."""
        return () if self.pins is None else ('--pins', str(self.pins))

    def parameters(self) -> Mapping[str, Any]:
        """Return the number of pins, where it is not left to chance."""
        return {} if self.pins is None else {'pins': self.pins}

    @contextmanager
    def scene(self) -> Iterator['_Pictures']:
        """Open the scene."""
        with PinScene() as scene:
            yield _Pictures(scene, self.pins)

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


class _Pictures(NamedTuple):
    scene: PinScene
    pins: int | None

    def sample(self, seed: int, index: int) -> PinSample:
        return self.scene.sample(seed, index, self.pins)
