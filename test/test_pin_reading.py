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

import csv
import json
from pathlib import Path
import tempfile

import cv2
from hypothesis import given, HealthCheck, settings, strategies as st
import numpy as np
import pytest

from mtperception.datasets.errors import DatasetError
from mtperception.geometry.camera import PinholeCamera
from mtperception.pin.data.dataset import LabelledPin
from mtperception.pin.data.reading import read_pictures
from mtperception.pin.predictor import grey_image
from mtperception.sim.files import coco
from mtperception.sim.pin.labels import PinLabel

# Boxes (left, top, width, height) by picture: file formats count from the first pixel's edge.
BOXES = {'a.png': [(10.0, 12.0, 20.0, 22.0)], 'b.png': [], 'c.png': [(2.5, 3.0, 8, 6),
                                                                    (30.0, 20.0, 14.0, 15.0)]}
SIZES = {'a.png': (64, 48), 'b.png': (40, 40), 'c.png': (100, 36)}


def pin(left, top, width, height):
    box = (left - 0.5, top - 0.5, left + width - 0.5, top + height - 0.5)
    return LabelledPin(left + width / 2 - 0.5, top + height / 2 - 0.5, min(width, height), box,
                       1.0)


def write_picture(path, size, value=90):
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(value).integers(0, 20, (size[1], size[0]))
    cv2.imwrite(str(path), (value + noise).astype(np.uint8))


def write_pictures(folder, boxes=BOXES):
    for number, name in enumerate(boxes):
        write_picture(folder / name, SIZES.get(name, (64, 48)), 40 + number)


def coco_document(boxes=BOXES, sizes=SIZES):
    images = [{'id': number, 'file_name': name, 'width': sizes[name][0], 'height': sizes[name][1]}
              for number, name in enumerate(boxes)]
    annotations = [{'id': 1 + len(boxes) * image['id'] + number, 'image_id': image['id'],
                    'category_id': 1, 'bbox': list(box), 'iscrowd': 0,
                    'attributes': {'occluded': False, 'rotation': 0.0}}
                   for image in images for number, box in enumerate(boxes[image['file_name']])]
    return {'images': images, 'annotations': annotations,
            'categories': [{'id': 1, 'name': 'pin'}]}


def write_coco(folder, boxes=BOXES, document=None):
    (folder / 'annotations').mkdir(parents=True, exist_ok=True)
    text = json.dumps(document or coco_document(boxes))
    (folder / 'annotations' / 'instances_default.json').write_text(text)


def labelme_document(name, boxes):
    shapes = [{'label': 'pin', 'shape_type': 'rectangle',
               'points': [[left + width, top], [left, top + height]]}
              for left, top, width, height in boxes]
    return {'version': '5.5.0', 'flags': {}, 'shapes': shapes, 'imagePath': name,
            'imageData': 'AAAA', 'imageHeight': SIZES[name][1], 'imageWidth': SIZES[name][0]}


def write_labelme(folder, boxes=BOXES):
    for name, rows in boxes.items():
        path = (folder / name).with_suffix('.json')
        path.write_text(json.dumps(labelme_document(name, rows)))


def write_table(folder, boxes=BOXES, separator=',', encoding='utf-8'):
    with (folder / 'labels.csv').open('w', encoding=encoding, newline='') as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerow(['File', 'x', 'y', 'width', 'height'])
        for name, rows in boxes.items():
            writer.writerows([name, *box] for box in rows or [('', '', '', '')])


FORMATS = [write_coco, write_labelme, write_table]


@pytest.mark.parametrize('write', FORMATS)
def test_a_rectangle_is_a_pin_in_its_middle(tmp_path, write):
    write_pictures(tmp_path)
    write(tmp_path)
    warnings = []
    pictures = read_pictures(tmp_path, warn=warnings.append)
    assert [image.shape for image in pictures.images] == [(48, 64), (40, 40), (36, 100)]
    assert [list(pins) for pins in pictures.pins] == [
        [pin(*box) for box in boxes] for boxes in BOXES.values()]
    assert pictures.pins[0][0].x == 19.5 and pictures.pins[0][0].diameter == 20
    assert warnings == []


sides = st.floats(1.01, 30)
places = st.tuples(st.floats(0, 400), st.floats(0, 300), sides, sides)


