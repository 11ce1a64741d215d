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
Pose data sets on disk, in the scene-wise format of the BOP benchmark.

Lengths in the files are millimetres. `models/` has the objects (`obj_000001.ply` ...) and
`models_info.json`; `train/000000/` and so on are scenes of a thousand pictures each, with
`scene_camera.json`, `scene_gt.json`, `scene_gt_info.json` and the folders `rgb`, `depth` (16 bits,
0 where nothing was measured), `mask` and `mask_visib`, the masks named after picture and object.
`alone` beside them, which BOP does not have, shows each object on black; its window is the square
around the object's box, 1.2 times as large. Boxes (x, y, width, height) are as BOP's own toolkit
has them: (x, y) is the first pixel, and width and height are what the last pixel is away from it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
import json
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
import trimesh

from mtperception.geometry.camera import Floats, PinholeCamera
from mtperception.sim.part_pieces import own_colours
from mtperception.sim.pose_labels import Box, Mask, mask_box, PoseSample

SPLIT, MODELS = 'train', 'models'
SCENE_SIZE = 1000
_CAMERA, _POSES, _INFO = 'scene_camera.json', 'scene_gt.json', 'scene_gt_info.json'
_PICTURES = ('rgb', 'gray')
_SUFFIXES = ('.jpg', '.png', '.tif')
_NOTHING = [-1, -1, -1, -1]


class BopError(ValueError):
    """A data set is not what BOP's format says; the message names the file and the key."""


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
            raise BopError(f'{self.depth or self.path}: there is no readable depth picture')
        return np.asarray(stored.astype(np.float32) * np.float32(self.depth_scale))


def scene_folder(index: int) -> str:
    """Return the path of a picture's scene below the data set's root."""
    return f'{SPLIT}/{index // SCENE_SIZE:06d}'


def picture_stem(index: int) -> str:
    """Return the name of a picture, without its suffix, within its scene."""
    return f'{index % SCENE_SIZE:06d}'


def picture_record(sample: PoseSample, depth: NDArray[np.uint16]) -> dict[str, Any]:
    """
    Return what the scene's files say of a picture, under their names.

    `depth` is the picture that is stored. Objects have their parts' names for numbers, yet.
    """
    view = sample.view
    camera = {
        'cam_K': view.camera.matrix.ravel().tolist(), 'depth_scale': 1.0,
        'cam_R_w2c': view.rotation.T.ravel().tolist(),
        'cam_t_w2c': (-1000.0 * view.rotation.T @ view.position).tolist()}
    poses, info = [], []
    for thing in sample.objects:
        poses.append({
            'obj_id': thing.part,
            'cam_R_m2c': thing.rotation.ravel().tolist(),
            'cam_t_m2c': (1000.0 * thing.translation).tolist()})
        info.append({
            'px_count_all': int(thing.mask.sum()),
            'px_count_valid': int((depth[thing.mask] > 0).sum()),
            'px_count_visib': int(thing.visible_mask.sum()),
            'visib_fract': thing.visible,
            'bbox_obj': _stored_box(thing.mask), 'bbox_visib': _stored_box(thing.visible_mask)})
    return {_CAMERA: camera, _POSES: poses, _INFO: info}


def _stored_box(mask: Mask) -> list[int]:
    box = mask_box(mask)
    if box is None:
        return _NOTHING
    x0, y0, x1, y1 = box
    return [int(x0 + 0.5), int(y0 + 0.5), int(x1 - x0 - 1.0), int(y1 - y0 - 1.0)]


def scene_files(
    records: Iterator[Mapping[str, Any]], numbers: Mapping[str, int],
) -> Iterator[tuple[str, bytes]]:
    """
    Yield the names and contents of the scenes' files, from all pictures' records in order.

    `numbers` are those of the models, by the parts' names.
    """
    scene: dict[str, dict[str, Any]] = {_CAMERA: {}, _POSES: {}, _INFO: {}}
    index = -1
    for index, record in enumerate(records):
        if index and index % SCENE_SIZE == 0:
            yield from _encoded(index - 1, scene)
        for name, entries in scene.items():
            entries[str(index % SCENE_SIZE)] = record[name] if name != _POSES else [
                {**pose, 'obj_id': numbers[pose['obj_id']]} for pose in record[name]]
    if index >= 0:
        yield from _encoded(index, scene)


