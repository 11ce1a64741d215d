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

"""Shapes on disk: nothing is lost, and what is wrong is named."""

import json
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from mtperception.grasp.shapes.examples import ShapeError, ShapeExamples
from mtperception.grasp.shapes.index import FeatureSettings, TaughtWith
from mtperception.grasp.shapes.library import default_folder, picture_number, ShapeLibrary

WITH = TaughtWith('grasp', 'ab' * 32, FeatureSettings('rotated_crop', ('3-3', '4-1')))


def some(images, seed=0, grasps=2):
    rng = np.random.default_rng((seed, *map(abs, images)))
    count = grasps * len(images)
    return ShapeExamples({'3-3': rng.normal(size=(count, 5)).astype(np.float32),
                          '4-1': rng.normal(size=(count, 9)).astype(np.float32)},
                         np.full(count, ''), np.repeat(np.array(images, dtype=np.int64), grasps))


@pytest.fixture
def library(tmp_path):
    """Give a library that was taught two shapes."""
    library = ShapeLibrary(tmp_path / 'shapes')
    library.teach('nut', some([1, 2, -3]), WITH)
    library.teach('bolt', some([4]), WITH)
    return library


def file_of(library, name):
    return library.folder / library.index().shapes[name].file


def bytes_of(library):
    return {path.name: path.read_bytes() for path in library.folder.iterdir()}


def test_what_was_taught_comes_back_in_units_of_its_length(library):
    back = library.examples(WITH)
    assert back.shapes == ['bolt', 'nut']
    nut = back.chosen(back.labels == 'nut')
    assert sorted(set(nut.images)) == [-3, 1, 2]
    for layer, rows in some([1, 2, -3]).features.items():
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        assert np.allclose(nut.features[layer], unit, atol=1e-3)
    index = library.index()
    assert (index.lessons, index.taught_with) == (2, WITH)
    assert {name: (shape.examples, len(shape.pictures))
            for name, shape in index.shapes.items()} == {'nut': (6, 3), 'bolt': (2, 1)}


def test_nothing_taught_is_not_a_fault(tmp_path):
    library = ShapeLibrary(tmp_path / 'nowhere')
    assert library.index() is None and library.examples(WITH) is None
    assert not library.folder.exists()


def test_a_lesson_adds_and_leaves_the_others_as_they_were(library):
    nut = file_of(library, 'nut')
    before = nut.read_bytes()
    library.teach('bolt', some([5, 6]), WITH)
    library.teach('pin', some([7]), WITH)
    assert nut.read_bytes() == before and file_of(library, 'nut') == nut
    back = library.examples(WITH)
    assert {name: set(back.images[back.labels == name]) for name in back.shapes} == {
        'nut': {1, 2, -3}, 'bolt': {4, 5, 6}, 'pin': {7}}


def test_a_picture_taught_again_replaces_its_examples(library):
    library.teach('nut', some([2, 8], seed=1, grasps=3), WITH)
    back = library.examples(WITH)
    nut = back.images[back.labels == 'nut']
    assert {image: int((nut == image).sum()) for image in set(nut)} == {1: 2, -3: 2, 2: 3, 8: 3}


def test_a_picture_is_of_one_shape(library):
    before = bytes_of(library)
    with pytest.raises(ShapeError, match="a picture of 'pin' was taught as 'nut' before"):
        library.teach('pin', some([9, 2]), WITH)
    assert bytes_of(library) == before


def test_forgetting_takes_one_shape_away(library):
    library.forget('nut')
    assert library.examples(WITH).shapes == ['bolt']
    assert {path.suffix for path in library.folder.iterdir()} == {'.safetensors', '.json', ''}
    assert len(list(library.folder.glob('*.safetensors'))) == 1
    with pytest.raises(ShapeError, match="no shape is called 'nut'; there are: 'bolt'"):
        library.forget('nut')
    library.forget('bolt')
    assert library.examples(WITH) is None
    with pytest.raises(ShapeError, match='there are: none'):
        library.forget('bolt')


def test_forgetting_where_nothing_was_taught_makes_nothing(tmp_path):
    with pytest.raises(ShapeError, match='no shapes have been taught here'):
        ShapeLibrary(tmp_path / 'nowhere').forget('nut')
    assert not (tmp_path / 'nowhere').exists()


def test_another_detector_is_refused_and_the_way_out_named(library):
    before = bytes_of(library)
    other = TaughtWith('own', 'cd' * 32, WITH.features)
    for attempt in (lambda: library.examples(other),
                    lambda: library.teach('pin', some([7]), other)):
        with pytest.raises(ShapeError, match=r'another detector, grasp \(abababababab\), not own '
                                             r'\(cdcdcdcdcdcd\).*--library DIR'):
            attempt()
    assert bytes_of(library) == before
    # A model by another name is the same one, and an empty library is anybody's.
    assert library.examples(TaughtWith('renamed', WITH.sha256, WITH.features)) is not None
    library.forget('nut')
    library.forget('bolt')
    library.teach('pin', some([7]), other)
    assert library.examples(other).shapes == ['pin']


