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

"""The renderer's pixels are where the camera's matrix says."""

import contextlib
from ctypes.util import find_library
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest

from mtperception.geometry.camera import look_at, PinholeCamera
from mtperception.sim.renderer import import_mujoco, mesh_placeholder, Renderer
from mtperception.sim.shapes.triangles import circle, loft

CAMERA = PinholeCamera(612, 512, 1105.0, 1080.0, 315.3, 243.2)
VIEW = look_at(CAMERA, (0.03, -0.08, 0.35), (0.01, 0.0, 0.0), 0.4)
SPHERES = np.array([
    (0.03, 0.02, 0.0), (-0.05, 0.03, 0.02), (0.04, -0.03, 0.03), (0.0, 0.0, 0.0),
    (-0.06, -0.04, -0.02), (0.01, 0.04, 0.01), (0.07, 0.06, 0.0)])
RADIUS = 0.004


def model():
    mujoco = import_mujoco()
    spec = mujoco.MjSpec()
    spec.visual.map.znear, spec.visual.map.zfar, spec.stat.extent = 0.02, 3.0, 1.0
    for point in SPHERES:
        spec.worldbody.add_geom(
            type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[RADIUS, 0, 0], pos=point)
    spec.add_mesh(
        name='disc', inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL, **mesh_placeholder(100))
    spec.worldbody.add_geom(
        type=mujoco.mjtGeom.mjGEOM_MESH, meshname='disc', contype=0, conaffinity=0, group=2)
    compiled = spec.compile()
    compiled.geom_pos[-1], compiled.geom_quat[-1] = 0.0, (1.0, 0.0, 0.0, 0.0)
    return compiled


@pytest.fixture(scope='module')
def renderer():
    with contextlib.closing(Renderer(model(), 612, 512)) as made:
        yield made


def seen_centre(centre):
    """Return the centre of a sphere's outline: the mean of its rim, as the camera sees it."""
    x, y, z = VIEW.to_optical(centre)[0]
    # The outline is the cone of rays that touch the sphere, cut by the image plane.
    distance2 = x * x + y * y + z * z
    axis = np.array([x, y, z])
    cone = np.outer(axis, axis) - (distance2 - RADIUS**2) * np.eye(3)
    inverse = np.linalg.inv(CAMERA.matrix)
    conic = inverse.T @ cone @ inverse
    return -np.linalg.solve(conic[:2, :2], conic[:2, 2])


@pytest.mark.parametrize('index', range(len(SPHERES)))
def test_spheres_are_where_the_matrix_projects_them(renderer, index):
    # Enlarged sixteen times around the sphere: the same camera with a longer lens.
    (u, v), = VIEW.project(SPHERES[index])
    x0, y0, scale = round(u) - 16, round(v) - 16, 16
    close = PinholeCamera(
        512, 512, CAMERA.fx * scale, CAMERA.fy * scale,
        (CAMERA.cx - x0 + 0.5) * scale - 0.5, (CAMERA.cy - y0 + 0.5) * scale - 0.5)
    geoms, _ = renderer.identities(type(VIEW)(close, VIEW.rotation, VIEW.position), groups=(0,))
    rows, columns = np.nonzero(geoms == index)
    assert len(rows) > 10_000
    found = (columns.mean() + 0.5) / scale - 0.5 + x0, (rows.mean() + 0.5) / scale - 0.5 + y0
    assert found == pytest.approx(seen_centre(SPHERES[index]), abs=0.02)
    assert np.linalg.norm(seen_centre(SPHERES[index]) - (u, v)) < 0.05


def test_the_colour_picture_lies_on_the_identities(renderer):
    geoms, _ = renderer.identities(VIEW)
    picture = renderer.grey(VIEW, shadows=False)
    for u, v in np.round(VIEW.project(SPHERES[:6])).astype(int):
        near = np.s_[v - 20:v + 21, u - 20:u + 21]
        drawn, lit = geoms[near] >= 0, picture[near] > 0
        # A pixel is lit, too, where only a part of it is covered: on both sides alike.
        inner = (drawn & ~lit).sum()
        assert inner == 0 and 0 < (lit & ~drawn).sum() < 0.4 * drawn.sum()
        for axis in (0, 1):
            low, high = lit.any(axis).nonzero()[0][[0, -1]] - drawn.any(axis).nonzero()[0][[0, -1]]
            assert -1 <= low <= 0 <= high <= 1


def test_colour_is_rgb_and_lies_on_grey(renderer):
    renderer.model.geom_rgba[:] = (1.0, 0.5, 0.0, 1.0)
    picture = renderer.colour(VIEW, shadows=False).astype(int)
    grey = renderer.grey(VIEW, shadows=False)
    renderer.model.geom_rgba[:] = (0.5, 0.5, 0.5, 1.0)
    assert picture.shape == (512, 612, 3)
    red, green = picture[..., 0], picture[..., 1]
    inside = cv2.erode((red > 0).astype(np.uint8), np.ones((5, 5))) > 0
    assert inside.sum() > 1000 and grey[inside].min() > 0 == grey[red == 0].max()
    # Specular light is white, and small here.
    assert np.median(green[inside] / red[inside]) == pytest.approx(0.5, abs=0.05)
    assert np.median(picture[inside, 2]) < 10