def _encoded(index: int, scene: dict[str, dict[str, Any]]) -> Iterator[tuple[str, bytes]]:
    """Yield a scene's files, and empty it for the next."""
    for name, entries in scene.items():
        lines = (f'  {json.dumps(number)}: {json.dumps(value)}'
                 for number, value in entries.items())
        yield f'{scene_folder(index)}/{name}', ('{\n' + ',\n'.join(lines) + '\n}\n').encode()
        entries.clear()


def model_files(meshes: Sequence[tuple[str, trimesh.Trimesh]]) -> Iterator[tuple[str, bytes]]:
    """Yield the names and contents of the models' files, from parts' names and meshes (metres)."""
    info = {}
    for number, (name, mesh) in enumerate(meshes, 1):
        yield f'{MODELS}/obj_{number:06d}.ply', _ply(mesh)
        corners = 1000.0 * np.asarray(mesh.vertices)
        low, size = corners.min(axis=0), np.ptp(corners, axis=0)
        info[str(number)] = {
            'name': name, 'diameter': 1000.0 * diameter(mesh),
            **{f'min_{axis}': float(value) for axis, value in zip('xyz', low, strict=True)},
            **{f'size_{axis}': float(value) for axis, value in zip('xyz', size, strict=True)}}
    yield f'{MODELS}/models_info.json', json.dumps(info, indent=2).encode()


def diameter(mesh: trimesh.Trimesh) -> float:
    """Return the largest distance between two corners of a mesh."""
    corners = np.asarray(mesh.convex_hull.vertices)
    return max(float(np.linalg.norm(corners - corner, axis=1).max()) for corner in corners)


def _ply(mesh: trimesh.Trimesh) -> bytes:
    """Return a mesh in millimetres with normals, and colours where it has some, as text."""
    own = own_colours(mesh)
    colours = None if own is None else own.vertex_colors
    model = trimesh.Trimesh(
        1000.0 * mesh.vertices, mesh.faces, vertex_normals=mesh.vertex_normals,
        vertex_colors=colours, process=False)
    data = trimesh.exchange.ply.export_ply(model, encoding='ascii', vertex_normal=True)
    return bytes(data)


def camera_file(camera: PinholeCamera) -> tuple[str, bytes]:
    """Return the name and the contents of the file about the camera."""
    return 'camera.json', json.dumps({**asdict(camera), 'depth_scale': 1.0}, indent=2).encode()


def is_bop(folder: str | os.PathLike[str]) -> bool:
    """Tell whether a folder looks like a data set that `read_bop` reads."""
    return bool(_scenes(Path(folder)))


def read_bop(folder: str | os.PathLike[str]) -> list[BopPicture]:
    """
    Read a data set: the folder of a scene, of a split, or one with splits, in order of names.

    The pictures of a scene are of one size. Raise BopError naming the file and the key at fault.
    """
    root = Path(folder)
    scenes = _scenes(root)
    if not scenes:
        raise BopError(f'{root}: no {_POSES} there or in folders below; is the data set complete?')
    return [picture for scene in scenes for picture in _read_scene(scene)]


def _scenes(root: Path) -> list[Path]:
    return sorted(
        path.parent for depth in ('.', '*', '*/*') for path in root.glob(f'{depth}/{_POSES}'))


def read_models(folder: str | os.PathLike[str]) -> dict[int, Floats]:
    """Return the triangles (T x 3 x 3, metres) of the models that are there, by their numbers."""
    found = {}
    for path in sorted((Path(folder) / MODELS).glob('obj_*.ply')):
        try:
            mesh = trimesh.load_mesh(path, file_type='ply')
            found[int(path.stem[4:])] = np.asarray(mesh.triangles, dtype=np.float64) / 1000.0
        except Exception as error:  # whatever a damaged file makes the reader of meshes raise
            raise BopError(f'{path}: not a mesh that can be read ({error})') from None
    return found


