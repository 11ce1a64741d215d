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

"""Read the pictures of data sets whose labels are read, and see that both agree."""

from collections.abc import Callable, Hashable, Sequence
import hashlib
from itertools import pairwise
from pathlib import Path
from typing import Protocol, TypeVar

from mtperception.datasets.errors import DatasetError
from mtperception.datasets.picture_files import PictureFiles
from mtperception.datasets.pictures import Image, LabelledPictures

# Pictures are kept decoded up to so many bytes; those beyond are read again and again.
MEMORY = 4_000_000_000
# In a folder that is still being rendered into.
UNFINISHED = 'unfinished'


class LabelledFile(Protocol):
    """A picture's file, and the width and height that its labels have for it."""

    @property
    def path(self) -> Path: ...

    @property
    def size(self) -> tuple[int, int] | None: ...


F = TypeVar('F', bound=LabelledFile)
L = TypeVar('L', bound=Hashable)


def read_sets(sources: Sequence[Path], images: PictureFiles, read: Callable[[Path], Sequence[F]],
              checked: Callable[[F, Image], L]) -> LabelledPictures[L]:
    """
    Read data sets into one, each from a source that ``read`` knows the labelled files of.

    Every picture is added to ``images``; ``checked`` takes it with its labelled file and returns
    its labels, which are to be hashed by their text. DatasetError says in one line what is wrong.
    """
    labels: list[L] = []
    digests: list[str] = []
    origins: list[str] = []
    first: dict[str, int] = {}
    for source in sources:
        files = sorted(read(source), key=lambda file: file.path)
        _check_paths(source, files)
        digest = hashlib.sha256()
        for file in files:
            image, picture = images.add(file.path)
            _check_size(file, image)
            labels.append(checked(file, image))
            digests.append(picture)
            same = first.setdefault(picture, len(labels) - 1)
            if labels[same] != labels[-1]:
                raise DatasetError(f'{file.path}: a copy of {images.path(same)}, but labelled '
                                   'otherwise; keep one')
            digest.update(f'{file.path.name} {picture} {labels[-1]}'.encode())
        if digest.hexdigest() in origins:
            raise DatasetError(f'{source}: this data set was given before')
        origins += [digest.hexdigest()] * len(files)
    return LabelledPictures(images, labels, digests, origins)


def check_finished(folder: Path) -> None:
    """Refuse a folder that is still being rendered into."""
    if (folder / UNFINISHED).is_dir():
        raise DatasetError(f'{folder}: the data set is not finished; go on with the command that '
                           'renders it')


def _check_paths(source: Path, files: Sequence[LabelledFile]) -> None:
    if not files:
        raise DatasetError(f'{source}: the data set has no pictures')
    for file, following in pairwise(files):
        if file.path == following.path:
            raise DatasetError(f'{source}: {file.path} is labelled twice; keep one')


def _check_size(file: LabelledFile, image: Image) -> None:
    height, width = image.shape[:2]
    if file.size is not None and file.size != (width, height):
        raise DatasetError(f'{file.path}: {width} x {height} pixels, but labelled as '
                           f'{file.size[0]} x {file.size[1]}; label the picture that is there')
