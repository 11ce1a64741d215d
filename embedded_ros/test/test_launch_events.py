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

"""Launched processes that answer one another: starts, ends, respawns, timers and signals."""

import re
import signal
import sys
import time

from launch.actions import (
    EmitEvent,
    ExecuteProcess,
    GroupAction,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
    SetLaunchConfiguration,
    Shutdown,
    TimerAction,
)
from launch.conditions import IfCondition
from launch.event_handlers import OnProcessExit, OnProcessIO, OnProcessStart
from launch.events import matches_action
from launch.events.process import ShutdownProcess, SignalProcess
from launch.substitutions import LaunchConfiguration
import pytest

WAITING = """
import signal, sys, time
signal.signal(signal.SIGINT, lambda number, frame: sys.exit(0))
signal.signal(signal.SIGUSR1, lambda number, frame: sys.stdout.write('USR1\\n'))
sys.stdout.write('ready\\n')
while True:
    time.sleep(0.05)
"""


def python(source, **options):
    options = {'name': 'child', 'output': 'screen', **options}
    return ExecuteProcess(cmd=[sys.executable, '-c', source], **options)


def said(output):
    """Return what LogInfo wrote."""
    return re.findall(r'^\[INFO\] \[launch.user\]: (.*)$', output, re.MULTILINE)


def test_processes_in_a_row(run_launch):
    first, second, third = python('', name='a'), python('print(2)', name='b'), python('', name='c')
    code, output = run_launch(
        first,
        RegisterEventHandler(OnProcessStart(
            target_action=first, on_start=[LogInfo(msg='a runs')])),
        RegisterEventHandler(OnProcessExit(target_action=first, on_exit=[
            LogInfo(msg='a ended'), GroupAction([second], condition=IfCondition('true'))])),
        RegisterEventHandler(OnProcessStart(
            target_action=lambda action: action is second,
            on_start=lambda event, _: LogInfo(msg=f'{event.process_name} {event.pid > 0}'))),
        RegisterEventHandler(OnProcessExit(
            target_action=second, on_exit=lambda event, context: third if event.returncode else [
                LogInfo(msg='b ended well')])),
    )
    assert code == 0
    assert said(output) == ['a runs', 'a ended', 'b-2 True', 'b ended well']
    assert '[b-2] 2\n' in output
    assert 'c-3' not in output


def test_process_is_started_again_so_many_times(run_launch):
    times = []
    child = python(
        'raise SystemExit(3)', respawn=LaunchConfiguration('again'), respawn_delay=0.2,
        respawn_max_retries=2, on_exit=[LogInfo(msg='gone')])
    code, output = run_launch(
        SetLaunchConfiguration('again', 'true'),
        RegisterEventHandler(OnProcessStart(
            target_action=child, on_start=lambda event, _: times.append(time.monotonic()))),
        RegisterEventHandler(OnProcessExit(
            target_action=child, on_exit=lambda event, _: times.append(time.monotonic()))),
        child,
    )
    assert code == 1
    assert output.count('[child-1]: process started') == 3
    assert said(output) == ['gone'] * 3
    assert len(times) == 6
    for end, start in ((times[1], times[2]), (times[3], times[4])):
        assert 0.2 <= start - end < 1


def test_process_is_not_started_again_unless_asked(run_launch):
    _, output = run_launch(python('', respawn='false', respawn_delay=0.0))
    assert output.count('process started') == 1


def test_end_of_the_launch_ends_the_wait_for_a_respawn(run_launch):
    start = time.monotonic()
    code, output = run_launch(
        python('', respawn=True, respawn_delay=60.0, on_exit=TimerAction(
            period=0.2, actions=[Shutdown()])))
    assert code == 0
    assert time.monotonic() - start < 5
    assert output.count('process started') == 1


def test_process_that_is_to_end_is_not_started_again(run_launch):
    # One that SIGINT ends, as the launch asked for: no failure.
    child = python('import signal; signal.signal(2, signal.SIG_DFL)' + WAITING.replace(
        'signal.signal(signal.SIGINT, lambda number, frame: sys.exit(0))', ''), respawn=True)
    end = EmitEvent(event=ShutdownProcess(process_matcher=matches_action(child)))
    other = python(WAITING, name='other')
    code, output = run_launch(
        child, other,
        RegisterEventHandler(OnProcessIO(
            target_action=child, on_stdout=lambda event: end if b'ready' in event.text else None)),
        RegisterEventHandler(OnProcessExit(target_action=child, on_exit=[
            LogInfo(msg='child ended'), TimerAction(period=0.3, actions=[Shutdown()])])),
    )
    assert code == 0
    assert said(output) == ['child ended']
    assert output.count('[child-1]: process started') == 1
    assert output.count('finished cleanly') == 2


