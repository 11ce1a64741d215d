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

"""Data sets of grasps as training and evaluation see them, and what cannot be used is named."""

import json

import cv2
from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from mtperception.datasets.errors import DatasetError
from mtperception.datasets.grasps import CORNELL, GraspLabel, GraspPicture
from mtperception.datasets.held_out import split
from mtperception.geometry.rectangle import angle_difference, corners
from mtperception.grasp.data.coco_labels import read_coco_grasps
from mtperception.grasp.data.reading import is_grasps, read_grasps, read_pictures
from mtperception.sim.files.coco import write_annotations
from mtperception.sim.grasp.formats import export_cornell, export_jacquard

SIZES = {'a.png': (120, 90), 'b.png': (64, 80)}
GRASPS = {
    'a.png': [GraspLabel(40.5, 30.0, 30.0, 12.0, 0.5), GraspLabel(80.0, 60.0, 25.0, 9.0, -1.0)],
    'b.png': []}


def write_pictures(folder, sizes=SIZES):
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(1)
    pictures = {}
    for name, (width, height) in sizes.items():
        pictures[name] = rng.integers(0, 255, (height, width, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / name), pictures[name])
    return pictures


def five(grasp):
    return {'bbox': [grasp.x + 0.5, grasp.y + 0.5, grasp.opening, grasp.jaw,
                     np.degrees(grasp.theta)]}


def turned(grasp):
    return {'bbox': [grasp.x + 0.5 - grasp.opening / 2, grasp.y + 0.5 - grasp.jaw / 2,
                     grasp.opening, grasp.jaw],
            'segmentation': [], 'attributes': {'rotation': -np.degrees(grasp.theta) % 360}}


def polygon(grasp):
    points = corners(grasp.rectangle)[0] + 0.5
    low, high = points.min(axis=0), points.max(axis=0)
    return {'bbox': [*low.tolist(), *(high - low).tolist()],
            'segmentation': [points.ravel().tolist()], 'attributes': {'rotation': 0.0}}


WAYS = [five, turned, polygon]


def coco_document(way, grasps=GRASPS, sizes=SIZES):
    images = [{'id': number, 'file_name': name, 'width': sizes[name][0], 'height': sizes[name][1]}
              for number, name in enumerate(grasps)]
    annotations = [
        {'id': 100 * image['id'] + number, 'image_id': image['id'], 'category_id': 3,
         'iscrowd': 0, **way(grasp)}
        for image in images for number, grasp in enumerate(grasps[image['file_name']])]
    return {'images': images, 'annotations': annotations,
            'categories': [{'id': 3, 'name': 'grasp'}]}


def write_coco(folder, document):
    (folder / 'annotations').mkdir(exist_ok=True)
    path = folder / 'annotations' / 'instances.json'
    path.write_text(json.dumps(document))
    return path


def as_rows(pictures):
    return [[grasp.rectangle for grasp in picture.grasps] for picture in pictures]


@pytest.mark.parametrize('way', WAYS)
def test_ways_of_coco(tmp_path, way):
    images = write_pictures(tmp_path)
    path = write_coco(tmp_path, coco_document(way))
    assert is_grasps(tmp_path)
    for source in (tmp_path, path):
        pictures = read_pictures(source)
        assert [len(rows) for rows in pictures.rectangles] == [2, 0]
        for rows, grasps in zip(pictures.rectangles, GRASPS.values(), strict=True):
            assert rows.dtype == np.float32 and rows.shape == (len(grasps), 5)
            expected = np.array([grasp.rectangle for grasp in grasps]).reshape(-1, 5)
            np.testing.assert_allclose(rows, expected, atol=1e-4)
        for image, name in zip(pictures.images, SIZES, strict=True):
            np.testing.assert_array_equal(image, images[name][:, :, ::-1])
    assert pictures.objects is not None and pictures.objects[0].tolist() == [-1, -1]


grasps = st.builds(
    GraspLabel, x=st.floats(10, 90), y=st.floats(10, 70), opening=st.floats(2, 60),
    jaw=st.floats(2, 60), theta=st.floats(-np.pi / 2, np.pi / 2, exclude_min=True))


@given(st.lists(grasps, max_size=4), st.sampled_from(WAYS))
@settings(max_examples=50, deadline=None)
def test_coco_round_trip(tmp_path_factory, drawn, way):
    folder = tmp_path_factory.getbasetemp() / 'round'
    if not folder.exists():
        write_pictures(folder)
    document = coco_document(way, {'a.png': drawn})
    (picture,) = read_coco_grasps(folder / 'any.json', json.loads(json.dumps(document)), None)
    assert picture.size == SIZES['a.png']
    assert len(picture.grasps) == len(drawn)
    for one, other in zip(drawn, picture.grasps, strict=True):
        assert other.rectangle[:4] == pytest.approx(one.rectangle[:4], abs=1e-6)
        assert angle_difference(one.theta, other.theta) < 1e-6
        assert -np.pi / 2 < other.theta <= np.pi / 2


