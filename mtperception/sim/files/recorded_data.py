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
Data sets that were recorded from a simulated cell's topics instead of rendered.

They are in the formats of the rendered ones. What topics do not tell is left out, and the card
says what that is, under `not_labelled`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
import json
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mtperception.datasets.bop import CAMERA_FILE, INFO_FILE, POSES_FILE
from mtperception.datasets.grasps import GRASP_LINES, GraspLabel
from mtperception.geometry.camera import Floats, PinholeCamera
from mtperception.sim.files.data_folder import Record
from mtperception.sim.files.writing import jpeg, millimetres, png, SampleFiles
from mtperception.sim.grasp.data import GraspData
from mtperception.sim.grasp.lines import rectangle_line
from mtperception.sim.pin.data import PinData
from mtperception.sim.pose.bop import NOTHING, picture_stem, scene_folder
from mtperception.sim.pose.data import PoseData

# Who drew the pictures.
GAZEBO, CELL = 'gazebo', 'cell'


class SeenGrasp(NamedTuple):
    """A grasp, and the name of the part that it is of."""

    part: str
    grasp: GraspLabel


class SeenObject(NamedTuple):
    """An object's name, its pose as a PoseObject's, and how much of it can be seen, a share."""

    part: str
    rotation: Floats
    translation: Floats
    visible: float


@dataclass(frozen=True)
class RecordedPicture:
    """
    A colour picture (RGB) with its depth (metres, infinite for nothing), and what is there.

    That is for grasps SeenGrasp, for poses SeenObject.
    """

    image: NDArray[np.uint8]
    depth: NDArray[np.float32]
    camera: PinholeCamera
    found: tuple[Any, ...]


@dataclass(frozen=True)
class RecordedPins(PinData):
    """Pictures of pins."""

    source: str = GAZEBO

    def parameters(self) -> Mapping[str, Any]:
        """Return where they come from, so that they do not mix with rendered ones."""
        return {'recorded_from': self.source}

    def finish(
        self, files: SampleFiles, records: Iterator[Record], info: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        """Save the labels."""
        return {
            **super().finish(files, records, info), 'not_labelled': {
                GAZEBO: ['what hides a pin'],
                CELL: ['boxes: they are squares around the circles']}[self.source]}


@dataclass(frozen=True)
class RecordedGrasps(GraspData):
    """Pictures of parts with the grasps that a cell says are there."""

    source: str = CELL

    def parameters(self) -> Mapping[str, Any]:
        """Return where they come from, so that they do not mix with rendered ones."""
        return {'recorded_from': self.source}

    def write(self, files: SampleFiles, index: int, sample: Any) -> Record:
        """Save the picture, a RecordedPicture, and its depth."""
        image, depth = f'images/{index:06d}.png', f'depth/{index:06d}.png'
        files.save(image, png(sample.image))
        files.save(depth, png(millimetres(sample.depth)))
        return {'line': rectangle_line(image, depth, sample.camera, sample.found)}

    def finish(
        self, files: SampleFiles, records: Iterator[Record], info: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        """Save the labels."""
        lines = [json.dumps(record['line']) + '\n' for record in records]
        files.save(GRASP_LINES, ''.join(lines).encode())
        return {'not_labelled': [
            'which of two like parts a grasp is of', 'poses', 'boxes', 'masks', 'clutter']}


@dataclass(frozen=True)
class RecordedPoses(PoseData):
    """Pictures of the hammer with the poses that a cell or Gazebo says it has."""

    source: str = GAZEBO

    def parameters(self) -> Mapping[str, Any]:
        """Return where they come from, so that they do not mix with rendered ones."""
        return {'recorded_from': self.source}

    def write(self, files: SampleFiles, index: int, sample: Any) -> Record:
        """Save the picture, a RecordedPicture, and its depth."""
        scene, stem = scene_folder(index), picture_stem(index)
        files.save(f'{scene}/rgb/{stem}.jpg', jpeg(sample.image))
        files.save(f'{scene}/depth/{stem}.png', png(millimetres(sample.depth)))
        meshes = {part.name: np.asarray(part.mesh.vertices) for part in self.parts()}
        poses, info = [], []
        for thing in sample.found:
            poses.append({
                'obj_id': thing.part,
                'cam_R_m2c': thing.rotation.ravel().tolist(),
                'cam_t_m2c': (1000.0 * thing.translation).tolist()})
            outline = sample.camera.project(
                meshes[thing.part] @ thing.rotation.T + thing.translation)
            info.append({
                'visib_fract': thing.visible, 'bbox_obj': _box(outline), 'bbox_visib': NOTHING})
        camera = {'cam_K': sample.camera.matrix.ravel().tolist(), 'depth_scale': 1.0}
        return {CAMERA_FILE: camera, POSES_FILE: poses, INFO_FILE: info}

    def finish(
        self, files: SampleFiles, records: Iterator[Record], info: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        """Save the scenes' labels, the models, and the camera."""
        missing = ['masks', 'numbers of pixels', 'boxes of what can be seen', 'objects alone']
        if self.source == GAZEBO:
            missing.append('what hides an object')
        return {**super().finish(files, records, info), 'not_labelled': missing}


def _box(outline: Floats) -> list[int]:
    """Return the box of the pixels within an outline's bounds, as BOP has it."""
    low = np.ceil(outline.min(axis=0)).astype(int)
    high = np.floor(outline.max(axis=0)).astype(int)
    return [*low.tolist(), *np.maximum(high - low, 0).tolist()]