@given(rows=st.lists(places, max_size=4))
@settings(max_examples=30, deadline=None)
def test_all_formats_say_the_same(rows):
    apart = [box for number, box in enumerate(rows) if all(
        np.hypot(pin(*box).x - pin(*other).x, pin(*box).y - pin(*other).y) > 40
        for other in rows[:number])]
    boxes, sizes = {'a.png': apart}, {'a.png': (440, 340)}
    for write in FORMATS:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_picture(folder / 'a.png', sizes['a.png'])
            if write is write_coco:
                write_coco(folder, document=coco_document(boxes, sizes))
            else:
                write(folder, boxes)
            if write is write_labelme:
                path = folder / 'a.json'
                path.write_text(path.read_text().replace('"imageHeight": 48, "imageWidth": 64',
                                                         '"imageHeight": 340'))
            found = read_pictures(folder).pins[0]
        assert len(found) == len(apart)
        for one, box in zip(found, apart, strict=True):
            expected = pin(*box)
            assert (one.x, one.y) == pytest.approx((expected.x, expected.y))
            assert one.diameter == pytest.approx(expected.diameter, abs=1e-9)
            assert one.box == pytest.approx(expected.box)


def test_the_renderer_s_data_sets_are_read(tmp_path):
    camera = PinholeCamera(64, 48, 90.0, 90.0, 31.5, 23.5)
    label = PinLabel(20.25, 22.75, 18.5, (10.0, 12.0, 30.0, 34.0), 0.75)
    outside = PinLabel(-2.0, 22.75, 18.5, (-12.0, 12.0, 8.0, 34.0), 0.4)
    (tmp_path / 'images').mkdir()
    grey = np.arange(48 * 64, dtype=np.uint8).reshape(48, 64)
    coco.write_image(tmp_path / coco.image_name(0), grey)
    coco.write_annotations(tmp_path, [(label, outside)], [camera], {})
    (tmp_path / 'card.json').write_text('{"data_set": "pin"}')
    pictures = read_pictures(tmp_path)
    assert np.array_equal(pictures.images[0], grey)
    assert [vars(one) for one in pictures.pins[0]] == [vars(label), vars(outside)]


def test_key_points_diameters_and_crowds_of_coco(tmp_path):
    write_pictures(tmp_path)
    document = coco_document()
    first, second, third = document['annotations']
    first |= {'keypoints': [18.0, 20.5, 2], 'attributes': {'diameter': 17.0}}
    second |= {'keypoints': [0, 0, 0], 'attributes': {'visible': 0.5}}
    third |= {'iscrowd': 1}
    write_coco(tmp_path, document=document)
    (one,), _, (two, three) = read_pictures(tmp_path).pins
    assert (one.x, one.y, one.diameter, one.visible) == (17.5, 20.0, 17.0, 1.0)
    assert (two.x, two.y, two.visible) == (6.0, 5.5, 0.5)
    assert three.visible == 0 and not three.counts(100, 36)


@pytest.mark.parametrize('shape', [
    {'shape_type': 'circle', 'points': [[20, 20], [23, 24]]},
    {'shape_type': 'polygon', 'points': [[15, 20], [20, 15], [25, 20], [20, 25]]},
    {'shape_type': 'rectangle', 'points': [[15, 15], [25, 15], [25, 25], [15, 25]]}])
def test_shapes_of_labelme(tmp_path, shape):
    write_pictures(tmp_path, ['a.png'])
    document = labelme_document('a.png', [])
    document['shapes'] = [{'label': 'dowel', **shape}]
    (tmp_path / 'a.json').write_text(json.dumps(document))
    assert read_pictures(tmp_path).pins == [(pin(15, 15, 10, 10),)]


def test_tables_of_spreadsheets_in_other_languages(tmp_path):
    write_pictures(tmp_path)
    write_table(tmp_path)
    expected = read_pictures(tmp_path)
    for separator in (';', '\t'):
        write_table(tmp_path, separator=separator, encoding='utf-8-sig')
        again = read_pictures(tmp_path / 'labels.csv')
        assert again.pins == expected.pins and again.sha256 == expected.sha256


def test_a_table_may_have_diameters_and_visible_shares(tmp_path):
    write_pictures(tmp_path, ['a.png'])
    (tmp_path / 'labels.csv').write_text('file,x,y,width,height,diameter,visible\n'
                                         'a.png,10,10,8,8,7.5,0.5\na.png,30,10,8,8,,\n')
    (one, two), = read_pictures(tmp_path).pins
    assert (one.diameter, one.visible) == (7.5, 0.5)
    assert (two.diameter, two.visible) == (8, 1)