def test_known_boxes_of_coco(tmp_path):
    write_pictures(tmp_path)
    document = coco_document(five, {'a.png': [GRASPS['a.png'][0]]})
    (annotation,) = document['annotations']

    def grasp(**fields):
        annotation.update(fields)
        write_coco(tmp_path, document)
        ((found,),) = (picture.grasps for picture in read_grasps(tmp_path))
        return found.rectangle

    # 30 degrees counter-clockwise, about a centre that is that of pixel (19, 29).
    assert grasp(bbox=[19.5, 29.5, 40, 10, 30]) == pytest.approx(
        (19, 29, 40, 10, np.radians(30)))
    assert grasp(bbox=[19.5, 29.5, 40, 10, 120]) == pytest.approx(
        (19, 29, 40, 10, np.radians(-60)))
    # Clockwise, a box from (10, 20) to (50, 40).
    assert grasp(bbox=[10, 20, 40, 20], attributes={'rotation': 30}) == pytest.approx(
        (29.5, 29.5, 40, 20, np.radians(-30)))
    assert grasp(bbox=[10, 20, 40, 20], attributes={'rotation': 0}) == pytest.approx(
        (29.5, 29.5, 40, 20, 0))
    # Down the screen first: the opening is upright.
    upright = [[10, 20, 10, 40, 20, 40, 20, 20]]
    assert grasp(bbox=[10, 20, 10, 20], attributes={}, segmentation=upright) == pytest.approx(
        (14.5, 29.5, 20, 10, np.pi / 2))


@pytest.mark.parametrize(('change', 'message'), [
    ({'bbox': [10, 20, 30, 40]}, 'annotation 0 .*a box without an angle: that is a fifth number'),
    ({'bbox': [10, 20, 30, 40], 'segmentation': [[1, 2, 3, 4, 5, 6]]}, 'a box without an angle'),
    ({'bbox': [10, 20, 0, 40, 5]}, r"annotation 0 \('a.png'\): a grasp of 0 x 40 pixels"),
    ({'bbox': [10, 20, 30, -4, 5]}, 'a grasp of 30 x -4 pixels'),
    ({'bbox': [10, 20, 30, 40, None]}, 'angle is None, not a number'),
    ({'bbox': [10, float('nan'), 30, 40, 5]}, 'y is nan, not a number'),
    ({'bbox': [10, 20, 30, 'x', 5]}, "height is 'x', not a number"),
    ({'bbox': [10, 20, 30], 'attributes': {'rotation': 5}}, 'not four numbers'),
    ({'bbox': [10, 20, 30, 40], 'attributes': {'rotation': 'left'}}, "rotation is 'left'"),
    ({'bbox': [1, 1, 2, 2], 'segmentation': [[0, 0, 90, 0, 90, 20, 50, 60]]}, 'make no rectangle'),
    ({'bbox': [150, 20, 30, 40, 5]}, r'grasp 1, \(150, 20\), is outside the picture of 120 x 90'),
    ({'image_id': 7}, 'there is no image with the id 7'),
    ({'id': 1}, 'annotation id 1 occurs 2 times'),
])
def test_faulty_annotations_are_named(tmp_path, change, message):
    write_pictures(tmp_path)
    document = coco_document(five)
    document['annotations'][0].update(change)
    write_coco(tmp_path, document)
    with pytest.raises(DatasetError, match=message) as raised:
        read_pictures(tmp_path)
    assert '\n' not in str(raised.value)


def test_crowds_and_other_things_are_left_out(tmp_path):
    write_pictures(tmp_path)
    document = coco_document(five)
    document['categories'].append({'id': 4, 'name': 'bin'})
    first, second = document['annotations']
    first['iscrowd'] = 1
    document['annotations'].append({**second, 'id': 9, 'category_id': 4, 'bbox': [1, 2, 3, 4]})
    write_coco(tmp_path, document)
    assert [len(rows) for rows in read_pictures(tmp_path).rectangles] == [1, 0]
    document['categories'][0]['name'] = 'hold'
    write_coco(tmp_path, document)
    with pytest.raises(DatasetError, match=r"of 'bin', 'hold'; say which are grasps"):
        read_pictures(tmp_path)
    assert [len(rows) for rows in read_pictures(tmp_path, category='hold').rectangles] == [1, 0]


