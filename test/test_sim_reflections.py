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

"""Metal shows the room that it stands in: where a ray from the camera goes after the mirror."""

import contextlib

import numpy as np
import pytest
import trimesh

from mtperception.geometry.camera import look_at, PinholeCamera
from mtperception.sim.looks.colour_textures import COLOUR_TEXTURES
from mtperception.sim.looks.lighting import draw_lighting
from mtperception.sim.looks.reflections import draw_room, mirror_ball, reflected_uv, Room
from mtperception.sim.looks.surfaces import add_surface_material, add_surfaces, Surfaces
from mtperception.sim.renderer import import_mujoco, mesh_placeholder, Renderer
from mtperception.sim.shapes.triangles import Triangles

UP = np.array((0.0, 0.0, 1.0))
SIZE = 160
RADIUS = 0.05


class Directions(Room):
    """A room whose colour tells the direction that it is seen in."""

    def light(self, directions):
        return 0.5 + 0.4 * np.asarray(directions)


ROOM = Directions(UP, np.zeros(3), np.zeros(3), np.zeros(3), ())


def ball():
    mesh = trimesh.creation.icosphere(subdivisions=4, radius=RADIUS)
    points = mesh.vertices[mesh.faces]
    return Triangles(points, points / RADIUS, np.zeros((len(points), 3, 2)))


@pytest.fixture(scope='module')
def renderer():
    mujoco = import_mujoco()
    spec = mujoco.MjSpec()
    spec.visual.map.znear, spec.visual.map.zfar, spec.stat.extent = 0.05, 10.0, 0.5
    add_surfaces(mujoco, spec)
    add_surface_material(mujoco, spec, 'ball')
    spec.add_mesh(
        name='ball', inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL,
        **mesh_placeholder(len(ball())))
    spec.worldbody.add_geom(
        name='ball', type=mujoco.mjtGeom.mjGEOM_MESH, meshname='ball', material='ball',
        contype=0, conaffinity=0, rgba=[1, 1, 1, 1])
    model = spec.compile()
    model.geom_pos[0], model.geom_quat[0] = 0.0, (1.0, 0.0, 0.0, 0.0)
    with contextlib.closing(Renderer(model, SIZE, SIZE)) as made:
        made.set_mesh(0, ball())
        yield made


def view_from(eye, roll):
    distance = np.linalg.norm(eye)
    focal = 0.45 * SIZE * distance / RADIUS
    middle = (SIZE - 1) / 2
    return look_at(PinholeCamera(SIZE, SIZE, focal, focal, middle, middle), eye, (0, 0, 0), roll)


def true_reflection(view):
    """Return which way the ray of each pixel goes from the ball; NaN beside it."""
    grid = np.indices((SIZE, SIZE))[::-1].reshape(2, -1).T
    rays = view.camera.rays(grid) @ view.rotation.T
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    along = rays @ view.position
    root = along**2 - view.position @ view.position + RADIUS**2
    with np.errstate(invalid='ignore'):
        distance = -along - np.sqrt(root)
    normal = (view.position + distance[:, None] * rays) / RADIUS
    reflected = rays - 2.0 * np.einsum('ij,ij->i', rays, normal)[:, None] * normal
    facing = -np.einsum('ij,ij->i', rays, normal)
    return reflected.reshape(SIZE, SIZE, 3), facing.reshape(SIZE, SIZE)


@pytest.mark.parametrize(('eye', 'roll'), [
    ((0.0, 0.01, 0.6), 0.0), ((0.5, 0.2, 0.3), 0.7), ((-0.2, -0.4, -0.35), 2.5)])
def test_a_ball_reflects_what_a_ray_would_meet(renderer, eye, roll):
    surfaces = Surfaces(renderer)
    view = view_from(np.array(eye), roll)
    surfaces.metal(np.random.default_rng(0), 'ball', 'polished')
    surfaces.set_room(ROOM, view)
    surfaces.reflect(0, view, ball().points, ball().normals)
    model = renderer.model
    model.mat_emission[0], model.mat_specular[0] = 1.0, 0.0
    model.vis.headlight.ambient[:] = model.vis.headlight.diffuse[:] = 0.0
    seen = renderer.colour(view, shadows=False) / 255.0
    direction, facing = true_reflection(view)
    # The outermost rim shows all the world behind the ball within few pixels.
    inside = facing > 0.35
    assert inside.sum() > 5000
    error = np.abs(seen - ROOM.light(direction))[inside]
    assert np.median(error) < 0.01 and np.percentile(error, 99) < 0.04


def test_a_flat_mirror_shows_one_direction():
    view = view_from(np.array((0.0, 0.01, 0.6)), 0.3)
    corners = np.array([[(0, 0, 0), (1e-4, 0, 0), (0, 1e-4, 0)]])
    uv = reflected_uv(view, corners, np.broadcast_to(UP, (1, 3, 3)))
    # A mirror that faces the camera shows the camera: the middle of the ball.
    assert uv == pytest.approx(np.full((1, 3, 2), 0.5), abs=0.01)


def test_the_room_is_where_it_was_drawn():
    rng = np.random.default_rng(3)
    lighting = draw_lighting(rng, np.zeros(3), UP)
    bench = np.array((0.7, 0.2, 0.1))
    room = draw_room(rng, UP, bench, lighting)
    assert room.light([(0.0, 0.6, -0.8)])[0] == pytest.approx(bench, abs=0.35)
    towards = lighting.lamp / np.linalg.norm(lighting.lamp)
    dark = Room(UP, room.zenith, room.horizon, bench, room.lamps[:-1])
    assert (room.light([towards]) - dark.light([towards])).min() > 0.5
    assert room.light([-towards]) == pytest.approx(dark.light([-towards]))


def test_a_mirror_ball_turns_with_the_camera():
    room = draw_room(np.random.default_rng(1), UP, np.full(3, 0.5))
    eye = np.array((0.0, 0.01, 0.6))
    one = mirror_ball(room, view_from(eye, 0.0), 64).astype(int)
    other = mirror_ball(room, view_from(eye, np.pi), 64).astype(int)
    assert np.abs(one - other[::-1, ::-1]).max() <= 1
    assert np.abs(one - other).max() > 10


def test_surfaces_change_what_a_material_wears(renderer):
    surfaces, model = Surfaces(renderer), renderer.model
    view = view_from(np.array((0.0, 0.01, 0.6)), 0.0)
    renderer.set_texcoords(0, ball().points[:, :, :2] / RADIUS)
    model.vis.headlight.ambient[:] = 0.9
    pictures = {}
    for kind in COLOUR_TEXTURES[:4]:
        surfaces.texture(np.random.default_rng(0), 'ball', 3.0, (kind,))
        pictures[kind] = renderer.colour(view)
    surfaces.plain(np.random.default_rng(0), 'ball')
    pictures['plain'] = renderer.colour(view)
    for one in pictures:
        for other in pictures:
            same = np.array_equal(pictures[one], pictures[other])
            assert same == (one == other)
    with pytest.raises(ValueError, match='backgrounds'):
        surfaces.photo(np.random.default_rng(0), 'ball')
