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
Reading pose data sets in the scene-wise format of the BOP benchmark, the simulator's and others'.

Pictures may be colour or grey, JPEG, PNG or TIFF. What is wrong is said in one line.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
import json
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
import trimesh

from mtperception.datasets.errors import DatasetError
from mtperception.geometry.camera import Floats, PinholeCamera

MODELS = 'models'
CAMERA_FILE, POSES_FILE, INFO_FILE = 'scene_camera.json', 'scene_gt.json', 'scene_gt_info.json'
Box = tuple[float, float, float, float]
_PICTURES = ('rgb', 'gray')
_SUFFIXES = ('.jpg', '.png', '.tif')


@dataclass(frozen=True)
class BopObject:
    """
    An object in a picture of a data set.

    `number` is its model's. `rotation` (3 x 3) and `translation` (3, metres) take the model's
    points to the optical frame. The boxes (x0, y0, x1, y1) are the outer edges of the pixels of
    the whole object and of what can be seen of it (None: nothing), `visible` is the share of the
    silhouette that can be seen. The paths are those of its masks and of its picture alone, None
    where there is none.
    """

    number: int
    rotation: Floats
    translation: Floats
    box: Box
    visible_box: Box | None
    visible: float
    mask: Path | None
    visible_mask: Path | None
    alone: Path | None


@dataclass(frozen=True)
class BopPicture:
    """A picture of a data set; `depth_scale` takes the numbers in its depth file to metres."""

    path: Path
    depth: Path | None
    depth_scale: float
    camera: PinholeCamera
    objects: tuple[BopObject, ...]

    def measured_depth(self) -> NDArray[np.float32]:
        """Read the depth picture: metres along the optical axis, 0 where nothing was measured."""
        stored = None if self.depth is None else cv2.imread(
            str(self.depth), cv2.IMREAD_UNCHANGED)
        if stored is None or stored.ndim != 2:
            raise DatasetError(f'{self.depth or self.path}: there is no readable depth picture')
        return np.asarray(stored.astype(np.float32) * np.float32(self.depth_scale))


def is_bop(folder: str | os.PathLike[str]) -> bool:
    """Tell whether a folder looks like a data set that `read_bop` reads."""
    return bool(_scenes(Path(folder)))


def read_bop(folder: str | os.PathLike[str]) -> list[BopPicture]:
    """
    Read a data set: the folder of a scene, of a split, or one with splits, in order of names.

    The pictures of a scene are of one size. DatasetError names the file and the key at fault.
    """
    root = Path(folder)
    scenes = _scenes(root)
    if not scenes:
        raise DatasetError(
            f'{root}: no {POSES_FILE} there or in folders below; is the data set complete?')
    return [picture for scene in scenes for picture in _read_scene(scene)]


def _scenes(root: Path) -> list[Path]:
    return sorted(
        path.parent for depth in ('.', '*', '*/*') for path in root.glob(f'{depth}/{POSES_FILE}'))


def read_models(folder: str | os.PathLike[str]) -> dict[int, Floats]:
    """Return the triangles (T x 3 x 3, metres) of the models that are there, by their numbers."""
    found = {}
    for path in sorted((Path(folder) / MODELS).glob('obj_*.ply')):
        try:
            mesh = trimesh.load_mesh(path, file_type='ply')
            found[int(path.stem[4:])] = np.asarray(mesh.triangles, dtype=np.float64) / 1000.0
        except Exception as error:  # whatever a damaged file makes the reader of meshes raise
            raise DatasetError(f'{path}: not a mesh that can be read ({error})') from None
    return found


def read_model_numbers(folder: str | os.PathLike[str]) -> dict[int, dict[str, Any]]:
    """Return what `models_info.json` says of each model, by its number; lengths in millimetres."""
    path = Path(folder) / MODELS / 'models_info.json'
    return {int(number): info for number, info in _read(path).items()}


