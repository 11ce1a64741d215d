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

"""The data set of grasps on the disk holds what the scene renders, and is what others read."""

import json
import shutil

import cv2
import numpy as np
import pytest

from mtperception.cli.main import main
from mtperception.datasets.errors import DatasetError
from mtperception.datasets.grasps import GRASP_LINES
from mtperception.geometry.rectangle import corners
from mtperception.grasp.data.reading import read_grasps, read_pictures
from mtperception.sim.files.data_folder import CARD
from mtperception.sim.files.writing import SampleFiles
from mtperception.sim.grasp.data import GraspData
from mtperception.sim.grasp.scene import GraspScene
from mtperception.sim.render import render
from mtperception.sim.shapes import random_parts
from mtperception.sim.shapes.part_files import PartError
from mtperception.sim.shapes.random_parts import random_part
from mtperception.sim.shapes.user_files import UserFiles

SEED, COUNT = 8, 11


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Give a folder with a data set of eleven samples."""
    out = tmp_path_factory.mktemp('grasp') / 'set'
    render(GraspData(), out, COUNT, SEED)
    return out


def test_the_folder_holds_what_the_scene_renders(folder):
    pictures = read_grasps(folder)
    assert len(pictures) == COUNT
    with GraspData().scene() as scene:
        for index in (0, 7):
            sample, picture = scene.sample(SEED, index).sample, pictures[index]
            np.testing.assert_array_equal(
                cv2.imread(str(picture.path))[:, :, ::-1], sample.image)
            depth = cv2.imread(str(picture.depth), cv2.IMREAD_UNCHANGED)
            assert depth.dtype == np.uint16
            known = np.isfinite(sample.depth)
            np.testing.assert_allclose(depth[known] / 1000, sample.depth[known], atol=0.00051)
            assert (depth[~known] == 0).all()
            assert picture.grasps == sample.grasps
            for stored, part in zip(picture.objects, sample.objects, strict=True):
                assert stored.part == part.part
                np.testing.assert_array_equal(stored.visible_mask.mask(), part.visible_mask)
                np.testing.assert_array_equal(stored.translation, part.translation)


def test_training_sees_the_pictures_and_which_object_a_grasp_is_of(folder, tmp_path):
    pictures, stored = read_pictures(folder), read_grasps(folder)
    assert len(pictures) == COUNT
    for image, rows, objects, picture in zip(
            pictures.images, pictures.rectangles, pictures.objects, stored, strict=True):
        np.testing.assert_array_equal(image, cv2.imread(str(picture.path))[:, :, ::-1])
        expected = [grasp.rectangle for grasp in picture.grasps]
        np.testing.assert_allclose(rows, np.reshape(expected, (-1, 5)), rtol=1e-6)
        for number, part in enumerate(picture.objects):
            assert (objects == number).sum() == len(part.grasps)
    copy = tmp_path / 'copy'
    shutil.copytree(folder, copy)
    lines = (copy / GRASP_LINES).read_text()
    (copy / GRASP_LINES).write_text(lines + lines.splitlines()[3])
    with pytest.raises(DatasetError, match=r'000003\.png is labelled twice'):
        read_pictures(copy)


def test_the_card_has_the_share_of_grasps_that_hold(folder):
    card = json.loads((folder / CARD).read_bytes())
    assert card['lifted'] == 2
    assert 0.0 <= card['hold_rate'] <= 1.0


def test_a_set_without_a_lift_has_no_hold_rate(tmp_path):
    figures = GraspData().finish(
        SampleFiles(tmp_path), iter([{'line': {'file': 'a'}, 'held': None}]), {})
    assert figures == {'lifted': 0}
    assert json.loads((tmp_path / GRASP_LINES).read_bytes()) == {'file': 'a'}


@pytest.mark.parametrize('name', ['cornell', 'jacquard'])
def test_exports_have_the_same_rectangles(folder, tmp_path, name):
    out = tmp_path / 'out'
    assert main(['export-grasps', str(folder), '--format', name, '--out', str(out)]) == 0
    for one, other in zip(read_grasps(folder), read_grasps(out), strict=True):
        boxes = [
            corners([(g.x, g.y, g.opening, g.jaw, g.theta) for g in picture.grasps])
            for picture in (one, other)]
        # Half a turn makes another first corner.
        apart = np.linalg.norm(boxes[0][:, :, None] - boxes[1][:, None], axis=3)
        assert apart.min(axis=2).max() < 0.02 if len(boxes[0]) else len(boxes[1]) == 0


def test_an_export_does_not_write_among_other_files(folder, tmp_path, capsys):
    (tmp_path / 'mine.txt').write_text('mine')
    assert main(
        ['export-grasps', str(folder), '--format', 'cornell', '--out', str(tmp_path)]) == 1
    assert 'choose a new folder' in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ['mine.txt']


def test_the_users_meshes_take_the_place_of_the_projects_own(tmp_path):
    import trimesh

    meshes = tmp_path / 'meshes'
    meshes.mkdir()
    trimesh.creation.box((40, 25, 20)).export(meshes / 'brick.stl')
    trimesh.creation.cylinder(12, 60).export(meshes / 'bar.ply')
    render(GraspData(UserFiles(meshes, 'mm')), tmp_path / 'set', 2, 1)
    parts = {
        part.part for picture in read_grasps(tmp_path / 'set') for part in picture.objects}
    assert parts <= {'brick', 'bar'}
    card = json.loads((tmp_path / 'set' / CARD).read_bytes())
    assert card['parameters']['units'] == 'mm'


def test_random_parts_are_new_every_few_pictures_and_the_same_again(tmp_path):
    data = GraspData(random_parts=True)
    with data.scene() as scene, data.scene() as other:
        late = scene.sample(SEED, 75).sample
        early = scene.sample(SEED, 3).sample
        again = other.sample(SEED, 75).sample
    np.testing.assert_array_equal(late.image, again.image)
    names = [{int(part.part.removeprefix(f'random {SEED}-')) for part in sample.objects}
             for sample in (early, late)]
    assert max(names[0]) < 20 <= min(names[1]) and max(names[1]) < 40
    render(data, tmp_path / 'set', 1, SEED)
    card = json.loads((tmp_path / 'set' / CARD).read_bytes())
    assert card['parameters']['random_parts'] and '--random-parts' in card['command']


@pytest.mark.parametrize(('bars', 'is_l_or_t'), [
    ([(0, 0, 60, 0), (0, 0, 0, 40)], True),
    ([(0, 0, 60, 0), (30, 0, 30, 40)], True),
    # The T's beam, and then its stem, is of two bars in line.
    ([(0, 0, 0, 60), (0, 0, 40, 0), (0, 0, -40, 0)], True),
    ([(-40, 0, 40, 0), (0, 0, 0, 40), (0, 38, 0, 70)], True),
    ([(-40, 0, 40, 0), (0, 0, 0, 40), (0, 38, 0, 70), (0, 60, 0, 110)], True),
    # A bar inside of another changes nothing.
    ([(0, 0, 60, 0), (0, 0, 0, 40), (10, 1, 40, 1)], True),
    ([(0, 0, 60, 0), (0, 0, 30, 30)], False),
    ([(0, 0, 60, 0), (0, 0, 0, 40), (60, 0, 60, 40)], False),
    ([(0, 0, 60, 0), (0, 0, 0, 40), (60, 0, 60, -40)], False),
    # They are in line, and far apart.
    ([(0, 0, 60, 0), (0, 0, 0, 40), (100, 0, 160, 0)], False)])
def test_no_random_part_of_bars_is_an_l_or_t(bars, is_l_or_t):
    ends = [(np.array(bar[:2], float), np.array(bar[2:], float)) for bar in bars]
    for turn in range(4):
        quarter = np.linalg.matrix_power(np.array(((0, -1), (1, 0))), turn)
        turned = [(quarter @ start, quarter @ end) for start, end in ends]
        assert random_parts._is_l_or_t(turned, 16.0) == is_l_or_t
        assert random_parts._is_l_or_t(turned[::-1], 16.0) == is_l_or_t


def test_random_parts_are_closed_and_of_usual_sizes():
    parts = [random_part(SEED, number) for number in range(60)]
    for part in parts:
        corners = np.asarray(part.mesh.vertices)
        centre = (corners.min(axis=0) + corners.max(axis=0)) / 2
        assert part.mesh.is_watertight
        assert 0.069 < 2 * np.linalg.norm(corners - centre, axis=1).max() < 0.109
        inside = np.concatenate(part.collision)
        np.testing.assert_allclose(inside.max(axis=0), corners.max(axis=0), atol=1e-9)
        np.testing.assert_allclose(inside.min(axis=0), corners.min(axis=0), atol=1e-9)
    assert len({part.mesh.volume for part in parts}) == 60
    np.testing.assert_array_equal(random_part(SEED, 7).mesh.vertices, parts[7].mesh.vertices)


def test_random_parts_are_for_grasps_alone(tmp_path, capsys):
    assert main(['render', 'pose', '--random-parts', '--out', str(tmp_path / 'out'), '--count',
                 '1']) == 1
    assert '--random-parts is for pictures of grasps' in capsys.readouterr().err


def test_a_part_that_never_rests_is_left_out(monkeypatch):
    falls = GraspScene.sample

    def sample(scene, seed, index, parts=None):
        if parts is None or parts[0].endswith(('0', '1', '2', '3')):
            raise PartError('these do not come to rest on the bench')
        return falls(scene, seed, index, parts)

    monkeypatch.setattr(GraspScene, 'sample', sample)
    with GraspData(random_parts=True).scene() as scene:
        one, again = (scene.sample(SEED, 4).sample for _ in range(2))
    part, = one.objects
    assert not part.part.endswith(('0', '1', '2', '3'))
    np.testing.assert_array_equal(one.image, again.image)


def test_no_random_part_is_a_plain_l_or_t():
    square, slanted = np.array((0.0, 40.0)), np.array((30.0, 30.0))
    long = (np.zeros(2), np.array((80.0, 0.0)))
    inside = (np.array((10.0, 2.0)), np.array((60.0, 2.0)))
    for ends, plain in (([long, (np.zeros(2), square)], True),
                        ([long, (np.zeros(2), square), inside], True),
                        ([long, (np.zeros(2), slanted)], False), ([long, inside], False),
                        ([long, (np.zeros(2), square), (long[1], long[1] + square)], False)):
        assert random_parts._is_l_or_t(ends, 20.0) == plain
