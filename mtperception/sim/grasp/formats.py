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
import os
from pathlib import Path

import cv2
import numpy as np

from mtperception.geometry.camera import Floats
from mtperception.geometry.rectangle import corners, half_turn
from mtperception.sim.files.data_folder import DataSetError
from mtperception.sim.files.writing import png, write_file
from mtperception.sim.grasp.labels import GraspLabel
from mtperception.sim.grasp.lines import checked, GRASP_LINES, GraspPicture, read_grasp_lines

_CORNELL, _JACQUARD = 'cpos.txt', '_grasps.txt'
# What a data set of grasps is known by.
GRASP_KINDS = f'{GRASP_LINES}, *{_CORNELL} or *{_JACQUARD}'
# Labelled by hand, corners may be off by this share of the longer side.
_SKEW = 0.25


def is_grasps(folder: str | os.PathLike[str]) -> bool:
    """Tell whether a folder looks like a data set that `read_grasps` reads."""
    root = Path(folder)
    return (root / GRASP_LINES).exists() or any(
        next(root.rglob(f'*{ending}'), None) is not None for ending in (_CORNELL, _JACQUARD))


def read_grasps(folder: str | os.PathLike[str]) -> list[GraspPicture]:
    """
    Return every picture of a data set of grasps with its rectangles, in order.

    The folder, or folders in it, hold one of three formats, which is recognised by the names of
    its files: JSON lines, Cornell's or Jacquard's. Raise DataSetError naming the file and line at
    fault.
    """
    root = Path(folder)
    if (root / GRASP_LINES).exists():
        return list(read_grasp_lines(root))
    readers: tuple[tuple[str, str, Callable[[str], list[GraspLabel]]], ...] = (
        (_CORNELL, 'r.png', cornell_rectangles), (_JACQUARD, '_RGB.png', jacquard_rectangles))
    for ending, picture_ending, read in readers:
        pictures = []
        for path in sorted(root.rglob(f'*{ending}')):
            picture = path.with_name(path.name[:-len(ending)] + picture_ending)
            if not picture.is_file():
                raise DataSetError(f'{picture}: the picture of {path.name} is missing')
            try:
                grasps = read(path.read_text(encoding='ascii'))
            except (OSError, UnicodeDecodeError) as error:
                raise DataSetError(f'{path}: not readable ({error})') from None
            except DataSetError as error:
                raise DataSetError(f'{path}, {error}') from None
            pictures.append(GraspPicture(picture, tuple(grasps)))
        if pictures:
            return pictures
    raise DataSetError(f'{root} holds no data set of grasps ({GRASP_KINDS})')


def export_cornell(pictures: Sequence[GraspPicture], out: str | os.PathLike[str]) -> None:
    """Write pictures and rectangles in the Cornell format, into a folder that need not exist."""
    for index, picture in enumerate(pictures):
        folder = Path(out) / f'{index // 100:02d}'
        folder.mkdir(parents=True, exist_ok=True)
        write_file(folder / f'pcd{index:04d}r.png', _as_png(picture.path))
        write_file(
            folder / f'pcd{index:04d}{_CORNELL}', cornell_text(picture.grasps).encode('ascii'))


def export_jacquard(pictures: Sequence[GraspPicture], out: str | os.PathLike[str]) -> None:
    """Write pictures and rectangles in the Jacquard format, into a folder that need not exist."""
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    for index, picture in enumerate(pictures):
        write_file(folder / f'{index:06d}_RGB.png', _as_png(picture.path))
        write_file(
            folder / f'{index:06d}{_JACQUARD}', jacquard_text(picture.grasps).encode('ascii'))
        if picture.depth is not None:
            write_file(folder / f'{index:06d}_perfect_depth.tiff', _metres(picture.depth))


def cornell_text(grasps: Sequence[GraspLabel]) -> str:
    """Return what a Cornell file says of rectangles."""
    return ''.join(f'{x:.3f} {y:.3f}\n' for grasp in grasps for x, y in _corners(grasp))


def cornell_rectangles(text: str) -> list[GraspLabel]:
    """
    Return the rectangles of a Cornell file.

    Those with a corner that is not a number are left out: the data set itself has some.
    """
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    points = np.array(
        [_numbers(number, line.split(), 2) for number, line in lines]).reshape(-1, 2)
    if len(points) % 4:
        raise DataSetError(f'line {lines[-1][0]}: the last rectangle has {len(points) % 4} of '
                           'its 4 corners')
    rectangles = []
    for index, four in enumerate(points.reshape(-1, 4, 2)):
        if not np.isfinite(four).all():
            continue
        try:
            rectangles.append(_rectangle(four))
        except DataSetError as error:
            raise DataSetError(f'line {lines[4 * index][0]}: {error}') from None
    return rectangles


def jacquard_text(grasps: Sequence[GraspLabel]) -> str:
    """Return what a Jacquard file says of rectangles."""
    return ''.join(
        f'{grasp.x:.3f};{grasp.y:.3f};{-np.degrees(grasp.theta):.4f};{grasp.opening:.3f};'
        f'{grasp.jaw:.3f}\n' for grasp in grasps)


def jacquard_rectangles(text: str) -> list[GraspLabel]:
    """Return the rectangles of a Jacquard file."""
    rectangles = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        x, y, degrees, opening, jaw = _numbers(number, line.split(';'), 5)
        if not np.isfinite((x, y, degrees, opening, jaw)).all():
            raise DataSetError(f'line {number}: a number that is not finite')
        try:
            rectangles.append(
                checked(GraspLabel(x, y, opening, jaw, float(half_turn(-np.radians(degrees))))))
        except DataSetError as error:
            raise DataSetError(f'line {number}: {error}') from None
    return rectangles


def _numbers(line: int, words: Sequence[str], count: int) -> list[float]:
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        raise DataSetError(f'line {line}: {" ".join(words)!r} are not numbers') from None
    if len(numbers) != count:
        raise DataSetError(f'line {line}: {len(numbers)} numbers instead of {count}')
    return numbers


def _corners(grasp: GraspLabel) -> Floats:
    """Return the corners, 4 x 2 in pixels: first a side along the opening, then around."""
    return np.asarray(corners((grasp.x, grasp.y, grasp.opening, grasp.jaw, grasp.theta))[0])


def _rectangle(points: Floats) -> GraspLabel:
    x, y = points.mean(axis=0)
    along = (points[1] - points[0] + points[2] - points[3]) / 2.0
    across = (points[2] - points[1] + points[3] - points[0]) / 2.0
    grasp = checked(GraspLabel(
        float(x), float(y), float(np.linalg.norm(along)), float(np.linalg.norm(across)),
        float(half_turn(np.arctan2(-along[1], along[0])))))
    others = np.linalg.norm(_corners(grasp)[:, None] - points[None], axis=2).min(axis=1)
    if others.max() > _SKEW * max(grasp.opening, grasp.jaw):
        raise DataSetError('four corners that make no rectangle')
    return grasp


def _as_png(path: Path) -> bytes:
    if path.suffix.lower() == '.png':
        return path.read_bytes()
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise DataSetError(f'{path}: not a picture that can be read')
    return png(np.asarray(picture[:, :, ::-1], dtype=np.uint8))


def _metres(path: Path) -> bytes:
    """Return a depth picture in millimetres as TIFF in metres, 0 where nothing is known."""
    depth = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if depth is None or depth.dtype != np.uint16 or depth.ndim != 2:
        raise DataSetError(f'{path}: not a depth picture of 16 bits')
    _, data = cv2.imencode('.tiff', depth.astype(np.float32) / np.float32(1000.0))
    return bytes(data)
