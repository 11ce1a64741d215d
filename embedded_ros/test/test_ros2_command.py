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

"""The `ros2` command: usage, failures, signals, and what it shows of the graph."""

import re
import signal
import subprocess
import textwrap
import time

import pytest


def test_help_is_quick_and_complete(ros2):
    start = time.monotonic()
    code, output, _ = ros2('--help')
    assert code == 0
    assert time.monotonic() - start < 1  # 0.1 s on an idle machine
    for command in re.findall(r'^  (\w+)  ', output, re.MULTILINE):
        code, verbs, _ = ros2(command, '--help')
        assert code == 0
        assert 'usage: ros2 ' + command in verbs


@pytest.mark.parametrize('arguments', [['nonsense'], ['topic', 'nonsense'], ['topic', 'info']])
def test_wrong_usage_is_exit_code_2(ros2, arguments):
    code, output, errors = ros2(*arguments)
    assert (code, output) == (2, '')
    assert 'Traceback' not in errors


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    [
        ('topic info /nowhere --spin-time 0.1', "Unknown topic '/nowhere'"),
        ('topic info a//b --spin-time 0.1', "topic name must not contain repeated '/'"),
        ('topic echo /x no_msgs/msg/No', "the message type 'no_msgs/msg/No' is not known here"),
        ('topic pub /x std_msgs/String hello', 'the message is not given as'),
        ('topic pub /x std_msgs/String "{dat: 1}"', "has no field 'dat'; it has data"),
        ('node info nobody --spin-time 0.1', "Unable to find node '/nobody'"),
        ('param get nobody p --spin-time 0.1', "Unable to find node '/nobody'"),
        ('param get /cell/small no', "Parameter not set: node '/cell/small' has no 'no'"),
        ('param describe /cell/small no', 'Parameter not set'),
        ('param set /cell/small threshold 2.0', 'Setting parameter failed: '),
        ('param set /cell/small threshold high', 'Setting parameter failed: '),
        ('param set /cell/small threshold {a:', 'no value that a parameter can have'),
        ('lifecycle set nobody activate --spin-time 0.1',
         "Node not found: there is no managed node '/nobody'"),
        ('service type /nowhere --spin-time 0.1', "Unknown service '/nowhere'"),
        ('service call /x no_srvs/srv/No', "the service type 'no_srvs/srv/No' is not known here"),
        ('run no_package x', "package 'no_package' not found"),
        ('run pytest no_program', "executable 'no_program' not found in package 'pytest': it has"),
        ('launch no_package x.launch.py', "package 'no_package' not found"),
        ('launch /nowhere/x.launch.py', "launch file '/nowhere/x.launch.py' does not exist"),
        ('launch no_file', "name a launch file of package 'no_file'"),
    ],
)
def test_failure_is_one_line_and_exit_code_1(ros2, small_node, arguments, expected):
    words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', arguments)]
    code, output, errors = ros2(*words)
    assert (code, output) == (1, '')
    assert expected in ' '.join(errors.split())
    assert len(errors.splitlines()) == 1


@pytest.mark.parametrize(
    ('variable', 'value'),
    [('ROS_DOMAIN_ID', 'left'), ('ROS_AUTOMATIC_DISCOVERY_RANGE', 'GALAXY'),
     ('CYCLONEDDS_URI', '<broken')],
)
def test_wrong_environment_is_one_line(ros2, monkeypatch, environment, variable, value):
    monkeypatch.setitem(environment, variable, value)
    code, output, errors = ros2('node', 'list')
    assert (code, output) == (1, '')
    assert variable in errors.splitlines()[-1]
    assert 'Traceback' not in errors


def test_lists(ros2, small_node):
    assert ros2('node', 'list') == (0, '/cell/small\n', '')
    assert ros2('topic', 'list', '-t')[1] == textwrap.dedent("""\
        /cell/heard [std_msgs/msg/String]
        /cell/image [sensor_msgs/msg/Image]
        /cell/say [std_msgs/msg/String]
        /cell/small/latched [std_msgs/msg/String]
        /parameter_events [rcl_interfaces/msg/ParameterEvent]
        /rosout [rcl_interfaces/msg/Log]
        """)
    assert '/cell/small/set [std_srvs/srv/SetBool]\n' in ros2('service', 'list', '-t')[1]
    assert ros2('service', 'type', '/cell/small/set')[1] == 'std_srvs/srv/SetBool\n'


def test_node_info(ros2, small_node):
    code, output, _ = ros2('node', 'info', '/cell/small')
    assert code == 0
    sections = dict(re.findall(r'^  (\w[\w ]+):\n((?:    .+\n)*)', output, re.MULTILINE))
    assert output.startswith('/cell/small\n  Subscribers:\n')
    assert sections['Subscribers'] == '    /cell/say: std_msgs/msg/String\n'
    assert '    /cell/image: sensor_msgs/msg/Image\n' in sections['Publishers']
    assert '    /cell/small/set: std_srvs/srv/SetBool\n' in sections['Service Servers']
    assert sections['Action Servers'] == ''


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    'arguments',
    ['topic echo /cell/image', 'topic echo /nowhere', 'service call /nowhere std_srvs/srv/Empty'],
)
def test_signal_ends_a_command_without_a_traceback(background, small_node, arguments, number):
    command = background(*arguments.split())
    time.sleep(1.5)
    command.send_signal(number)
    start = time.monotonic()
    _, errors = command.communicate(timeout=3)
    assert time.monotonic() - start < 2
    assert command.returncode == {signal.SIGINT: 2, signal.SIGTERM: 143}[number]
    assert 'Traceback' not in errors


def test_reader_that_goes_away(environment, ros2_command, small_node):
    text = subprocess.list2cmdline([*ros2_command, 'topic', 'echo', '/cell/image'])
    result = subprocess.run(
        ['/bin/sh', '-c', f'{text} | head -n 1'], env=environment, capture_output=True, text=True,
        timeout=10, check=True)
    assert result.stdout == 'header:\n'
    assert result.stderr == ''


def test_run_becomes_the_program(ros2_command, install_package, tmp_path, environment):
    folder = install_package('tools')
    program = folder / 'show'
    program.write_text('#!/bin/sh\necho "$@"\nexit 7\n')
    program.chmod(0o755)
    environment = {**environment, 'AMENT_PREFIX_PATH': str(tmp_path)}
    result = subprocess.run(
        [*ros2_command, 'run', 'tools', 'show', '--ros-args', '-p', 'a:=1'], env=environment,
        capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (7, '--ros-args -p a:=1\n')


def test_console_script_of_a_distribution(ros2):
    code, output, _ = ros2('run', 'pytest', 'pytest', '--version')
    assert code == 0
    assert output.startswith('pytest ')