def test_signals_reach_the_processes_that_are_meant(run_launch):
    child, other = python(WAITING), python(WAITING, name='other')
    ready = []

    def on_stdout(event):
        if b'USR1' in event.text:
            return Shutdown()
        if b'ready' in event.text:
            ready.append(event.process_name)
            if len(ready) == 2:
                return EmitEvent(event=SignalProcess(
                    signal_number=signal.SIGUSR1, process_matcher=matches_action(child)))
        return None

    code, output = run_launch(
        # One that has not been started is let alone.
        EmitEvent(event=SignalProcess(signal_number='SIGKILL', process_matcher=lambda _: True)),
        child, other, RegisterEventHandler(OnProcessIO(on_stdout=on_stdout)))
    assert code == 0
    assert sorted(ready) == ['child-1', 'other-2']
    assert "[child-1]: sending signal 'SIGUSR1' to process[child-1]" in output
    assert '[child-1] USR1\n' in output
    assert '[other-2] USR1' not in output


def test_output_is_handed_on_by_stream(run_launch):
    got = {1: b'', 2: b''}

    def collect(event):
        got[1 if event.from_stdout else 2] += event.text

    code, output = run_launch(
        RegisterEventHandler(OnProcessIO(on_stdout=collect, on_stderr=collect)),
        python("import sys; sys.stdout.write('a' * 9999); sys.stderr.write('b\\nc')"))
    assert code == 0
    assert got == {1: b'a' * 9999, 2: b'b\nc'}
    assert '[child-1] b\n' in output


def test_timers_fire_once_and_in_time(run_launch):
    times = []

    def now(context, word):
        times.append((word, time.monotonic()))

    def then(word):
        return [OpaqueFunction(function=now, args=[word])]

    start = time.monotonic()
    code, _ = run_launch(
        SetLaunchConfiguration('period', '0.4'),
        TimerAction(period=LaunchConfiguration('period'), actions=then('second')),
        TimerAction(period=0.1, actions=[
            *then('first'), TimerAction(period=0.6, actions=then('third'))]),
        TimerAction(period=0.0, actions=then('never'), condition=IfCondition('false')),
        *then('at once'))
    assert code == 0
    assert [word for word, _ in times] == ['at once', 'first', 'second', 'third']
    for (_, at), expected in zip(times, (0.0, 0.1, 0.4, 0.7), strict=True):
        assert at - start == pytest.approx(expected, abs=0.25)


def test_timers_that_do_not_fire(run_launch):
    cancelled = TimerAction(period=0.2, actions=[LogInfo(msg='cancelled')])
    start = time.monotonic()
    code, output = run_launch(
        cancelled,
        TimerAction(period=60.0, actions=[LogInfo(msg='late')]),
        TimerAction(
            period=0.5, actions=[LogInfo(msg='kept')], cancel_on_shutdown=False),
        TimerAction(period=0.1, actions=[
            OpaqueFunction(function=lambda context: cancelled.cancel()), Shutdown()]))
    assert code == 0
    assert 0.5 <= time.monotonic() - start < 5
    assert said(output) == ['kept']


@pytest.mark.parametrize(
    ('action', 'expected'),
    [(TimerAction(period='soon', actions=[]), "period 'soon' is not a number"),
     (python('', respawn='perhaps'), "'perhaps' is neither true nor false"),
     (TimerAction(period=0.1, actions=[LogInfo(msg=LaunchConfiguration('nowhere'))]),
      "'nowhere' does not exist")],
)
def test_mistake_is_one_line(run_launch, action, expected):
    code, output = run_launch(action)
    errors = [line for line in output.splitlines() if line.startswith('[ERROR]')]
    assert code == 1
    assert len(errors) == 1
    assert expected in errors[0]
    assert 'process started' not in output


def test_action_starts_one_process(run_launch):
    child = python('')
    code, output = run_launch(child, child)
    assert code == 1
    assert "process 'child' is launched twice by the same action" in output
    assert 'process started' not in output


def test_settings_for_all_processes(run_launch, monkeypatch):
    terminal = 'import sys; print(sys.stdout.isatty())'
    stubborn = f'import signal, time; signal.signal(2, signal.SIG_IGN); {terminal}; time.sleep(60)'
    start = time.monotonic()
    code, output = run_launch(
        SetLaunchConfiguration('emulate_tty', 'true'),
        SetLaunchConfiguration('sigterm_timeout', '0.2'),
        python(stubborn),
        RegisterEventHandler(OnProcessIO(on_stdout=lambda event: Shutdown())))
    assert code == 0
    assert time.monotonic() - start < 5
    assert '[child-1] True\n' in output
    assert "escalating to 'SIGTERM'" in output
    monkeypatch.setenv('OVERRIDE_LAUNCH_PROCESS_OUTPUT', 'log')
    assert '[child-1] False' not in run_launch(python(terminal))[1]
