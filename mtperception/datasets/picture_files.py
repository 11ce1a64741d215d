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

"""Pictures from files, as a detector sees them: grey or RGB, 8 bits."""

from collections.abc import Sequence
import hashlib
from pathlib import Path
from typing import overload

import cv2
import numpy as np

from mtperception.datasets.errors import DatasetError
from mtperception.datasets.pictures import Image

# What OpenCV reads in every build.
SUFFIXES = ('.bmp', '.jpeg', '.jpg', '.pgm', '.png', '.ppm', '.tif', '.tiff', '.webp')
_JPEG, _SCAN, _END = b'\xff\xd8', b'\xff\xda', b'\xff\xd9'


class PictureFiles(Sequence[Image]):
    """
    Pictures of any sizes, added file by file: H x W each, or H x W x 3 (RGB) in ``colour``.

    None may have a side of less than ``least_side`` pixels. Decoded pictures are kept up to
    ``memory`` bytes in all; those beyond are read anew each time they are asked for.
    """

    def __init__(self, memory: int, least_side: int, colour: bool = False) -> None:
        self._room = memory
        self._least_side = least_side
        self._colour = colour
        self._paths: list[Path] = []
        self._kept: list[Image | None] = []

    def add(self, path: Path) -> tuple[Image, str]:
        """Read one more file; return the picture and the SHA-256 of the file."""
        data = _bytes(path)
        image = self._decoded(data, path)
        keep = image.nbytes <= self._room
        self._room -= image.nbytes if keep else 0
        self._paths.append(path)
        self._kept.append(image if keep else None)
        return image, hashlib.sha256(data).hexdigest()

    def path(self, index: int) -> Path:
        """Return the file that a picture is from."""
        return self._paths[index]

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def __getitem__(self, index: int) -> Image: ...

    @overload
    def __getitem__(self, index: slice) -> list[Image]: ...

    def __getitem__(self, index: int | slice) -> Image | list[Image]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        kept = self._kept[index]
        if kept is not None:
            return kept
        return self._decoded(_bytes(self._paths[index]), self._paths[index])

    def _decoded(self, data: bytes, path: Path) -> Image:
        # Some versions of OpenCV fill the rest of a truncated JPEG with grey.
        whole = not data.startswith(_JPEG) or data.rfind(_END) > data.rfind(_SCAN)
        kind = cv2.IMREAD_COLOR if self._colour else cv2.IMREAD_ANYCOLOR
        image = cv2.imdecode(np.frombuffer(data, np.uint8), kind) if data and whole else None
        if image is None:
            raise DatasetError(f'{path}: not a picture, or damaged; put a whole one there, or '
                               'take it out of the labels')
        if min(image.shape[:2]) < self._least_side:
            raise DatasetError(f'{path}: a picture of {image.shape[1]} x {image.shape[0]} is too '
                               f'small; {self._least_side} pixels a side are the least')
        if image.ndim == 3:
            image = cv2.cvtColor(
                image, cv2.COLOR_BGR2RGB if self._colour else cv2.COLOR_BGR2GRAY)
        return np.asarray(image, dtype=np.uint8)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DatasetError(f'{path}: {error.strerror}') from None

