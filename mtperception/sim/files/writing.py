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

"""Writing files whole or not at all, and pictures as the bytes of PNG and JPEG files."""

import hashlib
import os
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

_UNFINISHED = '.part'


def write_file(path: Path, data: bytes) -> None:
    """
    Write a file, whole or not at all; several processes may write the same one.

    Errors are the operating system's, and name this file.
    """
    unfinished = path.with_name(f'.{path.name}.{os.getpid()}{_UNFINISHED}')
    try:
        unfinished.write_bytes(data)
        os.replace(unfinished, path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from None
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def is_unfinished(name: str) -> bool:
    """Tell a file that `write_file` was killed over by its name."""
    return name.startswith('.') and name.endswith(_UNFINISHED)


class SampleFiles:
    """
    Saves files of a data set below its root, and hashes what it saves.

    The hash is over the names and the bytes, in the order of saving.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._hash = hashlib.sha256()

    def save(self, name: str, data: bytes) -> None:
        """Write a file, `name` being its path below the root; folders are made."""
        path = self.root / name
        try:
            write_file(path, data)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_file(path, data)
        self._hash.update(name.encode() + b'\0' + len(data).to_bytes(8, 'big'))
        self._hash.update(data)

    def sha256(self) -> str:
        """Return the hash of all that was saved, in hexadecimal digits."""
        return self._hash.hexdigest()


def millimetres(depth: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return a depth picture, in metres, as it is stored: whole millimetres, 0 for nothing."""
    whole = depth * np.float32(1000.0)
    np.rint(whole, out=whole)
    whole[~(whole < 65536.0)] = 0.0
    return whole.astype(np.uint16)


def black_and_white(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return a mask as a picture: 255 where it is true."""
    return mask.astype(np.uint8) * np.uint8(255)


def png(picture: NDArray[np.uint8] | NDArray[np.uint16], flat: bool = False) -> bytes:
    """
    Encode a picture, H x W (8 or 16 bits) or H x W x 3 (8 bits, RGB), without loss.

    `flat` pictures, such as masks, have large areas of one colour; others have noise.
    """
    if picture.dtype == np.uint16:
        strategy, filtered = 'FILTERED', 'SUB'
    elif flat:
        strategy, filtered = 'RLE', 'NONE'
    else:
        # Noise has no repetitions to look for.
        strategy, filtered = 'HUFFMAN_ONLY', 'AVG'
    settings: tuple[int, ...] = (
        cv2.IMWRITE_PNG_COMPRESSION, 1,
        cv2.IMWRITE_PNG_STRATEGY, getattr(cv2, f'IMWRITE_PNG_STRATEGY_{strategy}'))
    # Older releases of OpenCV choose the filter themselves.
    if hasattr(cv2, 'IMWRITE_PNG_FILTER'):
        settings += (
            cv2.IMWRITE_PNG_FILTER, getattr(cv2, f'IMWRITE_PNG_FILTER_{filtered}'))
    return _encoded('.png', picture, settings)


def jpeg(picture: NDArray[np.uint8], quality: int = 95) -> bytes:
    """Encode a picture, H x W or H x W x 3 (RGB), with a quality from 0 to 100."""
    return _encoded('.jpg', picture, (cv2.IMWRITE_JPEG_QUALITY, quality))


def _encoded(
    suffix: str, picture: NDArray[np.uint8] | NDArray[np.uint16], settings: tuple[int, ...],
) -> bytes:
    stored = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(suffix, stored, settings)
    if not done:
        raise ValueError(f'a picture of {picture.shape} cannot be encoded as {suffix}')
    return bytes(data)