@pytest.mark.parametrize(('named', 'place'), [
    ('a.png', 'images/default/a.png'), ('cam1/a.png', 'images/cam1/a.png'),
    ('/home/me/shots/a.png', 'a.png'), ('upload/1/a.png', 'images/a.png'),
    ('C:\\shots\\a.png', 'images/a.png'), ('../images/a.png', 'images/a.png')])
def test_pictures_are_found_where_tools_leave_them(tmp_path, named, place):
    write_picture(tmp_path / place, SIZES['a.png'])
    document = coco_document({'a.png': BOXES['a.png']})
    document['images'][0]['file_name'] = named
    write_coco(tmp_path, document=document)
    for source in (tmp_path, tmp_path / 'annotations' / 'instances_default.json'):
        assert read_pictures(source).pins[0] == (pin(*BOXES['a.png'][0]),)


def test_a_picture_of_another_folder_is_not_taken_for_one(tmp_path):
    write_picture(tmp_path / 'set' / 'cam2' / 'a.png', SIZES['a.png'])
    write_picture(tmp_path / 'secret.png', SIZES['a.png'])
    document = coco_document({'a.png': BOXES['a.png']})
    for name in ('cam1/a.png', '../secret.png', str(tmp_path / 'secret.png')):
        document['images'][0]['file_name'] = name
        write_coco(tmp_path / 'set', document=document)
        with pytest.raises(DatasetError, match='is missing in'):
            read_pictures(tmp_path / 'set')


def test_labels_in_a_folder_beside_the_pictures(tmp_path):
    write_picture(tmp_path / 'images' / 'a.png', SIZES['a.png'])
    (tmp_path / 'labels').mkdir()
    document = labelme_document('a.png', BOXES['a.png']) | {'imagePath': '..\\images\\a.png'}
    (tmp_path / 'labels' / 'a.json').write_text(json.dumps(document))
    assert read_pictures(tmp_path).pins == [(pin(*BOXES['a.png'][0]),)]


def test_colours_turn_grey_as_the_detector_turns_them(tmp_path):
    colours = np.random.default_rng(0).integers(0, 256, (48, 64, 3)).astype(np.uint8)
    for name in ('a.png', 'a.bmp', 'a.jpg'):
        cv2.imwrite(str(tmp_path / name), colours)
        (tmp_path / 'labels.csv').write_text(f'file,x,y,width,height\n{name},10,10,8,8\n')
        image = read_pictures(tmp_path).images[0]
        assert np.array_equal(image, grey_image(cv2.imread(str(tmp_path / name))))


def test_the_hash_is_of_pictures_and_labels_whatever_the_format(tmp_path):
    hashes = set()
    for write in FORMATS:
        folder = tmp_path / write.__name__
        write_pictures(folder)
        write(folder)
        hashes.add(read_pictures(folder).sha256)
    assert len(hashes) == 1
    write_table(folder, BOXES | {'b.png': [(1, 1, 8, 8)]})
    hashes.add(read_pictures(folder).sha256)
    write_picture(folder / 'a.png', SIZES['a.png'], 7)
    hashes.add(read_pictures(folder).sha256)
    assert len(hashes) == 3


def test_data_sets_are_read_together(tmp_path):
    for name, boxes in (('one', BOXES), ('two', {'a.png': BOXES['a.png']})):
        write_pictures(tmp_path / name, boxes)
        write_table(tmp_path / name, boxes)
    both = read_pictures(tmp_path / 'one', tmp_path / 'two')
    assert [len(rows) for rows in both.sets.values()] == [3, 1]
    with pytest.raises(DatasetError, match='two: this data set was given before'):
        read_pictures(tmp_path / 'two', tmp_path / 'two')


@pytest.mark.parametrize('write', FORMATS)
def test_a_set_without_pins_is_warned_of(tmp_path, write):
    boxes = {'a.png': [], 'b.png': []}
    write_pictures(tmp_path, boxes)
    write(tmp_path, boxes)
    warnings = []
    assert read_pictures(tmp_path, warn=warnings.append).pins == [(), ()]
    assert warnings == [f'{tmp_path}: no pin in any of the 2 pictures']


def test_pictures_without_a_file_of_labelme_are_left_out(tmp_path):
    write_pictures(tmp_path)
    write_labelme(tmp_path)
    (tmp_path / 'b.json').unlink()
    warnings = []
    assert len(read_pictures(tmp_path, warn=warnings.append)) == 2
    assert warnings == [f'{tmp_path}: 1 pictures that no label names are left out, such as b.png']


