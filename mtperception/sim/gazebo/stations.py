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

"""The stations of the cell in Gazebo: a pin fixture, a bench with parts, a tool tray."""

from collections.abc import Sequence
from dataclasses import replace
import re

import numpy as np

from mtperception.geometry.camera import Floats
from mtperception.geometry.rotations import about_axis, random_rotations
from mtperception.sim.cell import BENCH_STATION, PIN_STATION, TOOL_STATION
from mtperception.sim.gazebo.models import bench_model, Model, part_model
from mtperception.sim.gazebo.obj_files import Material, Surface
from mtperception.sim.pin.fixture import draw_fixture, draw_view, Fixture
from mtperception.sim.pin.scene import HEIGHT, WIDTH
from mtperception.sim.pin.textures import BENCH_TEXTURES, pin_texture, PLATE_TEXTURES, texture
from mtperception.sim.pin.turned_parts import pin_triangles
from mtperception.sim.shapes.parts import hammer, Part

PIN, PIN_LABEL = 'pin', 1
# Gazebo has a byte for labels, and takes 255 for the background.
_MOST_LABELS = 254
_PINS = 4


def label_names(parts: Sequence[Part]) -> list[str]:
    """Return the names of the labels 1, 2, ... of a cell where these parts are on the bench."""
    names = list(dict.fromkeys((PIN, 'hammer', *(part.name for part in parts))))
    if len(names) > _MOST_LABELS:
        raise ValueError(f'{len(parts)} parts are too many: Gazebo has {_MOST_LABELS} labels')
    return names


def cell_models(parts: Sequence[Part], seed: int) -> list[Model]:
    """Return what stands in the cell: drawn from the seed, with parts above the bench."""
    labels = {name: number for number, name in enumerate(label_names(parts), PIN_LABEL)}
    tray = bench_model('tool_tray', TOOL_STATION, 1.4)
    models = [
        *_pin_station(seed), tray, _tool(labels['hammer']),
        *_bench_station(np.random.default_rng([seed, 3]), parts, labels)]
    return _named_apart(models)


def _tool(label: int) -> Model:
    """Return the hammer lying on its side, a little above the tray."""
    part = hammer()
    lying = about_axis((0.0, 0.0, 1.0), 0.6) @ about_axis((0.0, 1.0, 0.0), np.pi / 2)
    lowest = float((part.mesh.vertices @ lying.T)[:, 2].min())
    return replace(
        part_model(part, label), position=np.array((TOOL_STATION, 0.0, 0.002 - lowest)),
        rotation=lying)


def _bench_station(
    rng: np.random.Generator, parts: Sequence[Part], labels: dict[str, int],
) -> list[Model]:
    """Return a bench with parts above it, turned at random, none touching another."""
    middles = [part.mesh.bounds.mean(axis=0) for part in parts]
    radii = [
        float(np.linalg.norm(part.mesh.bounds - middle, axis=1).max())
        for part, middle in zip(parts, middles, strict=True)]
    columns = int(np.ceil(np.sqrt(len(parts))))
    step = 2.05 * max(radii)
    models = [bench_model('bench', BENCH_STATION, max(1.0, (columns + 1) * step))]
    for number, (part, middle, radius) in enumerate(zip(parts, middles, radii, strict=True)):
        row, column = divmod(number, columns)
        x, y = ((place - (columns - 1) / 2) * step for place in (column, row))
        rotation = random_rotations(rng, 1)[0]
        position = np.array((BENCH_STATION + x, y, 1.05 * radius)) - rotation @ middle
        models.append(replace(
            part_model(part, labels[part.name]), position=position, rotation=rotation))
    return models


def _pin_station(seed: int) -> list[Model]:
    """Return a workpiece that stays where it is, and each of its pins."""
    # The same first draws as those of the live cell's camera.
    rng = np.random.default_rng([seed, 0])
    view = draw_view(rng, WIDTH, HEIGHT)
    fixture = draw_fixture(rng, view, _PINS)
    station = np.array((PIN_STATION, 0.0, 0.0))
    shade = float(rng.uniform(0.45, 0.8))
    models = [Model(
        'workpiece', station, np.eye(3), _workpiece(rng, fixture, shade), _convex(fixture))]
    steel = Material(
        (0.95, 0.95, 0.96), metalness=0.8, roughness=0.3, texture=pin_texture())
    for pin in fixture.pins:
        # Without a collar the box around a pin tells its radius.
        upright = replace(pin, seat=np.zeros(3), rotation=np.eye(3), collar_radius=0.0)
        body = pin_triangles(upright)
        models.append(Model(
            PIN, station + pin.seat, pin.rotation, (Surface(body, steel),),
            (np.unique(body.points.reshape(-1, 3), axis=0),), label=PIN_LABEL))
    return models


def _workpiece(
    rng: np.random.Generator, fixture: Fixture, shade: float,
) -> tuple[Surface, ...]:
    """Paint everything of a fixture but its pins."""
    finishes = {
        'slab': str(rng.choice(PLATE_TEXTURES)), 'bench': str(rng.choice(BENCH_TEXTURES)),
        'block': 'blasted', 'screw_bright': 'turned', 'screw_dark': 'turned'}
    shades = {
        'slab': shade, 'bench': float(rng.uniform(0.15, 0.5)), 'cavity': 0.1 * shade,
        'block': float(rng.uniform(0.15, 0.9)), 'screw_bright': 0.9, 'screw_dark': 0.3,
        'mark_bright': min(1.0, 1.5 * shade), 'mark_dark': 0.4 * shade, 'stain': 0.6 * shade,
        'shade': 0.05}
    opacity = {'stain': 0.14, 'shade': 0.25}
    surfaces = []
    for name, triangles in fixture.meshes.items():
        finish = finishes.get(name)
        grey = None if finish is None else (
            pin_texture() if finish == 'turned' else texture(finish))
        metal = name in ('slab', 'screw_bright', 'screw_dark')
        level = shades[name]
        surfaces.append(Surface(triangles, Material(
            (level, level, level), metalness=0.6 if metal else 0.0,
            roughness=0.4 if metal else 0.8, opacity=opacity.get(name, 1.0), texture=grey)))
    return tuple(surfaces)


def _convex(fixture: Fixture) -> tuple[Floats, ...]:
    """Return the plate and the bench under it as convex pieces."""
    plate = fixture.meshes['slab'].points.reshape(-1, 3)
    floor = fixture.meshes['bench'].points.reshape(-1, 3)
    pieces = []
    for (low, high), thickness in (((plate.min(0), plate.max(0)), 0.0),
                                   ((floor.min(0), floor.max(0)), 0.03)):
        low = low - (0.0, 0.0, thickness)
        pieces.append(np.array([
            (x, y, z) for x in (low[0], high[0]) for y in (low[1], high[1])
            for z in (low[2], high[2])]))
    return tuple(pieces)


def _named_apart(models: Sequence[Model]) -> list[Model]:
    """Give models the names that SDF allows, no two the same."""
    named: dict[str, Model] = {}
    for model in models:
        plain = re.sub(r'\W+', '_', model.name, flags=re.ASCII).strip('_') or 'part'
        name, number = plain, 1
        while name in named:
            number += 1
            name = f'{plain}_{number}'
        named[name] = replace(model, name=name)
    return list(named.values())
