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

"""Launched processes: their output, their end, and the end of the launch."""

import os
from pathlib import Path
import re
import signal
import subprocess
import sys
import textwrap
import time

import pytest

CHILD = """
import signal, sys, time
def on_sigint(number, frame):
    print('interrupted', flush=True)
    {on_sigint}
signal.signal(signal.SIGINT, on_sigint)
print('ready', flush=True)
while True:
    time.sleep(0.05)
"""
OBEDIENT = CHILD.format(on_sigint='sys.exit(0)')
STUBBORN = CHILD.format(on_sigint='signal.signal(signal.SIGTERM, signal.SIG_IGN)')


class Launch:
    """A launch file with the given actions, run by `ros2 launch` in a process of its own."""

    def __init__(self, folder: Path, actions: str, *arguments: str, **options) -> None:
        file = folder / 'test.launch.py'
        file.write_text(
            'import sys\n'
            'from launch import LaunchDescription\n'
            'from launch.actions import *\n'
            'from launch.event_handlers import *\n'
            'from launch_ros.actions import Node\n'
            'def python(source, **options):\n'
            "    options.setdefault('name', 'child')\n"
            "    options.setdefault('output', 'screen')\n"
            "    return ExecuteProcess(cmd=[sys.executable, '-c', source], **options)\n"
            'def generate_launch_description():\n' + textwrap.indent(textwrap.dedent(actions), ' ')
        )
        self.text = ''
        command = 'import sys; from ros2cli.cli import main; sys.exit(main())'
        self.process = subprocess.Popen(
            [sys.executable, '-c', command, 'launch', str(file), *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, 'ROS_LOG_DIR': str(folder / 'log')}, **options)

    def wait_for(self, pattern: str) -> re.Match:
        for line in self.process.stdout:
            self.text += line
            match = re.search(pattern, line)
            if match:
                return match
        pytest.fail(f"no '{pattern}' in: {self.text}")

    def end(self, timeout: float = 10) -> int:
        self.text += self.process.communicate(timeout=timeout)[0]
        return self.process.returncode


@pytest.fixture
def launch(tmp_path):
    started = []

    def start(actions, *arguments, **options):
        started.append(Launch(tmp_path, actions, *arguments, **options))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.communicate()


def alive(pid: int) -> bool:
    try:
        return Path(f'/proc/{pid}/stat').read_text().split()[2] != 'Z'
    except FileNotFoundError:
        return False


def wait_for_end(pid: int, timeout: float = 2) -> bool:
    end = time.monotonic() + timeout
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not alive(pid)


def test_output_goes_where_it_should(launch, tmp_path):
    source = "import sys; print('to out'); print('to err', file=sys.stderr)"
    running = launch(f"""
        return LaunchDescription([
            python({source!r}, name='s', output='screen'),
            python({source!r}, name='l', output='log'),
            python({source!r}, name='b', output='both'),
        ])""")
    assert running.end() == 0
    log = next((tmp_path / 'log').glob('*/launch.log')).read_text()
    for name, streams in {'s-1': ('out', 'err'), 'l-2': ('err',), 'b-3': ('out', 'err')}.items():
        shown = re.findall(rf'^\[{name}\] to (\w+)$', running.text, re.MULTILINE)
        assert sorted(shown) == sorted(streams)
    for name, count in {'s-1': 0, 'l-2': 2, 'b-3': 2}.items():
        assert log.count(f' [{name}] to ') == count


def test_long_and_unfinished_lines_are_not_lost(launch):
    source = "import sys; print('x' * 200000); print('a'); sys.stdout.write('rest')"
    running = launch(f'return LaunchDescription([python({source!r})])')
    assert running.end() == 0
    assert running.text.count('x') >= 200000
    assert '[child-1] a\n' in running.text
    assert '[child-1] rest\n' in running.text