@pytest.mark.parametrize('write', [write_coco, write_labelme])
def test_other_things_than_pins_are_told_apart(tmp_path, write):
    def rename(*names):
        write_pictures(tmp_path)
        write(tmp_path)
        if write is write_coco:
            document = coco_document()
            document['categories'] = [{'id': 1, 'name': names[0]}, {'id': 2, 'name': names[1]}]
            document['annotations'][-1]['category_id'] = 2
            write_coco(tmp_path, document=document)
        else:
            for path, name in ((tmp_path / 'a.json', names[0]), (tmp_path / 'c.json', names[0])):
                path.write_text(path.read_text().replace('"pin"', f'"{name}"'))
            head, _, tail = (tmp_path / 'c.json').read_text().rpartition(f'"{names[0]}"')
            (tmp_path / 'c.json').write_text(f'{head}"{names[1]}"{tail}')

    rename('Pin', 'hole')
    assert [len(pins) for pins in read_pictures(tmp_path).pins] == [1, 0, 1]
    rename('hole', 'dowel')
    with pytest.raises(DatasetError, match=r"of 'dowel', 'hole'; say which .* --category NAME"):
        read_pictures(tmp_path)
    assert [len(pins) for pins in read_pictures(tmp_path, category='dowel').pins] == [0, 0, 1]
    with pytest.raises(DatasetError, match="labels of 'dowel', 'hole', none of 'screw'"):
        read_pictures(tmp_path, category='screw')
    rename('dowel', 'dowel')
    assert [len(pins) for pins in read_pictures(tmp_path).pins] == [1, 0, 2]


FAULTS = [
    ([(70.0, 12.0, 20.0, 22.0)], r'the label at \(80, 22\) is outside its picture, a\.png of 64'),
    ([(10.0, -30.0, 20.0, 22.0)], 'outside its picture'),
    ([(10.0, 12.0, -20.0, 22.0)], 'a box of -20 x 22 pixels; draw it around the pin'),
    ([(10.0, 12.0, 20.0, 0.0)], 'a box of 20 x 0 pixels'),
    ([(float('nan'), 12.0, 20.0, 22.0)], "is '?nan'?, not a number"),
    ([(10.0, 12.0, 20.0, float('inf'))], "is '?inf'?, not a number"),
    ([('ten', 12.0, 20.0, 22.0)], "is 'ten', not a number"),
    ([(10.0, 12.0, 20.0, 22.0), (14.0, 12.0, 18.0, 22.0)], 'a second label on the pin of'),
    ([(0.25, 0.5, 0.1, 0.1)], 'between 0 and 1, as if they were shares of the picture'),
]


@pytest.mark.parametrize('write', [write_coco, write_table])
@pytest.mark.parametrize(('boxes', 'message'), FAULTS)
def test_faulty_labels_are_named(tmp_path, write, boxes, message):
    write_pictures(tmp_path)
    write(tmp_path, {'a.png': boxes, 'b.png': []})
    with pytest.raises(DatasetError, match=message) as caught:
        read_pictures(tmp_path)
    text = str(caught.value)
    assert '\n' not in text
    if 'shares' not in message:
        place = 'annotation 1' if write is write_coco else 'labels.csv, line 2'
        assert place in text


@pytest.mark.parametrize(('change', 'message'), [
    ({'points': [[70, 12], [90, 34]]}, r'a\.json: shape 1: the label at .* outside its picture'),
    ({'points': [[10, 12], [10, 34]]}, r'a\.json: shape 1: a box of 0 x 22'),
    ({'points': [[10, 12]]}, r'a\.json: shape 1: not the points of a rectangle'),
    ({'points': [[10, 'x'], [20, 34]]}, r"a\.json: shape 1: y is 'x'"),
    ({'shape_type': 'point'}, r"a\.json: shape 1: this is a 'point'; draw a"),
])
def test_faulty_shapes_are_named(tmp_path, change, message):
    write_pictures(tmp_path, ['a.png'])
    document = labelme_document('a.png', BOXES['a.png'])
    document['shapes'][0] |= change
    (tmp_path / 'a.json').write_text(json.dumps(document))
    with pytest.raises(DatasetError, match=message):
        read_pictures(tmp_path)


def set_key(row, key, value):
    row[key] = value


