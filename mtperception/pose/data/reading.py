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

"""Read data sets of poses, and name what cannot be used before hours are lost."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from mtperception.datasets.bop import BopObject, BopPicture, read_bop, read_model_numbers
from mtperception.datasets.errors import DatasetError
from mtperception.datasets.picture_files import PictureFiles
from mtperception.datasets.pictures import Image
from mtperception.datasets.reading import check_finished, MEMORY, read_sets
from mtperception.pose.data.dataset import LabelledPose, LEAST_SIDE, PosePictures

# What a data set of poses is known by.
CAMERA = 'camera.json'

_Labels = tuple[LabelledPose, ...]


class _File(NamedTuple):
    """A picture's file with what is labelled in it; ``size`` is that of the labels."""

    path: Path
    size: tuple[int, int] | None
    picture: BopPicture
    objects: tuple[BopObject, ...]


def read_pictures(*sources: Path, part: str | None = None, memory: int = MEMORY,
                  warn: Callable[[str], None] = lambda line: None) -> PosePictures:
    """
    Read one data set or several in BOP's format, of one object: ``part``, or the only one.

    Other objects are part of the scene. Every picture is read and every label checked:
    DatasetError says in one line what cannot be used, and ``warn`` gets lines about what looks
    wrong and can.
    """
    names: dict[str, None] = {}

    def read(source: Path) -> list[_File]:
        check_finished(source)
        number, name = _model(source, part)
        names[name] = None
        files = [
            _File(picture.path, (picture.camera.width, picture.camera.height), picture,
                  tuple(thing for thing in picture.objects if thing.number == number))
            for picture in read_bop(source)]
        if not any(file.objects for file in files):
            warn(f'{source}: no {name} in any of the {len(files)} pictures')
        return files

    found = read_sets(sources, PictureFiles(memory, LEAST_SIDE, colour=True), read, _checked)
    if len(names) > 1:
        raise DatasetError(f'data sets of different objects: {", ".join(names)}; name one')
    return PosePictures(found.images, found.labels, found.digests, found.origins, *names)


def _model(source: Path, part: str | None) -> tuple[int, str]:
    """Return the number and the name of the object that counts in a data set."""
    models = {str(info.get('name', number)): number
              for number, info in read_model_numbers(source).items()}
    if part is None:
        if len(models) != 1:
            raise DatasetError(f'{source}: objects {", ".join(models)}; name the one that counts')
        part = next(iter(models))
    if part not in models:
        raise DatasetError(f'{source}: no object {part}; there are {", ".join(models)}')
    return models[part], part


def _checked(file: _File, image: Image) -> _Labels:
    return tuple(_labelled(file, thing) for thing in file.objects)


def _labelled(file: _File, thing: BopObject) -> LabelledPose:
    for name, path in (('mask', thing.mask), ('mask_visib', thing.visible_mask),
                       ('picture alone', thing.alone)):
        if path is None:
            raise DatasetError(f'{file.path}: an object without its {name}; the simulator renders '
                               'it')
    if thing.translation[2] <= 0:
        raise DatasetError(f'{file.path}: an object behind the camera')
    assert thing.mask is not None and thing.visible_mask is not None and thing.alone is not None
    one, two, three = (tuple(row) for row in thing.rotation.tolist())
    return LabelledPose(
        (one, two, three), tuple(thing.translation.tolist()), thing.box, thing.visible,
        file.picture.camera, thing.mask, thing.visible_mask, thing.alone,
        file.picture.measured_depth)
