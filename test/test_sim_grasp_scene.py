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
Pictures of parts on a bench: pure functions of their numbers, with labels that are true.

The labels are derived again from the posed meshes alone, by rays through the pixels; with --soak
for five hundred samples.
"""

import ast
import hashlib
import subprocess
import sys

import numpy as np
import pytest

from mtperception.geometry.rectangle import angle_difference
from mtperception.sim.grasp_data import in_world
from mtperception.sim.grasp_labels import GraspLabel
from mtperception.sim.grasp_scene import GraspScene, MAX_PARTS, TRAINING_PARTS
from mtperception.sim.part_files import PartError
from mtperception.sim.parts import hammer, PARTS

SEED = 21


@pytest.fixture(scope='module')
def scene():
    """Give the grasp scene."""
    with GraspScene() as opened:
        yield opened


def digest(sample):
    found = hashlib.sha256(sample.image.tobytes() + sample.depth.tobytes())
    for part in sample.objects:
        found.update(part.part.encode() + part.rotation.tobytes() + part.translation.tobytes())
        found.update(part.mask.tobytes() + part.visible_mask.tobytes())
        found.update(repr((part.box, part.visible, part.grasps)).encode())
    return found.hexdigest()


def rendered(indices):
    with GraspScene() as opened:
        return {index: digest(opened.sample(SEED, index)) for index in indices}


def test_a_sample_depends_on_its_numbers_alone():
    elsewhere = subprocess.run(
        [sys.executable, '-c', 'import runpy, sys\n'
         'print(runpy.run_path(sys.argv[1])["rendered"]((3, 0, 2, 1)))', __file__],
        capture_output=True, text=True, check=True)
    assert rendered(range(4)) == ast.literal_eval(elsewhere.stdout)


def test_asking_for_parts_changes_nothing_later(scene):
    before = digest(scene.sample(SEED, 5))
    scene.sample(SEED, 5, ('ring',))
    assert digest(scene.sample(SEED, 5)) == before
    assert digest(scene.sample(SEED + 1, 5)) != before


def cast(part, mesh, camera):
    """Return the depth of a posed mesh by rays through the pixels; infinite where it is not."""
    x0, y0, x1, y1 = part.box
    columns = np.arange(max(int(x0) - 1, 0), min(int(x1) + 3, camera.width))
    rows = np.arange(max(int(y0) - 1, 0), min(int(y1) + 3, camera.height))
    grid = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    rays = camera.rays(grid)
    corners = (np.asarray(mesh.vertices) @ part.rotation.T + part.translation)[mesh.faces]
    nearest = np.full(len(grid), np.inf)
    # Moeller and Trumbore, all rays from the origin.
    for a, b, c in corners:
        one, other = b - a, c - a
        across = np.cross(rays, other)
        det = across @ one
        with np.errstate(divide='ignore', invalid='ignore'):
            u = across @ -a / det
            beside = np.cross(-a, one)
            v = rays @ beside / det
            t = (other @ beside) / det
        hit = (u >= 0) & (v >= 0) & (u + v <= 1) & (t > 0)
        nearest = np.where(hit & (t < nearest), t, nearest)
    depth = np.full((camera.height, camera.width), np.inf)
    depth[grid[:, 1], grid[:, 0]] = nearest
    return depth


def bounds(mask):
    rows, columns = np.nonzero(mask)
    return columns.min(), rows.min(), columns.max(), rows.max()


def check_object(sample, part, mesh):
    depth = cast(part, mesh, sample.view.camera)
    silhouette = np.isfinite(depth)
    area = silhouette.sum()
    assert (silhouette ^ part.mask).sum() <= max(3, 0.01 * area)
    centroids = [np.argwhere(mask).mean(axis=0) for mask in (silhouette, part.mask)]
    assert np.linalg.norm(centroids[0] - centroids[1]) < 0.1
    assert not (part.visible_mask & ~part.mask).any()
    # What is seen of it lies on the posed mesh.
    both = part.visible_mask & silhouette
    errors = np.abs(sample.depth[both] - depth[both])
    assert np.percentile(errors, 99) < 0.0005
    assert np.median(errors) < 0.00005
    # What is not seen of it has something before it; the outline's pixels may be rounded away.
    hidden = part.mask & silhouette & ~part.visible_mask
    unexplained = (sample.depth[hidden] > depth[hidden] + 0.0005).sum()
    assert unexplained <= max(3, 0.03 * hidden.sum())
    x0, y0, x1, y1 = part.box
    height, width = part.mask.shape
    if x0 > 0 and y0 > 0 and x1 < width - 1 and y1 < height - 1:
        # Pixels whose middles are on the part are inside its box, and near the sides of that
        # but for the finest tips.
        left, up, right, down = bounds(part.mask)
        gaps = np.array((left - x0, up - y0, x1 - right, y1 - down))
        assert (gaps > -0.02).all()
        assert (gaps < 2.5).all()
        assert part.visible == pytest.approx(part.visible_mask.sum() / part.mask.sum(), abs=1e-9)
    else:
        assert part.visible <= part.visible_mask.sum() / part.mask.sum() + 1e-9


def check_grasp(sample, part, mesh, grasp):
    view, pose = sample.view, grasp.pose
    ends = np.array(pose.position) + np.outer((0.0, -0.5, 0.5), pose.closing) * pose.opening
    (x, y), one, other = view.camera.project(ends)
    assert (x, y) == pytest.approx((grasp.x, grasp.y), abs=1e-6)
    along = other - one
    assert np.linalg.norm(along) == pytest.approx(grasp.opening, abs=1e-6)
    assert angle_difference(np.arctan2(-along[1], along[0]), grasp.theta) < 1e-9
    assert -np.pi / 2 < grasp.theta <= np.pi / 2
    assert 0.0 <= grasp.score <= 1.0
    # From straight above, closing level, above the bench.
    np.testing.assert_allclose(view.rotation @ pose.approach, (0, 0, -1), atol=1e-9)
    assert (view.rotation @ pose.closing)[2] == pytest.approx(0.0, abs=1e-9)
    position = view.rotation @ pose.position + view.position
    assert position[2] > 0.0
    inside = (np.array(pose.position) - part.translation) @ part.rotation
    low, high = mesh.bounds
    assert (inside > low - 0.004).all()
    assert (inside < high + 0.004).all()
    # Its middle is on the part as seen, or on what that shows between two of its arms.
    rows, columns = np.nonzero(part.mask)
    assert np.hypot(columns - grasp.x, rows - grasp.y).min() < 0.25 * grasp.opening


def test_every_label_is_what_the_geometry_says(scene, request):
    count = 500 if request.config.getoption('--soak') else 12
    meshes = {name: PARTS[name]().mesh for name in TRAINING_PARTS}
    for index in range(count):
        sample = scene.sample(SEED, index)
        assert sample.image.shape == (300, 300, 3)
        assert sample.image.dtype == np.uint8
        assert sample.depth.dtype == np.float32
        assert 1 <= len(sample.objects) <= MAX_PARTS
        shown = np.zeros((300, 300), dtype=int)
        for part in sample.objects:
            check_object(sample, part, meshes[part.part])
            shown += part.visible_mask
            assert len(part.grasps) <= 6
            for grasp in part.grasps:
                check_grasp(sample, part, meshes[part.part], grasp)
        assert shown.max() <= 1
        bench = sample.depth[(shown == 0) & np.isfinite(sample.depth)]
        assert len(bench) > 30_000


def test_the_bench_is_the_plane_of_the_view(scene):
    for index in range(4):
        sample = scene.sample(SEED, index, ('l',))
        camera, view = sample.view.camera, sample.view
        pixels = np.array([(u, v) for u in (3, 150, 296) for v in (3, 150, 296)])
        points = sample.depth[pixels[:, 1], pixels[:, 0], None] * camera.rays(pixels)
        heights = (points @ view.rotation.T + view.position)[:, 2]
        on_bench = ~sample.objects[0].visible_mask[pixels[:, 1], pixels[:, 0]]
        # Clutter stands up to a pen's length above it.
        assert (heights > -2e-4).all()
        assert (np.abs(heights[on_bench]) < 2e-4).sum() >= 6


@pytest.mark.parametrize('names', [
    ('star',), ('t',) * 4, ('cylinder', 'l', 'star', 't'), ('l', 'ring', 'star')])
def test_experiments_get_what_they_ask_for(scene, names):
    for index in range(3):
        sample = scene.sample(SEED, index, names)
        assert tuple(part.part for part in sample.objects) == names
        assert sample.clutter == ()
        # All of them in the picture, whole or nearly so.
        for part in sample.objects:
            assert part.mask.sum() > 150


def test_a_part_has_two_to_six_grasps_or_none(scene, request):
    count = 500 if request.config.getoption('--soak') else 30
    counts = [
        len(part.grasps) for index in range(count)
        for part in scene.sample(SEED + 3, index).objects if part.visible > 0.0]
    assert set(counts) <= {0, 2, 3, 4, 5, 6}
    # Those without lie against others, or against the edge of the picture.
    assert np.mean([number == 0 for number in counts]) < 0.03
    alone = [
        len(scene.sample(SEED, index, (name,)).objects[0].grasps)
        for name in TRAINING_PARTS for index in range(4)]
    assert min(alone) >= 2


def test_the_ring_is_not_drawn_unless_asked_for(scene):
    rng = np.random.default_rng(0)
    drawn = [scene._draw_names(rng) for _ in range(400)]
    assert {name for names in drawn for name in names} == set(TRAINING_PARTS)
    assert {len(names) for names in drawn} == set(range(1, MAX_PARTS + 1))
    assert any(len(set(names)) == 1 and len(names) == 4 for names in drawn)


@pytest.mark.parametrize(('names', 'words'), [
    (('spanner',), "no part 'spanner'"), ((), '0 parts'), (('l',) * 6, '6 parts')])
def test_what_cannot_be_dropped_is_said(scene, names, words):
    with pytest.raises(ValueError, match=words):
        scene.sample(SEED, 0, names)


def test_pictures_vary(scene):
    images = np.stack([scene.sample(SEED + 2, index).image for index in range(16)])
    assert np.ptp(images.mean(axis=(1, 2, 3))) > 50
    # Neither black nor white.
    assert (np.percentile(images, 90, axis=(1, 2, 3)) > 40).all()
    assert ((images > 250).mean(axis=(1, 2, 3)) < 0.4).all()


def test_a_label_is_the_grasp_that_was_planned(scene):
    sample = scene.sample(SEED, 1, ('cylinder', 't'))
    for label in sample.grasps:
        grasp = in_world(label, sample.view)
        # The tips are above the bench, below the parts' tops.
        assert 0.0 < grasp.position[2] < 0.08
        assert grasp.jaw == pytest.approx(0.014, abs=0.003)
    with pytest.raises(ValueError, match='without a pose'):
        in_world(GraspLabel(1.0, 2.0, 3.0, 4.0, 0.0), sample.view)


def test_any_size_of_picture():
    with GraspScene(width=320, height=200) as wide:
        sample = wide.sample(SEED, 2, ('star',))
        assert sample.image.shape == (200, 320, 3)
        check_object(sample, sample.objects[0], PARTS['star']().mesh)


def test_other_parts_take_the_place_of_the_projects_own():
    with GraspScene([hammer()]) as tools:
        sample = tools.sample(SEED, 0)
        assert {part.part for part in sample.objects} == {'hammer'}
        check_object(sample, sample.objects[0], hammer().mesh)


def test_parts_that_do_not_fit_together_are_named():
    small = PARTS['star']()
    small.mesh.apply_scale(0.05)
    with pytest.raises(PartError, match='do not fit into one picture'):
        GraspScene([PARTS['l'](), small, hammer()])
    with pytest.raises(PartError, match='several parts named l'):
        GraspScene([PARTS['l'](), PARTS['l']()])