@pytest.mark.parametrize(('change', 'message'), [
    (lambda images, rows: set_key(images[1], 'id', 0), 'image id 0 occurs 2 times'),
    (lambda images, rows: set_key(rows[1], 'id', rows[0]['id']), 'annotation id 1 occurs 2 times'),
    (lambda images, rows: set_key(images[1], 'file_name', 'a.png'), "file_name 'a.png' occurs 2"),
    (lambda images, rows: set_key(images[1], 'file_name', './a.png'), 'a.png is labelled twice'),
    (lambda images, rows: set_key(rows[0], 'image_id', 9), 'annotation 1: there is no image with'),
    (lambda images, rows: set_key(rows[0], 'bbox', [1, 2, 3]), 'annotation 1 .*not four numbers'),
    (lambda images, rows: set_key(rows[0], 'keypoints', [9, 9, 2, 5, 5, 1]), '2 key points'),
    (lambda images, rows: set_key(rows[0], 'attributes', {'diameter': 0}), 'the diameter is 0'),
    (lambda images, rows: set_key(rows[0], 'attributes', {'visible': 2}), 'visible is 2'),
    (lambda images, rows: set_key(images[0], 'width', 640), '64 x 48 pixels, but labelled as 640'),
    (lambda images, rows: set_key(images[0], 'file_name', 'x.png'), r"'x\.png' is missing"),
    (lambda images, rows: images.pop(0), 'annotation 1: there is no image'),
    (lambda images, rows: images[0].pop('file_name'), r'images\[0\] has no id or no file_name'),
    (lambda images, rows: rows.insert(0, 5), r'annotations\[0\] is no object'),
])
def test_faulty_coco_is_named(tmp_path, change, message):
    write_pictures(tmp_path)
    document = coco_document()
    change(document['images'], document['annotations'])
    write_coco(tmp_path, document=document)
    with pytest.raises(DatasetError, match=message) as caught:
        read_pictures(tmp_path)
    assert str(tmp_path) in str(caught.value) and '\n' not in str(caught.value)


@pytest.mark.parametrize(('text', 'message'), [
    ('a.png,1,2,3,4\n', 'the first line lacks file, x, y, width, height'),
    ('file,x,y,width\n', 'the first line lacks height'),
    ('', 'the first line lacks file'),
    ('file,x,y,width,height\n,1,2,3,4\n', 'line 2: no file is named'),
    ('file,x,y,width,height\na.png,1,2,3,4,5\n', 'line 2: more columns'),
    ('file,x,y,width,height\na.png,1,2,3\n', "line 2: height is '', not a number"),
    ('file,x,y,width,height\nz.png,1,2,3,4\n', r"line 2: the picture 'z\.png' is missing"),
    ('file,x,y,width,height\n', 'the data set has no pictures'),
])
def test_faulty_tables_are_named(tmp_path, text, message):
    write_pictures(tmp_path, ['a.png'])
    (tmp_path / 'labels.csv').write_text(text)
    with pytest.raises(DatasetError, match=message):
        read_pictures(tmp_path)


def test_a_table_of_another_encoding_is_named(tmp_path):
    (tmp_path / 'labels.csv').write_bytes('file,x,y,width,height\nä.png'.encode('latin-1'))
    with pytest.raises(DatasetError, match='not UTF-8 text'):
        read_pictures(tmp_path)


