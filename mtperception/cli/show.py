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

"""`mtperception show`: a contact sheet of a data set with its labels drawn."""

import argparse
from collections.abc import Callable
from functools import partial
import os
from pathlib import Path
import sys
from typing import Any, NamedTuple, TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mtperception.cli.arguments import check_png
from mtperception.cli.labelled_pictures import warn

if TYPE_CHECKING:
    from mtperception.datasets.bop import BopPicture
    from mtperception.datasets.grasps import GraspPicture
    from mtperception.sim.files.label_drawing import Canvas

_WIDTH, _COLUMNS = 400, 6
_MOST = 240


def add_parser(subparsers: Any) -> None:
    """Add the verb `show` to the command."""
    parser = subparsers.add_parser(
        'show', help='draw the labels of a data set on its pictures',
        description='Draw the labels of a data set on some of its pictures, evenly spread over '
                    'it: pins (COCO, labelme or labels.csv, as `train pin` takes them), grasps '
                    '(JSON lines, Cornell, Jacquard or COCO, as `train grasp` takes them) or '
                    'poses (BOP), rendered or your own. The format is recognised. '
                    'Percentages say how much of a thing can be seen. What '
                    '`train` would refuse is said once the sheet is written.')
    parser.add_argument('data', type=Path, metavar='DIR', help='the data set')
    parser.add_argument('--category', metavar='NAME',
                        help='what the labels call a pin or a grasp, where that is not "pin" '
                             'or "grasp"')
    parser.add_argument('--out', required=True, type=Path, metavar='PNG', help='the sheet')
    parser.add_argument('--count', type=int, default=24, metavar='N', help='pictures (24)')
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the sheet; return the exit status."""
    from mtperception.sim.files.label_drawing import Canvas, contact_sheet
    from mtperception.sim.files.writing import png, write_file

    check_png(args.out)
    if not 1 <= args.count <= _MOST:
        raise ValueError(f'cannot show {args.count} pictures: ask for 1 to {_MOST}')
    pictures = labelled_pictures(args.data, args.category)
    chosen = np.unique(np.linspace(0, len(pictures) - 1, args.count).round().astype(int))
    tiles, titles = [], []
    for index in chosen:
        picture = pictures[index]
        canvas = Canvas(read_picture(picture.path), _WIDTH, picture.window)
        picture.draw(canvas)
        tiles.append(canvas.image)
        titles.append(os.path.relpath(picture.path, args.data))
    write_file(args.out, png(contact_sheet(tiles, titles, _COLUMNS)))
    print(f'{args.out}: {len(tiles)} of {len(pictures)} pictures', file=sys.stderr)
    check_labels(args.data, args.category)
    return 0


class LabelledPicture(NamedTuple):
    """A picture, what draws its labels, and the window of it to be shown (None: all)."""

    path: Path
    draw: Callable[['Canvas'], None]
    window: tuple[int, int, int, int] | None = None


def labelled_pictures(folder: Path, category: str | None = None) -> list[LabelledPicture]:
    """
    Return the pictures of a data set, each with what draws its labels.

    ``category`` is what labels call a pin or a grasp, where that is not `pin` or `grasp`.
    """
    from mtperception.datasets.bop import is_bop
    from mtperception.datasets.errors import DatasetError
    from mtperception.grasp.data.reading import GRASP_KINDS, is_grasps
    from mtperception.pin.data.reading import NoLabelsError

    if not folder.is_dir():
        raise DatasetError(f'{folder} is not a folder')
    if is_bop(folder):
        pictures = _poses(folder)
    elif is_grasps(folder):
        pictures = _grasps(folder, category)
    else:
        try:
            pictures = _pins(folder, category)
        except NoLabelsError:
            raise DatasetError(
                f'{folder} holds no data set: neither pins (annotations.json or other COCO, '
                'labelme, labels.csv), nor poses (BOP scenes with scene_gt.json), nor grasps '
                f'({GRASP_KINDS})') from None
    if not pictures:
        raise DatasetError(f'{folder}: the data set has no pictures')
    return pictures


def check_labels(folder: Path, category: str | None = None) -> None:
    """Raise DatasetError where `train` would, and print what it would warn of."""
    from mtperception.datasets.bop import is_bop
    from mtperception.grasp.data import reading as grasps
    from mtperception.pin.data import reading as pins

    if not is_bop(folder):
        read = grasps.read_pictures if grasps.is_grasps(folder) else pins.read_pictures
        read(folder, category=category, memory=0, warn=warn)


def _pins(folder: Path, category: str | None) -> list[LabelledPicture]:
    from mtperception.pin.data.reading import read_labels
    from mtperception.sim.files.label_drawing import draw_pins
    from mtperception.sim.pin.labels import PinLabel

    return [
        LabelledPicture(file.path, partial(draw_pins, pins=[
            PinLabel(**vars(label.pin)) for label in file.labels]))
        for file in sorted(read_labels(folder, category), key=lambda file: file.path)]


def _grasps(folder: Path, category: str | None) -> list[LabelledPicture]:
    from mtperception.grasp.data.reading import read_grasps

    return [
        LabelledPicture(picture.path, partial(_draw_grasps, picture))
        for picture in read_grasps(folder, category)]


def _draw_grasps(picture: 'GraspPicture', canvas: 'Canvas') -> None:
    from mtperception.sim.files.label_drawing import draw_grasps, draw_object

    for number, part in enumerate(picture.objects):
        draw_object(canvas, part.part, number, part.box, part.visible, part.visible_mask.mask())
    draw_grasps(canvas, picture.grasps)


def _poses(folder: Path) -> list[LabelledPicture]:
    from mtperception.datasets.bop import read_bop, read_models

    models = read_models(folder)
    return [
        LabelledPicture(picture.path, partial(_draw_poses, picture, models), _around(picture))
        for picture in read_bop(folder)]


def _around(picture: 'BopPicture') -> tuple[int, int, int, int] | None:
    """Return a square around the objects, half as much on each side, where there are any."""
    if not picture.objects:
        return None
    boxes = np.array([thing.box for thing in picture.objects])
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    width, height = picture.camera.width, picture.camera.height
    side = min(int(2.0 * (high - low).max()) + 1, width, height)
    x, y = ((low + high - side) / 2).round().astype(int).clip(0, (width - side, height - side))
    return int(x), int(y), side, side


def _draw_poses(
    picture: 'BopPicture', models: dict[int, npt.NDArray[np.float64]], canvas: 'Canvas',
) -> None:
    from mtperception.sim.files.label_drawing import draw_axes, draw_object, draw_silhouette

    for place, thing in enumerate(picture.objects):
        rotation, translation = thing.rotation, thing.translation
        if thing.number in models:
            triangles = models[thing.number] @ rotation.T + translation
            draw_silhouette(canvas, picture.camera, triangles)
        mask = None if thing.visible_mask is None else read_picture(thing.visible_mask)[..., 0] > 0
        draw_object(canvas, f'object {thing.number}', place, thing.box, thing.visible, mask)
        # A quarter of what a box of this size is across, at this distance.
        length = (thing.box[2] - thing.box[0]) / picture.camera.fx * translation[2] / 4
        draw_axes(canvas, picture.camera, rotation, translation, length)


def read_picture(path: Path) -> npt.NDArray[np.uint8]:
    """Read a picture, H x W x 3 in RGB."""
    import cv2

    from mtperception.datasets.errors import DatasetError

    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise DatasetError(f'{path}: not a picture that can be read')
    return np.ascontiguousarray(picture[:, :, ::-1])
