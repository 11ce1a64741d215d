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
Every label worked out again, without the renderer: by rays through the pixels, from the meshes.

What the labels of a sample differ by from what is found so are its deviations; the largest ones
of all samples are told.
"""

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from mtperception.geometry.camera import look_at, PinholeCamera, PosedCamera
from mtperception.sim.grasp.scene import GraspScene
from mtperception.sim.pin.fixture import draw_fixture, draw_view
from mtperception.sim.pin.scene import HEIGHT, PinScene, WIDTH
from mtperception.sim.pin.turned_parts import pin_triangles
from mtperception.sim.pose.hiding import LEAST_VISIBLE
from mtperception.sim.pose.scene import PoseScene
from mtperception.sim.renderer import import_mujoco, Renderer
from mtperception.sim.shapes.parts import hammer, PARTS

pytestmark = pytest.mark.timeout(7200)
SEED = 21
# Rays to a side of a pixel, where the labels are finer than that.
FINER = 6
# The largest deviations: of masks in pixels on the outline, over the square root of the area; of
# their centroids in pixels; of depth in metres (median, and 99 of 100 pixels); of boxes in pixels,
# from the corners of the mesh, and outwards and inwards from the mask; of visible shares; and the
# share of hidden pixels before which nothing is.
OBJECT_LIMITS = {
    'outline': 0.3, 'centroid': 0.2, 'depth': 1e-5, 'depth_99': 5e-5, 'box': 1e-6,
    'box_out': 0.01, 'box_in': 2.5, 'visible': 0.01, 'unexplained': 0.05}
# Of pins' centres and diameters in pixels, from their rims, and of the centre from rays; the box
# from the mask of rays; the visible share.
PIN_LIMITS = {
    'centre': 1e-6, 'diameter': 0.05, 'seen_centre': 0.05, 'box_out': 0.01, 'box_in': 0.5,
    'visible': 0.02}


def cast(camera, triangles, window):
    """
    Return the depth of triangles (T x 3 x 3, optical frame) by a ray through each pixel.

    The window (x0, y0, x1, y1) is of pixels, its ends excluded, and may leave the picture;
    infinite where nothing is.
    """
    x0, y0, x1, y1 = window
    depth = np.full((y1 - y0, x1 - x0), np.inf)
    corners = camera.project(triangles.reshape(-1, 3)).reshape(-1, 3, 2)
    low = np.maximum(np.ceil(corners.min(axis=1)), (x0, y0)).astype(int)
    high = np.minimum(np.floor(corners.max(axis=1)), (x1 - 1, y1 - 1)).astype(int)
    size = np.maximum(high - low + 1, 0)
    met = size.all(axis=1)
    triangles, low, size = triangles[met], low[met], size[met]
    counts = size.prod(axis=1)
    # Every pixel of every triangle's box, one after the other.
    owner = np.repeat(np.arange(len(triangles)), counts)
    nth = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    pixels = low[owner] + np.column_stack((nth % size[owner, 0], nth // size[owner, 0]))
    rays = camera.rays(pixels)
    edges = np.roll(triangles, -1, axis=1) - triangles
    normals = np.cross(edges[:, 0], edges[:, 1])
    with np.errstate(divide='ignore', invalid='ignore'):
        reach = (
            (normals * triangles[:, 0]).sum(axis=1)[owner] / (normals[owner] * rays).sum(axis=1))
    points = reach[:, None] * rays
    inside = np.isfinite(reach) & (reach > 0.0)
    for corner in range(3):
        across = np.cross(edges[owner, corner], points - triangles[owner, corner])
        inside &= (across * normals[owner]).sum(axis=1) >= 0.0
    column, row = pixels[inside].T
    np.minimum.at(depth, (row - y0, column - x0), reach[inside])
    return depth


def around(box):
    """Return the window of the pixels that a box (x0, y0, x1, y1) is in."""
    x0, y0, x1, y1 = box
    return int(np.floor(x0)) - 1, int(np.floor(y0)) - 1, int(np.ceil(x1)) + 2, int(np.ceil(y1)) + 2


def placed(found, window, shape):
    """Return where the picture shows what was found in a window."""
    x0, y0, x1, y1 = window
    height, width = shape
    whole = np.full(shape, np.inf)
    left, up, right, down = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    whole[up:down, left:right] = found[up - y0:down - y0, left - x0:right - x0]
    return whole


def bounds(mask):
    rows, columns = np.nonzero(mask)
    return np.array((columns.min(), rows.min(), columns.max(), rows.max()))


def box_gaps(box, pixels):
    """Return how far a box is within (first) and beyond (second) the bounds of its pixels."""
    beyond = np.array((pixels[0] - box[0], pixels[1] - box[1], box[2] - pixels[2],
                       box[3] - pixels[3]))
    return -beyond.min(), beyond.max()


def object_deviations(camera, depth, thing, mesh):
    """Return how an object's labels deviate from its mesh, posed as they say."""
    assert np.allclose(thing.rotation @ thing.rotation.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(thing.rotation) > 0.0
    assert not (thing.visible_mask & ~thing.mask).any()
    posed = np.asarray(mesh.vertices) @ thing.rotation.T + thing.translation
    pixels = posed @ camera.matrix.T
    pixels = pixels[:, :2] / pixels[:, 2:]
    window = around(thing.box)
    found = cast(camera, posed[mesh.faces], window)
    area = np.isfinite(found).sum()
    exact = placed(found, window, thing.mask.shape)
    silhouette = np.isfinite(exact)
    deviations = {
        'outline': (silhouette ^ thing.mask).sum() / np.sqrt(area),
        'box': np.abs(np.array((*pixels.min(axis=0), *pixels.max(axis=0))) - thing.box).max(),
        'visible': abs(thing.visible_mask.sum() / area - thing.visible),
    }
    deviations['box_out'], deviations['box_in'] = box_gaps(
        thing.box, bounds(np.isfinite(found)) + (window[0], window[1]) * 2)
    if thing.mask.sum() > 100:
        one, other = (np.argwhere(mask).mean(axis=0) for mask in (silhouette, thing.mask))
        deviations['centroid'] = np.linalg.norm(one - other)
    both = thing.visible_mask & silhouette
    if both.sum() > 100:
        errors = np.abs(depth[both] - exact[both])
        deviations['depth'] = np.median(errors)
        deviations['depth_99'] = np.percentile(errors, 99)
    hidden = thing.mask & silhouette & ~thing.visible_mask
    if hidden.sum() > 100:
        deviations['unexplained'] = (depth[hidden] > exact[hidden] + 5e-4).mean()
    return deviations


def pin_deviations(fixture, label):
    """Return how a pin's labels deviate from the fixture; what else stands there may hide it."""
    view, camera = fixture.view, fixture.view.camera

    def seen(points):
        pixels = ((points - view.position) @ view.rotation) @ camera.matrix.T
        return pixels[..., :2] / pixels[..., 2:]

    centres = seen(np.array([pin.seat + pin.height * pin.rotation[:, 2] for pin in fixture.pins]))
    away = np.abs(centres - (label.x, label.y)).max(axis=1)
    number = int(away.argmin())
    pin = fixture.pins[number]
    turn = np.linspace(0.0, 2.0 * np.pi, 720, endpoint=False)
    rim = seen(pin.top + pin.radius * (
        np.outer(np.cos(turn), pin.rotation[:, 0]) + np.outer(np.sin(turn), pin.rotation[:, 1])))
    # The longest of an ellipse's chords is its major axis.
    longest = max(np.linalg.norm(rim - point, axis=1).max() for point in rim[::8])

    def optical(triangles):
        return (triangles.points - view.position) @ view.rotation

    window = around(label.box)
    bodies = [optical(pin_triangles(one)) for one in fixture.pins]
    own = cast(camera, bodies[number], window)
    rest = np.concatenate([
        *(body for one, body in enumerate(bodies) if one != number),
        *(optical(mesh) for mesh in fixture.meshes.values())])
    before = cast(camera, rest, window)
    whole = np.isfinite(own)
    rows, columns = np.nonzero(whole)
    inside = ((columns + window[0] >= 0) & (columns + window[0] < camera.width)
              & (rows + window[1] >= 0) & (rows + window[1] < camera.height))
    clear = inside & (own[whole] <= before[whole] + 1e-5)
    # The middle of the top face, by the points of it that finer rays meet.
    lens = longer(camera, window[:2], FINER)
    fine = cast(lens, bodies[number], (
        0, 0, FINER * (window[2] - window[0]), FINER * (window[3] - window[1])))
    places = np.argwhere(np.isfinite(fine))
    points = lens.rays(places[:, ::-1]) * fine[np.isfinite(fine)][:, None]
    world = points @ view.rotation.T + view.position
    top = (world - pin.seat) @ pin.rotation[:, 2] > pin.height - 1e-7
    # What is farther away has fewer rays: they are as dense on a plane as depth cubed is small.
    middle = seen(np.average(world[top], axis=0, weights=points[top, 2]**3))
    outermost = (bounds(np.isfinite(fine)) + 0.5) / FINER - 0.5 + window[:2] * 2
    inwards, outwards = box_gaps(label.box, outermost)
    return {
        'centre': away[number], 'diameter': abs(longest - label.diameter),
        'seen_centre': np.linalg.norm(middle - (label.x, label.y)),
        'visible': abs(clear.sum() / whole.sum() - label.visible),
        'box_out': inwards, 'box_in': outwards}


def longer(camera, corner, scale):
    """Return a camera with a lens so many times as long; pixel (0, 0) starts where a pixel did."""
    x, y = corner
    return PinholeCamera(
        1, 1, camera.fx * scale, camera.fy * scale,
        (camera.cx - x + 0.5) * scale - 0.5, (camera.cy - y + 0.5) * scale - 0.5)


class Worst:
    """The largest deviations so far, and where they were."""

    def __init__(self):
        self.found = defaultdict(lambda: (-np.inf, ''))

    def add(self, where, deviations):
        for name, value in deviations.items():
            self.found[name] = max(self.found[name], (float(value), where))

    def tell(self, tell, what):
        tell(f'\n{what}:')
        for name, (value, where) in sorted(self.found.items()):
            tell(f'  {name:12} {value:.2g} ({where})')

    def check(self, limits):
        assert set(self.found) <= set(limits)
        for name, (value, where) in self.found.items():
            assert value <= limits[name], f'{name} of {where}'


@pytest.mark.parametrize('kind, size, names, few, many', [
    ('parts', (300, 300), None, 12, 500),
    ('parts', (320, 200), ('star', 'ring'), 2, 20),
    ('hammer', (300, 300), None, 2, 20)])
def test_grasp_labels_of_parts(count, tell, kind, size, names, few, many):
    parts = None if kind == 'parts' else [hammer()]
    number, worst, seen = count(few, many), Worst(), 0
    with GraspScene(parts, *size) as scene:
        meshes = {part.name: part.mesh for part in scene.catalogue}
        for index in range(number):
            sample = scene.sample(SEED, index, names)
            assert sample.image.shape == (*size[::-1], 3)
            for thing in sample.objects:
                worst.add(f'{thing.part}, sample {index}', object_deviations(
                    sample.view.camera, sample.depth, thing, meshes[thing.part]))
                seen += 1
            shown = np.sum([thing.visible_mask for thing in sample.objects], axis=0)
            assert shown.max() <= 1
    worst.tell(tell, f'grasp, {seen} objects in {number} pictures')
    worst.check(OBJECT_LIMITS)


def test_pose_labels(count, tell):
    number, worst = count(12, 500), Worst()
    parts = [PARTS['hammer'](), PARTS['ring']()]
    meshes = {part.name: part.mesh for part in parts}
    with PoseScene(*parts) as scene:
        for index in range(number):
            sample = scene.sample(SEED, index)
            for thing in sample.objects:
                worst.add(f'{thing.part}, sample {index}', object_deviations(
                    sample.camera, sample.depth, thing, meshes[thing.part]))
                pixels = bounds(thing.visible_mask) + np.array((-0.5, -0.5, 0.5, 0.5))
                assert thing.visible_box == pytest.approx(tuple(pixels))
            assert sample.objects[0].visible > LEAST_VISIBLE - 0.06
    worst.tell(tell, f'pose, {number} pictures')
    worst.check(OBJECT_LIMITS)


def test_pin_labels(count, tell):
    number, worst, pins = count(12, 500), Worst(), 0
    with PinScene() as scene:
        for index in range(number):
            sample = scene.sample(SEED, index)
            # Drawn as the scene draws it.
            rng = np.random.default_rng([SEED, index])
            drawn = int(rng.integers(0, 7))
            fixture = draw_fixture(rng, draw_view(rng, WIDTH, HEIGHT), drawn)
            assert fixture.view.camera == sample.camera
            for label in sample.pins:
                worst.add(f'sample {index}', pin_deviations(fixture, label))
            pins += len(sample.pins)
    worst.tell(tell, f'pin, {pins} pins in {number} pictures')
    worst.check(PIN_LIMITS)


def test_spheres_are_where_k_projects_them(count, tell):
    radius, size, scale = 0.002, 256, 24
    mujoco = import_mujoco()
    spec = mujoco.MjSpec()
    spec.visual.map.znear, spec.visual.map.zfar, spec.stat.extent = 0.02, 3.0, 1.0
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[radius, 0, 0])
    renderer = Renderer(spec.compile(), size, size)
    rng = np.random.default_rng(SEED)
    worst = Worst()
    try:
        for index in range(count(12, 500)):
            camera = PinholeCamera(
                *((612, 512), (300, 300), (512, 512))[index % 3], rng.uniform(300, 1200),
                rng.uniform(300, 1200), rng.uniform(100, 400), rng.uniform(100, 400))
            away = rng.normal(size=3)
            view = look_at(
                camera, rng.uniform(0.6, 1.0) * away / np.linalg.norm(away),
                rng.uniform(-0.05, 0.05, 3), rng.uniform(-3, 3))
            u, v = view.project(np.zeros(3))[0]
            # The same camera with a longer lens, around the sphere.
            x0, y0 = round(u) - size / scale / 2, round(v) - size / scale / 2
            close = replace(longer(camera, (x0, y0), scale), width=size, height=size)
            geoms, _ = renderer.identities(PosedCamera(close, view.rotation, view.position))
            rows, columns = np.nonzero(geoms == 0)
            x, y = ((places.mean() + 0.5) / scale - 0.5 for places in (columns, rows))
            worst.add(f'camera {index}', {'centre': np.hypot(x + x0 - u, y + y0 - v)})
    finally:
        renderer.close()
    worst.tell(tell, 'spheres')
    worst.check({'centre': 0.05})
