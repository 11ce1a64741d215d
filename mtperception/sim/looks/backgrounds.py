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

"""The user's own pictures, to be seen under and behind things."""

from dataclasses import dataclass
import hashlib
import os
from pathlib import Path
import struct

import cv2
import numpy as np
from numpy.typing import NDArray

_SUFFIXES = ('.jpg', '.jpeg', '.png')
# Larger ones would take more memory than a worker process should.
_MOST_BYTES, _MOST_PIXELS = 100_000_000, 100_000_000


class BackgroundError(ValueError):
    """A folder of pictures, or one of them, cannot be used; the message names it."""


@dataclass(frozen=True)
class Backgrounds:
    """
    Pictures in files, read one at a time when they are needed.

    `sha256` is over all of their bytes, `skipped` are the names of those in the folder that
    cannot be read.
    """

    folder: Path
    paths: tuple[Path, ...]
    sha256: str
    skipped: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.paths)

    def tile(self, index: int, size: int) -> NDArray[np.uint8]:
        """
        Return a picture's middle square as a texture, RGB, size x size (even).

        It is mirrored to all sides, so that it tiles without a seam.
        """
        path = self.paths[index]
        try:
            picture = _decoded(path.read_bytes(), size // 2)
        except (OSError, ValueError) as error:
            raise BackgroundError(f'{path}: {error}') from None
        height, width = picture.shape[:2]
        side = min(height, width)
        down, right = (height - side) // 2, (width - side) // 2
        square = picture[down:down + side, right:right + side, ::-1]
        quarter = cv2.resize(square, (size // 2, size // 2), interpolation=cv2.INTER_AREA)
        half = np.hstack((quarter, quarter[:, ::-1]))
        return np.ascontiguousarray(np.vstack((half, half[::-1])))


def read_backgrounds(folder: str | os.PathLike[str]) -> Backgrounds:
    """
    Look through a folder of JPEG and PNG files, sub-folders included.

    Raise BackgroundError where there is none that can be read.
    """
    root = Path(folder)
    if not root.is_dir():
        raise BackgroundError(f'{root} is not a folder of pictures')
    good, bad, digest = [], [], hashlib.sha256()
    for path in sorted(root.rglob('*')):
        if path.suffix.lower() not in _SUFFIXES or not path.is_file():
            continue
        try:
            if path.stat().st_size > _MOST_BYTES:
                raise ValueError('too large')
            data = path.read_bytes()
            _decoded(data, 1)
        except (OSError, ValueError):
            bad.append(path.relative_to(root).as_posix())
            continue
        digest.update(hashlib.sha256(data).digest())
        good.append(path)
    if not good:
        raise BackgroundError(
            f'{root} holds no JPEG or PNG picture that can be read'
            + (f' ({bad[0]} cannot)' if bad else ''))
    return Backgrounds(root, tuple(good), digest.hexdigest(), tuple(bad))


def _decoded(data: bytes, side: int) -> NDArray[np.uint8]:
    """Decode a picture (BGR), reduced as far as its sides stay `side` pixels long."""
    width, height = _size(data)
    if width * height > _MOST_PIXELS:
        raise ValueError(f'{width} x {height} pixels are too many')
    if min(width, height) < 16:
        raise ValueError(f'{width} x {height} pixels are too few')
    flag = cv2.IMREAD_COLOR
    for factor, reduced in (
            (2, cv2.IMREAD_REDUCED_COLOR_2), (4, cv2.IMREAD_REDUCED_COLOR_4),
            (8, cv2.IMREAD_REDUCED_COLOR_8)):
        if min(width, height) >= factor * side:
            flag = reduced
    picture = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), flag)
    if picture is None:
        raise ValueError('not a picture that can be read')
    return np.asarray(picture, dtype=np.uint8)


def _size(data: bytes) -> tuple[int, int]:
    """Return width and height from a JPEG's or PNG's header: nothing is decoded for it."""
    if data[:8] == b'\x89PNG\r\n\x1a\n' and len(data) >= 24:
        width, height = struct.unpack('>II', data[16:24])
        return width, height
    place = 2
    while data[:2] == b'\xff\xd8' and place + 9 <= len(data) and data[place] == 0xff:
        marker, length = data[place + 1], int.from_bytes(data[place + 2:place + 4], 'big')
        # Frame headers; C4, C8 and CC are tables.
        if 0xc0 <= marker <= 0xcf and marker not in (0xc4, 0xc8, 0xcc):
            height, width = struct.unpack('>HH', data[place + 5:place + 9])
            return width, height
        place += 1 if marker == 0xff else 2 + length
    raise ValueError('not a picture that can be read')
