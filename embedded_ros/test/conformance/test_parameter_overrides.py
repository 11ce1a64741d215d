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

"""Values for parameters from the command line and from files, and which of them wins."""

import pytest
import rclpy
from rclpy.context import Context
from rclpy.node import Node

OWN = '/cell/eye: {ros__parameters: {a: 1}}'
ALL = '/**: {ros__parameters: {a: 2}}'
NAMESPACE = '/cell/*: {ros__parameters: {a: 3}}'
OTHER = '/cell/nose: {ros__parameters: {a: 4}}'
NESTED = 'cell: {eye: {ros__parameters: {a: 5, b: {c: 6}}}}'


@pytest.fixture
def values_of(domain, tmp_path):
    """Return a function that gives the values a node gets from arguments and files."""

    def values(*arguments, name='eye', namespace='/cell', own=None):
        context = Context()
        given = []
        for number, argument in enumerate(arguments):
            if ':=' in argument:
                given += ['-p', argument]
            else:
                path = tmp_path / f'{number}.yaml'
                path.write_text(argument)
                given += ['--params-file', str(path)]
        rclpy.init(args=['--ros-args', *given], context=context)
        node = Node(
            name, namespace=namespace, context=context, cli_args=own,
            automatically_declare_parameters_from_overrides=True)
        found = {
            key: parameter.value for key, parameter in node.get_parameters_by_prefix('').items()
            if key not in ('use_sim_time', 'start_type_description_service')}
        node.destroy_node()
        rclpy.shutdown(context=context)
        return found

    return values


@pytest.mark.parametrize(('text', 'value'), [
    ('true', True), ('7', 7), ('-7', -7), ('0x1F', 31), ('0.5', 0.5), ('1e3', 1000.0),
    ('.5', 0.5), ('on', True), ('No', False),
    ('text', 'text'), ('"7"', '7'), ("'true'", 'true'), ('a b', 'a b'),
    ('[1, 2]', [1, 2]), ('[1.0, 2.5]', [1.0, 2.5]), ('[a, b]', ['a', 'b']),
    ('[true, false]', [True, False]), ('/camera/image', '/camera/image')])
def test_types_of_values(values_of, text, value):
    found = values_of(f'p:={text}')
    assert found == {'p': value}
    assert type(found['p']) is type(value)


def test_value_may_be_for_one_node(values_of):
    assert values_of('eye:a:=1', 'nose:a:=2', namespace='/') == {'a': 1}


@pytest.mark.parametrize(('file', 'expected'), [
    (OWN, {'a': 1}), (ALL, {'a': 2}), (NAMESPACE, {'a': 3}), (OTHER, {}),
    (NESTED, {'a': 5, 'b.c': 6}),
    ('eye: {ros__parameters: {a: 7}}', {}),
    ('/**/eye: {ros__parameters: {a: 8}}', {'a': 8}),
    ('/*/eye: {ros__parameters: {a: 9}}', {'a': 9}),
    ('/*: {ros__parameters: {a: 10}}', {})])
def test_names_of_nodes_in_files(values_of, file, expected):
    assert values_of(file) == expected


def test_node_in_the_root_namespace_needs_no_slash(values_of):
    assert values_of('eye: {ros__parameters: {a: 7}}', namespace='/') == {'a': 7}
    assert values_of('/*: {ros__parameters: {a: 10}}', namespace='/') == {'a': 10}


@pytest.mark.parametrize(('given', 'expected'), [
    ((OWN, ALL), 2), ((ALL, OWN), 1), ((NAMESPACE, ALL), 2), ((ALL, NAMESPACE), 3),
    ((OWN, NAMESPACE), 3), ((OWN, 'a:=9'), 9), (('a:=9', OWN), 1), (('a:=8', 'a:=9'), 9),
    ((ALL, 'a:=9'), 9), (('a:=9', ALL), 2),
    # A name that was there before keeps its place: here that of all nodes comes first.
    ((ALL, OWN, 'a:=9'), 1), ((OWN, ALL, OWN), 2)])
def test_later_names_win(values_of, given, expected):
    assert values_of(*given)['a'] == expected


def test_values_of_all_files_are_joined(values_of):
    assert values_of(OWN, '/**: {ros__parameters: {b: 1}}', 'c:=2') == {'a': 1, 'b': 1, 'c': 2}


def test_own_arguments_of_a_node_win(values_of):
    assert values_of('a:=1', own=['--ros-args', '-p', 'a:=2'])['a'] == 2


@pytest.mark.parametrize('arguments', [
    ['-p', 'nonsense'], ['-p'], ['-r', 'nonsense'], ['--params-file', '/does/not/exist.yaml'],
    ['--unknown'], ['-p', 'a:={b: 1}'], ['-p', 'a:=[1, text]']])
def test_wrong_arguments_are_refused(domain, arguments):
    context = Context()
    with pytest.raises(RuntimeError):
        rclpy.init(args=['--ros-args', *arguments], context=context)
    assert not context.ok()


@pytest.mark.parametrize('text', [
    'a: [', 'eye: {a: 1}', 'eye: {ros__parameters: {a: {}}}: 1'])
def test_wrong_files_are_refused(values_of, text):
    with pytest.raises(RuntimeError):
        values_of(text)
