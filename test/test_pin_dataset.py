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

import json

import cv2
import numpy as np
import pytest

from mtperception.geometry.camera import PinholeCamera
from mtperception.pin.augmentation import random_centre, random_cut, random_look
from mtperception.pin.dataset import DatasetError, LabelledPin, read_pictures
from mtperception.sim import coco
from mtperception.sim.labels import PinLabel


def write(folder, pictures=2):
    (folder / 'images').mkdir()
    images, annotations = [], []
    for index in range(pictures):
        name = f'images/{index:06d}.png'
        grey = np.full((48, 64), 40 * index, np.uint8)
        cv2.imwrite(str(folder / name), grey)
        images.append({'id': index, 'file_name': name, 'width': 64, 'height': 48})
        annotations.append({
            'id': index, 'image_id': index, 'category_id': 1, 'bbox': [10.5, 12.5, 20, 22],
            'keypoints': [20.75, 23.25, 2],
            'attributes': {'diameter': 18.5, 'visible': 0.75}})
    (folder / 'annotations.json').write_text(
        json.dumps({'images': images, 'annotations': annotations}))


def test_pictures_and_pins_are_read_in_our_pixels(tmp_path):
    write(tmp_path)
    pictures = read_pictures(tmp_path)
    assert pictures.images.shape == (2, 48, 64)
    assert (pictures.images[1] == 40).all()
    assert pictures.pins[0] == (LabelledPin(20.25, 22.75, 18.5, (10.0, 12.0, 30.0, 34.0), 0.75),)


def test_the_hash_is_of_pictures_and_labels(tmp_path):
    write(tmp_path)
    before = read_pictures(tmp_path).sha256
    assert read_pictures(tmp_path).sha256 == before
    cv2.imwrite(str(tmp_path / 'images' / '000001.png'), np.zeros((48, 64), np.uint8))
    assert read_pictures(tmp_path).sha256 != before


def test_an_unfinished_data_set_is_refused(tmp_path):
    with pytest.raises(DatasetError, match='no finished data set'):
        read_pictures(tmp_path)


@pytest.mark.parametrize(('key', 'value'), [('diameter', 0), ('diameter', float('nan')),
                                            ('visible', float('inf'))])
def test_labels_out_of_range_are_refused(tmp_path, key, value):
    write(tmp_path)
    path = tmp_path / 'annotations.json'
    content = json.loads(path.read_text())
    content['annotations'][1]['attributes'][key] = value
    path.write_text(json.dumps(content))
    with pytest.raises(DatasetError, match=r'annotations\.json: not a pin data set.*annotation'):
        read_pictures(tmp_path)


def test_the_renderer_s_data_sets_are_read(tmp_path):
    camera = PinholeCamera(64, 48, 90.0, 90.0, 31.5, 23.5)
    label = PinLabel(20.25, 22.75, 18.5, (10.0, 12.0, 30.0, 34.0), 0.75)
    (tmp_path / 'images').mkdir()
    grey = np.arange(48 * 64, dtype=np.uint8).reshape(48, 64)
    coco.write_image(tmp_path / coco.image_name(0), grey)
    coco.write_annotations(tmp_path, [(label,)], [camera], {})
    pictures = read_pictures(tmp_path)
    assert np.array_equal(pictures.images[0], grey)
    assert vars(pictures.pins[0][0]) == vars(label)


@pytest.mark.parametrize('content', ['{', '[]', '{"images": [{"id": 1}], "annotations": []}',
                                     '{"images": [], "annotations": [{"image_id": 3}]}'])
def test_other_annotations_are_refused(tmp_path, content):
    (tmp_path / 'annotations.json').write_text(content)
    with pytest.raises(DatasetError, match=r'annotations\.json: not '):
        read_pictures(tmp_path)


def test_a_damaged_picture_is_named(tmp_path):
    write(tmp_path)
    path = tmp_path / 'images' / '000001.png'
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(DatasetError, match=r'000001\.png: not a picture'):
        read_pictures(tmp_path)
    path.unlink()
    with pytest.raises(DatasetError, match=r'000001\.png: No such file'):
        read_pictures(tmp_path)


def blob(x, y, width=300, height=260):
    """Draw a small bright Gaussian whose centre of mass is at (x, y)."""
    rows, columns = np.mgrid[:height, :width]
    spot = 230 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 4.0**2))
    return np.round(spot).astype(np.uint8)


@pytest.mark.parametrize('seed', range(25))
def test_cuts_take_key_points_exactly_where_the_picture_goes(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(40, 220, 2)
    label = LabelledPin(x, y, 20.0, (x - 10, y - 10, x + 10, y + 10), 1.0)
    cut, (moved,) = random_cut(
        blob(x, y), [label], random_centre(blob(x, y), [label], 128, rng), 128, rng)
    rows, columns = np.mgrid[:128, :128]
    if not (14 < moved.x < 113 and 14 < moved.y < 113):
        assert cut.astype(float).sum() < blob(x, y).sum() * 1.6
        return
    mass = cut.astype(float)
    assert (mass * columns).sum() / mass.sum() == pytest.approx(moved.x, abs=0.05)
    assert (mass * rows).sum() / mass.sum() == pytest.approx(moved.y, abs=0.05)
    spread = np.sqrt((mass * ((columns - moved.x) ** 2 + (rows - moved.y) ** 2)).sum()
                     / mass.sum() / 2)
    assert spread / 4.0 == pytest.approx(moved.diameter / 20.0, rel=0.05)
    left, top, right, bottom = moved.box
    assert left < moved.x < right and top < moved.y < bottom


def test_looks_keep_size_and_type_and_are_reproducible():
    image = blob(100, 90)
    looks = [random_look(image, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert looks[0].shape == image.shape and looks[0].dtype == np.uint8
    assert np.array_equal(looks[0], looks[1])
    assert not np.array_equal(looks[0], looks[2])
