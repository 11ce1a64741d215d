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

"""Read data sets of grasps, and name what cannot be used before hours are lost."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mtperception.datasets.coco import is_coco
from mtperception.datasets.errors import DatasetError
from mtperception.datasets.grasps import CORNELL, GRASP_LINES, GraspPicture, JACQUARD
from mtperception.datasets.labels import EDGE, read_json
from mtperception.datasets.picture_files import PictureFiles
from mtperception.datasets.pictures import Image
from mtperception.datasets.reading import check_finished, MEMORY, read_sets
from mtperception.grasp.data.coco_labels import is_coco_of_grasps, read_coco_grasps
from mtperception.grasp.data.dataset import GraspPictures, LEAST_SIDE, Rectangles
from mtperception.grasp.data.json_lines import read_grasp_lines
from mtperception.grasp.data.text_labels import read_cornell, read_jacquard

# What a data set of grasps is known by.
GRASP_KINDS = f'{GRASP_LINES}, *{CORNELL}, *{JACQUARD} or COCO with rotated boxes'

_Row = tuple[float, float, float, float, float]
# Each grasp's row with the number of the object that it is of, -1 where nobody knows; and the
# rows of grasps that nobody asks for, yet are right.
_Labels = tuple[tuple[tuple[_Row, int], ...], tuple[_Row, ...]]


def read_pictures(*sources: Path, category: str | None = None, memory: int = MEMORY,
                  warn: Callable[[str], None] = lambda line: None) -> GraspPictures:
    """
    Read one data set or several, as `read_grasps` does, with their pictures.

    Every picture is read and every label checked: DatasetError says in one line what cannot be
    used, and ``warn`` gets lines about what looks wrong and can.
    """
    def read(source: Path) -> list[GraspPicture]:
        pictures = read_grasps(source, category)
        if not any(picture.grasps for picture in pictures):
            warn(f'{source}: no grasp in any of the {len(pictures)} pictures')
        return pictures

    found = read_sets(sources, PictureFiles(memory, LEAST_SIDE, colour=True), read, _checked)
    rectangles = [_rows([row for row, _ in labels]) for labels, _ in found.labels]
    objects: list[npt.NDArray[np.intp]] = [
        np.array([number for _, number in labels], np.intp) for labels, _ in found.labels]
    others = [_rows(rows) for _, rows in found.labels]
    return GraspPictures(
        found.images, rectangles, found.digests, found.origins, objects, others)


def _rows(rows: Sequence[_Row]) -> Rectangles:
    return np.array(rows, np.float32).reshape(-1, 5)


def is_grasps(folder: Path) -> bool:
    """Tell whether a folder looks like a data set that `read_grasps` reads."""
    return (folder / GRASP_LINES).exists() or any(
        next(folder.rglob(f'*{ending}'), None) is not None for ending in (CORNELL, JACQUARD)
    ) or any(is_coco_of_grasps(document) for document in _documents(folder).values())


def read_grasps(source: Path, category: str | None = None) -> list[GraspPicture]:
    """
    Return every picture of a data set of grasps with its labels, in order.

    The source is a folder, or a file of COCO. The folder, or folders in it, hold one of four
    formats, which is recognised by the names of its files: JSON lines, Cornell's, Jacquard's or
    COCO's, where ``category`` is what labels call a grasp if not `grasp`. DatasetError names the
    file and line at fault.
    """
    if source.is_file():
        document = read_json(source)
        if not is_coco(document):
            raise DatasetError(f'{source}: not COCO, which has "images" and "annotations"')
        return read_coco_grasps(source, document, category)
    if not source.is_dir():
        raise DatasetError(f'{source}: there is no such folder or label file')
    if (source / GRASP_LINES).exists():
        return list(read_grasp_lines(source))
    check_finished(source)
    pictures = read_cornell(source) or read_jacquard(source)
    if pictures:
        return pictures
    coco = {path: document for path, document in _documents(source).items() if is_coco(document)}
    if len(coco) > 1:
        first, second, *_ = coco
        raise DatasetError(f'{source}: labels in {first} and in {second}; name the file that '
                           'counts instead of the folder')
    for path, document in coco.items():
        return read_coco_grasps(path, document, category)
    raise DatasetError(f'{source} holds no data set of grasps ({GRASP_KINDS})')


def _documents(folder: Path) -> dict[Path, Any]:
    return {path: read_json(path) for path in sorted(folder.rglob('*.json'))}


def _checked(picture: GraspPicture, image: Image) -> _Labels:
    height, width = image.shape[:2]
    for number, grasp in enumerate(picture.grasps, 1):
        if not (-EDGE <= grasp.x <= width - EDGE and -EDGE <= grasp.y <= height - EDGE):
            raise DatasetError(
                f'{picture.path}: the middle of grasp {number}, ({grasp.x:.0f}, {grasp.y:.0f}), '
                f'is outside the picture of {width} x {height}')
    if picture.objects:
        return (
            tuple((grasp.rectangle, number) for number, part in enumerate(picture.objects)
                  for grasp in part.grasps),
            tuple(grasp.rectangle for part in picture.objects for grasp in part.others))
    return tuple((grasp.rectangle, -1) for grasp in picture.grasps), ()
