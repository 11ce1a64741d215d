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

"""The COCO data set: round trips and conventions."""

import json

import cv2
from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from mtperception.geometry.camera import PinholeCamera
from mtperception.pin.data.reading import read_labels
from mtperception.sim.files.coco import (
    ANNOTATIONS,
    image_name,
    write_annotations,
    write_image,
)
from mtperception.sim.pin.labels import PinLabel

CAMERA = PinholeCamera(612, 512, 1105.0, 1090.0, 310.3, 251.2)
LABEL = PinLabel(100.25, 200.5, 24.0, (80.0, 185.5, 115.0, 214.0), 0.75)

places = st.floats(-100.0, 700.0)
labels = st.builds(
    lambda x, y, d, x0, y0, w, h, v: PinLabel(x, y, d, (x0, y0, x0 + w, y0 + h), v),
    places, places, st.floats(1.0, 60.0), places, places, st.floats(1.0, 90.0),
    st.floats(1.0, 90.0), st.floats(0.0, 1.0))


def data_set(folder, pins):
    (folder / 'images').mkdir(exist_ok=True)
    for index in range(len(pins)):
        (folder / image_name(index)).touch()
    write_annotations(folder, pins, [CAMERA] * len(pins), {'seed': 1})
    return folder


@settings(deadline=None)
@given(st.lists(st.lists(labels, max_size=4), min_size=1, max_size=4))
def test_labels_come_back(tmp_path_factory, pins):
    folder = data_set(tmp_path_factory.mktemp('set'), pins)
    back = read_labels(folder)
    assert [file.path for file in back] == [folder / image_name(i) for i in range(len(pins))]
    for written, file in zip(pins, back, strict=True):
        for one, other in zip(written, (label.pin for label in file.labels), strict=True):
            assert (other.x, other.y, *other.box) == pytest.approx(
                (one.x, one.y, *one.box), abs=1e-9)
            assert (other.diameter, other.visible) == (one.diameter, one.visible)


def test_coco_counts_from_the_first_pixels_corner(tmp_path):
    document = json.loads((data_set(tmp_path, [[LABEL]]) / ANNOTATIONS).read_text())
    pin, = document['annotations']
    assert pin['bbox'] == [80.5, 186.0, 35.0, 28.5] and pin['area'] == 35.0 * 28.5
    assert pin['keypoints'] == [100.75, 201.0, 2] and pin['num_keypoints'] == 1
    assert pin['attributes'] == {'diameter': 24.0, 'visible': 0.75}
    image, = document['images']
    assert (image['width'], image['height']) == (612, 512)
    assert np.reshape(image['camera_matrix'], (3, 3)).tolist() == CAMERA.matrix.tolist()
    assert document['categories'][0]['name'] == 'pin'


def test_pictures_come_back(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (512, 612), dtype=np.uint8)
    write_image(tmp_path / 'a.png', image)
    read = cv2.imread(str(tmp_path / 'a.png'), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(read, image)
    assert [path.name for path in tmp_path.iterdir()] == ['a.png']