def test_process_may_see_a_terminal(launch):
    source = 'import sys; print(sys.stdout.isatty(), sys.stderr.isatty())'
    running = launch(f"""
        return LaunchDescription([
            python({source!r}, name='pipe'), python({source!r}, name='tty', emulate_tty=True)])""")
    assert running.end() == 0
    assert '[pipe-1] False False\n' in running.text
    assert '[tty-2] True True\n' in running.text


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_all_within_two_seconds(launch, number):
    running = launch(f"""
        return LaunchDescription([python({OBEDIENT!r}), python({OBEDIENT!r})])""")
    pids = [int(running.wait_for(r'started with pid \[(\d+)\]')[1]) for _ in range(2)]
    for _ in range(2):
        running.wait_for('ready')
    start = time.monotonic()
    running.process.send_signal(number)
    assert running.end() == 0
    assert time.monotonic() - start < 2
    assert running.text.count('interrupted\n') == 2
    assert running.text.count('finished cleanly') == 2
    assert 'Traceback' not in running.text
    assert not any(alive(pid) for pid in pids)


def test_ctrl_c_on_the_terminal_reaches_a_child_once(launch):
    running = launch(f'return LaunchDescription([python({OBEDIENT!r})])', start_new_session=True)
    running.wait_for('ready')
    os.killpg(running.process.pid, signal.SIGINT)  # as a terminal does: to the whole group
    assert running.end() == 0
    assert running.text.count('[child-1] interrupted\n') == 1


