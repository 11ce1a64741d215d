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

"""COCO's JSON: its pictures and annotations, whatever these are labels of."""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from mtperception.datasets.errors import DatasetError
from mtperception.datasets.labels import chosen_category, LabelledFile, picture_size
from mtperception.datasets.picture_search import PictureSearch

L = TypeVar('L')


def is_coco(document: Any) -> bool:
    """Tell COCO's labels from other JSON."""
    return isinstance(document, dict) and {'images', 'annotations'} <= document.keys()


def read_coco(path: Path, document: dict[str, Any], category: str | None, usual: str,
              read: Callable[[str, dict[str, Any]], L]) -> list[LabelledFile[L]]:
    """
    Return all pictures with their labels, made by ``read`` of where it is and an annotation.

    Annotations of other categories than ``category``, or the ``usual`` one, are left out. The
    pictures are in the label file's folder, or in the folder of its folder `annotations`.
    """
    images, annotations = (_records(path, document, key) for key in ('images', 'annotations'))
    _unique(path, 'image id', (image['id'] for image in images))
    _unique(path, 'annotation id', (row['id'] for row in annotations if 'id' in row))
    _unique(path, 'file_name', (image['file_name'] for image in images))
    names = {image['id']: image['file_name'] for image in images}
    labels: dict[Any, list[L]] = {image: [] for image in names}
    wanted = _category_ids(path, document, annotations, category, usual)
    for annotation in annotations:
        where = f'{path}: annotation {annotation.get("id", "without id")}'
        image = annotation.get('image_id')
        if image not in names:
            raise DatasetError(f'{where}: there is no image with the id {image!r}')
        if annotation.get('category_id') in wanted:
            labels[image].append(read(f'{where} ({names[image]!r})', annotation))
    folder = path.parent
    pictures = PictureSearch(folder.parent if folder.name == 'annotations' else folder)
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


def _category_ids(path: Path, document: dict[str, Any], annotations: Iterable[dict[str, Any]],
                  category: str | None, usual: str) -> Collection[Any]:
    names = {entry.get('id'): str(entry.get('name'))
             for entry in _records(path, document, 'categories')}
    used = {annotation.get('category_id') for annotation in annotations}
    named = {key: names.get(key, str(key)) for key in used}
    chosen = chosen_category(str(path), set(named.values()), category, usual)
    return {key for key, name in named.items() if name == chosen}
