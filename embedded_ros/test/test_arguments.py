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

from pathlib import Path
import tempfile

from hypothesis import given, strategies as st
import pytest

from embedded_ros.arguments import (
    InvalidROSArgsError,
    parse,
    remove_ros_args,
    RosArguments,
    UnknownROSArgsError,
)
from embedded_ros.parameter_files import (
    file_text,
    InvalidParameterText,
    matches,
    parse_value,
    read_file,
)


def ros(*arguments):
    return parse(['program', '--ros-args', *arguments])


def test_others_are_left_in_place():
    line = ['prog', '--x', '--ros-args', '-r', 'a:=b', '--', 'y', '--ros-args', '-p', 'c:=1']
    assert remove_ros_args(line) == ['prog', '--x', 'y']


def test_names_are_replaced():
    arguments = ros('-r', '__node:=eye', '-r', '__ns:=/cell')
    assert arguments.node_name('pin_detector') == 'eye'
    assert arguments.namespace('/', 'eye') == '/cell'
    nothing = RosArguments()
    assert nothing.node_name('pin_detector') == 'pin_detector'
    assert nothing.namespace('cell', 'x') == '/cell'


def test_topics_are_replaced_after_expansion():
    arguments = ros('-r', 'image:=camera/image_raw', '-r', '~/out:=/result', '-r', '/a:=b')
    assert arguments.remap_topic('/cell/image', 'n', '/cell') == '/cell/camera/image_raw'
    assert arguments.remap_topic('/cell/n/out', 'n', '/cell') == '/result'
    assert arguments.remap_topic('/a', 'n', '/cell') == '/cell/b'
    assert arguments.remap_topic('/image', 'n', '/cell') == '/image'


def test_the_first_rule_wins_and_rules_for_one_node_hold_there_alone():
    arguments = ros('-r', 'one:a:=b', '-r', 'a:=c', '-r', 'a:=d')
    assert arguments.remap_topic('/a', 'one', '/') == '/b'
    assert arguments.remap_topic('/a', 'two', '/') == '/c'


def test_rules_for_services_alone():
    arguments = ros('-r', 'rosservice://a:=b', '-r', 'rostopic://c:=d')
    assert arguments.remap_topic('/a', 'n') == '/a'
    assert arguments.remap_service('/a', 'n') == '/b'
    assert arguments.remap_topic('/c', 'n') == '/d'
    assert arguments.remap_service('/c', 'n') == '/c'


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ('true', True), ('Off', False), ('1', 1), ('-7', -7), ('0x10', 16), ('0.5', 0.5),
        ('1e-3', 1e-3), ('1.', 1.0), ('.inf', float('inf')), ('text', 'text'), ('"1"', '1'),
        ('2020-01-01', '2020-01-01'), ('1:30', '1:30'), ('1_000', '1_000'),
        ('[1, 2]', [1, 2]), ('[a, b]', ['a', 'b']), ('[]', []), ('/a/b', '/a/b'), ("''", ''),
    ],
)
def test_values_have_the_types_of_ros(text, value):
    parsed = parse_value(text)
    assert (type(parsed), parsed) == (type(value), value)


@given(st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_survive_as_text(number):
    parsed = parse_value(repr(number))
    assert (type(parsed), parsed) == (type(number), number)


@given(
    st.text()
    | st.sampled_from(['y', 'n', '1e-3', '1e5', 'on', '~', '0x1F', '.5', 'null', '', '2020-01-01'])
    | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
)
def test_written_values_are_read_again(value):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, 'params.yaml')
        path.write_text(file_text('/**', {'p': value, 'q': [value]}), encoding='utf-8')
        read = {name: read for _, name, read in read_file(path)}
    assert (type(read['p']), read['p'], read['q']) == (type(value), value, [value])


@pytest.mark.parametrize(
    'text', ['[1, a]', '[1, 2.0]', '{a: 1}', '[[1]]', '[1,', '', '~', str(2**63)]
)
def test_what_is_no_value_is_refused(text):
    with pytest.raises(InvalidParameterText):
        parse_value(text)
    with pytest.raises(InvalidROSArgsError, match='-p'):
        ros('-p', f'x:={text}')


@pytest.fixture
def params_file(tmp_path):
    def write(text):
        path = tmp_path / 'params.yaml'
        path.write_text(text)
        return str(path)

    return write


