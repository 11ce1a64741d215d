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

import cv2
from hypothesis import given, strategies as st
import numpy as np
import pytest

from mtperception.datasets.errors import DatasetError
from mtperception.datasets.held_out import split
from mtperception.datasets.picture_files import PictureFiles
from mtperception.pin.augmentation import random_centre, random_cut, random_look
from mtperception.pin.batches import random_batch
from mtperception.pin.data.dataset import LabelledPin, PinPictures


def pictures(digests, origins=None):
    """Make pictures of growing sizes, each with a pin whose diameter is its number."""
    images = [np.full((20 + index, 30 + index), index, np.uint8) for index in range(len(digests))]
    pins = [(LabelledPin(9.0, 9.0, index + 1.0, (0.0, 0.0, 18.0, 18.0), 1.0),)
            for index in range(len(digests))]
    return PinPictures(images, pins, digests, origins or ['set'] * len(digests))


digests = st.lists(st.text('0123', min_size=1, max_size=4), min_size=2, max_size=40).filter(
    lambda drawn: len(set(drawn)) > 1)


@given(digests=digests, share=st.floats(0.01, 0.5), seed=st.integers(0, 99))
def test_the_split_depends_on_the_pictures_alone(digests, share, seed):
    order = np.random.default_rng(seed).permutation(len(digests))
    try:
        training, held_out = split(pictures(digests), share)
        _, again = split(pictures([digests[index] for index in order]), share)
    except DatasetError:
        assert digests.count(max(digests)) > 1
        return
    assert sorted(again.digests) == sorted(held_out.digests)
    assert len(training) + len(held_out) == len(digests)
    assert not set(training.digests) & set(held_out.digests)
    assert len(held_out) >= max(1, round(share * len(digests)))
    for part in (training, held_out):
        for image, (pin,), digest in zip(part.images, part.pins, part.digests, strict=True):
            assert image[0, 0] == pin.diameter - 1 and digests[image[0, 0]] == digest


def test_each_data_set_gives_its_share_to_both_parts():
    both = pictures([f'{index:03d}' for index in range(60)], ['few'] * 10 + ['many'] * 50)
    training, held_out = split(both, 0.1)
    assert {name: len(rows) for name, rows in training.sets.items()} == {'few': 9, 'many': 45}
    assert {name: len(rows) for name, rows in held_out.sets.items()} == {'few': 1, 'many': 5}
    rng = np.random.default_rng(0)
    drawn = np.array([training.random_index(rng) for _ in range(4000)])
    assert 0.45 < (drawn < 9).mean() < 0.55
    assert set(drawn) == set(range(54))
    assert both.sha256 not in both.sets and pictures(['1', '2']).sha256 == 'set'


def test_one_picture_is_not_enough():
    for digests in (['1'], ['1', '1']):
        with pytest.raises(DatasetError, match=rf'\({len(digests)}\): it takes at least'):
            split(pictures(digests), 0.1)


def test_pictures_beyond_the_memory_are_read_again(tmp_path):
    images = [np.full((20, 30 + index), index, np.uint8) for index in range(5)]
    files = PictureFiles(2 * 20 * 30 + 50, 16)
    for index, image in enumerate(images):
        cv2.imwrite(str(tmp_path / f'{index}.png'), image)
        files.add(tmp_path / f'{index}.png')
    for _ in range(2):
        assert all(np.array_equal(*pair) for pair in zip(files, images, strict=True))
    for index in range(5):
        (tmp_path / f'{index}.png').unlink()
    assert np.array_equal(files[1], images[1])
    with pytest.raises(DatasetError, match=r'2\.png: No such file'):
        files[2]


@pytest.mark.parametrize('shape', [(16, 16), (40, 300), (200, 17)])
def test_batches_are_cut_of_pictures_smaller_than_a_cut(shape):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, shape).astype(np.uint8)
    pin = LabelledPin(shape[1] / 2, shape[0] / 2, 9.0, (1.0, 1.0, 10.0, 10.0), 1.0)
    small = PinPictures([image], [(pin,)], ['0'], ['set'])
    batch, targets = random_batch(small, 12, 160, rng)
    assert batch.shape == (12, 1, 160, 160)
    assert targets.counted.all()
    assert (targets.centres > 0).all() and (targets.centres < 160).all()


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
