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

"""Read data sets of labelled pictures, and name what cannot be used before hours are lost."""

from collections.abc import Callable
import math
from pathlib import Path

from mtperception.datasets.coco import is_coco
from mtperception.datasets.errors import DatasetError
from mtperception.datasets.labels import EDGE, LabelledFile, read_json
from mtperception.datasets.picture_files import PictureFiles, SUFFIXES
from mtperception.datasets.pictures import Image
from mtperception.datasets.reading import check_finished, MEMORY, read_sets
from mtperception.pin.data.coco_labels import read_coco_pins
from mtperception.pin.data.csv_labels import read_csv, TABLE
from mtperception.pin.data.dataset import LabelledPin, LEAST_DISTANCE, LEAST_SIDE, PinPictures
from mtperception.pin.data.labelme_labels import is_labelme, read_labelme
from mtperception.pin.data.labels import Label

ANNOTATIONS = 'annotations.json'


class NoLabelsError(DatasetError):
    """A folder holds no labels of pins at all."""


def read_pictures(*sources: Path, category: str | None = None, memory: int = MEMORY,
                  warn: Callable[[str], None] = lambda line: None) -> PinPictures:
    """
    Read one data set or several, each a folder or a label file.

    ``category`` is what labels call a pin where that is not `pin`. Every picture is read and
    every label checked: DatasetError says in one line what cannot be used, and ``warn`` gets
    lines about what looks wrong and can.
    """
    def read(source: Path) -> list[LabelledFile[Label]]:
        files = read_labels(source, category, warn)
        _check_all(source, files, warn)
        return files

    found = read_sets(sources, PictureFiles(memory, LEAST_SIDE), read, _checked)
    return PinPictures(found.images, found.labels, found.digests, found.origins)


def read_labels(source: Path, category: str | None = None,
                warn: Callable[[str], None] = lambda line: None) -> list[LabelledFile[Label]]:
    """Find a data set's labels, whatever their format, and read them."""
    if source.suffix.lower() == '.csv' and source.is_file():
        return read_csv(source)
    if source.is_file():
        document = read_json(source)
        if not is_coco(document):
            raise DatasetError(f'{source}: not COCO, which has "images" and "annotations"')
        return read_coco_pins(source, document, category)
    if not source.is_dir():
        raise DatasetError(f'{source}: there is no such folder or label file')
    files = _labels_in(source, category)
    unlabelled = {path for path in source.rglob('*') if path.suffix.lower() in SUFFIXES} \
        - {file.path for file in files}
    if unlabelled:
        warn(f'{source}: {len(unlabelled)} pictures that no label names are left out, such as '
             f'{min(unlabelled).name}')
    return files


def _labels_in(source: Path, category: str | None) -> list[LabelledFile[Label]]:
    annotations = source / ANNOTATIONS
    if annotations.exists():
        return read_labels(annotations, category)
    check_finished(source)
    documents = {path: read_json(path) for path in sorted(source.rglob('*.json'))}
    coco = [path for path, document in documents.items() if is_coco(document)]
    labelme = {path: document for path, document in documents.items() if is_labelme(document)}
    table = source / TABLE
    found = [*coco, *([table] if table.exists() else []), *list(labelme)[:1]]
    if not found:
        raise NoLabelsError(f'{source}: no labels here; there may be COCO ({ANNOTATIONS}, made by '
                            f'`mtperception render pin`), {TABLE}, or .json files of labelme')
    if len(found) > 1:
        raise DatasetError(f'{source}: labels in {found[0]} and in {found[1]}; name the file '
                           'that counts instead of the folder')
    return read_labelme(labelme, category, source) if labelme else read_labels(found[0], category)


def _check_all(source: Path, files: list[LabelledFile[Label]],
               warn: Callable[[str], None]) -> None:
    """Check what can be seen without the pictures."""
    for file in files:
        for index, label in enumerate(file.labels):
            for other in file.labels[:index]:
                if _same_pin(label.pin, other.pin):
                    raise DatasetError(f'{label.where}: a second label on the pin of '
                                       f'{other.where}')
    labels = [label for file in files for label in file.labels]
    if files and not labels:
        warn(f'{source}: no pin in any of the {len(files)} pictures')
    elif labels and all(max(label.pin.box) <= 1 - EDGE for label in labels):
        raise DatasetError(f'{source}: all labels lie between 0 and 1, as if they were shares of '
                           'the picture; they are to be pixels')


def _checked(file: LabelledFile[Label], image: Image) -> tuple[LabelledPin, ...]:
    height, width = image.shape
    for label in file.labels:
        pin = label.pin
        left, top, right, bottom = pin.box
        centre_inside = -EDGE <= pin.x < width - EDGE and -EDGE <= pin.y < height - EDGE
        box_reaches = left < width - EDGE and right > -EDGE and top < height - EDGE \
            and bottom > -EDGE
        if not (box_reaches if label.whole else centre_inside):
            raise DatasetError(f'{label.where}: the label at ({pin.x:.0f}, {pin.y:.0f}) is '
                               f'outside its picture, {file.path.name} of {width} x {height}')
    return tuple(label.pin for label in file.labels)


def _same_pin(one: LabelledPin, other: LabelledPin) -> bool:
    return math.hypot(one.x - other.x, one.y - other.y) \
        < LEAST_DISTANCE * (one.diameter + other.diameter) / 2
