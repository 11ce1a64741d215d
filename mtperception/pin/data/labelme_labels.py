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
labelme's JSON: one file a picture, with the shapes drawn on it.

A rectangle or polygon around the pin, or a circle on its edge. A file without shapes says that
there is no pin.
"""

from collections.abc import Mapping
import math
from pathlib import Path
from typing import Any

from mtperception.datasets.errors import DatasetError
from mtperception.datasets.labels import chosen_category, LabelledFile, number, picture_size
from mtperception.datasets.picture_search import PictureSearch
from mtperception.pin.data.labels import box_label, CATEGORY, Label


def is_labelme(document: Any) -> bool:
    """Tell labelme's labels from other JSON."""
    return isinstance(document, dict) and isinstance(document.get('shapes'), list)


def read_labelme(documents: Mapping[Path, dict[str, Any]], category: str | None,
                 folder: Path) -> list[LabelledFile[Label]]:
    """Read the files of all pictures."""
    for path, document in documents.items():
        for index, shape in enumerate(document['shapes']):
            if not isinstance(shape, dict):
                raise DatasetError(f'{path}: shapes[{index}] is no object')
    used = {str(shape.get('label')) for document in documents.values()
            for shape in document['shapes']}
    chosen = chosen_category(str(folder), used, category, CATEGORY)
    pictures = PictureSearch(folder)
    return [_file(path, document, chosen, pictures) for path, document in documents.items()]


def _file(path: Path, document: dict[str, Any], chosen: str | None,
          pictures: PictureSearch) -> LabelledFile[Label]:
    name = document.get('imagePath')
    if not isinstance(name, str) or not name:
        raise DatasetError(f'{path}: imagePath does not name the picture')
    labels = [_label(f'{path}: shape {index + 1}', shape)
              for index, shape in enumerate(document['shapes'])
              if str(shape.get('label')) == chosen]
    return LabelledFile(
        pictures.find(name, str(path), path.parent), tuple(labels),
        picture_size(document.get('imageWidth'), document.get('imageHeight')))


def _label(where: str, shape: dict[str, Any]) -> Label:
    kind = str(shape.get('shape_type') or 'polygon')
    points = shape.get('points')
    least = {'rectangle': 2, 'circle': 2, 'polygon': 3}.get(kind)
    if least is None:
        raise DatasetError(f'{where}: this is a {kind!r}; draw a rectangle around the pin, or a '
                           'circle')
    if not isinstance(points, list) or len(points) < least \
            or not all(isinstance(point, list) and len(point) == 2 for point in points):
        raise DatasetError(f'{where}: not the points of a {kind}')
    xs, ys = ([number(where, name, point[axis]) for point in points]
              for axis, name in enumerate('xy'))
    if kind == 'circle':
        radius = math.hypot(xs[1] - xs[0], ys[1] - ys[0])
        return box_label(where, xs[0] - radius, ys[0] - radius, 2 * radius, 2 * radius)
    return box_label(where, min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))
