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

"""Grasp rectangles in three formats: what is read is what was written, and errors name lines."""

import json

import cv2
from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from mtperception.datasets.errors import DatasetError
from mtperception.datasets.grasps import GRASP_LINES, GraspLabel, GripperPose
from mtperception.datasets.run_length import RunLengths
from mtperception.geometry.camera import look_at, PinholeCamera
from mtperception.geometry.rectangle import angle_difference, corners
from mtperception.grasp.data.reading import read_grasps
from mtperception.grasp.data.text_labels import cornell_rectangles, jacquard_rectangles
from mtperception.sim.files.writing import png
from mtperception.sim.grasp.formats import (
    cornell_text,
    export_cornell,
    export_jacquard,
    jacquard_text,
)
from mtperception.sim.grasp.labels import Clutter, GraspObject, GraspSample
from mtperception.sim.grasp.lines import grasp_line

HALF = np.pi / 2
angles = st.floats(-HALF, HALF, exclude_min=True)
rectangles = st.builds(
    GraspLabel, x=st.floats(-50, 700), y=st.floats(-50, 700), opening=st.floats(2, 200),
    jaw=st.floats(2, 60), theta=angles)


def assert_alike(one, other, tolerance=0.01):
    assert one.rectangle[:4] == pytest.approx(other.rectangle[:4], abs=tolerance)
    # Corners rounded to a thousandth turn a small rectangle a little.
    assert angle_difference(one.theta, other.theta) < 2e-3
    assert -HALF < other.theta <= HALF


@given(st.lists(rectangles, max_size=5))
@settings(deadline=None)
def test_cornell_round_trip(grasps):
    read = cornell_rectangles(cornell_text(grasps))
    assert len(read) == len(grasps)
    for one, other in zip(grasps, read, strict=True):
        assert_alike(one, other)


@given(st.lists(rectangles, max_size=5))
@settings(deadline=None)
def test_jacquard_round_trip(grasps):
    read = jacquard_rectangles(jacquard_text(grasps))
    assert len(read) == len(grasps)
    for one, other in zip(grasps, read, strict=True):
        assert_alike(one, other)


@given(rectangles)
@settings(deadline=None)
def test_jacquards_angle_is_clockwise_as_opencvs_is(grasp):
    x, y, degrees, opening, jaw = (float(word) for word in jacquard_text([grasp]).split(';'))
    theirs = cv2.boxPoints(((x, y), (opening, jaw), degrees))
    ours = corners(grasp.rectangle)[0]
    apart = np.linalg.norm(theirs[:, None] - ours[None], axis=2)
    assert apart.min(axis=1).max() < 0.05


@given(rectangles)
@settings(deadline=None)
def test_cornells_first_side_is_along_the_opening(grasp):
    points = np.array([line.split() for line in cornell_text([grasp]).splitlines()], dtype=float)
    along, across = points[1] - points[0], points[2] - points[1]
    assert np.linalg.norm(along) == pytest.approx(grasp.opening, abs=0.01)
    assert np.linalg.norm(across) == pytest.approx(grasp.jaw, abs=0.01)
    # On the screen y goes down.
    assert angle_difference(np.arctan2(-along[1], along[0]), grasp.theta) < 2e-3


def test_a_known_jacquard_line():
    (grasp,) = jacquard_rectangles('512.5;300.0;30.0;80.0;20.0\n')
    assert grasp.rectangle == pytest.approx((512.5, 300.0, 80.0, 20.0, np.radians(-30.0)))


@pytest.mark.parametrize('degrees', [-90.0, 90.0, 270.0, -450.0])
def test_an_upright_jacquard_rectangle_has_one_angle(degrees):
    (grasp,) = jacquard_rectangles(f'1;2;{degrees};30;20')
    assert grasp.theta == pytest.approx(HALF)


def test_a_known_cornell_rectangle():
    text = '10 20\n50 20\n50 30\n10 30\n'
    (grasp,) = cornell_rectangles(text)
    assert grasp.rectangle == pytest.approx((30.0, 25.0, 40.0, 10.0, 0.0))


def test_cornell_rectangles_with_nan_are_left_out():
    text = 'NaN NaN\n50 20\n50 30\n10 30\n' + '10 20\n50 20\n50 30\n10 30\n'
    assert len(cornell_rectangles(text)) == 1


def test_drawn_by_hand_they_need_not_be_quite_square():
    (grasp,) = cornell_rectangles('253 319.7\n309 324\n307 350\n251 345.7\n')
    assert grasp.opening == pytest.approx(56.2, abs=0.1)
    assert grasp.jaw == pytest.approx(26.1, abs=0.1)


