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

"""Every label of the pose scene is worked out again from the others and from the mesh."""

import subprocess
import sys
import zlib

import cv2
import numpy as np
import pytest
from scipy.spatial import cKDTree

from mtperception.sim.pose.hands import grippable
from mtperception.sim.pose.hiding import LEAST_VISIBLE
from mtperception.sim.pose.labels import ALONE_MARGIN, ALONE_SIZE
from mtperception.sim.pose.scene import PoseScene
from mtperception.sim.shapes.parts import PARTS

SEED = 7


@pytest.fixture(scope='module')
def scene():
    with PoseScene(PARTS['hammer'](), PARTS['ring']()) as made:
        yield made


@pytest.fixture(scope='module')
def samples(scene):
    """A few pictures of one hammer each."""
    return [scene.sample(SEED, index, ['hammer']) for index in range(8)]


@pytest.fixture(scope='module')
def crowded(scene):
    """A picture of several objects, two of them alike."""
    return scene.sample(SEED, 0, ['hammer', 'ring', 'hammer'])


def surface(name, count=60_000):
    return grippable(PARTS[name]().mesh, count).points


def posed_triangles(thing):
    return np.asarray(PARTS[thing.part]().mesh.triangles) @ thing.rotation.T + thing.translation


def test_pictures_are_as_asked_for(samples):
    for sample in samples:
        assert sample.image.shape == (512, 512, 3) and sample.image.dtype == np.uint8
        assert sample.depth.shape == (512, 512) and sample.depth.dtype == np.float32
        assert sample.camera.fx == sample.camera.fy == pytest.approx(443.0)
        assert sample.camera.cx == sample.camera.cy == 255.5
        thing, = sample.objects
        assert thing.part == 'hammer'
        assert 0.72 <= thing.translation[2] <= 1.1
        # Nothing is exposed beyond recognition.
        assert 5 < sample.image[thing.visible_mask].mean() < 250
        assert 5 < sample.image.mean() < 250


def test_rotations_are_rotations(samples):
    for sample in samples:
        for thing in sample.objects:
            np.testing.assert_allclose(thing.rotation @ thing.rotation.T, np.eye(3), atol=1e-9)
            assert np.linalg.det(thing.rotation) == pytest.approx(1.0)


def test_the_mask_is_the_projected_mesh(samples, crowded, drawn_mesh):
    for sample in (*samples[:3], crowded):
        for thing in sample.objects:
            drawn = drawn_mesh(sample.camera, posed_triangles(thing))
            # Two ways to draw may differ in pixels whose centre is on the outline.
            assert (drawn ^ thing.mask).sum() < 0.02 * drawn.sum()
            rows, columns = np.nonzero(drawn)
            found = np.nonzero(thing.mask)
            assert abs(rows.mean() - found[0].mean()) < 0.1
            assert abs(columns.mean() - found[1].mean()) < 0.1


def test_boxes_bound_the_masks(samples, crowded):
    for thing in (thing for sample in (*samples, crowded) for thing in sample.objects):
        rows, columns = np.nonzero(thing.mask)
        x0, y0, x1, y1 = thing.box
        for low, pixels, high in ((x0, columns, x1), (y0, rows, y1)):
            assert -0.01 <= pixels.min() - low < 1.5 and -0.01 <= high - pixels.max() < 1.5
        rows, columns = np.nonzero(thing.visible_mask)
        assert thing.visible_box == (
            columns.min() - 0.5, rows.min() - 0.5, columns.max() + 0.5, rows.max() + 0.5)


def test_what_is_visible_is_a_part_of_the_whole(samples, crowded):
    for thing in (thing for sample in (*samples, crowded) for thing in sample.objects):
        assert not (thing.visible_mask & ~thing.mask).any()
        assert thing.visible == thing.visible_mask.sum() / thing.mask.sum()


def test_no_pixel_shows_two_objects(crowded):
    assert np.sum([thing.visible_mask for thing in crowded.objects], axis=0).max() == 1
    assert [thing.part for thing in crowded.objects] == ['hammer', 'ring', 'hammer']


def test_depth_lies_on_the_posed_mesh(samples, crowded):
    points = {name: cKDTree(surface(name)) for name in ('hammer', 'ring')}
    for sample in (*samples[:4], crowded):
        for thing in sample.objects:
            rows, columns = np.nonzero(thing.visible_mask)
            rays = sample.camera.rays(np.column_stack((columns, rows)))
            seen = rays * sample.depth[thing.visible_mask][:, None]
            own = (seen - thing.translation) @ thing.rotation
            distances, _ = points[thing.part].query(own)
            # The points on the surface that are compared with are 1 mm apart, about.
            assert np.median(distances) < 5e-4 and distances.max() < 4e-3


def test_depth_is_exact_to_half_a_millimetre(samples):
    # Against the planes of the mesh's triangles themselves, ray by ray.
    for sample in samples[:3]:
        thing, = sample.objects
        rows, columns = np.nonzero(thing.visible_mask)
        some = np.linspace(0, len(rows) - 1, 60).astype(int)
        rays = sample.camera.rays(np.column_stack((columns[some], rows[some])))
        posed = posed_triangles(thing)
        wrong = 0
        for ray, row, column in zip(rays, rows[some], columns[some], strict=True):
            hits = ray_hits(ray, posed)
            wrong += not len(hits) or abs(hits.min() - sample.depth[row, column]) > 5e-4
        # A ray through a pixel on the outline may pass the mesh by a hair.
        assert wrong <= 1


