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

"""Read data sets of grasps as `mtperception render grasp` writes them: JSON lines."""

from collections.abc import Iterator, Mapping
import json
from pathlib import Path
from typing import Any

import numpy as np

from mtperception.datasets.errors import DatasetError
from mtperception.datasets.grasps import (
    GRASP_LINES,
    GraspLabel,
    GraspPicture,
    GripperPose,
    StoredObject,
)
from mtperception.datasets.labels import picture_size
from mtperception.datasets.run_length import RunLengths
from mtperception.geometry.camera import Floats, PinholeCamera, PosedCamera
from mtperception.grasp.data.labels import checked


def read_grasp_lines(folder: Path) -> Iterator[GraspPicture]:
    """
    Yield every picture of a data set, in order.

    Raise DatasetError naming the file and the line at fault.
    """
    path = folder / GRASP_LINES
    try:
        # The last line may lack its end.
        lines = path.read_text(encoding='utf-8').splitlines()
    except FileNotFoundError:
        raise DatasetError(f'{path}: not found; is the data set complete?') from None
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f'{path}: not readable ({error})') from None
    for number, line in enumerate(lines, 1):
        try:
            picture = _decoded(folder, json.loads(line))
        except DatasetError as error:
            raise DatasetError(f'{path}, line {number}: {error}') from None
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise DatasetError(
                f'{path}, line {number}: not labelled as expected ({error!r})') from None
        if not picture.path.is_file():
            raise DatasetError(f'{picture.path}: the picture is missing')
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
        None if depth is None else root / str(depth),
        picture_size(line.get('width'), line.get('height')))


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
        raise DatasetError(f'a visible share of {visible}')
    return StoredObject(
        str(entry['part']), _array(entry['rotation'], 3, 3), _array(entry['translation'], 3),
        (x0, y0, x1, y1), RunLengths.from_json(entry['mask']),
        RunLengths.from_json(entry['visible_mask']), visible,
        tuple(_grasp(grasp) for grasp in entry['grasps']),
        tuple(checked(GraspLabel(*_array(row, 5).tolist())) for row in entry.get('others', ())))


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


def _vector(values: Any) -> tuple[float, float, float]:
    x, y, z = _array(values, 3).tolist()
    return x, y, z


def _array(values: Any, *shape: int) -> Floats:
    array = np.array(values, dtype=np.float64).reshape(shape)
    if not np.isfinite(array).all():
        raise DatasetError('a number that is not finite')
    return array
