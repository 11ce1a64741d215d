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
import hashlib
import json
import math
from pathlib import Path
from typing import Any

from mtperception.pin.data.coco_labels import is_coco, read_coco
from mtperception.pin.data.csv_labels import read_csv, TABLE
from mtperception.pin.data.dataset import (
    DatasetError,
    Image,
    LabelledPin,
    LEAST_DISTANCE,
    PinPictures,
)
from mtperception.pin.data.labelme_labels import is_labelme, read_labelme
from mtperception.pin.data.labels import EDGE, LabelledFile
from mtperception.pin.data.picture_files import PictureFiles, SUFFIXES
from mtperception.pin.data.picture_search import PictureSearch

ANNOTATIONS = 'annotations.json'
# In a folder that is still being rendered into.
UNFINISHED = 'unfinished'
# Pictures are kept decoded up to so many bytes; those beyond are read again and again.
MEMORY = 4_000_000_000


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
    images = PictureFiles(memory)
    pins: list[tuple[LabelledPin, ...]] = []
    digests: list[str] = []
    origins: list[str] = []
    first: dict[str, int] = {}
    for source in sources:
        files = sorted(read_labels(source, category, warn), key=lambda file: file.path)
        _check_all(source, files, warn)
        digest = hashlib.sha256()
        for file in files:
            image, picture = images.add(file.path)
            _check(file, image)
            pins.append(tuple(label.pin for label in file.labels))
            digests.append(picture)
            same = first.setdefault(picture, len(pins) - 1)
            if pins[same] != pins[-1]:
                raise DatasetError(f'{file.path}: a copy of {images.path(same)}, but labelled '
                                   'otherwise; keep one')
            digest.update(f'{file.path.name} {picture} {pins[-1]}'.encode())
        if digest.hexdigest() in origins:
            raise DatasetError(f'{source}: this data set was given before')
        origins += [digest.hexdigest()] * len(files)
    return PinPictures(images, pins, digests, origins)


def read_labels(source: Path, category: str | None = None,
                warn: Callable[[str], None] = lambda line: None) -> list[LabelledFile]:
    """Find a data set's labels, whatever their format, and read them."""
    if source.suffix.lower() == '.csv' and source.is_file():
        return read_csv(source)
    if source.is_file():
        document = _json(source)
        if not is_coco(document):
            raise DatasetError(f'{source}: not COCO, which has "images" and "annotations"')
        return read_coco(source, document, category, PictureSearch(_root(source)))
    if not source.is_dir():
        raise DatasetError(f'{source}: there is no such folder or label file')
    annotations = source / ANNOTATIONS
    if annotations.exists():
        return read_labels(annotations, category, warn)
    if (source / UNFINISHED).is_dir():
        raise DatasetError(f'{source}: the data set is not finished; go on with the command that '
                           'renders it')
    documents = {path: _json(path) for path in sorted(source.rglob('*.json'))}
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
    if not labelme:
        return read_labels(found[0], category, warn)
    files = read_labelme(labelme, category, source)
    unlabelled = {path for path in source.rglob('*') if path.suffix.lower() in SUFFIXES} \
        - {file.path for file in files}
    if unlabelled:
        warn(f'{source}: {len(unlabelled)} pictures without a label file are left out, such as '
             f'{min(unlabelled).name}')
    return files


def _json(path: Path) -> Any:
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise DatasetError(f'{path}: {error.strerror}') from None
    except ValueError as error:
        raise DatasetError(f'{path}: not valid JSON ({error})') from None
    if isinstance(document, dict):
        document.pop('imageData', None)  # labelme's copy of the picture
    return document


def _root(annotations: Path) -> Path:
    """Return the folder in which the pictures of a COCO file are."""
    folder = annotations.parent
    return folder.parent if folder.name == 'annotations' else folder


def _check_all(source: Path, files: list[LabelledFile],
               warn: Callable[[str], None]) -> None:
    """Check what can be seen without the pictures."""
    if not files:
        raise DatasetError(f'{source}: the data set has no pictures')
    seen: set[Path] = set()
    for file in files:
        if file.path in seen:
            raise DatasetError(f'{source}: {file.path} is labelled twice; keep one')
        seen.add(file.path)
        for index, label in enumerate(file.labels):
            for other in file.labels[:index]:
                if _same_pin(label.pin, other.pin):
                    raise DatasetError(f'{label.where}: a second label on the pin of '
                                       f'{other.where}')
    labels = [label for file in files for label in file.labels]
    if not labels:
        warn(f'{source}: no pin in any of the {len(files)} pictures')
    elif all(max(label.pin.box) <= 1 - EDGE for label in labels):
        raise DatasetError(f'{source}: all labels lie between 0 and 1, as if they were shares of '
                           'the picture; they are to be pixels')


def _check(file: LabelledFile, image: Image) -> None:
    height, width = image.shape
    if file.size is not None and file.size != (width, height):
        raise DatasetError(f'{file.path}: {width} x {height} pixels, but labelled as '
                           f'{file.size[0]} x {file.size[1]}; label the picture that is there')
    for label in file.labels:
        pin = label.pin
        left, top, right, bottom = pin.box
        centre_inside = -EDGE <= pin.x < width - EDGE and -EDGE <= pin.y < height - EDGE
        box_reaches = left < width - EDGE and right > -EDGE and top < height - EDGE \
            and bottom > -EDGE
        if not (box_reaches if label.whole else centre_inside):
            raise DatasetError(f'{label.where}: the label at ({pin.x:.0f}, {pin.y:.0f}) is '
                               f'outside its picture, {file.path.name} of {width} x {height}')


def _same_pin(one: LabelledPin, other: LabelledPin) -> bool:
    return math.hypot(one.x - other.x, one.y - other.y) \
        < LEAST_DISTANCE * (one.diameter + other.diameter) / 2
