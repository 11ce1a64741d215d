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

from launch import LaunchContext
import pytest

from mtperception.nodes.launching import (
    is_true,
    misspelt,
    parameters_from_file,
    resolved,
    sibling,
)

DECLARED = ['namespace', 'params_file', 'log_level', 'pin_image']


def test_near_misses_are_found():
    argv = ['pin_imgae:=/a', 'log_level:=debug']
    assert misspelt(argv, DECLARED) == [('pin_imgae', 'pin_image')]
    assert misspelt(['name_space:=a'], DECLARED) == [('name_space', 'namespace')]


def test_names_of_another_file_pass():
    assert misspelt(['rviz:=true', 'robot:=ur5', '--debug'], DECLARED) == []


def test_true_and_false_in_any_letters():
    context = LaunchContext()
    for text, value in (('true', True), ('False', False), ('TRUE', True)):
        context.launch_configurations['autostart'] = text
        assert is_true(context, 'autostart') is value
    context.launch_configurations['autostart'] = 'yes'
    with pytest.raises(ValueError, match="'autostart' is true or false, not 'yes'"):
        is_true(context, 'autostart')


@pytest.mark.parametrize('name, namespace, full', [
    ('image', '', '/image'),
    ('image', '/', '/image'),
    ('cam/image', 'cell', '/cell/cam/image'),
    ('image', '/a/b/', '/a/b/image'),
    ('/image', 'cell', '/image'),
])
def test_names_are_resolved(name, namespace, full):
    assert resolved(name, namespace) == full


def test_camera_info_is_beside_the_picture():
    found = [sibling(topic, 'camera_info') for topic in ('image', '/a/image_raw', 'a/b/image')]
    assert found == ['camera_info', '/a/camera_info', 'a/b/camera_info']


def test_a_node_gets_its_sections_the_nearer_ones_winning(tmp_path):
    path = tmp_path / 'cell.yaml'
    path.write_text(
        '/**: {ros__parameters: {a: 1, b: 1, c: 1}}\n'
        'pin_detector: {ros__parameters: {b: 2, c: 2}}\n'
        '/cell/pin_detector: {ros__parameters: {c: 3}}\n'
        'other: {ros__parameters: {a: 9}}\n')
    read = [parameters_from_file(str(path), 'pin_detector', space) for space in ('', 'cell')]
    assert read == [{'a': 1, 'b': 2, 'c': 2}, {'a': 1, 'b': 2, 'c': 3}]


def test_a_section_that_nearly_names_the_node_is_warned_of(tmp_path, capfd):
    path = tmp_path / 'cell.yaml'
    path.write_text(
        'pin_detecto: {ros__parameters: {a: 1}}\n'
        'grasp_detector: {ros__parameters: {a: 1}}\n'
        'robot: {ros__parameters: {a: 1}}\n')
    assert parameters_from_file(str(path), 'pin_detector', '') == {}
    said = capfd.readouterr().out
    assert "nobody reads section 'pin_detecto': did you mean 'pin_detector'?" in said
    assert said.count('nobody reads') == 1
    parameters_from_file(str(path), 'grasp_detector', '')
    assert 'nobody reads' not in capfd.readouterr().out


@pytest.mark.parametrize('text', ['a: [', '- 1', 'pin_detector: 3', 'pin_detector: {model: x}'])
def test_a_file_that_is_no_parameter_file_is_named(tmp_path, text):
    path = tmp_path / 'bad.yaml'
    path.write_text(text)
    with pytest.raises(ValueError, match=r'bad\.yaml') as caught:
        parameters_from_file(str(path), 'pin_detector', '')
    assert '\n' not in str(caught.value)
    with pytest.raises(ValueError, match='nowhere'):
        parameters_from_file(str(tmp_path / 'nowhere.yaml'), 'pin_detector', '')
