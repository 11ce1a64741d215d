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
COCO's JSON with rotated boxes, as labelling and detection tools write them.

The angle is where the first of these has it: `bbox` of five numbers [x, y, w, h, angle], the
centre, the sides, and degrees counter-clockwise as seen on the screen (Detectron2's); `bbox` of
four, as usual, turned about its middle by `attributes.rotation`, degrees clockwise (CVAT's);
`segmentation` of one polygon with four corners. The gripper opens along the width w, or along the
polygon's first side.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mtperception.datasets.coco import is_coco, read_coco
from mtperception.datasets.errors import DatasetError
from mtperception.datasets.grasps import GraspLabel, GraspPicture
from mtperception.datasets.labels import EDGE, number
from mtperception.geometry.camera import Floats
from mtperception.geometry.rectangle import half_turn
from mtperception.grasp.data.labels import checked, grasp_from_corners

# What labels call a grasp unless the user says otherwise.
CATEGORY = 'grasp'


def is_coco_of_grasps(document: Any) -> bool:
    """Tell COCO with a category `grasp`, or with boxes of five numbers, from other JSON."""
    if not is_coco(document):
        return False
    names = {str(entry.get('name')).casefold() for entry in _objects(document, 'categories')}
    boxes = (row.get('bbox') for row in _objects(document, 'annotations'))
    return bool(names & {CATEGORY, f'{CATEGORY}s'}) or any(
        isinstance(box, list) and len(box) == 5 for box in boxes)


def read_coco_grasps(path: Path, document: dict[str, Any],
                     category: str | None) -> list[GraspPicture]:
    """Read the labels of all pictures; those of crowds are left out."""
    files = read_coco(path, document, category, CATEGORY, _label)
    return [GraspPicture(file.path, tuple(label for label in file.labels if label is not None),
                         size=file.size) for file in files]


def _objects(document: dict[str, Any], key: str) -> list[dict[str, Any]]:
    rows = document.get(key)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _label(where: str, annotation: dict[str, Any]) -> GraspLabel | None:
    if annotation.get('iscrowd'):
        return None
    told = _told(where, annotation)
    try:
        return checked(told) if isinstance(told, GraspLabel) else grasp_from_corners(told)
    except DatasetError as error:
        raise DatasetError(f'{where}: {error}') from None


def _told(where: str, annotation: dict[str, Any]) -> GraspLabel | Floats:
    """Return the grasp that an annotation tells, or its corners, 4 x 2, yet to be checked."""
    box, attributes = annotation.get('bbox'), annotation.get('attributes')
    rotation = attributes.get('rotation') if isinstance(attributes, dict) else None
    polygon = _polygon(annotation.get('segmentation'))
    if isinstance(box, list) and len(box) == 5:
        x, y, width, height, degrees = _numbers(
            where, ('x', 'y', 'width', 'height', 'angle'), box)
    elif rotation or (rotation is not None and polygon is None):
        if not isinstance(box, list) or len(box) != 4:
            raise DatasetError(f'{where}: the bbox is {box!r}, not four numbers')
        left, top, width, height = _numbers(
            where, ('left edge', 'top edge', 'width', 'height'), box)
        x, y = left + width / 2, top + height / 2
        degrees = -number(where, 'rotation', rotation)
    elif polygon is not None:
        return np.array(_numbers(where, 8 * ('a corner',), polygon)).reshape(4, 2) - EDGE
    else:
        raise DatasetError(f'{where}: a box without an angle: that is a fifth number of bbox, '
                           'attributes.rotation, or a segmentation of four corners')
    theta = float(half_turn(np.radians(degrees)))
    return GraspLabel(x - EDGE, y - EDGE, width, height, theta)


def _numbers(where: str, names: Sequence[str], values: Sequence[Any]) -> list[float]:
    return [number(where, name, value) for name, value in zip(names, values, strict=True)]


def _polygon(segmentation: Any) -> list[Any] | None:
    """Return the coordinates of the one polygon with four corners, if that is what it is."""
    if isinstance(segmentation, list) and len(segmentation) == 1 \
            and isinstance(segmentation[0], list) and len(segmentation[0]) == 8:
        return segmentation[0]
    return None