def read_model_numbers(folder: str | os.PathLike[str]) -> dict[int, dict[str, Any]]:
    """Return what `models_info.json` says of each model, by its number; lengths in millimetres."""
    path = Path(folder) / MODELS / 'models_info.json'
    return {int(number): info for number, info in _read(path).items()}


def _read_scene(scene: Path) -> Iterator[BopPicture]:
    cameras, poses, info = (_read(scene / name) for name in (_CAMERA, _POSES, _INFO))
    size: tuple[int, int] | None = None
    for number in sorted(poses, key=int):
        path = next(_named(scene, _PICTURES, number), None)
        if path is None:
            raise BopError(f'{scene / "rgb" / number.zfill(6)}: the picture is missing')
        size = size or _size(path)
        for name, entries in ((_CAMERA, cameras), (_INFO, info)):
            if number not in entries:
                raise BopError(f'{scene / name}: nothing under the key {number!r}')
        camera, scale = _camera(scene / _CAMERA, repr(number), cameras[number], size)
        for name, entries in ((_POSES, poses), (_INFO, info)):
            if not isinstance(entries[number], list):
                raise BopError(f'{scene / name}: {number!r} is not a list of objects')
        if len(info[number]) != len(poses[number]):
            raise BopError(
                f'{scene / _INFO}: {number!r} has {len(info[number])} objects, in {_POSES} '
                f'{len(poses[number])}')
        objects = tuple(
            _object(scene, number, place, pose, more)
            for place, (pose, more) in enumerate(zip(poses[number], info[number], strict=True)))
        depth = next(_named(scene, ('depth',), number), None)
        yield BopPicture(path, depth, scale, camera, objects)


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise BopError(f'{path}: not found; is the data set complete?') from None
    except (OSError, ValueError) as error:
        raise BopError(f'{path}: not readable as JSON ({error})') from None
    if not isinstance(document, dict) or not all(key.isdecimal() for key in document):
        raise BopError(f'{path}: not keyed by numbers')
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
        raise BopError(f'{path}: {where}: cam_K is not that of a camera with square corners')
    scale, = _numbers(path, where, entry, 'depth_scale', 1)
    return PinholeCamera(*size, fx, fy, cx, cy), scale / 1000.0


def _size(picture: Path) -> tuple[int, int]:
    image = cv2.imread(str(picture), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise BopError(f'{picture}: not a picture that can be read')
    return image.shape[1], image.shape[0]


def _object(
    scene: Path, number: str, place: int, pose: Mapping[str, Any], info: Mapping[str, Any],
) -> BopObject:
    where = f'{number!r}[{place}]'
    rotation = np.array(_numbers(scene / _POSES, where, pose, 'cam_R_m2c', 9)).reshape(3, 3)
    if np.abs(rotation @ rotation.T - np.eye(3)).max() > 1e-3 or np.linalg.det(rotation) < 0.0:
        raise BopError(f'{scene / _POSES}: {where}: cam_R_m2c is not a rotation')
    translation = np.array(_numbers(scene / _POSES, where, pose, 'cam_t_m2c', 3)) / 1000.0
    identity, = _numbers(scene / _POSES, where, pose, 'obj_id', 1)
    visible, = _numbers(scene / _INFO, where, info, 'visib_fract', 1)
    boxes = []
    for key in ('bbox_obj', 'bbox_visib'):
        x, y, wide, high = _numbers(scene / _INFO, where, info, key, 4)
        boxes.append(None if wide < 0.0 else (x - 0.5, y - 0.5, x + wide + 0.5, y + high + 0.5))
    box, visible_box = boxes
    if box is None:
        raise BopError(f'{scene / _INFO}: {where}: bbox_obj is nowhere')
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
        raise BopError(f'{path}: {where}: no {key} as expected') from None
    if len(numbers) != count or not np.isfinite(numbers).all():
        raise BopError(f'{path}: {where}: {key} must be {count} numbers')
    return numbers