@pytest.mark.parametrize('eye', [(0.0, 0.01, 0.4), (0.4, 0.01, 0.0), (-0.3, 0.01, -0.2)])
def test_the_headlight_of_a_colour_picture_is_at_the_camera(renderer, eye):
    # A sphere lit from the camera is as bright on all sides.
    camera = PinholeCamera(65, 65, 2500.0, 2500.0, 32.0, 32.0)
    view = look_at(camera, eye, SPHERES[3], 0.0)
    light = renderer.colour(view, shadows=False, groups=(0,))[16:-16, 16:-16, 0].astype(int)
    across = np.arange(33) - 16
    assert light.min() > 20
    for axis in (0, 1):
        assert abs((light.sum(axis) * across).sum() / light.sum()) < 0.1
    assert light[16, 16] > light[0, 0]


def test_only_the_groups_asked_for_are_drawn_in_colour(renderer):
    assert renderer.colour(VIEW, groups=(3,)).max() == 0 < renderer.colour(VIEW).max()


def test_geoms_alone_are_those_with_depth(renderer):
    for window in (None, (200, 150, 120, 90), (-30, -20, 64, 48)):
        np.testing.assert_array_equal(
            renderer.geoms(VIEW, window=window), renderer.identities(VIEW, window=window)[0])


def test_depth_is_metres_along_the_optical_axis(renderer):
    geoms, depth = renderer.identities(VIEW, groups=(0,))
    for index, centre in enumerate(SPHERES):
        z = VIEW.to_optical(centre)[0, 2]
        assert depth[geoms == index].min() == pytest.approx(z - RADIUS, abs=2e-4)
    assert np.isinf(depth[geoms < 0]).all()


def test_a_window_shows_the_same_pixels(renderer):
    geoms, _ = renderer.identities(VIEW)
    window, _ = renderer.identities(VIEW, window=(200, 150, 120, 90))
    np.testing.assert_array_equal(window, geoms[150:240, 200:320])


def test_a_rewritten_mesh_is_what_is_drawn(renderer):
    angles = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    for radius in (0.02, 0.01):
        disc = loft(angles, [(circle(angles, radius), 0.0), (circle(angles, 0.0), 0.0)])
        renderer.set_mesh(0, disc)
        view = look_at(CAMERA, (0.0, 0.0, 0.4), (0.0, 0.0, 0.0), 0.0)
        geoms, _ = renderer.identities(view, groups=(2,))
        area = 16 * np.sin(np.pi / 16) * radius**2 * CAMERA.fx * CAMERA.fy / 0.4**2
        assert (geoms == len(SPHERES)).sum() == pytest.approx(area, rel=0.02)


def test_a_mesh_too_large_is_refused(renderer):
    angles = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    with pytest.raises(ValueError, match='do not fit'):
        renderer.set_mesh(0, loft(angles, [(circle(angles, r), 0.0) for r in (2, 1, 0)]))


def test_warnings_of_the_physics_are_logged_and_not_written_to_a_file(tmp_path):
    script = (
        'from mtperception.sim.renderer import import_mujoco\n'
        'mujoco = import_mujoco()\n'
        'model = mujoco.MjModel.from_xml_string("<mujoco><worldbody><body><freejoint/>"\n'
        '    "<geom size=\'1\'/></body></worldbody></mujoco>")\n'
        'data = mujoco.MjData(model)\n'
        'data.qvel[0] = 1e30\n'
        'mujoco.mj_step(model, data)\n')
    done = subprocess.run(
        [sys.executable, '-c', script], cwd=tmp_path, capture_output=True, text=True, timeout=60,
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)})
    assert done.returncode == 0 and 'unstable' in done.stderr, done.stderr
    assert not list(tmp_path.iterdir())


def test_who_has_rendered_can_train():
    # Two compilers meet: that of Mesa, and that of PyTorch's optimisers.
    script = (
        'import torch\n'
        'from mtperception.sim.pin.data import PinData\n'
        'with PinData().scene() as scene:\n'
        '    scene.sample(1, 1)\n'
        'weight = torch.nn.Parameter(torch.ones(1))\n'
        'optimiser = torch.optim.SGD([weight], 0.1)\n'
        'weight.sum().backward()\n'
        'optimiser.step()\n'
        'print(weight.item())\n')
    done = subprocess.run(
        [sys.executable, '-c', script], capture_output=True, text=True, timeout=120,
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)})
    assert done.returncode == 0 and float(done.stdout) == pytest.approx(0.9), done.stderr


@pytest.mark.parametrize('platform', ['osmesa', 'nonsense'])
def test_other_ways_to_draw(platform):
    if platform == 'osmesa' and find_library('OSMesa') is None:
        pytest.skip('libosmesa6 is not installed')
    script = (
        'import sys\n'
        'from mtperception.sim.renderer import RenderError\n'
        'from mtperception.sim.pin.scene import PinScene\n'
        'import zlib\n'
        'try:\n'
        '    with PinScene() as scene: print(zlib.crc32(scene.sample(5, 1).image.tobytes()))\n'
        'except RenderError as error: print(error)\n')
    # PyOpenGL remembers in the environment what this process draws with.
    environment = {k: v for k, v in os.environ.items() if k != 'PYOPENGL_PLATFORM'}
    done = subprocess.run(
        [sys.executable, '-c', script], capture_output=True, text=True, timeout=120,
        env={**environment, 'MUJOCO_GL': platform})
    assert done.returncode == 0, done.stderr
    if platform == 'nonsense':
        assert done.stdout.count('\n') == 1
        assert 'MUJOCO_GL=nonsense' in done.stdout and 'apt-get install' in done.stdout
    else:
        assert done.stdout.strip().isdigit()
