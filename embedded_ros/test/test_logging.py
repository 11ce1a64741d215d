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

import os
import re
import subprocess
import sys
import threading

import pytest
from rclpy.logging import (
    get_logger,
    get_logger_effective_level,
    get_logger_level,
    get_logging_severity_from_string,
    LoggingSeverity,
    set_logger_level,
)

from embedded_ros import console


@pytest.fixture(autouse=True)
def plain_output(monkeypatch):
    for name in (
        'RCUTILS_COLORIZED_OUTPUT', 'RCUTILS_CONSOLE_OUTPUT_FORMAT',
        'RCUTILS_LOGGING_USE_STDOUT', 'RCUTILS_LOGGING_BUFFERED_STREAM',
    ):
        monkeypatch.delenv(name, raising=False)
    levels = dict(console._levels)
    yield
    for name in set(console._levels) - set(levels):
        console.set_level(name, 0)
    for name, level in levels.items():
        console.set_level(name, level)


def test_format_of_ros(capsys):
    get_logger('cell.eye').warning('look {message}')
    out, err = capsys.readouterr()
    assert out == ''
    assert re.fullmatch(r'\[WARN\] \[\d{10}\.\d{9}\] \[cell\.eye\]: look \{message\}\n', err)


def test_own_format(capsys, monkeypatch):
    form = '{severity}|{file_name}:{line_number}|{function_name}|{nothing}|{message}'
    monkeypatch.setenv('RCUTILS_CONSOLE_OUTPUT_FORMAT', form)
    get_logger('a').error('text')
    pattern = r'ERROR\|test_logging\.py:\d+\|test_own_format\|\{nothing\}\|text\n'
    assert re.fullmatch(pattern, capsys.readouterr().err)


def test_colors_on_request(capsys, monkeypatch):
    monkeypatch.setenv('RCUTILS_COLORIZED_OUTPUT', '1')
    get_logger('a').fatal('text')
    text = capsys.readouterr().err
    assert text.startswith('\033[31m[FATAL]')
    assert text.endswith('\033[0m\n')


def test_output_stream_on_request(capsys, monkeypatch):
    monkeypatch.setenv('RCUTILS_LOGGING_USE_STDOUT', '1')
    get_logger('a').info('here')
    out, err = capsys.readouterr()
    assert out.endswith('[a]: here\n')
    assert err == ''


@pytest.mark.parametrize(('setting', 'kept_back'), [('0', False), ('1', True)])
def test_buffered_stream_on_request(setting, kept_back):
    program = (
        'import os, sys\n'
        'from rclpy.logging import get_logger\n'
        "get_logger('a').error('last words')\n"
        'os._exit(0)\n'
    )
    variables = {
        'RCUTILS_LOGGING_USE_STDOUT': '1', 'RCUTILS_LOGGING_BUFFERED_STREAM': setting,
        'PYTHONUNBUFFERED': ''}
    done = subprocess.run(
        [sys.executable, '-c', program], capture_output=True, text=True,
        env=dict(os.environ, **variables))
    assert (done.stdout == '') == kept_back


def test_levels_are_inherited(capsys):
    set_logger_level('a', LoggingSeverity.ERROR)
    child = get_logger('a').get_child('b')
    assert child.name == 'a.b'
    assert child.get_effective_level() is LoggingSeverity.ERROR
    assert not child.warn('dropped')
    child.set_level(LoggingSeverity.DEBUG)
    assert child.debug('written')
    assert get_logger_level('a.b') is LoggingSeverity.DEBUG
    child.set_level(LoggingSeverity.UNSET)
    assert get_logger_effective_level('a.b') is LoggingSeverity.ERROR
    assert get_logger_effective_level('ab') is LoggingSeverity.INFO
    lines = capsys.readouterr().err.splitlines()
    assert [line.rpartition(': ')[2] for line in lines] == ['written']


def test_severities_by_name():
    assert get_logging_severity_from_string('Warn') is LoggingSeverity.WARN
    with pytest.raises(RuntimeError, match='loud'):
        get_logging_severity_from_string('loud')


def test_once_and_skip_first_hold_for_one_call_in_the_source():
    logger = get_logger('a')
    assert [logger.info('x', once=True) for _ in range(3)] == [True, False, False]
    assert [logger.info('x', skip_first=True) for _ in range(3)] == [False, True, True]
    assert logger.info('x', once=True)


def test_throttling(monkeypatch):
    now = [100.0]
    monkeypatch.setattr('rclpy.impl.rcutils_logger.time.monotonic', lambda: now[0])
    logger = get_logger('a')
    written = []
    for now[0] in (100.0, 100.9, 101.0, 101.5, 102.1):
        written.append(logger.info('x', throttle_duration_sec=1.0))
    assert written == [True, False, True, False, True]


def test_an_unknown_filter_is_an_error():
    with pytest.raises(TypeError):
        get_logger('a').info('x', onec=True)


def test_lines_of_many_threads_do_not_mix(capfd):
    text = 'x' * 500
    threads = [
        threading.Thread(target=lambda: [get_logger('a').info(text) for _ in range(50)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 200
    assert all(re.fullmatch(rf'\[INFO\] \[[\d.]+\] \[a\]: {text}', line) for line in lines)


def test_a_closed_error_stream_does_not_matter():
    program = (
        'import os, sys\n'
        'from rclpy.logging import get_logger\n'
        'os.close(2)\n'
        "get_logger('a').error('nobody hears')\n"
        'sys.stderr = None\n'
        "get_logger('a').error('nobody hears')\n"
        "print('alive')\n"
    )
    done = subprocess.run(
        [sys.executable, '-c', program], capture_output=True, text=True, env=dict(os.environ)
    )
    assert done.stdout == 'alive\n'