def test_other_features_are_refused(library):
    other = TaughtWith(WITH.detector, WITH.sha256, FeatureSettings('guided', ('3-1',)))
    with pytest.raises(ShapeError, match='other features, rotated_crop at 3-3, 4-1, not guided'):
        library.examples(other)


@given(share=st.floats(0, 0.999))
@settings(deadline=None, max_examples=20)
def test_truncated_examples_are_named_and_nothing_else_is_lost(tmp_path_factory, share):
    library = ShapeLibrary(tmp_path_factory.mktemp('cut'))
    library.teach('nut', some([1]), WITH)
    library.teach('bolt', some([2]), WITH)
    path = file_of(library, 'nut')
    data = path.read_bytes()
    path.write_bytes(data[:int(share * len(data))])
    with pytest.raises(ShapeError, match=r"the examples of 'nut' are damaged.*forget") as caught:
        library.examples(WITH)
    assert str(path) in str(caught.value)
    with pytest.raises(ShapeError, match="the examples of 'nut' are damaged"):
        library.teach('nut', some([3]), WITH)
    # Others are taught and the damaged one is forgotten as ever.
    library.teach('bolt', some([4]), WITH)
    library.forget('nut')
    assert set(library.examples(WITH).images) == {2, 4}


def test_missing_examples_are_named(library):
    file_of(library, 'nut').unlink()
    with pytest.raises(ShapeError, match="the examples of 'nut' are missing"):
        library.examples(WITH)


@given(share=st.floats(0, 0.99))
@settings(deadline=None, max_examples=20)
def test_a_truncated_list_is_named(tmp_path_factory, share):
    library = ShapeLibrary(tmp_path_factory.mktemp('cut'))
    library.teach('nut', some([1]), WITH)
    path = library.folder / 'shapes.json'
    data = path.read_bytes()
    path.write_bytes(data[:int(share * len(data))])
    for attempt in (library.index, lambda: library.examples(WITH),
                    lambda: library.teach('pin', some([7]), WITH), lambda: library.forget('nut')):
        with pytest.raises(ShapeError, match=r'shapes\.json: the list of shapes is damaged'):
            attempt()
    assert len(list(library.folder.glob('*.safetensors'))) == 1


@pytest.mark.parametrize('text', ['[]', '{}', '{"format": "COCO"}', '3', 'null'])
def test_a_foreign_list_is_named_and_left_alone(tmp_path, text):
    (tmp_path / 'shapes.json').write_text(text)
    with pytest.raises(ShapeError, match='not a list of taught shapes; name another folder'):
        ShapeLibrary(tmp_path).teach('nut', some([1]), WITH)
    assert (tmp_path / 'shapes.json').read_text() == text


def edited(library, change):
    path = library.folder / 'shapes.json'
    entry = json.loads(path.read_bytes())
    change(entry)
    path.write_text(json.dumps(entry))


def test_a_newer_library_is_named(library):
    edited(library, lambda entry: entry.update(version=2))
    with pytest.raises(ShapeError, match=r'another version of mtperception \(format 2; this'):
        library.examples(WITH)


@pytest.mark.parametrize('change', [
    lambda entry: entry.pop('shapes'),
    lambda entry: entry['taught_with'].pop('features'),
    lambda entry: entry['shapes']['nut'].update(file='../../elsewhere.safetensors'),
    lambda entry: entry['shapes'].update(nut=None),
    lambda entry: entry.update(lessons='many')])
def test_a_damaged_list_is_named(library, change):
    edited(library, change)
    with pytest.raises(ShapeError, match='the list of shapes is damaged'):
        library.examples(WITH)


def test_examples_that_are_not_numbers_are_refused(library):
    before = bytes_of(library)
    rows = {'3-3': np.zeros((1, 5), np.float32), '4-1': np.full((1, 9), np.nan, np.float32)}
    with pytest.raises(ShapeError, match='layer 4-1 are not finite'):
        library.teach('pin', ShapeExamples(rows, np.array(['']), np.array([7])), WITH)
    with pytest.raises(ShapeError, match="there is no example to teach 'pin' by"):
        library.teach('pin', some([7]).chosen(np.zeros(2, dtype=bool)), WITH)
    assert bytes_of(library) == before


@pytest.mark.parametrize('name', ['', ' nut', 'nut\n', 'n\x00ut', 'n' * 65])
def test_names_nobody_could_ask_for_are_refused(library, name):
    with pytest.raises(ShapeError, match='a shape cannot be called'):
        library.teach(name, some([7]), WITH)


@pytest.mark.parametrize('name', ['..', 'a/b', 'Mutter M8 „groß“', 'ナット'])
def test_other_names_are_the_users_own(library, name):
    library.teach(name, some([7]), WITH)
    assert name in library.examples(WITH).shapes
    assert {path.parent for path in library.folder.rglob('*')} == {library.folder}


