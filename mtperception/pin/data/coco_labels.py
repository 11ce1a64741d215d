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
COCO's JSON: what `mtperception render pin` writes, and what labelling tools export.

Ours has for each pin the box of the whole pin, its centre as the one key point, and the attributes
`diameter` and `visible`. All three may be missing: then a pin is its box.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable
from pathlib import Path
from typing import Any

from mtperception.pin.data.dataset import DatasetError
from mtperception.pin.data.labels import (
    box_label,
    Label,
    LabelledFile,
    picture_size,
    pin_category,
)
from mtperception.pin.data.picture_search import PictureSearch


def is_coco(document: Any) -> bool:
    """Tell COCO's labels from other JSON."""
    return isinstance(document, dict) and {'images', 'annotations'} <= document.keys()


def read_coco(path: Path, document: dict[str, Any], category: str | None,
              pictures: PictureSearch) -> list[LabelledFile]:
    """Read the labels of all pictures."""
    images, annotations = (_records(path, document, key) for key in ('images', 'annotations'))
    _unique(path, 'image id', (image['id'] for image in images))
    _unique(path, 'annotation id', (row['id'] for row in annotations if 'id' in row))
    _unique(path, 'file_name', (image['file_name'] for image in images))
    names = {image['id']: image['file_name'] for image in images}
    labels: dict[Any, list[Label]] = {image: [] for image in names}
    pins = _pin_ids(path, document, annotations, category)
    for annotation in annotations:
        where = f'{path}: annotation {annotation.get("id", "without id")}'
        image = annotation.get('image_id')
        if image not in names:
            raise DatasetError(f'{where}: there is no image with the id {image!r}')
        if annotation.get('category_id') in pins:
            labels[image].append(_label(f'{where} ({names[image]!r})', annotation))
    return [LabelledFile(pictures.find(image['file_name'], str(path)), tuple(labels[image['id']]),
                         picture_size(image.get('width'), image.get('height')))
            for image in images]


def _records(path: Path, document: dict[str, Any], key: str) -> list[dict[str, Any]]:
    records = document.get(key) or []
    if not isinstance(records, list):
        raise DatasetError(f'{path}: {key} is no list')
    for index, record in enumerate(records):
        if not isinstance(record, dict):
            raise DatasetError(f'{path}: {key}[{index}] is no object')
        for name in record.keys() & {'id', 'image_id', 'category_id'}:
            if not isinstance(record[name], int | str):
                raise DatasetError(f'{path}: {key}[{index}]: {name} is {record[name]!r}')
        if key == 'images' and not ('id' in record and isinstance(record.get('file_name'), str)):
            raise DatasetError(f'{path}: {key}[{index}] has no id or no file_name')
    return records


def _unique(path: Path, what: str, values: Iterable[Hashable]) -> None:
    value, times = next(iter(Counter(values).most_common(1)), (None, 0))
    if times > 1:
        raise DatasetError(f'{path}: {what} {value!r} occurs {times} times; it must be unique')


def _pin_ids(path: Path, document: dict[str, Any], annotations: Iterable[dict[str, Any]],
             category: str | None) -> Collection[Any]:
    names = {entry.get('id'): str(entry.get('name'))
             for entry in _records(path, document, 'categories')}
    used = {annotation.get('category_id') for annotation in annotations}
    named = {key: names.get(key, str(key)) for key in used}
    chosen = pin_category(str(path), set(named.values()), category)
    return {key for key, name in named.items() if name == chosen}


def _label(where: str, annotation: dict[str, Any]) -> Label:
    box = annotation.get('bbox')
    if not isinstance(box, list) or len(box) != 4:
        raise DatasetError(f'{where}: the bbox is {box!r}, not four numbers')
    points = annotation.get('keypoints') or []
    if not isinstance(points, list) or len(points) % 3:
        raise DatasetError(f'{where}: the keypoints are not three numbers each')
    seen = [points[start:start + 2] for start in range(0, len(points), 3) if points[start + 2]]
    if len(seen) > 1:
        raise DatasetError(f'{where}: {len(seen)} key points; a pin has one, its centre')
    attributes = annotation.get('attributes')
    given = attributes if isinstance(attributes, dict) else {}
    # What COCO calls a crowd is there, but not one by one: neither hit nor miss.
    visible = 0.0 if annotation.get('iscrowd') else given.get('visible')
    return box_label(where, *box, centre=(seen[0][0], seen[0][1]) if seen else None,
                     diameter=given.get('diameter'), visible=visible)