@pytest.mark.parametrize('suffix', ['.png', '.jpg', '.bmp', '.tif'])
def test_damaged_pictures_are_named(tmp_path, suffix):
    name = f'a{suffix}'
    write_picture(tmp_path / name, (64, 48))
    (tmp_path / 'labels.csv').write_text(f'file,x,y,width,height\n{name},10,10,8,8\n')
    whole = (tmp_path / name).read_bytes()
    assert len(read_pictures(tmp_path)) == 1
    for size in (0, 20, len(whole) // 2, len(whole) - 40):
        (tmp_path / name).write_bytes(whole[:size])
        with pytest.raises(DatasetError, match=f'{name}: not a picture, or damaged'):
            read_pictures(tmp_path)


def test_copies_of_a_picture_with_other_labels_are_named(tmp_path):
    boxes = {'a.png': BOXES['a.png'], 'b.png': BOXES['a.png']}
    write_pictures(tmp_path, ['a.png'])
    (tmp_path / 'b.png').write_bytes((tmp_path / 'a.png').read_bytes())
    write_table(tmp_path, boxes)
    assert len(read_pictures(tmp_path)) == 2
    write_table(tmp_path, boxes | {'b.png': []})
    with pytest.raises(DatasetError, match=r'b\.png: a copy of .*a\.png, but labelled otherwise'):
        read_pictures(tmp_path)


def test_pictures_too_small_to_detect_in_are_named(tmp_path):
    write_picture(tmp_path / 'a.png', (40, 15))
    write_table(tmp_path, {'a.png': []})
    with pytest.raises(DatasetError, match=r'a\.png: a picture of 40 x 15 is too small'):
        read_pictures(tmp_path)


def test_a_folder_without_labels_or_with_two_kinds_is_named(tmp_path):
    with pytest.raises(DatasetError, match='there is no such folder or label file'):
        read_pictures(tmp_path / 'none')
    write_pictures(tmp_path)
    (tmp_path / 'unfinished').mkdir()
    with pytest.raises(DatasetError, match='the data set is not finished'):
        read_pictures(tmp_path)
    (tmp_path / 'unfinished').rmdir()
    (tmp_path / 'card.json').write_text('{}')
    with pytest.raises(DatasetError, match='no labels here'):
        read_pictures(tmp_path)
    with pytest.raises(DatasetError, match=r'card\.json: not COCO'):
        read_pictures(tmp_path / 'card.json')
    write_table(tmp_path)
    write_coco(tmp_path)
    with pytest.raises(DatasetError, match=r'labels in .*default\.json and in .*labels\.csv'):
        read_pictures(tmp_path)
    assert len(read_pictures(tmp_path / 'labels.csv')) == 3


@pytest.mark.parametrize('content', ['{', '[]', '{"images": []}', '\xff'])
def test_annotations_that_are_not_coco_are_named(tmp_path, content):
    (tmp_path / 'annotations.json').write_text(content, encoding='latin-1')
    with pytest.raises(DatasetError, match=r'annotations\.json: not '):
        read_pictures(tmp_path)


def test_an_empty_data_set_is_named(tmp_path):
    write_coco(tmp_path, {})
    with pytest.raises(DatasetError, match='the data set has no pictures'):
        read_pictures(tmp_path)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.text(max_size=4), inner, max_size=2), max_leaves=6)


def places_of(value, where=()):
    """Give the ways to all values in a JSON document."""
    if where:
        yield where
    for key in range(len(value)) if isinstance(value, list) else (
            value if isinstance(value, dict) else ()):
        yield from places_of(value[key], (*where, key))


@given(data=st.data(), value=json_values)
@settings(max_examples=300, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_value_anywhere_is_read_or_refused_in_one_line(tmp_path, data, value):
    if not (tmp_path / 'a.png').exists():
        write_pictures(tmp_path)
    document = data.draw(st.sampled_from([
        coco_document(), labelme_document('a.png', BOXES['a.png'])]))
    if 'annotations' in document:
        document['annotations'][0] |= {'keypoints': [18.0, 20.5, 2]}
    *way, last = data.draw(st.sampled_from(list(places_of(document))))
    inner = document
    for key in way:
        inner = inner[key]
    inner[last] = value
    (tmp_path / 'a.json').write_text(json.dumps(document))
    try:
        pictures = read_pictures(tmp_path)
    except DatasetError as error:
        assert len(str(error).splitlines()) == 1
        return
    for image, pins in zip(pictures.images, pictures.pins, strict=True):
        for found in pins:
            assert np.isfinite([found.x, found.y, found.diameter, *found.box]).all()
            assert -0.5 <= found.x < image.shape[1] - 0.5 or found.visible < 1


cells = st.sampled_from(['a.png', '12', '-3.5', '', 'nan', '1e9', '"', '"\n', 'x']) | st.text(
    max_size=3)


@given(rows=st.lists(st.lists(cells, max_size=7), max_size=5), separator=st.sampled_from(',;\t'))
@settings(max_examples=200, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_table_is_read_or_refused_in_one_line(tmp_path, rows, separator):
    if not (tmp_path / 'a.png').exists():
        write_pictures(tmp_path)
    lines = [separator.join(row) for row in [['file', 'x', 'y', 'width', 'height'], *rows]]
    (tmp_path / 'labels.csv').write_bytes('\n'.join(lines).encode(errors='surrogatepass'))
    try:
        pictures = read_pictures(tmp_path)
    except DatasetError as error:
        assert len(str(error).splitlines()) == 1
        return
    assert all(found.diameter > 0 for pins in pictures.pins for found in pins)


def test_a_table_that_never_ends_a_quote_is_named(tmp_path):
    write_pictures(tmp_path, ['a.png'])
    (tmp_path / 'labels.csv').write_text('file,x,y,width,height\na.png,"' + 140_000 * '1')
    with pytest.raises(DatasetError, match='after line 1: field larger than field limit'):
        read_pictures(tmp_path)