def ray_hits(ray, triangles):
    """Return the depths at which a ray from the origin meets triangles."""
    a, b, c = triangles[:, 0], triangles[:, 1], triangles[:, 2]
    edges = np.stack((b - a, c - a, np.broadcast_to(-ray, a.shape)), axis=2)
    determinant = np.linalg.det(edges)
    solid = np.abs(determinant) > 1e-14
    u, v, z = np.linalg.solve(edges[solid], -a[solid][..., None])[..., 0].T
    inside = (u >= -1e-9) & (v >= -1e-9) & (u + v <= 1 + 1e-9) & (z > 0)
    return z[inside]


def test_the_object_alone_lies_on_the_object_in_the_picture(samples, crowded):
    for sample in (*samples, crowded):
        for thing in sample.objects:
            x0, y0, side = thing.alone_window
            assert side == pytest.approx(
                ALONE_MARGIN * max(thing.box[2] - thing.box[0], thing.box[3] - thing.box[1]))
            # Where each pixel of the crop is in the picture.
            places = x0 + (np.arange(ALONE_SIZE) + 0.5) / ALONE_SIZE * side
            downs = y0 + (np.arange(ALONE_SIZE) + 0.5) / ALONE_SIZE * side
            columns, rows = np.meshgrid(places, downs)
            crop = cv2.remap(
                thing.mask.astype(np.float32), columns.astype(np.float32),
                rows.astype(np.float32), cv2.INTER_LINEAR) > 0.5
            alone = thing.alone.max(axis=2) > 6
            overlap = (crop & alone).sum() / (crop | alone).sum()
            # Pixels of thin handles are half of them on the outline.
            assert overlap > 0.8
            for axis in (0, 1):
                one, other = (np.nonzero(mask)[axis].mean() for mask in (crop, alone))
                assert abs(one - other) < 1.0


def test_clutter_does_not_hide_the_object(scene):
    # Drawn before its place was checked, a large thing hid all of this one.
    thing, = scene.sample(21, 245).objects
    assert thing.visible > LEAST_VISIBLE - 0.06


def test_a_picture_without_an_object(scene):
    sample = scene.sample(SEED, 3, [])
    assert sample.objects == () and sample.image.std() > 2


def test_samples_do_not_depend_on_what_was_before(scene, samples):
    again = scene.sample(SEED, 2, ['hammer'])
    np.testing.assert_array_equal(again.image, samples[2].image)
    np.testing.assert_array_equal(again.depth, samples[2].depth)
    np.testing.assert_array_equal(again.objects[0].alone, samples[2].objects[0].alone)
    np.testing.assert_array_equal(again.objects[0].rotation, samples[2].objects[0].rotation)
    assert again.objects[0].visible == samples[2].objects[0].visible
    assert not np.array_equal(samples[0].image, samples[1].image)


def test_another_process_renders_the_same(samples):
    script = (
        'import zlib\n'
        'from mtperception.sim.shapes.parts import PARTS\n'
        'from mtperception.sim.pose.scene import PoseScene\n'
        'with PoseScene(PARTS["hammer"](), PARTS["ring"]()) as scene:\n'
        f'    sample = scene.sample({SEED}, 4, ["hammer"])\n'
        'print(zlib.crc32(sample.image.tobytes()), sample.objects[0].visible)\n')
    done = subprocess.run(
        [sys.executable, '-c', script], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    expected = f'{zlib.crc32(samples[4].image.tobytes())} {samples[4].objects[0].visible}'
    assert done.stdout.strip() == expected


def test_the_visible_share_is_uniform():
    count, shares = 300, []
    with PoseScene(PARTS['hammer'](), width=160, height=160) as small:
        for index in range(count):
            # Where everything is, without a picture of it.
            view, _, _ = small._arranged(np.random.default_rng([1, index]), None)
            everywhere = (0, 0, 160, 160)
            shares.append(small._stage.seen(0, view, everywhere).sum()
                          / small._stage.silhouette(0, view, everywhere).sum())
    shares = np.sort(shares)
    assert shares[0] > LEAST_VISIBLE - 0.06
    uniform = LEAST_VISIBLE + (1 - LEAST_VISIBLE) * (np.arange(count) + 0.5) / count
    # What differs from a uniform draw of so many by chance, and by the choice of what hides it.
    assert np.abs(shares - uniform).max() < 0.6 * 1.36 / np.sqrt(count) + 0.02


@pytest.mark.parametrize(('parts', 'problem'), [
    (['spoon'], 'no part'), (['ring'] * 6, 'too many')])
def test_what_cannot_be_shown(scene, parts, problem):
    with pytest.raises(ValueError, match=problem):
        scene.sample(0, 0, parts)


def test_a_scene_needs_a_part():
    with pytest.raises(ValueError, match='one part or more'):
        PoseScene()
