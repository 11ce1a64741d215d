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
Pictures of parts on a bench: pure functions of their numbers, with what was asked for.

That their labels are true is seen in `soak/test_labels.py` and `soak/test_grasps.py`.
"""

import ast
import hashlib
import subprocess
import sys

import numpy as np
import pytest

from mtperception.datasets.grasps import GraspLabel
from mtperception.sim.grasp.data import in_world
from mtperception.sim.grasp.scene import GraspScene, MAX_PARTS, TRAINING_PARTS
from mtperception.sim.shapes.part_files import PartError
from mtperception.sim.shapes.parts import hammer, PARTS

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


def test_a_part_has_two_to_six_grasps_or_none(scene):
    counts = [
        len(part.grasps) for index in range(30)
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
        assert sample.objects[0].mask.shape == sample.depth.shape == (200, 320)


def test_other_parts_take_the_place_of_the_projects_own():
    with GraspScene([hammer()]) as tools:
        sample = tools.sample(SEED, 0)
        assert {part.part for part in sample.objects} == {'hammer'}


def test_parts_that_do_not_fit_together_are_named():
    small = PARTS['star']()
    small.mesh.apply_scale(0.05)
    with pytest.raises(PartError, match='do not fit into one picture'):
        GraspScene([PARTS['l'](), small, hammer()])
    with pytest.raises(PartError, match='several parts named l'):
        GraspScene([PARTS['l'](), PARTS['l']()])
