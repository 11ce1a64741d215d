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

"""Write data sets of grasps in the formats of Cornell and Jacquard, as `grasp.data` reads them."""

from collections.abc import Sequence
import os
from pathlib import Path

import cv2
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
from mtperception.geometry.rectangle import corners
from mtperception.sim.files.writing import png, write_file


def export_cornell(pictures: Sequence[GraspPicture], out: str | os.PathLike[str]) -> None:
    """Write pictures and rectangles in the Cornell format, into a folder that need not exist."""
    for index, picture in enumerate(pictures):
        folder = Path(out) / f'{index // 100:02d}'
        folder.mkdir(parents=True, exist_ok=True)
        write_file(folder / f'pcd{index:04d}{CORNELL_PICTURE}', _as_png(picture.path))
        write_file(
            folder / f'pcd{index:04d}{CORNELL}', cornell_text(picture.grasps).encode('ascii'))


def export_jacquard(pictures: Sequence[GraspPicture], out: str | os.PathLike[str]) -> None:
    """Write pictures and rectangles in the Jacquard format, into a folder that need not exist."""
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    for index, picture in enumerate(pictures):
        write_file(folder / f'{index:06d}{JACQUARD_PICTURE}', _as_png(picture.path))
        write_file(
            folder / f'{index:06d}{JACQUARD}', jacquard_text(picture.grasps).encode('ascii'))
        if picture.depth is not None:
            write_file(folder / f'{index:06d}_perfect_depth.tiff', _metres(picture.depth))


def cornell_text(grasps: Sequence[GraspLabel]) -> str:
    """Return what a Cornell file says of rectangles."""
    return ''.join(
        f'{x:.3f} {y:.3f}\n' for grasp in grasps for x, y in corners(grasp.rectangle)[0])


def jacquard_text(grasps: Sequence[GraspLabel]) -> str:
    """Return what a Jacquard file says of rectangles."""
    return ''.join(
        f'{grasp.x:.3f};{grasp.y:.3f};{-np.degrees(grasp.theta):.4f};{grasp.opening:.3f};'
        f'{grasp.jaw:.3f}\n' for grasp in grasps)


def _as_png(path: Path) -> bytes:
    if path.suffix.lower() == '.png':
        return path.read_bytes()
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise DatasetError(f'{path}: not a picture that can be read')
    return png(np.asarray(picture[:, :, ::-1], dtype=np.uint8))


def _metres(path: Path) -> bytes:
    """Return a depth picture in millimetres as TIFF in metres, 0 where nothing is known."""
    depth = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if depth is None or depth.dtype != np.uint16 or depth.ndim != 2:
        raise DatasetError(f'{path}: not a depth picture of 16 bits')
    _, data = cv2.imencode('.tiff', depth.astype(np.float32) / np.float32(1000.0))
    return bytes(data)
