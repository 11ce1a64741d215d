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

from pathlib import Path
from typing import Any

import numpy as np

from mtperception.datasets.coco import is_coco, read_coco
from mtperception.datasets.errors import DatasetError
from mtperception.datasets.grasps import GraspLabel, GraspPicture
from mtperception.datasets.labels import EDGE, number
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
    try:
        return _grasp(where, annotation)
    except DatasetError as error:
        text = str(error)
        raise DatasetError(text if text.startswith(where) else f'{where}: {text}') from None


def _grasp(where: str, annotation: dict[str, Any]) -> GraspLabel:
    box, attributes = annotation.get('bbox'), annotation.get('attributes')
    rotation = attributes.get('rotation') if isinstance(attributes, dict) else None
    polygon = _polygon(annotation.get('segmentation'))
    if isinstance(box, list) and len(box) == 5:
        x, y, width, height, degrees = (
            number(where, name, value)
            for name, value in zip(('x', 'y', 'width', 'height', 'angle'), box, strict=True))
    elif rotation or (rotation is not None and polygon is None):
        if not isinstance(box, list) or len(box) != 4:
            raise DatasetError(f'the bbox is {box!r}, not four numbers')
        left, top, width, height = (
            number(where, name, value)
            for name, value in zip(('left edge', 'top edge', 'width', 'height'), box, strict=True))
        x, y = left + width / 2, top + height / 2
        degrees = -number(where, 'rotation', rotation)
    elif polygon is not None:
        points = [number(where, 'a corner', value) for value in polygon]
        return grasp_from_corners(np.array(points).reshape(4, 2) - EDGE)
    else:
        raise DatasetError('a box without an angle: that is a fifth number of bbox, '
                           'attributes.rotation, or a segmentation of four corners')
    return checked(GraspLabel(
        x - EDGE, y - EDGE, width, height, float(half_turn(np.radians(degrees)))))


def _polygon(segmentation: Any) -> list[Any] | None:
    """Return the coordinates of the one polygon with four corners, if that is what it is."""
    if isinstance(segmentation, list) and len(segmentation) == 1 \
            and isinstance(segmentation[0], list) and len(segmentation[0]) == 8:
        return segmentation[0]
    return None