def _read_scene(scene: Path) -> Iterator[BopPicture]:
    cameras, poses, info = (_read(scene / name) for name in (CAMERA_FILE, POSES_FILE, INFO_FILE))
    size: tuple[int, int] | None = None
    for number in sorted(poses, key=int):
        path = next(_named(scene, _PICTURES, number), None)
        if path is None:
            raise DatasetError(f'{scene / "rgb" / number.zfill(6)}: the picture is missing')
        size = size or _size(path)
        for name, entries in ((CAMERA_FILE, cameras), (INFO_FILE, info)):
            if number not in entries:
                raise DatasetError(f'{scene / name}: nothing under the key {number!r}')
        camera, scale = _camera(scene / CAMERA_FILE, repr(number), cameras[number], size)
        for name, entries in ((POSES_FILE, poses), (INFO_FILE, info)):
            if not isinstance(entries[number], list):
                raise DatasetError(f'{scene / name}: {number!r} is not a list of objects')
        if len(info[number]) != len(poses[number]):
            raise DatasetError(
                f'{scene / INFO_FILE}: {number!r} has {len(info[number])} objects, '
                f'in {POSES_FILE} {len(poses[number])}')
        objects = tuple(
            _object(scene, number, place, pose, more)
            for place, (pose, more) in enumerate(zip(poses[number], info[number], strict=True)))
        depth = next(_named(scene, ('depth',), number), None)
        yield BopPicture(path, depth, scale, camera, objects)


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise DatasetError(f'{path}: not found; is the data set complete?') from None
    except (OSError, ValueError) as error:
        raise DatasetError(f'{path}: not readable as JSON ({error})') from None
    if not isinstance(document, dict) or not all(key.isdecimal() for key in document):
        raise DatasetError(f'{path}: not keyed by numbers')
    return document


def _named(scene: Path, folders: Sequence[str], number: str) -> Iterator[Path]:
    for folder in folders:
        for suffix in _SUFFIXES:
            path = scene / folder / f'{number.zfill(6)}{suffix}'
            if path.is_file():
                yield path


def _camera(
    path: Path, where: str, entry: Mapping[str, Any], size: tuple[int, int],
) -> tuple[PinholeCamera, float]:
    fx, skew, cx, _, fy, cy = _numbers(path, where, entry, 'cam_K', 9)[:6]
    if fx <= 0.0 or fy <= 0.0 or abs(skew) > 1e-6:
        raise DatasetError(f'{path}: {where}: cam_K is not that of a camera with square corners')
    scale, = _numbers(path, where, entry, 'depth_scale', 1)
    return PinholeCamera(*size, fx, fy, cx, cy), scale / 1000.0


def _size(picture: Path) -> tuple[int, int]:
    image = cv2.imread(str(picture), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise DatasetError(f'{picture}: not a picture that can be read')
    return image.shape[1], image.shape[0]


def _object(
    scene: Path, number: str, place: int, pose: Mapping[str, Any], info: Mapping[str, Any],
) -> BopObject:
    where = f'{number!r}[{place}]'
    rotation = np.array(_numbers(scene / POSES_FILE, where, pose, 'cam_R_m2c', 9)).reshape(3, 3)
    if np.abs(rotation @ rotation.T - np.eye(3)).max() > 1e-3 or np.linalg.det(rotation) < 0.0:
        raise DatasetError(f'{scene / POSES_FILE}: {where}: cam_R_m2c is not a rotation')
    translation = np.array(_numbers(scene / POSES_FILE, where, pose, 'cam_t_m2c', 3)) / 1000.0
    identity, = _numbers(scene / POSES_FILE, where, pose, 'obj_id', 1)
    visible, = _numbers(scene / INFO_FILE, where, info, 'visib_fract', 1)
    boxes = []
    for key in ('bbox_obj', 'bbox_visib'):
        x, y, wide, high = _numbers(scene / INFO_FILE, where, info, key, 4)
        boxes.append(None if wide < 0.0 else (x - 0.5, y - 0.5, x + wide + 0.5, y + high + 0.5))
    box, visible_box = boxes
    if box is None:
        raise DatasetError(f'{scene / INFO_FILE}: {where}: bbox_obj is nowhere')
    stem = f'{number.zfill(6)}_{place:06d}'
    mask, visible_mask, alone = (
        path if (path := scene / folder / f'{stem}.png').is_file() else None
        for folder in ('mask', 'mask_visib', 'alone'))
    return BopObject(
        int(identity), rotation, translation, box, visible_box, visible, mask, visible_mask, alone)


def _numbers(
    path: Path, where: str, entry: Mapping[str, Any], key: str, count: int,
) -> list[float]:
    """Return the numbers under a key; a lone one may be without a list around it."""
    try:
        value = entry[key]
        numbers = [float(number) for number in (value if isinstance(value, list) else [value])]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise DatasetError(f'{path}: {where}: no {key} as expected') from None
    if len(numbers) != count or not np.isfinite(numbers).all():
        raise DatasetError(f'{path}: {where}: {key} must be {count} numbers')
    return numbers
