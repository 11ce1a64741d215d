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

"""Launch descriptions: substitutions, arguments, includes, and what is said of mistakes."""

from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    IncludeLaunchDescription,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
    SetEnvironmentVariable,
    SetLaunchConfiguration,
)
from launch.event_handlers import OnShutdown
from launch.events import Shutdown
from launch.substitutions import (
    EnvironmentVariable,
    LaunchConfiguration,
    PathJoinSubstitution,
    SubstitutionFailure,
    TextSubstitution,
    ThisLaunchFileDir,
)
from launch.utilities import perform_substitutions
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.parameters import evaluate_parameters
import pytest


def write(path: Path, body: str, imports: str = '') -> str:
    path.write_text(
        'from launch import LaunchDescription\n'
        'from launch.actions import *\n'
        'from launch.substitutions import *\n'
        f'{imports}\n'
        f'def generate_launch_description():\n    return LaunchDescription([{body}])\n'
    )
    return str(path)


def test_substitutions_join():
    context = LaunchContext()
    context.launch_configurations['name'] = 'pin'
    context.environment['SIDE'] = 'left'
    parts = [
        TextSubstitution(text='a/'),
        LaunchConfiguration('name'),
        '_',
        EnvironmentVariable('SIDE'),
        EnvironmentVariable('NOWHERE_SET', default_value='!'),
        LaunchConfiguration('other', default=['<', LaunchConfiguration('name'), '>']),
    ]
    assert perform_substitutions(context, parts) == 'a/pin_left!<pin>'
    joined = PathJoinSubstitution([Path('/a'), ['b', LaunchConfiguration('name')], 'c.yaml'])
    assert joined.perform(context) == '/a/bpin/c.yaml'
    assert joined.describe() == "PathJoin('/a', 'b' + LaunchConfig('name'), 'c.yaml')"


@pytest.mark.parametrize(
    'substitution',
    [LaunchConfiguration('nowhere'), EnvironmentVariable('NOWHERE_SET'), ThisLaunchFileDir()],
)
def test_substitution_without_a_value_fails(substitution):
    with pytest.raises(SubstitutionFailure):
        substitution.perform(LaunchContext())


def test_argument_takes_default_unless_given():
    declared = DeclareLaunchArgument('x', default_value=['1', LaunchConfiguration('y')])
    context = LaunchContext()
    context.launch_configurations['y'] = '2'
    context.visit(declared)
    assert context.launch_configurations['x'] == '12'
    context.launch_configurations['x'] = 'given'
    context.visit(declared)
    assert context.launch_configurations['x'] == 'given'


def test_action_whose_condition_fails_is_not_done():
    class Never:
        def evaluate(self, context):
            return False

    context = LaunchContext()
    context.visit(SetLaunchConfiguration('x', '1', condition=Never()))
    assert context.launch_configurations == {}


@pytest.mark.parametrize(
    ('declared', 'expected'),
    [
        (
            DeclareLaunchArgument('x', description='Which side'),
            "Required launch argument 'x' (description: 'Which side') was not provided",
        ),
        (
            DeclareLaunchArgument('x', default_value='up', choices=['left', 'right']),
            'Argument "x" provided value "up" is not valid. '
            "Valid options are: ['left', 'right']",
        ),
    ],
)
def test_wrong_argument_is_one_line_and_exit_code_1(run_launch, declared, expected):
    code, output = run_launch(declared)
    errors = [line for line in output.splitlines() if line.startswith('[ERROR]')]
    assert code == 1
    assert len(errors) == 1
    assert expected in errors[0]
    assert 'Traceback' not in output


def test_debug_shows_the_stack_trace(run_launch):
    code, output = run_launch(OpaqueFunction(function=lambda context: 1 / 0), debug=True)
    assert code == 1
    assert 'Traceback' in output


def test_actions_run_in_order_and_functions_add_actions(run_launch):
    def say(context, word, *, mark):
        return [LogInfo(msg=[word, mark, LaunchConfiguration('x')])]

    code, output = run_launch(
        SetLaunchConfiguration('x', '1'),
        OpaqueFunction(function=say, args=['one'], kwargs={'mark': '!'}),
        SetLaunchConfiguration('x', '2'),
        LogInfo(msg=LaunchConfiguration('x')),
    )
    assert code == 0
    lines = [line for line in output.splitlines() if 'launch.user' in line]
    assert lines == ['[INFO] [launch.user]: one!1', '[INFO] [launch.user]: 2']


def test_shutdown_is_answered_once(run_launch):
    code, output = run_launch(
        RegisterEventHandler(OnShutdown(on_shutdown=lambda event, _: LogInfo(msg=event.reason))),
        EmitEvent(event=Shutdown(reason='first')),
        EmitEvent(event=Shutdown(reason='second')),
    )
    assert code == 0
    assert 'first' in output
    assert 'second' not in output


