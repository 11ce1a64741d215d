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
Grasp rectangles in the formats of the Cornell and the Jacquard data set.

Cornell: beside `pcd0000r.png` is `pcd0000cpos.txt`, four lines "x y" for each rectangle, its
corners in order around it. The first two are taken for the ends of a side along the gripper's
opening, as the loaders that networks are trained with have it. The data set's own description
can be read the other way.

Jacquard: beside `<name>_RGB.png` is `<name>_grasps.txt`, a line "x;y;theta;opening;jaw" for each
rectangle. Theta is in degrees and clockwise as seen on the screen, the opposite of our own.

Both are in pixels; whole numbers are taken for the pixels' centres.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from mtperception.datasets.errors import DatasetError
from mtperception.datasets.grasps import (
    CORNELL,
    CORNELL_PICTURE,
    GraspLabel,
    GraspPicture,
    JACQUARD,
    JACQUARD_PICTURE,
)
from mtperception.geometry.rectangle import half_turn
from mtperception.grasp.data.labels import checked, grasp_from_corners


def read_cornell(folder: Path) -> list[GraspPicture]:
    """Return every picture in a folder, and in folders in it, that has Cornell's labels."""
    return _read(folder, CORNELL, CORNELL_PICTURE, cornell_rectangles)


def read_jacquard(folder: Path) -> list[GraspPicture]:
    """Return every picture in a folder, and in folders in it, that has Jacquard's labels."""
    return _read(folder, JACQUARD, JACQUARD_PICTURE, jacquard_rectangles)


def _read(folder: Path, ending: str, picture_ending: str,
          read: Callable[[str], list[GraspLabel]]) -> list[GraspPicture]:
    pictures = []
    for path in sorted(folder.rglob(f'*{ending}')):
        picture = path.with_name(path.name[:-len(ending)] + picture_ending)
        if not picture.is_file():
            raise DatasetError(f'{picture}: the picture of {path.name} is missing')
        try:
            grasps = read(path.read_text(encoding='ascii'))
        except (OSError, UnicodeDecodeError) as error:
            raise DatasetError(f'{path}: not readable ({error})') from None
        except DatasetError as error:
            raise DatasetError(f'{path}, {error}') from None
        pictures.append(GraspPicture(picture, tuple(grasps)))
    return pictures


def cornell_rectangles(text: str) -> list[GraspLabel]:
    """
    Return the rectangles of a Cornell file.

    Those with a corner that is not a number are left out: the data set itself has some.
    """
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    points = np.array(
        [_numbers(number, line.split(), 2) for number, line in lines]).reshape(-1, 2)
    if len(points) % 4:
        raise DatasetError(f'line {lines[-1][0]}: the last rectangle has {len(points) % 4} of '
                           'its 4 corners')
    rectangles = []
    for index, four in enumerate(points.reshape(-1, 4, 2)):
        if not np.isfinite(four).all():
            continue
        try:
            rectangles.append(grasp_from_corners(four))
        except DatasetError as error:
            raise DatasetError(f'line {lines[4 * index][0]}: {error}') from None
    return rectangles


def jacquard_rectangles(text: str) -> list[GraspLabel]:
    """Return the rectangles of a Jacquard file."""
    rectangles = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        x, y, degrees, opening, jaw = _numbers(number, line.split(';'), 5)
        try:
            rectangles.append(
                checked(GraspLabel(x, y, opening, jaw, float(half_turn(-np.radians(degrees))))))
        except DatasetError as error:
            raise DatasetError(f'line {number}: {error}') from None
    return rectangles


def _numbers(line: int, words: Sequence[str], count: int) -> list[float]:
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        raise DatasetError(f'line {line}: {" ".join(words)!r} are not numbers') from None
    if len(numbers) != count:
        raise DatasetError(f'line {line}: {len(numbers)} numbers instead of {count}')
    return numbers