@given(st.integers(1, 12), st.integers(1, 12), st.data())
@settings(max_examples=60, deadline=None)
def test_run_lengths_round_trip(height, width, data):
    bits = data.draw(st.lists(st.booleans(), min_size=height * width, max_size=height * width))
    mask = np.array(bits).reshape(height, width)
    encoded = RunLengths.of(mask)
    np.testing.assert_array_equal(encoded.mask(), mask)
    assert RunLengths.from_json(json.loads(json.dumps(encoded.to_json()))) == encoded
    # As COCO has it: column by column, the first run outside.
    assert sum(encoded.counts[1::2]) == mask.sum()
    assert len(encoded.counts) == 1 or all(count > 0 for count in encoded.counts[1:])


@pytest.mark.parametrize('document', [
    {'size': [2, 2], 'counts': [3]}, {'size': [2, 2], 'counts': [-1, 5]}, {'counts': [4]},
    {'size': [2, 2, 2], 'counts': [8]}, {'size': [2, 2], 'counts': ['x']},
    {'size': [100_000, 100_000], 'counts': [10_000_000_000]},
])
def test_what_is_no_mask_is_refused(document):
    with pytest.raises(DatasetError):
        RunLengths.from_json(document)


@pytest.fixture
def sample():
    """Give a sample with one object, two grasps and a bolt."""
    view = look_at(PinholeCamera(30, 20, 40.0, 41.0, 14.2, 9.7), (0.1, 0.0, 0.5), (0, 0, 0), 0.3)
    mask = np.zeros((20, 30), dtype=bool)
    mask[5:10, 8:20] = True
    visible = mask.copy()
    visible[5:7] = False
    pose = GripperPose((0.01, 0.02, 0.5), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0), 0.05)
    part = GraspObject(
        'l', np.eye(3), np.array((0.01, 0.02, 0.5)), (7.6, 4.7, 19.4, 9.4), mask, visible, 0.6,
        (GraspLabel(13.0, 7.0, 8.0, 3.0, 0.5, 0.9, pose), GraspLabel(9.0, 8.0, 7.0, 3.0, HALF)),
        (GraspLabel(11.0, 7.5, 6.0, 3.0, -0.25),))
    image = np.random.default_rng(0).integers(0, 255, (20, 30, 3), dtype=np.uint8)
    return GraspSample(
        image, np.full((20, 30), 0.5, np.float32), (part,), view,
        (Clutter('bolt', np.eye(3), np.zeros(3)),))


@pytest.fixture
def folder(tmp_path, sample):
    """Give a folder with a data set of two pictures, in JSON lines."""
    lines = []
    for index in range(2):
        name = f'images/{index}.png'
        (tmp_path / 'images').mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(png(sample.image))
        depth = f'images/{index}_depth.png'
        (tmp_path / depth).write_bytes(png(np.full((20, 30), 500, dtype=np.uint16)))
        lines.append(json.dumps(grasp_line(name, depth, sample)))
    (tmp_path / GRASP_LINES).write_text('\n'.join(lines))
    return tmp_path


def test_lines_round_trip(folder, sample):
    pictures = read_grasps(folder)
    assert [picture.path.name for picture in pictures] == ['0.png', '1.png']
    for picture in pictures:
        assert picture.grasps == sample.grasps
        assert picture.depth.is_file()
        (stored,), (part,) = picture.objects, sample.objects
        assert (stored.part, stored.box, stored.visible, stored.grasps, stored.others) == (
            part.part, part.box, part.visible, part.grasps, part.others)
        np.testing.assert_array_equal(stored.rotation, part.rotation)
        np.testing.assert_array_equal(stored.translation, part.translation)
        np.testing.assert_array_equal(stored.mask.mask(), part.mask)
        np.testing.assert_array_equal(stored.visible_mask.mask(), part.visible_mask)
        assert picture.view.camera == sample.view.camera
        np.testing.assert_array_equal(picture.view.rotation, sample.view.rotation)
        np.testing.assert_array_equal(picture.view.position, sample.view.position)


@pytest.mark.parametrize('export', [export_cornell, export_jacquard])
def test_exports_are_read_back(folder, tmp_path_factory, export, sample):
    out = tmp_path_factory.mktemp('export') / 'new'
    export(read_grasps(folder), out)
    pictures = read_grasps(out)
    assert len(pictures) == 2
    for picture in pictures:
        np.testing.assert_array_equal(cv2.imread(str(picture.path))[:, :, ::-1], sample.image)
        for one, other in zip(sample.grasps, picture.grasps, strict=True):
            assert_alike(one, other)


def test_jacquards_depth_is_in_metres(folder, tmp_path):
    export_jacquard(read_grasps(folder), tmp_path / 'out')
    (first, *_) = sorted((tmp_path / 'out').glob('*_perfect_depth.tiff'))
    depth = cv2.imread(str(first), cv2.IMREAD_UNCHANGED)
    assert depth.dtype == np.float32
    np.testing.assert_allclose(depth, 0.5)


