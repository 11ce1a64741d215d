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

"""
Log lines on the error stream, in the format of ROS 2, and to whoever listens to a logger.

The environment variables RCUTILS_COLORIZED_OUTPUT (0 or 1), RCUTILS_CONSOLE_OUTPUT_FORMAT,
RCUTILS_LOGGING_USE_STDOUT and RCUTILS_LOGGING_BUFFERED_STREAM (0 or 1) are honoured.
"""

from collections.abc import Callable
import os
import re
import sys
import threading
import time
from typing import NamedTuple, TextIO, TypeAlias

DEFAULT_LEVEL = 20
_NAMES = {10: 'DEBUG', 20: 'INFO', 30: 'WARN', 40: 'ERROR', 50: 'FATAL'}
_COLORS = {10: '\033[32m', 20: '\033[0m', 30: '\033[33m', 40: '\033[31m', 50: '\033[31m'}
_COLOR_END = '\033[0m'
_FORMAT = '[{severity}] [{time}] [{name}]: {message}'

# A signal handler may log while its own thread is logging.
_lock = threading.RLock()


class Place(NamedTuple):
    """Where in the source a message comes from."""

    file: str = ''
    function: str = ''
    line: int = 0


class Record(NamedTuple):
    """One message; the time in nanoseconds since the epoch."""

    severity: int
    name: str
    message: str
    place: Place
    time: int


Listener: TypeAlias = Callable[[Record], None]

_levels: dict[str, int] = {}
_listeners: dict[str, Listener] = {}
_streams = True

if hasattr(os, 'register_at_fork'):
    # What a listener writes to is the parent's.
    os.register_at_fork(after_in_child=_listeners.clear)


def set_level(name: str, level: int) -> None:
    """Set the level of a logger ('' for all), 0 to inherit it again."""
    with _lock:
        _levels.pop(name, None)
        if level:
            _levels[name] = level


def own_level(name: str) -> int:
    """Return the level set for this very logger, 0 where there is none."""
    return _levels.get(name, 0)


def effective_level(name: str) -> int:
    """Return the level of a logger: its own, or that of the nearest one above it."""
    with _lock:
        while name:
            if name in _levels:
                return _levels[name]
            name = name.rpartition('.')[0]
        return _levels.get('', DEFAULT_LEVEL)


def enable_streams(enabled: bool) -> None:
    """Write to the error stream, or to listeners alone."""
    global _streams
    _streams = enabled


def listen(name: str, listener: Listener) -> None:
    """Pass the messages of a logger to this listener alone."""
    _listeners[name] = listener


def unlisten(name: str, listener: Listener) -> None:
    """Forget the listener; nothing happens where another one has the messages."""
    if _listeners.get(name) == listener:
        _listeners.pop(name, None)


def write(
    severity: int,
    name: str,
    message: str,
    place: Place = Place(),  # noqa: B008
    listened_as: str | None = None,
) -> None:
    """
    Write one message, in one piece; a closed stream is not an error.

    The listener that hears of it is that of `listened_as`, or of the logger itself.
    """
    record = Record(int(severity), name, message, place, time.time_ns())
    if _streams:
        _write_line(record)
    listener = _listeners.get(name if listened_as is None else listened_as)
    if listener is not None:
        listener(record)


def _write_line(record: Record) -> None:
    now = record.time
    values = {
        'severity': _NAMES[record.severity],
        'name': record.name,
        'message': record.message,
        'time': f'{now // 10**9}.{now % 10**9:09d}',
        'time_as_nanoseconds': f'{now:019d}',
        'date_time_with_ms': _date_time(now),
        'file_name': record.place.file,
        'function_name': record.place.function,
        'line_number': str(record.place.line),
    }
    form = os.environ.get('RCUTILS_CONSOLE_OUTPUT_FORMAT') or _FORMAT
    # Unknown names in braces stay as they are, and braces in the message too.
    text = re.sub(r'\{(\w+)\}', lambda match: values.get(match[1], match[0]), form)
    text = text.replace('\\n', '\n').replace('\\t', '\t') if form != _FORMAT else text
    stream = sys.stdout if os.environ.get('RCUTILS_LOGGING_USE_STDOUT') == '1' else sys.stderr
    try:
        if _colorized(stream):
            text = f'{_COLORS[record.severity]}{text}{_COLOR_END}'
        with _lock:
            stream.write(text + '\n')
            if os.environ.get('RCUTILS_LOGGING_BUFFERED_STREAM') != '1':
                stream.flush()
    except (OSError, ValueError, AttributeError):
        pass


def _date_time(nanoseconds: int) -> str:
    seconds, rest = divmod(nanoseconds, 10**9)
    moment = time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(seconds))
    return f'{moment}.{rest // 10**6:03d}'


def _colorized(stream: TextIO) -> bool:
    setting = os.environ.get('RCUTILS_COLORIZED_OUTPUT')
    return setting == '1' if setting in ('0', '1') else stream.isatty()
