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
Writing pose data sets in the scene-wise format of the BOP benchmark.

Lengths in the files are millimetres. `models/` has the objects (`obj_000001.ply` ...) and
`models_info.json`; `train/000000/` and so on are scenes of a thousand pictures each, with
`scene_camera.json`, `scene_gt.json`, `scene_gt_info.json` and the folders `rgb`, `depth` (16 bits,
0 where nothing was measured), `mask` and `mask_visib`, the masks named after picture and object.
`alone` beside them, which BOP does not have, shows each object on black; its window is the square
around the object's box, 1.2 times as large. Boxes (x, y, width, height) are as BOP's own toolkit
has them: (x, y) is the first pixel, and width and height are what the last pixel is away from it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray
import trimesh

from mtperception.datasets.bop import CAMERA_FILE, INFO_FILE, MODELS, POSES_FILE
from mtperception.geometry.camera import PinholeCamera
from mtperception.sim.pose.labels import Mask, mask_box, PoseSample
from mtperception.sim.shapes.part_pieces import own_colours

SPLIT = 'train'
SCENE_SIZE = 1000
NOTHING = [-1, -1, -1, -1]


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
    return {CAMERA_FILE: camera, POSES_FILE: poses, INFO_FILE: info}


def _stored_box(mask: Mask) -> list[int]:
    box = mask_box(mask)
    if box is None:
        return NOTHING
    x0, y0, x1, y1 = box
    return [int(x0 + 0.5), int(y0 + 0.5), int(x1 - x0 - 1.0), int(y1 - y0 - 1.0)]


def scene_files(
    records: Iterator[Mapping[str, Any]], numbers: Mapping[str, int],
) -> Iterator[tuple[str, bytes]]:
    """
    Yield the names and contents of the scenes' files, from all pictures' records in order.

    `numbers` are those of the models, by the parts' names.
    """
    scene: dict[str, dict[str, Any]] = {CAMERA_FILE: {}, POSES_FILE: {}, INFO_FILE: {}}
    index = -1
    for index, record in enumerate(records):
        if index and index % SCENE_SIZE == 0:
            yield from _encoded(index - 1, scene)
        for name, entries in scene.items():
            entries[str(index % SCENE_SIZE)] = record[name] if name != POSES_FILE else [
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
