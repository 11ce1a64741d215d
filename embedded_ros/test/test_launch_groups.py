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

"""Scopes: what groups keep inside, and what they give to the nodes in them."""

from launch import LaunchContext, LaunchDescription
from launch.actions import (
    AppendEnvironmentVariable,
    DeclareLaunchArgument,
    GroupAction,
    IncludeLaunchDescription,
    LogInfo,
    SetEnvironmentVariable,
    SetLaunchConfiguration,
    UnsetEnvironmentVariable,
    UnsetLaunchConfiguration,
)
from launch.conditions import IfCondition
from launch.launch_description_source import LaunchDescriptionSource
from launch.substitutions import EnvironmentVariable, LaunchConfiguration
from launch_ros.actions import (
    Node,
    PushRosNamespace,
    SetParameter,
    SetParametersFromFile,
    SetRemap,
)
from launch_ros.events import matches_node_name
from launch_ros.parameter_descriptions import ParameterFile
import pytest
import yaml


@pytest.fixture
def context(monkeypatch):
    monkeypatch.setenv('CELL_SIDE', 'left')
    context = LaunchContext()
    context.launch_configurations.update(x='1', y='2')
    return context


def say(word):
    return LogInfo(msg=[
        word, ' ', LaunchConfiguration('x', default='-'), LaunchConfiguration('y', default='-'),
        EnvironmentVariable('CELL_SIDE', default_value='-')])


CHANGES = [
    SetLaunchConfiguration('x', '7'), UnsetLaunchConfiguration('y'),
    SetEnvironmentVariable('CELL_SIDE', 'right'), say('inside')]


@pytest.mark.parametrize(
    ('options', 'inside', 'after'),
    [
        ({}, '7-right', '12left'),
        ({'scoped': False}, '7-right', '7-right'),
        ({'launch_configurations': {'y': LaunchConfiguration('x')}}, '7-right', '12left'),
        ({'condition': IfCondition('false')}, None, '12left'),
    ],
)
def test_what_is_changed_in_a_group(run_launch, monkeypatch, options, inside, after):
    monkeypatch.setenv('CELL_SIDE', 'left')
    _, output = run_launch(
        SetLaunchConfiguration('x', '1'), SetLaunchConfiguration('y', '2'),
        GroupAction(CHANGES, **options), say('after'))
    said = dict(line.split()[-2:] for line in output.splitlines() if 'launch.user' in line)
    assert said == {'after': after} | ({'inside': inside} if inside else {})


def test_group_that_forwards_nothing_begins_anew(context):
    context.visit(SetEnvironmentVariable('CELL_SIDE', 'right'))
    seen = []

    class See(LogInfo):
        def execute(self, context):
            seen.append((dict(context.launch_configurations), context.environment['CELL_SIDE']))

    context.visit(GroupAction(
        [See(msg='')], forwarding=False, launch_configurations={'z': LaunchConfiguration('x')}))
    assert seen == [({'z': '1'}, 'left')]
    assert context.launch_configurations == {'x': '1', 'y': '2'}
    assert context.environment['CELL_SIDE'] == 'right'


def test_groups_in_groups(context):
    inner = GroupAction([SetLaunchConfiguration('x', '3'), UnsetEnvironmentVariable('CELL_SIDE')])
    context.visit(GroupAction([inner, SetLaunchConfiguration('seen', LaunchConfiguration('x'))],
                              scoped=False))
    assert context.launch_configurations == {'x': '1', 'y': '2', 'seen': '1'}
    assert context.environment['CELL_SIDE'] == 'left'


def test_group_keeps_the_arguments_of_an_include_inside(context):
    included = LaunchDescriptionSource(LaunchDescription([DeclareLaunchArgument('side')]))
    include = IncludeLaunchDescription(included, launch_arguments={'side': 'up'}.items())
    context.visit(GroupAction([include]))
    assert 'side' not in context.launch_configurations
    context.visit(include)
    assert context.launch_configurations['side'] == 'up'


def test_include_needs_its_arguments_given(context):
    included = LaunchDescriptionSource(LaunchDescription([
        DeclareLaunchArgument('x', description='Which.'),
        DeclareLaunchArgument('y', default_value=''),
        DeclareLaunchArgument('z', condition=IfCondition('false'))]))
    with pytest.raises(RuntimeError, match=(
            r"missing required argument 'x' \(description: 'Which.'\), given: \[y\]")):
        context.visit(IncludeLaunchDescription(included, launch_arguments=[('y', '1')]))


def test_arguments_in_groups_are_known():
    description = LaunchDescription([GroupAction([DeclareLaunchArgument('side')])])
    assert [argument.name for argument in description.get_launch_arguments()] == ['side']


def test_values_are_added_to_a_variable(context):
    context.visit(AppendEnvironmentVariable('CELL_SIDE', 'b'))
    context.visit(AppendEnvironmentVariable('CELL_SIDE', 'a', prepend='true'))
    context.visit(AppendEnvironmentVariable('CELL_SIDE', 'c', separator=';'))
    context.visit(AppendEnvironmentVariable('CELL_NEW', 'only'))
    assert context.environment['CELL_SIDE'] == 'a:left:b;c'
    assert context.environment['CELL_NEW'] == 'only'


