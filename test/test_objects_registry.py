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

"""The user's own objects: taken in whole or not at all, found by their names, and removed."""

import json

import numpy as np
import pytest
import trimesh

from mtperception import zoo
from mtperception.cli.main import main
from mtperception.objects.meshes import mesh_of, part_of
from mtperception.objects.registry import (
    check_name,
    ObjectError,
    own_object,
    own_objects,
    OwnObject,
    register,
    remove,
)
from mtperception.pose.predictor import PoseEstimator
from mtperception.zoo.own_models import own_folder, own_names

ABOUT = OwnObject(
    name='bracket', unit='mm', source='bracket.stl', source_sha256='0' * 64, finish='steel',
    colour=None, diameter=0.1, mirrored=True, symmetries=4, notes=('Open at 3 edges',),
    version='0')


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_DATA_HOME', str(tmp_path / 'home'))
    return tmp_path / 'home' / 'mtperception' / 'objects'


@pytest.fixture
def model(pose_model, tmp_path):
    """Give the file of a model that tells a bracket."""
    bundle = zoo.load(pose_model)
    path = tmp_path / 'trained.safetensors'
    zoo.save(path, bundle.tensors, {**bundle.card, 'object': 'bracket'})
    return path


@pytest.fixture
def mesh(tmp_path):
    path = tmp_path / 'any.ply'
    trimesh.creation.box((0.08, 0.05, 0.02)).export(path)
    return path


def test_an_object_is_found_by_its_name_everywhere(home, mesh, model):
    assert register(ABOUT, mesh, model) == home / 'bracket'
    assert sorted(path.name for path in home.iterdir()) == ['bracket']
    assert sorted(path.name for path in (home / 'bracket').iterdir()) == [
        'mesh.ply', 'object.json', 'pose.json', 'pose.safetensors']
    part = part_of('bracket')
    assert (part.name, part.finish) == ('bracket', 'steel')
    np.testing.assert_allclose(mesh_of('bracket').extents, (0.08, 0.05, 0.02), rtol=1e-6)
    bundle = zoo.load('bracket')
    assert (bundle.name, bundle.sha256) == ('bracket', zoo.load(model).sha256)
    estimator = PoseEstimator.load('bracket')
    assert (estimator.label, estimator.model_name) == ('bracket', 'bracket')
    assert own_objects() == {'bracket': own_object('bracket')} == {'bracket': ABOUT}
    assert own_folder() == home and own_names() == ['bracket']
    # The package's own are still there.
    assert part_of('hammer').name == 'hammer' and 'pin' in zoo.names()


def test_unknown_names_list_the_known_ones(mesh, model):
    register(ABOUT, mesh, model)
    for find in (part_of, zoo.load):
        with pytest.raises(zoo.ModelError, match='bracket'):
            find('nosuch')
    with pytest.raises(ObjectError, match="no object of your own is called 'nosuch'"):
        remove('nosuch')
    with pytest.raises(ObjectError, match='no object of your own'):
        remove('../objects')


@pytest.mark.parametrize(('name', 'said'), [
    ('hammer', 'taken by what the package brings'), ('pin', 'taken by what the package brings'),
    ('', 'no name for an object'), ('a/b', 'no name for an object'),
    ('.hidden', 'no name for an object'), ('-x', 'no name for an object'),
    ('x' * 65, 'no name for an object'), ('bracket', 'known already')])
def test_names_that_cannot_be_had_are_refused(mesh, model, name, said):
    register(ABOUT, mesh, model)
    with pytest.raises(ObjectError, match=said):
        check_name(name)


def test_what_fails_halfway_leaves_nothing(home, mesh, model, monkeypatch):
    model.with_suffix('.json').unlink()
    with pytest.raises(ObjectError, match='cannot be written'):
        register(ABOUT, mesh, model)
    assert list(home.iterdir()) == []

    def full(*_):
        raise OSError(28, 'No space left on device')

    model.with_suffix('.json').write_text('{}')
    monkeypatch.setattr('os.rename', full)
    with pytest.raises(ObjectError, match='No space left'):
        register(ABOUT, mesh, model)
    assert list(home.iterdir()) == []


def test_a_removed_object_is_gone_and_may_come_again(home, mesh, model):
    register(ABOUT, mesh, model)
    remove('bracket')
    assert list(home.iterdir()) == [] and own_objects() == {}
    register(ABOUT, mesh, model)
    assert own_names() == ['bracket']


@pytest.mark.parametrize(('file', 'content'), [
    ('object.json', ''), ('object.json', '[]'), ('object.json', '{"name": "bracket"}'),
    ('mesh.ply', 'ply'), ('mesh.ply', None), ('object.json', None)])
def test_a_damaged_object_is_named_with_the_way_out(home, mesh, model, file, content):
    register(ABOUT, mesh, model)
    path = home / 'bracket' / file
    if content is None:
        path.unlink()
    else:
        path.write_text(content)
    with pytest.raises(zoo.ModelError, match='objects --remove bracket') as caught:
        part_of('bracket')
    assert '\n' not in str(caught.value)


def test_relative_data_folders_are_ignored(monkeypatch, tmp_path):
    monkeypatch.setenv('XDG_DATA_HOME', 'here')
    monkeypatch.setenv('HOME', str(tmp_path))
    assert own_folder() == tmp_path / '.local/share/mtperception/objects'
    assert own_names() == []


def test_the_command_lists_and_removes(home, mesh, model, capsys):
    assert main(['objects']) == 0
    assert 'no objects have been taken in' in capsys.readouterr().out
    register(ABOUT, mesh, model)
    assert main(['objects']) == 0
    assert capsys.readouterr().out == (
        'bracket: 100 mm across, steel, the same after 4 turns; from bracket.stl (mm)\n')
    assert main(['objects', '--json']) == 0
    told = json.loads(capsys.readouterr().out)
    assert told['folder'] == str(home) and told['objects']['bracket']['symmetries'] == 4
    (home / 'bracket' / 'object.json').write_text('')
    assert main(['objects']) == 1
    assert 'missing or damaged' in capsys.readouterr().err
    assert main(['objects', '--remove', 'bracket']) == 0
    assert main(['objects', '--remove', 'bracket']) == 1
    assert "no object of your own is called 'bracket'; there are: none" in capsys.readouterr().err