def test_a_lesson_that_breaks_off_is_none(library, monkeypatch):
    before, old = library.index(), library.examples(WITH)
    replace = os.replace

    def broken(source, target):
        if Path(target).name == 'shapes.json':
            raise OSError(28, 'No space left on device')
        replace(source, target)

    monkeypatch.setattr(os, 'replace', broken)
    with pytest.raises(OSError, match='No space'):
        library.teach('nut', some([7]), WITH)
    monkeypatch.undo()
    assert library.index() == before
    assert np.array_equal(library.examples(WITH).features['4-1'], old.features['4-1'])
    # What it left is swept by the next one, and what belongs to others is not.
    (library.folder / 'model.safetensors').write_bytes(b'mine')
    assert len(list(library.folder.glob('examples-*'))) == 3
    library.teach('bolt', some([8]), WITH)
    assert len(list(library.folder.glob('examples-*'))) == 2
    assert (library.folder / 'model.safetensors').read_bytes() == b'mine'


TEACH = """
import sys
import numpy as np
from mtperception.grasp.shapes.examples import ShapeExamples
from mtperception.grasp.shapes.index import FeatureSettings, TaughtWith
from mtperception.grasp.shapes.library import ShapeLibrary
from pathlib import Path
taught_with = TaughtWith('grasp', 'ab' * 32, FeatureSettings('rotated_crop', ('3-3', '4-1')))
library = ShapeLibrary(Path(sys.argv[1]))
first, count = int(sys.argv[2]), int(sys.argv[3])
for number in range(first, first + count):
    rows = np.random.default_rng(number).normal(size=(4, 2000)).astype(np.float32)
    for name, image in (('shared', number), (f'own {first}', -number)):
        library.teach(name, ShapeExamples({'3-3': rows, '4-1': rows}, np.full(4, ''),
                                          np.full(4, image)), taught_with)
    print(number, flush=True)
"""


@pytest.fixture
def teachers(tmp_path):
    """Give a way to start processes that teach; they are ended with the test."""
    started = []

    def start(first, count):
        process = subprocess.Popen([sys.executable, '-c', TEACH, tmp_path, str(first), str(count)],
                                   stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def test_processes_that_teach_at_once_lose_nothing(tmp_path, teachers):
    processes = [teachers(first, 8) for first in (100, 200, 300)]
    library, seen = ShapeLibrary(tmp_path), 0
    while any(process.poll() is None for process in processes):
        # Who reads meanwhile sees whole lessons, never fewer than before.
        back = library.examples(WITH)
        count = 0 if back is None else len(back)
        assert count >= seen and count % 4 == 0
        seen = count
    assert [process.wait() for process in processes] == [0, 0, 0]
    back = library.examples(WITH)
    numbers = {first + number for first in (100, 200, 300) for number in range(8)}
    assert set(back.images[back.labels == 'shared']) == numbers
    assert set(back.images[back.labels != 'shared']) == {-number for number in numbers}
    assert library.index().lessons == 48
    assert len(list(tmp_path.glob('examples-*'))) == 4


@pytest.mark.parametrize('delay', [0.0, 0.003, 0.01])
def test_a_killed_lesson_loses_no_earlier_one(tmp_path, teachers, delay):
    process = teachers(100, 100_000)
    for _ in range(5):
        done = int(process.stdout.readline())
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.wait()
    library = ShapeLibrary(tmp_path)
    back = library.examples(WITH)
    assert set(range(100, done + 1)) <= set(back.images[back.labels == 'shared'])
    # The lock died with its holder.
    library.teach('pin', ShapeExamples(
        {'3-3': np.ones((1, 2000)), '4-1': np.ones((1, 2000))}, np.array(['']), np.array([7])),
        WITH)
    assert not [path for path in tmp_path.iterdir() if path.name.endswith('.part')]
    assert len(list(tmp_path.glob('examples-*'))) == 3


def test_the_users_own_folder(monkeypatch, tmp_path):
    monkeypatch.setenv('XDG_DATA_HOME', str(tmp_path))
    assert default_folder() == tmp_path / 'mtperception' / 'shapes'
    monkeypatch.setenv('HOME', str(tmp_path / 'home'))
    for unusable in ('', 'relative/path'):
        monkeypatch.setenv('XDG_DATA_HOME', unusable)
        assert default_folder() == tmp_path / 'home/.local/share/mtperception/shapes'


def test_pictures_have_numbers_of_their_own():
    picture = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    other = picture.copy()
    other[0, 0, 0] += 1
    numbers = {picture_number(each) for each in (
        picture, other, picture.reshape(4, 2, 3), np.ascontiguousarray(picture[:, ::-1]))}
    assert len(numbers) == 4
    assert picture_number(np.asfortranarray(picture)) in numbers
    assert all(-2**63 <= number < 2**63 for number in numbers)
