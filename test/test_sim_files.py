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

"""Files are written whole or not at all, and pictures come back as they were."""

import hashlib

import cv2
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as arrays
import numpy as np
import pytest

from mtperception.sim.files import writing as files
from mtperception.sim.files.writing import is_unfinished, jpeg, png, SampleFiles, write_file

SIDES = st.integers(1, 24)
SHAPES = st.one_of(st.tuples(SIDES, SIDES), st.tuples(SIDES, SIDES, st.just(3)))


def read(data):
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    return picture if picture.ndim == 2 else picture[..., ::-1]


@settings(deadline=None)
@given(arrays.arrays(np.uint8, SHAPES), st.booleans())
def test_png_keeps_every_pixel_and_rgb(picture, flat):
    np.testing.assert_array_equal(read(png(picture, flat)), picture)


def test_png_is_small_for_what_it_says():
    mask = np.zeros((300, 300), dtype=np.uint8)
    mask[100:180, 60:250] = 255
    assert len(png(mask, flat=True)) < 0.2 * len(png(mask))
    noise = np.random.default_rng(0).normal(100.0, 4.0, (300, 300)).astype(np.uint8)
    assert len(png(noise)) < 0.75 * noise.size


@settings(deadline=None)
@given(arrays.arrays(np.uint16, st.tuples(SIDES, SIDES)))
def test_png_keeps_sixteen_bits(depth):
    np.testing.assert_array_equal(read(png(depth)), depth)


def test_jpeg_keeps_the_order_of_channels():
    picture = np.tile(np.uint8((200, 100, 30)), (16, 16, 1))
    assert np.abs(read(jpeg(picture)).astype(int) - picture).max() <= 3


def test_what_was_there_stays_where_writing_fails(tmp_path, monkeypatch):
    path = tmp_path / 'a.txt'
    write_file(path, b'old')

    def fails(*paths):
        raise OSError(5, 'Input/output error')

    with monkeypatch.context() as broken:
        broken.setattr(files.os, 'replace', fails)
        with pytest.raises(OSError, match='Input/output'):
            write_file(path, b'new')
    assert path.read_bytes() == b'old' and list(tmp_path.iterdir()) == [path]


def test_the_hash_tells_names_and_bytes_apart(tmp_path):
    def digest(*saved):
        sample = SampleFiles(tmp_path)
        for name, data in saved:
            sample.save(name, data)
        return sample.sha256()

    some = {digest(('a/b', b'xy')), digest(('a/bx', b'y')), digest(('a/b', b'xz')),
            digest(('a/b', b'x'), ('c', b'y')), digest(('c', b'y'), ('a/b', b'x'))}
    assert len(some) == 5
    assert digest(('a/b', b'xy')) == digest(('a/b', b'xy'))
    assert len(bytes.fromhex(digest())) == hashlib.sha256().digest_size
    assert (tmp_path / 'a' / 'b').read_bytes() == b'xy'


def test_leftovers_are_known_by_their_names():
    assert is_unfinished('.000001.png.77.part')
    assert not is_unfinished('000001.part') and not is_unfinished('.hidden')