def test_an_export_again_is_the_same(folder, tmp_path):
    for _ in range(2):
        export_cornell(read_grasps(folder), tmp_path / 'out')
    assert len(list((tmp_path / 'out').rglob('*.txt'))) == 2


def test_sub_folders_are_read_in_order(tmp_path, sample):
    for number in (3, 1, 2):
        (tmp_path / f'{number}').mkdir()
        (tmp_path / f'{number}' / f'pcd{number:04d}r.png').write_bytes(png(sample.image))
        (tmp_path / f'{number}' / f'pcd{number:04d}cpos.txt').write_text(
            '10 20\n50 20\n50 30\n10 30\n' * number)
        (tmp_path / f'{number}' / f'pcd{number:04d}cneg.txt').write_text('not read')
    assert [len(picture.grasps) for picture in read_grasps(tmp_path)] == [1, 2, 3]


def edited(line, change):
    document = json.loads(line)
    change(document)
    return json.dumps(document)


@pytest.mark.parametrize('change', [
    lambda line: line.pop('file'),
    lambda line: line.pop('camera'),
    lambda line: line['camera'].update(matrix=[1, 2, 3]),
    lambda line: line['objects'][0]['mask'].update(counts=[1]),
    lambda line: line['objects'][0].update(visible=1.5),
    lambda line: line['objects'][0].update(rotation=['x'] * 9),
    lambda line: line['objects'][0]['grasps'][0].update(theta=-2.0),
    lambda line: line['objects'][0]['grasps'][0].update(opening=0.0),
    lambda line: line['objects'][0]['grasps'][0].update(x=float('nan')),
    lambda line: line['objects'][0]['grasps'][0]['pose'].pop('closing'),
    lambda line: line.update(objects=3),
])
def test_a_wrong_line_is_named(folder, change):
    first, second = (folder / GRASP_LINES).read_text().splitlines()
    (folder / GRASP_LINES).write_text('\n'.join((first, edited(second, change))))
    with pytest.raises(DatasetError, match=rf'{GRASP_LINES}, line 2: ') as raised:
        read_grasps(folder)
    assert '\n' not in str(raised.value)


@pytest.mark.parametrize('second', ['{"file": ', '[]', '7', 'null', ''])
def test_a_line_that_is_no_object_is_named(folder, second):
    first, _ = (folder / GRASP_LINES).read_text().splitlines()
    (folder / GRASP_LINES).write_text(f'{first}\n{second}\n{first}')
    with pytest.raises(DatasetError, match='line 2: '):
        read_grasps(folder)


def test_a_missing_picture_is_named(folder):
    (folder / 'images' / '1.png').unlink()
    with pytest.raises(DatasetError, match=r'1\.png: the picture is missing'):
        read_grasps(folder)


@pytest.mark.parametrize(('text', 'fault'), [
    ('1 2\n3 4\n5 6\n', 'line 3'), ('1 2\n3 4 5\n', 'line 2'), ('1 x\n', 'line 1'),
    ('0 0\n9 0\n0 9\n9 9\n', 'line 1'), ('0 0\n0 0\n0 0\n0 0\n', 'line 1'),
    ('10 20\n50 20\n50 30\n10 30\n' '0 0\n90 0\n90 20\n50 60\n', 'line 5'),
])
def test_a_wrong_cornell_line_is_named(tmp_path, sample, text, fault):
    (tmp_path / 'pcd0001r.png').write_bytes(png(sample.image))
    (tmp_path / 'pcd0001cpos.txt').write_text(text)
    with pytest.raises(DatasetError, match=rf'pcd0001cpos\.txt, {fault}: '):
        read_grasps(tmp_path)


@pytest.mark.parametrize(('text', 'fault'), [
    ('1;2;3;4\n', 'line 1'), ('1;2;3;4;5\n1;2;x;4;5\n', 'line 2'), ('1;2;3;-4;5\n', 'line 1'),
    ('1;2;nan;4;5\n', 'line 1'), ('1,2,3,4,5\n', 'line 1'),
])
def test_a_wrong_jacquard_line_is_named(tmp_path, sample, text, fault):
    (tmp_path / 'a_RGB.png').write_bytes(png(sample.image))
    (tmp_path / 'a_grasps.txt').write_text(text)
    with pytest.raises(DatasetError, match=rf'a_grasps\.txt, {fault}: '):
        read_grasps(tmp_path)


def test_rectangles_without_their_picture_are_named(tmp_path):
    (tmp_path / 'pcd0001cpos.txt').write_text('')
    with pytest.raises(DatasetError, match=r'pcd0001r\.png: the picture of'):
        read_grasps(tmp_path)


def test_a_folder_of_something_else_is_named(tmp_path):
    with pytest.raises(DatasetError, match='holds no data set of grasps'):
        read_grasps(tmp_path)
