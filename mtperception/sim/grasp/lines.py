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
Grasp data sets on disk: a folder with pictures and `grasps.jsonl`, one line a picture.

A line is a JSON object. `file` is the picture's path in the folder, `depth` that of a 16-bit PNG
in millimetres, 0 where nothing is known; `camera` has `matrix` (K, row by row), and where the
camera was: `rotation` (row by row, its columns are the optical axes in the world) and `position`
in metres. `objects` have `part`, `rotation` and `translation` (from the part's mesh to the optical
frame, metres), `box` (x0, y0, x1, y1), `visible` (a share), `mask` and `visible_mask` (COCO's run
lengths) and `grasps`: `x`, `y`, `opening`, `jaw` in pixels, `theta` in radians, `score`, and under
`pose` the `position`, `closing`, `approach` and `opening` in metres in the optical frame. Their
`others` are rows (x, y, opening, jaw, theta).
`clutter` are things that are no parts, each with `name`, `rotation` and `translation`. What all
this means is in `GraspObject` and `GraspLabel`: pixel (0, 0) is the centre of the first one.

Recorded pictures have no `objects` but `grasps` of the whole picture, each with the name of its
`part` and without a pose, and know of their camera the matrix alone.
"""

from collections.abc import Iterable
from typing import Any

from mtperception.datasets.grasps import GraspLabel
from mtperception.datasets.run_length import RunLengths
from mtperception.geometry.camera import PinholeCamera
from mtperception.sim.grasp.labels import GraspSample


def grasp_line(file: str, depth: str, sample: GraspSample) -> dict[str, Any]:
    """Return what a line says of a sample whose pictures are in two files."""
    camera = sample.view.camera
    return {
        'file': file, 'width': camera.width, 'height': camera.height, 'depth': depth,
        'camera': {
            'matrix': camera.matrix.ravel().tolist(),
            'rotation': sample.view.rotation.ravel().tolist(),
            'position': sample.view.position.tolist()},
        'objects': [{
            'part': part.part,
            'rotation': part.rotation.ravel().tolist(),
            'translation': part.translation.tolist(),
            'box': list(part.box),
            'visible': part.visible,
            'mask': RunLengths.of(part.mask).to_json(),
            'visible_mask': RunLengths.of(part.visible_mask).to_json(),
            'grasps': [_grasp_entry(grasp) for grasp in part.grasps],
            'others': [grasp.rectangle for grasp in part.others],
        } for part in sample.objects],
        'clutter': [{
            'name': thing.name,
            'rotation': thing.rotation.ravel().tolist(),
            'translation': thing.translation.tolist(),
        } for thing in sample.clutter],
    }


def rectangle_line(
    file: str, depth: str, camera: PinholeCamera, grasps: Iterable[tuple[str, GraspLabel]],
) -> dict[str, Any]:
    """Return what a line says of a recorded picture with grasps of parts, given by name."""
    return {
        'file': file, 'width': camera.width, 'height': camera.height, 'depth': depth,
        'camera': {'matrix': camera.matrix.ravel().tolist()},
        'grasps': [{**_grasp_entry(grasp), 'part': part} for part, grasp in grasps],
    }


def _grasp_entry(grasp: GraspLabel) -> dict[str, Any]:
    # dataclasses.asdict takes fifty times as long.
    pose = None if grasp.pose is None else vars(grasp.pose)
    return {**vars(grasp), 'pose': pose}