@pytest.mark.parametrize('export', [export_cornell, export_jacquard])
def test_formats_of_others_and_what_is_wrong_with_their_pictures(tmp_path, export):
    write_pictures(tmp_path / 'from')
    labelled = [GraspPicture(tmp_path / 'from' / name, tuple(GRASPS[name])) for name in SIZES]
    out = tmp_path / 'set'
    export(labelled, out)
    pictures = read_pictures(out)
    assert [image.shape for image in pictures.images] == [(90, 120, 3), (80, 64, 3)]
    for rows, grasps in zip(pictures.rectangles, GRASPS.values(), strict=True):
        assert rows[:, :4] == pytest.approx(
            np.array([grasp.rectangle for grasp in grasps]).reshape(-1, 5)[:, :4], abs=0.01)
    first, second = sorted(out.rglob('*.png'))
    second.write_bytes(second.read_bytes()[:100])
    with pytest.raises(DatasetError, match=f'{second.name}: not a picture, or damaged'):
        read_pictures(out)
    cv2.imwrite(str(second), np.zeros((63, 200, 3), np.uint8))
    with pytest.raises(DatasetError, match=r'200 x 63 is too small; 64 pixels a side'):
        read_pictures(out)
    cv2.imwrite(str(first), np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(DatasetError, match=f'{first.name}: the middle of grasp 2, .80, 60.'):
        read_pictures(out)


def test_another_size_than_labelled_is_named(tmp_path):
    write_pictures(tmp_path, {'a.png': (100, 90), 'b.png': (64, 80)})
    write_coco(tmp_path, coco_document(five))
    with pytest.raises(DatasetError, match='100 x 90 pixels, but labelled as 120 x 90'):
        read_pictures(tmp_path)


def test_sets_without_pictures_grasps_or_labels(tmp_path):
    with pytest.raises(DatasetError, match='there is no such folder or label file'):
        read_pictures(tmp_path / 'none')
    with pytest.raises(DatasetError, match='holds no data set of grasps'):
        read_pictures(tmp_path)
    write_pictures(tmp_path)
    write_coco(tmp_path, {'images': [], 'annotations': []})
    with pytest.raises(DatasetError, match='the data set has no pictures'):
        read_pictures(tmp_path)
    write_coco(tmp_path, coco_document(five, {'b.png': []}))
    warnings = []
    assert len(read_pictures(tmp_path, warn=warnings.append)) == 1
    assert warnings == [f'{tmp_path}: no grasp in any of the 1 pictures']
    (tmp_path / 'unfinished').mkdir()
    with pytest.raises(DatasetError, match='is not finished'):
        read_pictures(tmp_path)


def test_two_label_files_are_refused(tmp_path):
    write_pictures(tmp_path)
    path = write_coco(tmp_path, coco_document(five))
    (tmp_path / 'annotations' / 'more.json').write_bytes(path.read_bytes())
    with pytest.raises(DatasetError, match='name the file that counts'):
        read_pictures(tmp_path)
    assert len(read_pictures(path)) == 2


def test_pins_are_no_grasps(tmp_path):
    write_annotations(tmp_path, [], [], {})
    assert not is_grasps(tmp_path)


def test_the_hash_is_of_pictures_and_grasps(tmp_path):
    def sha256(name, change=lambda annotations: None, sizes=SIZES):
        write_pictures(tmp_path / name, sizes)
        document = coco_document(five, sizes=sizes)
        change(document['annotations'])
        write_coco(tmp_path / name, document)
        return read_pictures(tmp_path / name).sha256

    first = sha256('first')
    assert sha256('same') == first
    assert sha256('moved', lambda rows: rows[0]['bbox'].__setitem__(0, 41.5)) != first
    other = sha256('other', sizes={'a.png': (121, 90), 'b.png': (65, 80)})
    assert list(read_pictures(tmp_path / 'first', tmp_path / 'other').sets) == [first, other]
    with pytest.raises(DatasetError, match='same: this data set was given before'):
        read_pictures(tmp_path / 'first', tmp_path / 'same')
    with pytest.raises(DatasetError, match='but labelled otherwise; keep one'):
        read_pictures(tmp_path / 'first', tmp_path / 'moved')


def test_pictures_are_held_out_with_their_labels(tmp_path):
    sizes = {f'{number:02d}.png': (64 + number, 70) for number in range(12)}
    write_pictures(tmp_path, sizes)
    labels = {name: [GraspLabel(number + 1.0, 5.0, 9.0, 5.0, 0.1)]
              for number, name in enumerate(sizes)}
    write_coco(tmp_path, coco_document(five, labels, sizes))
    pictures = read_pictures(tmp_path, memory=20_000)
    training, held_out = split(pictures, 0.25)
    assert (len(training), len(held_out)) == (9, 3)
    for part in (training, held_out):
        for image, rows, objects in zip(
                part.images, part.rectangles, part.objects, strict=True):
            assert image.shape == (70, 63 + rows[0, 0], 3)
            assert objects.tolist() == [-1]


def test_a_cornell_picture_that_is_missing_is_named(tmp_path):
    (tmp_path / f'pcd0001{CORNELL}').write_text('')
    with pytest.raises(DatasetError, match=r'pcd0001r\.png: the picture of'):
        read_pictures(tmp_path)