def test_sigint_works_where_it_was_inherited_as_ignored(launch):
    running = launch(
        f'return LaunchDescription([python({OBEDIENT!r})])',
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    running.wait_for('ready')
    running.process.send_signal(signal.SIGINT)
    assert running.end(timeout=5) == 0
    assert '[child-1] interrupted\n' in running.text


def test_closed_terminal_ends_all_but_not_under_nohup(launch):
    description = f'return LaunchDescription([python({OBEDIENT!r})])'
    running = launch(description)
    running.wait_for('ready')
    running.process.send_signal(signal.SIGHUP)
    assert running.end(timeout=5) == 0
    running = launch(
        description, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    running.wait_for('ready')
    running.process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        running.process.wait(0.5)


def test_stubborn_process_is_killed_in_the_end(launch):
    running = launch(f"""
        return LaunchDescription([python(
            {STUBBORN!r}, sigterm_timeout='0.3', sigkill_timeout='0.3')])""")
    running.wait_for('ready')
    running.process.send_signal(signal.SIGINT)
    running.wait_for('interrupted')
    running.process.send_signal(signal.SIGINT)
    assert running.end(timeout=5) == 0
    assert "escalating to 'SIGTERM'" in running.text
    assert "escalating to 'SIGKILL'" in running.text
    assert 'again, ignoring' in running.text


def test_no_process_survives_a_killed_launch(launch):
    running = launch(f'return LaunchDescription([python({STUBBORN!r})])')
    pid = int(running.wait_for(r'started with pid \[(\d+)\]')[1])
    running.wait_for('ready')
    running.process.kill()
    assert wait_for_end(pid)


def test_what_a_process_leaves_behind_ends_with_it(launch):
    source = """
import subprocess, sys
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])
print('grandchild', child.pid, flush=True)
"""
    running = launch(f'return LaunchDescription([python({source!r})])')
    grandchild = int(running.wait_for(r'grandchild (\d+)')[1])
    assert running.end(timeout=5) == 0
    assert wait_for_end(grandchild)


def test_death_of_the_main_process_ends_the_launch_with_1(launch):
    running = launch(f"""
        main = python('import time; time.sleep(0.3); raise SystemExit(3)', name='main')
        return LaunchDescription([
            python({OBEDIENT!r}),
            main,
            RegisterEventHandler(OnProcessExit(target_action=main, on_exit=[
                LogInfo(msg='the main process is gone'), Shutdown(reason='no main')])),
        ])""")
    assert running.end(timeout=5) == 1
    assert re.search(r'\[ERROR\] \[main-2\]: process has died .*exit code 3', running.text)
    assert 'the main process is gone' in running.text
    assert '[child-1] interrupted\n' in running.text


def test_on_exit_of_a_process_that_ends_well(launch):
    running = launch(f"""
        return LaunchDescription([
            python({OBEDIENT!r}),
            python('import time; time.sleep(0.3)', name='main', on_exit=Shutdown())])""")
    assert running.end(timeout=5) == 0
    assert '[child-1] interrupted\n' in running.text


def test_others_go_on_after_a_crash_that_nobody_answers(launch):
    running = launch(f"""
        return LaunchDescription([
            python({OBEDIENT!r}), python('raise SystemExit(3)', name='crash')])""")
    running.wait_for('has died')
    with pytest.raises(subprocess.TimeoutExpired):
        running.process.wait(0.5)
    running.process.send_signal(signal.SIGINT)
    assert running.end(timeout=5) == 0


@pytest.mark.parametrize(
    ('action', 'expected'),
    [
        ("ExecuteProcess(cmd=['/nowhere/program'])",
         "process 'program-2' has no program '/nowhere/program' to run"),
        ("ExecuteProcess(cmd=['true'], output='sceen')", "output 'sceen'"),
        ("ExecuteProcess(cmd=['true'], sigterm_timeout='soon')", "sigterm_timeout 'soon'"),
        ("Node(package='no_such_package', executable='x')", "package 'no_such_package' not found"),
        ("Node(package='pytest', executable='no_such')",
         "executable 'no_such' not found in package 'pytest'"),
        ("Node(package='pytest', executable='pytest', parameters=['/nowhere.yaml'])",
         "parameter file '/nowhere.yaml' does not exist"),
    ],
)
def test_mistake_is_one_line_and_starts_nothing(launch, action, expected):
    running = launch(f'return LaunchDescription([python({OBEDIENT!r}), {action}])')
    assert running.end(timeout=5) == 1
    errors = [line for line in running.text.splitlines() if 'Caught exception' in line]
    assert len(errors) == 1
    assert expected in errors[0]
    assert 'process started' not in running.text


def test_show_args_starts_nothing(launch):
    running = launch("""
        return LaunchDescription([
            DeclareLaunchArgument('side', default_value='left', description='Which side.'),
            DeclareLaunchArgument('mode', choices=['a', 'b']),
            python('print(1)')])""", '--show-args')
    assert running.end() == 0
    assert running.text == textwrap.dedent("""\
        Arguments (pass arguments as '<name>:=<value>'):

            'side':
                Which side.
                (default: 'left')

            'mode':
                Valid choices are: ['a', 'b']
        """)


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    [(['side=left'], "malformed launch argument 'side=left'"), ([':=x'], 'malformed')],
)
def test_malformed_launch_argument(launch, arguments, expected):
    running = launch('return LaunchDescription([])', *arguments)
    assert running.end() == 1
    assert expected in running.text
    assert len(running.text.splitlines()) == 1


@pytest.mark.parametrize('seconds', [0.05, 0.1, 0.2, 0.4])
def test_ctrl_c_while_a_node_starts_shows_no_stack_trace(launch, tmp_path, monkeypatch, seconds):
    folders = [tmp_path / 'share/ament_index/resource_index/packages', tmp_path / 'lib/cell']
    for folder in folders:
        folder.mkdir(parents=True)
    (folders[0] / 'cell').write_text('')
    program = folders[1] / 'slow'
    program.write_text(f'#!{sys.executable}\nimport time, decimal, rclpy\ntime.sleep(9)\n')
    program.chmod(0o755)
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    running = launch("""
        return LaunchDescription([Node(package='cell', executable='slow', output='screen')])""")
    running.wait_for('process started')
    time.sleep(seconds)
    running.process.send_signal(signal.SIGINT)
    assert running.end(timeout=2) == 0
    assert 'Traceback' not in running.text
    assert 'finished cleanly' in running.text