def test_include_passes_arguments_and_knows_its_own_folder(tmp_path, run_launch):
    inner = tmp_path / 'inner'
    inner.mkdir()
    write(
        inner / 'inner.launch.py',
        "DeclareLaunchArgument('side', default_value='left'),"
        "LogInfo(msg=['inner ', LaunchConfiguration('side'), ' ', ThisLaunchFileDir()])",
    )
    outer = write(
        tmp_path / 'outer.launch.py',
        "DeclareLaunchArgument('here', default_value='right'),"
        'IncludeLaunchDescription('
        "PathJoinSubstitution([ThisLaunchFileDir(), 'inner', 'inner.launch.py']),"
        "launch_arguments={'side': LaunchConfiguration('here')}.items()),"
        "LogInfo(msg=['outer ', ThisLaunchFileDir()])",
    )
    code, output = run_launch(IncludeLaunchDescription(outer, launch_arguments=[('here', 'up')]))
    assert code == 0
    assert f'[launch.user]: inner up {inner}\n' in output
    assert f'[launch.user]: outer {tmp_path}\n' in output


def test_arguments_of_included_files_are_known_once(tmp_path):
    inner = write(
        tmp_path / 'inner.launch.py',
        "DeclareLaunchArgument('side', default_value='left', description='Inner.'),"
        "DeclareLaunchArgument('depth', choices=['1', '2'])",
    )
    description = LaunchDescription(
        [
            DeclareLaunchArgument('side', description='Outer'),
            IncludeLaunchDescription(inner),
            IncludeLaunchDescription(LaunchConfiguration('known_only_later')),
        ]
    )
    described = [(entry.name, entry.description) for entry in description.get_launch_arguments()]
    assert described == [('side', 'Outer'), ('depth', "Valid choices are: ['1', '2']")]


@pytest.mark.parametrize(
    ('body', 'expected'),
    [
        ('LogInfo(msg=undefined)', "broken.launch.py, line 6: NameError: name 'undefined'"),
        ("LogInfo(mgs='a')", 'broken.launch.py, line 6: TypeError'),
        ("LogInfo(msg='a'", 'broken.launch.py, line 6: SyntaxError'),
        ("'not an action'", 'expected a launch action'),
        ("OpaqueFunction(function=lambda context: {}['side'])", "line 6: KeyError: 'side'"),
    ],
)
def test_mistake_in_a_launch_file_is_one_line(tmp_path, run_launch, body, expected):
    code, output = run_launch(IncludeLaunchDescription(write(tmp_path / 'broken.launch.py', body)))
    errors = [line for line in output.splitlines() if line.startswith('[ERROR]')]
    assert code == 1
    assert len(errors) == 1
    assert expected in errors[0]
    assert 'Traceback' not in output


def test_file_that_is_missing_or_no_launch_file(tmp_path, run_launch):
    code, output = run_launch(IncludeLaunchDescription(str(tmp_path / 'nowhere.launch.py')))
    assert (code, "nowhere.launch.py' does not exist" in output) == (1, True)
    empty = tmp_path / 'empty.launch.py'
    empty.write_text('')
    code, output = run_launch(IncludeLaunchDescription(str(empty)))
    assert (code, 'generate_launch_description()' in output) == (1, True)


def test_each_run_logs_to_a_folder_of_its_own(run_launch, log_folder):
    for word in ('one', 'two'):
        run_launch(LogInfo(msg=word))
    logs = sorted(log_folder.glob('*/launch.log'))
    assert len(logs) == 2
    assert [('[launch.user]: one' in log.read_text()) for log in logs] == [True, False]


def test_log_folder_that_cannot_be_made_is_a_warning(run_launch, tmp_path, monkeypatch):
    (tmp_path / 'file').write_text('')
    monkeypatch.setenv('ROS_LOG_DIR', str(tmp_path / 'file'))
    code, output = run_launch(LogInfo(msg='done'))
    assert code == 0
    assert '[WARNING] [launch]: no log file' in output
    assert 'done' in output


def test_environment_is_that_of_the_launch_alone(run_launch, monkeypatch):
    monkeypatch.delenv('CELL_SIDE', raising=False)
    _, output = run_launch(
        SetEnvironmentVariable('CELL_SIDE', 'left'), LogInfo(msg=EnvironmentVariable('CELL_SIDE'))
    )
    assert '[launch.user]: left' in output
    with pytest.raises(SubstitutionFailure):
        EnvironmentVariable('CELL_SIDE').perform(LaunchContext())


@pytest.mark.parametrize(
    ('written', 'value'),
    [
        (0.5, 0.5),
        ('0.5', '0.5'),
        (True, True),
        ([1, 2.5], [1.0, 2.5]),
        (['a', 'b'], ['a', 'b']),
        (LaunchConfiguration('number'), 0.5),
        (LaunchConfiguration('list'), [1, 2]),
        (['x', LaunchConfiguration('number')], 'x0.5'),
        (ParameterValue(LaunchConfiguration('number'), value_type=str), '0.5'),
        (ParameterValue(LaunchConfiguration('whole'), value_type=float), 3.0),
        (ParameterValue([1, 2], value_type=list[float]), [1.0, 2.0]),
        (ParameterValue('on'), True),
    ],
)
def test_parameter_values(written, value):
    context = LaunchContext()
    context.launch_configurations.update(number='0.5', list='[1, 2]', whole='3')
    evaluated = evaluate_parameters(context, {'a': {LaunchConfiguration('whole'): written}})
    assert evaluated == {'a.3': value}
    assert type(evaluated['a.3']) is type(value)


@pytest.mark.parametrize('value', [[1, 'a'], None, ParameterValue('x', value_type=int)])
def test_value_that_no_parameter_can_have(value):
    with pytest.raises(RuntimeError, match=r'parameter'):
        evaluate_parameters(LaunchContext(), {'a': value})
