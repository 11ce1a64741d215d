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
Log lines on the error stream, in the format of ROS 2.

RCUTILS_COLORIZED_OUTPUT (0 or 1) and RCUTILS_CONSOLE_OUTPUT_FORMAT are honoured.
"""

import os
import re
import sys
import threading
import time
from typing import NamedTuple

DEFAULT_LEVEL = 20
_NAMES = {10: 'DEBUG', 20: 'INFO', 30: 'WARN', 40: 'ERROR', 50: 'FATAL'}
_COLORS = {10: '\033[32m', 20: '\033[0m', 30: '\033[33m', 40: '\033[31m', 50: '\033[31m'}
_COLOR_END = '\033[0m'
_FORMAT = '[{severity}] [{time}] [{name}]: {message}'

_levels: dict[str, int] = {}
# A signal handler may log while its own thread is logging.
_lock = threading.RLock()


class Place(NamedTuple):
    """Where in the source a message comes from."""

    file: str = ''
    function: str = ''
    line: int = 0


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


def write(severity: int, name: str, message: str, place: Place = Place()) -> None:  # noqa: B008
    """Write one message, in one piece; a closed stream is not an error."""
    now = time.time_ns()
    values = {
        'severity': _NAMES[severity],
        'name': name,
        'message': message,
        'time': f'{now // 10**9}.{now % 10**9:09d}',
        'time_as_nanoseconds': f'{now:019d}',
        'date_time_with_ms': _date_time(now),
        'file_name': place.file,
        'function_name': place.function,
        'line_number': str(place.line),
    }
    form = os.environ.get('RCUTILS_CONSOLE_OUTPUT_FORMAT') or _FORMAT
    # Unknown names in braces stay as they are, and braces in the message too.
    text = re.sub(r'\{(\w+)\}', lambda match: values.get(match[1], match[0]), form)
    text = text.replace('\\n', '\n').replace('\\t', '\t') if form != _FORMAT else text
    stream = sys.stderr
    try:
        if _colorized():
            text = f'{_COLORS[severity]}{text}{_COLOR_END}'
        with _lock:
            stream.write(text + '\n')
            stream.flush()
    except (OSError, ValueError, AttributeError):
        pass


def _date_time(nanoseconds: int) -> str:
    seconds, rest = divmod(nanoseconds, 10**9)
    moment = time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(seconds))
    return f'{moment}.{rest // 10**6:03d}'


def _colorized() -> bool:
    setting = os.environ.get('RCUTILS_COLORIZED_OUTPUT')
    return setting == '1' if setting in ('0', '1') else sys.stderr.isatty()
