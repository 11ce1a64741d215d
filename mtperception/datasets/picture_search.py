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

"""Where a label file's pictures are: tools name them from other folders than they end up in."""

from functools import cached_property
import os
from pathlib import Path, PurePath, PurePosixPath

from mtperception.datasets.errors import DatasetError
from mtperception.datasets.picture_files import SUFFIXES

_IMAGES = 'images'


class PictureSearch:
    """
    Finds pictures below a folder by the names that labels have for them.

    A name is a path from the folder, the end of one (`a.png` for `images/default/a.png`), or a
    path on another machine that ends in one (`/home/me/shots/a.png` for `a.png` or
    `images/a.png`). Nothing outside the folder is found.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, name: str, where: str, start: Path | None = None) -> Path:
        """
        Return a picture's path.

        ``start`` is the folder from which the name leads to it, if that is another one.
        DatasetError begins with ``where`` if there is no such picture, or several.
        """
        wanted = PurePosixPath(name.replace('\\', '/'))
        direct = Path(os.path.normpath((start or self._folder) / wanted))
        if direct.is_relative_to(os.path.normpath(self._folder)) and direct.is_file():
            return direct
        found = [path for path in self._by_name.get(wanted.name, ())
                 if _same_end(wanted, path.relative_to(self._folder))]
        if not found:
            raise DatasetError(f'{where}: the picture {name!r} is missing in {self._folder}')
        if len(found) > 1:
            raise DatasetError(f'{where}: the picture {name!r} may be {found[0]} or {found[1]}; '
                               'keep each set in a folder of its own')
        return found[0]

    @cached_property
    def _by_name(self) -> dict[str, list[Path]]:
        named: dict[str, list[Path]] = {}
        for path in sorted(self._folder.rglob('*')):
            if path.suffix.lower() in SUFFIXES:
                named.setdefault(path.name, []).append(path)
        return named


def _same_end(wanted: PurePath, place: PurePath) -> bool:
    short = place.parts[1:] if place.parts[0] == _IMAGES else place.parts
    return wanted.parts[-len(short):] == short \
        or place.parts[-len(wanted.parts):] == wanted.parts