def test_params_file(params_file):
    path = params_file(
        """
/**:
  ros__parameters: {a: 1, b: {c: 2.0, y: off}}
cell:
  eye:
    ros__parameters: {a: 2}
/*/eye:
  ros__parameters:
    a: 3
    d: [u, v]
other:
  ros__parameters: {a: 4}
"""
    )
    arguments = ros('--params-file', path)
    assert arguments.parameter_overrides('/cell/eye') == {
        'a': 3, 'b.c': 2.0, 'b.y': False, 'd': ['u', 'v'],
    }
    assert arguments.parameter_overrides('/other')['a'] == 4
    assert arguments.parameter_overrides('/third') == {'a': 1, 'b.c': 2.0, 'b.y': False}


def test_later_values_win_among_equals(params_file):
    path = params_file('/**: {ros__parameters: {a: 1}}')
    after = ros('--params-file', path, '-p', 'a:=2', '-p', 'one:a:=3')
    assert after.parameter_overrides('/two') == {'a': 2}
    assert after.parameter_overrides('/one') == {'a': 3}
    before = ros('-p', 'a:=2', '--params-file', path)
    assert before.parameter_overrides('/two') == {'a': 1}


def test_a_node_s_own_arguments_come_first():
    combined = RosArguments.combined(
        ['--ros-args', '-r', 'a:=own', '-p', 'x:=1'], ros('-r', 'a:=process', '-p', 'x:=2')
    )
    assert combined.remap_topic('/a', 'n') == '/own'
    assert combined.parameter_overrides('/n') == {'x': 1}


@pytest.mark.parametrize(
    ('pattern', 'name', 'expected'),
    [
        ('/**', '/a/b', True), ('/*', '/a', True), ('/*', '/a/b', False), ('/*/b', '/a/b', True),
        ('/**/b', '/b', True), ('/**/b', '/x/y/b', True), ('/**/b', '/xb', False),
        ('/a/*', '/a', False), ('/a', '/a', True),
    ],
)
def test_wildcards(pattern, name, expected):
    assert matches(pattern, name) is expected


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('a: 1', 'ros__parameters'), ('ros__parameters: {a: 1}', 'node name'),
        ('n: {ros__parameters: 3}', 'ros__parameters'), ('n: {ros__parameters: {a: }}', "'a'"),
        ('n: {ros__parameters: {a: [1, x]}}', "'a'"), ('a: [', 'line'), ('- a', 'node names'),
    ],
)
def test_a_bad_params_file_is_named_with_the_reason(params_file, text, reason):
    path = params_file(text)
    with pytest.raises(InvalidParameterText, match=r'params\.yaml') as caught:
        read_file(path)
    assert reason in str(caught.value)
    assert '\n' not in str(caught.value)


def test_an_empty_params_file_gives_nothing(params_file):
    assert read_file(params_file('')) == []
    assert read_file(params_file('n: {ros__parameters: }')) == []


def test_log_levels():
    assert ros('--log-level', 'debug', '--log-level', 'a.b:=WARN').log_levels == (
        ('', 10), ('a.b', 30),
    )


@pytest.mark.parametrize(
    'arguments',
    [
        ('-r', 'a'), ('-r', ':=b'), ('-r', 'a:=b c'), ('-r', '__node:=a/b'), ('-r', '__ns:=a'),
        ('-r', '__other:=a'), ('-p', 'a'), ('-r',), ('--params-file', '/no/such.yaml'),
        ('--log-level', 'loud'),
    ],
)
def test_what_cannot_be_understood_is_named(arguments):
    with pytest.raises(InvalidROSArgsError, match=arguments[0]) as caught:
        ros(*arguments)
    assert '\n' not in str(caught.value)


def test_unknown_arguments_are_named():
    with pytest.raises(UnknownROSArgsError, match='--frobnicate'):
        ros('--frobnicate')


def test_places_of_log_messages():
    assert ros('--enable-rosout-logs', '--enable-stdout-logs') == ros()
    assert not ros('--disable-rosout-logs').rosout_logs
    assert not ros('--disable-stdout-logs').stdout_logs
    assert ros('--disable-stdout-logs', '--enable-stdout-logs').stdout_logs  # the last one counts
    assert ros('--disable-external-lib-logs') == ros()
