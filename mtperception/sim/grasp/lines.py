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
`pose` the `position`, `closing`, `approach` and `opening` in metres in the optical frame.
`clutter` are things that are no parts, each with `name`, `rotation` and `translation`. What all
this means is in `grasp_labels`: pixel (0, 0) is the centre of the first one.

Recorded pictures have no `objects` but `grasps` of the whole picture, each with the name of its
`part` and without a pose, and know of their camera the matrix alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from mtperception.geometry.camera import Floats, PinholeCamera, PosedCamera
from mtperception.sim.files.data_folder import DataSetError
from mtperception.sim.files.run_length import RunLengths
from mtperception.sim.grasp.labels import Box, GraspLabel, GraspSample, GripperPose

GRASP_LINES = 'grasps.jsonl'


@dataclass(frozen=True)
class StoredObject:
    """A part in a stored picture: as GraspObject, its masks yet to be decoded."""

    part: str
    rotation: Floats
    translation: Floats
    box: Box
    mask: RunLengths
    visible_mask: RunLengths
    visible: float
    grasps: tuple[GraspLabel, ...]


@dataclass(frozen=True)
class GraspPicture:
    """
    A stored picture with its grasps.

    Where parts are labelled, `objects` are these, each with its own of the grasps; the camera and
    the file of the depth picture are None where they are not known.
    """

    path: Path
    grasps: tuple[GraspLabel, ...]
    objects: tuple[StoredObject, ...] = ()
    view: PosedCamera | None = None
    depth: Path | None = None


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


def read_grasp_lines(folder: str | os.PathLike[str]) -> Iterator[GraspPicture]:
    """
    Yield every picture of a data set, in order.

    Raise DataSetError naming the file and the line at fault.
    """
    root = Path(folder)
    path = root / GRASP_LINES
    try:
        # The last line may lack its end.
        lines = path.read_text(encoding='utf-8').splitlines()
    except FileNotFoundError:
        raise DataSetError(f'{path}: not found; is the data set complete?') from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataSetError(f'{path}: not readable ({error})') from None
    for number, line in enumerate(lines, 1):
        try:
            picture = _decoded(root, json.loads(line))
        except DataSetError as error:
            raise DataSetError(f'{path}, line {number}: {error}') from None
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise DataSetError(
                f'{path}, line {number}: not labelled as expected ({error!r})') from None
        if not picture.path.is_file():
            raise DataSetError(f'{picture.path}: the picture is missing')
        yield picture


def _decoded(root: Path, line: Mapping[str, Any]) -> GraspPicture:
    objects: tuple[StoredObject, ...] = ()
    if 'objects' in line:
        objects = tuple(_object(entry) for entry in line['objects'])
        grasps = tuple(grasp for part in objects for grasp in part.grasps)
    else:
        grasps = tuple(_grasp(entry) for entry in line['grasps'])
    depth = line.get('depth')
    return GraspPicture(
        root / str(line['file']), grasps, objects, _view(line),
        None if depth is None else root / str(depth))


def _view(line: Mapping[str, Any]) -> PosedCamera | None:
    camera = line['camera']
    if 'objects' not in line:
        return None
    matrix = _array(camera['matrix'], 3, 3)
    pinhole = PinholeCamera(
        int(line['width']), int(line['height']), float(matrix[0, 0]), float(matrix[1, 1]),
        float(matrix[0, 2]), float(matrix[1, 2]))
    return PosedCamera(pinhole, _array(camera['rotation'], 3, 3), _array(camera['position'], 3))


def _object(entry: Mapping[str, Any]) -> StoredObject:
    x0, y0, x1, y1 = _array(entry['box'], 4).tolist()
    visible = float(entry['visible'])
    if not 0.0 <= visible <= 1.0:
        raise DataSetError(f'a visible share of {visible}')
    return StoredObject(
        str(entry['part']), _array(entry['rotation'], 3, 3), _array(entry['translation'], 3),
        (x0, y0, x1, y1), RunLengths.from_json(entry['mask']),
        RunLengths.from_json(entry['visible_mask']), visible,
        tuple(_grasp(grasp) for grasp in entry['grasps']))


def _grasp(entry: Mapping[str, Any]) -> GraspLabel:
    x, y, opening, jaw, theta, score = _array(
        [entry[name] for name in ('x', 'y', 'opening', 'jaw', 'theta', 'score')], 6).tolist()
    return checked(GraspLabel(x, y, opening, jaw, theta, score, _pose(entry.get('pose'))))


def _pose(entry: Mapping[str, Any] | None) -> GripperPose | None:
    if entry is None:
        return None
    return GripperPose(
        _vector(entry['position']), _vector(entry['closing']), _vector(entry['approach']),
        float(entry['opening']))


def checked(grasp: GraspLabel) -> GraspLabel:
    """Return a grasp that makes sense; raise DataSetError where it does not."""
    if grasp.opening <= 0.0 or grasp.jaw <= 0.0:
        raise DataSetError(f'a grasp of {grasp.opening:g} x {grasp.jaw:g} pixels')
    if not -np.pi / 2 < grasp.theta <= np.pi / 2:
        raise DataSetError(f'a grasp at {grasp.theta:g} rad: angles are in (-pi/2, pi/2]')
    return grasp


def _vector(values: Any) -> tuple[float, float, float]:
    x, y, z = _array(values, 3).tolist()
    return x, y, z


def _array(values: Any, *shape: int) -> Floats:
    array = np.array(values, dtype=np.float64).reshape(shape)
    if not np.isfinite(array).all():
        raise DataSetError('a number that is not finite')
    return array