def ros_arguments(context, **options):
    """Return a node's ROS arguments, the content of its files in place of their paths."""
    node = Node(package='pytest', executable='pytest', **options)
    command = node.command(context)
    arguments = command[command.index('--ros-args') + 1:] if '--ros-args' in command else []
    for index, argument in enumerate(arguments):
        if argument == '--params-file':
            with open(arguments[index + 1]) as file:
                arguments[index + 1] = yaml.safe_load(file)
    return node, arguments


@pytest.mark.parametrize(
    ('pushed', 'own', 'namespace'),
    [
        ([], None, None), ([], '', '/'), ([], 'a', '/a'), ([], '/a/', '/a'),
        (['cell'], None, '/cell'), (['cell'], '', '/cell'), (['cell'], 'a', '/cell/a'),
        (['cell'], '/a', '/a'), (['cell', 'left'], 'a', '/cell/left/a'),
        (['cell', '/left'], 'a', '/left/a'), ([''], None, '/'), (['/'], 'a', '/a'),
    ],
)
def test_namespaces(context, pushed, own, namespace):
    for one in pushed:
        context.visit(PushRosNamespace(one))
    node, arguments = ros_arguments(context, name='n', namespace=own)
    assert arguments == [
        '-r', '__node:=n', *(['-r', f'__ns:={namespace}'] if namespace else [])]
    if namespace:
        assert node.node_name == f'{namespace.rstrip("/")}/n'
        assert matches_node_name(node.node_name)(node)
        assert not matches_node_name('/cell/other')(node)
    else:
        with pytest.raises(RuntimeError, match='node_name'):
            assert node.node_name


@pytest.mark.parametrize('options', [{'namespace': 'a b'}, {'name': 'a/b'}, {'namespace': '1a'}])
def test_wrong_names_of_nodes(context, options):
    with pytest.raises(RuntimeError, match='must not'):
        ros_arguments(context, **options)


def test_what_a_scope_gives_to_its_nodes(context, tmp_path):
    file = tmp_path / 'all.yaml'
    file.write_text('/**:\n  ros__parameters: {a: 1}\n')
    own = {
        'remappings': [('image', 'own')], 'parameters': [{'a': 3}], 'name': 'n', 'namespace': 's'}
    before = ros_arguments(context, **own)[1]
    seen = []

    class See(LogInfo):
        def execute(self, context):
            seen.append(ros_arguments(context, **own)[1])

    context.visit(GroupAction([
        SetRemap('image', LaunchConfiguration('x')), SetParameter('a', 2),
        SetParameter('b', [0.5, 1]), SetParametersFromFile(str(file)),
        SetParameter(name='use_sim_time', value=True), See(msg=''),
        GroupAction([SetRemap('info', 'i'), PushRosNamespace('cell')]), See(msg='')]))
    own_file = {'/s/n': {'ros__parameters': {'a': 3}}}
    assert seen == [[
        '-r', '__node:=n', '-r', '__ns:=/s', '-p', 'a:=2', '-p', 'b:=[0.5, 1.0]',
        '--params-file', {'/**': {'ros__parameters': {'a': 1}}}, '-p', 'use_sim_time:=True',
        '--params-file', own_file, '-r', 'image:=1', '-r', 'image:=own',
    ]] * 2
    assert ros_arguments(context, **own)[1] == before == [
        '-r', '__node:=n', '-r', '__ns:=/s', '--params-file', own_file, '-r', 'image:=own']


def test_parameter_file_with_substitutions(context, tmp_path):
    file = tmp_path / 'file.yaml'
    file.write_text(
        '/**:\n  ros__parameters:\n    a: $(var x)\n    b: $(env CELL_SIDE)/$(var none d)\n'
        '    c: $(var $(env CELL_KEY y))\n')
    _, (_, content) = ros_arguments(
        context, parameters=[ParameterFile(str(file), allow_substs='true')])
    assert content['/**']['ros__parameters'] == {'a': 1, 'b': 'left/d', 'c': 2}
    _, (_, content) = ros_arguments(context, parameters=[ParameterFile(str(file))])
    assert content['/**']['ros__parameters']['a'] == '$(var x)'
    context.close()


@pytest.mark.parametrize(
    ('text', 'expected'),
    [('$(var nowhere)', "'nowhere' does not exist"), ('$(eval 1 + 1)', 'is none of'),
     ('$()', 'is none of'), ('$(var x', "no closing '\\)'"), ('{a: $(var x)', 'not valid YAML'),
     ('$(find-pkg-share no_such_package)', 'no_such_package')],
)
def test_wrong_substitutions_in_a_parameter_file(context, tmp_path, text, expected):
    file = tmp_path / 'file.yaml'
    file.write_text(text)
    with pytest.raises((RuntimeError, LookupError), match=expected):
        ParameterFile(str(file), allow_substs=True).evaluate(context)
    with pytest.raises(RuntimeError, match=r"nowhere.yaml' does not exist"):
        ParameterFile(str(tmp_path / 'nowhere.yaml')).evaluate(context)
