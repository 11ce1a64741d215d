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
import pickle

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from mtperception import zoo


@pytest.fixture
def model(tmp_path):
    path = tmp_path / 'own.safetensors'
    tensors = {'a': np.arange(12, dtype=np.float16).reshape(3, 4), 'b': np.float32([1.5])}
    zoo.save(path, tensors, {'task': 'test'})
    return path


def test_round_trip(model):
    bundle = zoo.load(model)
    assert (bundle.name, bundle.card['task']) == ('own', 'test')
    assert bundle.card['sha256'] == bundle.sha256
    assert bundle.tensors['a'].dtype == np.float16
    assert np.array_equal(bundle.tensors['a'], np.arange(12).reshape(3, 4))
    assert zoo.load(str(model)) .sha256 == bundle.sha256


def test_saving_leaves_two_files_and_nothing_else(model):
    assert sorted(file.name for file in model.parent.iterdir()) == [
        'own.json', 'own.safetensors']


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(zoo.ModelError, match=r"no bundled model is called 'nut'.*there are: "):
        zoo.load('nut')


@pytest.mark.parametrize('name', zoo.names())
def test_bundled_models_are_whole(name):
    bundle = zoo.load(name)
    assert bundle.tensors
    assert {'task', 'architecture', 'training', 'data', 'code_version',
            'validation'} <= bundle.card.keys()


def test_missing_files_are_named(model):
    with pytest.raises(zoo.ModelError, match='there is no such model file'):
        zoo.load(model.with_name('other.safetensors'))
    model.with_suffix('.json').unlink()
    with pytest.raises(zoo.ModelError, match=r'own\.json: its card is missing'):
        zoo.load(model)


def test_a_path_must_name_the_tensors_file(model):
    with pytest.raises(zoo.ModelError, match=r'named by its \.safetensors file'):
        zoo.load(model.parent)


@given(share=st.floats(0, 0.999))
@settings(deadline=None, max_examples=30)
def test_a_truncated_file_is_refused(tmp_path_factory, share):
    path = tmp_path_factory.mktemp('cut') / 'cut.safetensors'
    zoo.save(path, {'a': np.zeros(100, np.float32)}, {})
    data = path.read_bytes()
    path.write_bytes(data[:int(share * len(data))])
    with pytest.raises(zoo.ModelError, match=r'truncated|not a safetensors file') as caught:
        zoo.load(path)
    assert '\n' not in str(caught.value)


def test_changed_tensors_are_refused(model):
    data = bytearray(model.read_bytes())
    data[-1] ^= 1
    model.write_bytes(data)
    with pytest.raises(zoo.ModelError, match='not those of the card'):
        zoo.load(model)


@pytest.mark.parametrize('data', [pickle.dumps({'a': 1}), b'PK\x03\x04rest of an archive'])
def test_formats_that_can_run_code_are_refused(model, data):
    model.write_bytes(data)
    with pytest.raises(zoo.ModelError, match='pickle or a PyTorch archive'):
        zoo.load(model)


@pytest.mark.parametrize('data', [
    b'', b'hello', bytes(64), (2).to_bytes(8, 'little') + b'[]',
    (2).to_bytes(8, 'little') + b'12', (7).to_bytes(8, 'little') + b'{"a":1}'])
def test_other_formats_are_refused(model, data):
    model.write_bytes(data)
    with pytest.raises(zoo.ModelError, match='safetensors file'):
        zoo.load(model)


@pytest.mark.parametrize('card', ['', '[]', '{}', '{"sha256"', '\udc80'])
def test_a_damaged_card_is_refused(model, card):
    model.with_suffix('.json').write_text(card, errors='surrogateescape')
    with pytest.raises(zoo.ModelError, match='card is damaged'):
        zoo.load(model)


def test_a_failed_write_leaves_the_old_model(model, monkeypatch):
    before = zoo.load(model).sha256

    def full(*_):
        raise OSError('no space left')

    monkeypatch.setattr('os.replace', full)
    with pytest.raises(OSError, match='no space'):
        zoo.save(model, {'a': np.ones(3)}, {})
    monkeypatch.undo()
    assert zoo.load(model).sha256 == before
    assert len(list(model.parent.iterdir())) == 2


def test_cards_are_json_for_people(model):
    assert json.loads(model.with_suffix('.json').read_text())['task'] == 'test'
    assert '\n  "' in model.with_suffix('.json').read_text()
