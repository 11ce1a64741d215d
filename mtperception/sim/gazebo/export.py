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

"""A folder with the cell for Gazebo: world, models with their meshes, and the bridge."""

from collections.abc import Sequence
import json
from pathlib import Path

from mtperception.sim.cell import cell_cameras
from mtperception.sim.files.writing import png, SampleFiles
from mtperception.sim.gazebo.bridge import bridge_file
from mtperception.sim.gazebo.models import Box, Model
from mtperception.sim.gazebo.obj_files import hull_file, mtl_file, obj_file
from mtperception.sim.gazebo.sdf import (
    mesh_path,
    model_config,
    model_document,
    piece_path,
    world_document,
)
from mtperception.sim.gazebo.stations import cell_models, label_names, PIN_LABEL
from mtperception.sim.shapes.parts import Part

WORLD_FILE, BRIDGE_FILE, LABELS_FILE = 'world.sdf', 'bridge.yaml', 'labels.json'


def export_world(folder: Path, parts: Sequence[Part], seed: int) -> list[str]:
    """
    Write the cell with parts on its bench into a folder; return the models' names.

    `world.sdf` is written last: a folder without one is unfinished. The folder must be new,
    empty, or hold a world that is to be replaced; ValueError otherwise.
    """
    if folder.exists() and not folder.is_dir():
        raise ValueError(f'{folder} is a file: choose a folder')
    world = folder / WORLD_FILE
    if folder.is_dir() and not world.exists() and any(folder.iterdir()):
        raise ValueError(f'{folder} holds other files: choose a new folder')
    models, cameras = cell_models(parts, seed), cell_cameras(seed)
    world.unlink(missing_ok=True)
    files = SampleFiles(folder)
    for model in models:
        _save_model(files, model)
    labels = {str(number): name for number, name in enumerate(label_names(parts), PIN_LABEL)}
    files.save(LABELS_FILE, json.dumps(labels, indent=1).encode())
    files.save(BRIDGE_FILE, bridge_file(cameras))
    files.save(WORLD_FILE, world_document(models, cameras))
    return [model.name for model in models]


def _save_model(files: SampleFiles, model: Model) -> None:
    folder = f'models/{model.name}'
    textures: list[str | None] = []
    for number, surface in enumerate(model.surfaces):
        name = None
        if surface.material.texture is not None:
            name = f'{model.name}_{number}.png'
            files.save(f'{folder}/meshes/{name}', png(surface.material.picture()))
        textures.append(name)
    library = f'{model.name}.mtl'
    files.save(f'{folder}/{mesh_path(model.name)}', obj_file(model.surfaces, library))
    files.save(f'{folder}/meshes/{library}', mtl_file(model.surfaces, textures))
    for number, piece in enumerate(model.collision):
        if not isinstance(piece, Box):
            files.save(f'{folder}/{piece_path(model.name, number)}', hull_file(piece))
    files.save(f'{folder}/model.sdf', model_document(model))
    files.save(f'{folder}/model.config', model_config(model.name))
