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

"""Bodies of a Gazebo world, and the parts of the rendered scenes as such."""

from dataclasses import dataclass

import numpy as np
import trimesh

from mtperception.geometry.camera import Floats
from mtperception.sim.bench.model import DENSITY
from mtperception.sim.gazebo.obj_files import Material, Surface
from mtperception.sim.pin.textures import texture
from mtperception.sim.shapes.mesh_triangles import mesh_triangles
from mtperception.sim.shapes.part_pieces import part_pieces
from mtperception.sim.shapes.parts import Part
from mtperception.sim.shapes.triangles import planar

_BENCH_COLOUR = (0.84, 0.7, 0.54)


@dataclass(frozen=True)
class Box:
    """A box around a model's origin, with full sizes in metres."""

    size: tuple[float, float, float]


@dataclass(frozen=True)
class Mass:
    """Mass in kilograms, the centre of mass, and the inertia (3 x 3, kg m2) about it."""

    mass: float
    centre: Floats
    inertia: Floats


@dataclass(frozen=True)
class Model:
    """
    A body in the world, its axes turned by `rotation` (3 x 3), at `position` (metres).

    It is seen as `surfaces` and bumped into as `collision`: boxes, or the corners (N x 3) of
    convex pieces, all in the model's frame. Without a mass it stays where it is. `label` is what
    segmentation and boxes call it, None for nothing.
    """

    name: str
    position: Floats
    rotation: Floats
    surfaces: tuple[Surface, ...]
    collision: tuple[Box | Floats, ...]
    mass: Mass | None = None
    label: int | None = None


def part_model(part: Part, label: int) -> Model:
    """Return a part as a model at the world's origin."""
    surfaces = []
    for piece in part_pieces(part):
        red, green, blue = (float(value) for value in piece.colour)
        surfaces.append(Surface(piece.triangles, Material(
            (red, green, blue), metalness=0.9 if piece.metal else 0.0,
            roughness=0.35 if piece.metal else 0.6)))
    mesh = part.mesh.copy()
    mesh.density = DENSITY
    mass = Mass(
        float(mesh.mass), np.asarray(mesh.center_mass), np.asarray(mesh.moment_inertia))
    return Model(
        part.name, np.zeros(3), np.eye(3), tuple(surfaces), part.collision, mass, label)


def bench_model(name: str, x: float, side: float) -> Model:
    """Return a square bench with a side in metres, its middle at (x, 0, 0)."""
    size = (side, side, 0.03)
    slab = planar(mesh_triangles(trimesh.creation.box(size)), 0.5, 0.0, (0.0, 0.0))
    return Model(
        name, np.array((x, 0.0, -size[2] / 2)), np.eye(3),
        (Surface(slab, Material(_BENCH_COLOUR, texture=texture('wood'))),), (Box(size),))
