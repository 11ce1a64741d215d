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

"""The logger of nodes."""

import os
import sys
import threading
import time
from types import FrameType
from typing import Any

from rclpy.impl.logging_severity import LoggingSeverity

from embedded_ros import console

# Where a call stands: file, line and instruction, so that two calls on one line count apart.
_Place = tuple[str, int, int]


class RcutilsLogger:
    """
    Writes messages under a name; levels are inherited along the dots of names.

    Every method takes the message and, as keywords, `once=True`, `skip_first=True` and
    `throttle_duration_sec`, which hold for that call in the source alone.
    """

    def __init__(self, name: str = '', published_as: str | None = None) -> None:
        """Write under `name`, and on /rosout where the logger `published_as` does."""
        self.name = name
        self._published_as = name if published_as is None else published_as
        self._lock = threading.Lock()
        self._first_seen: set[_Place] = set()
        self._last_written: dict[_Place, float] = {}

    def get_child(self, name: str) -> 'RcutilsLogger':
        """Return the logger of a part of this one."""
        if not name:
            raise ValueError('Need name for logger.')
        return RcutilsLogger(
            f'{self.name}.{name}' if self.name else name, self._published_as or None
        )

    def set_level(self, level: LoggingSeverity | int) -> None:
        """Drop messages below `level`; UNSET inherits the level again."""
        console.set_level(self.name, int(level))

    def get_effective_level(self) -> LoggingSeverity:
        """Return the level that holds for this logger, inherited or its own."""
        return LoggingSeverity(console.effective_level(self.name))

    def is_enabled_for(self, severity: LoggingSeverity | int) -> bool:
        """Return whether messages of this severity are written."""
        return int(severity) >= console.effective_level(self.name)

    def debug(self, message: str, **kwargs: Any) -> bool:
        """Write a message that helps to follow the program."""
        return self._log(message, LoggingSeverity.DEBUG, **kwargs)

    def info(self, message: str, **kwargs: Any) -> bool:
        """Write a message about normal operation."""
        return self._log(message, LoggingSeverity.INFO, **kwargs)

    def warning(self, message: str, **kwargs: Any) -> bool:
        """Write a message about something that may be wrong."""
        return self._log(message, LoggingSeverity.WARN, **kwargs)

    def warn(self, message: str, **kwargs: Any) -> bool:
        """Write a message about something that may be wrong."""
        return self._log(message, LoggingSeverity.WARN, **kwargs)

    def error(self, message: str, **kwargs: Any) -> bool:
        """Write a message about a failure."""
        return self._log(message, LoggingSeverity.ERROR, **kwargs)

    def fatal(self, message: str, **kwargs: Any) -> bool:
        """Write a message about a failure that ends the program."""
        return self._log(message, LoggingSeverity.FATAL, **kwargs)

    def log(self, message: str, severity: LoggingSeverity | int, **kwargs: Any) -> bool:
        """Write a message of the given severity; return whether it was written."""
        return self._log(message, LoggingSeverity(severity), **kwargs)

    def _log(
        self,
        message: str,
        severity: LoggingSeverity,
        *,
        once: bool = False,
        skip_first: bool = False,
        throttle_duration_sec: float | None = None,
    ) -> bool:
        if not self.is_enabled_for(severity):
            return False
        caller = _caller()
        if (once or skip_first or throttle_duration_sec is not None) and not self._is_due(
            (caller.f_code.co_filename, caller.f_lineno, caller.f_lasti),
            once,
            skip_first,
            throttle_duration_sec,
        ):
            return False
        console.write(
            severity,
            self.name,
            str(message),
            console.Place(
                os.path.basename(caller.f_code.co_filename),
                caller.f_code.co_name,
                caller.f_lineno,
            ),
            self._published_as,
        )
        return True

    def _is_due(
        self, place: _Place, once: bool, skip_first: bool, throttle: float | None
    ) -> bool:
        with self._lock:
            first = place not in self._first_seen
            self._first_seen.add(place)
            if skip_first and first:
                return False
            written = self._last_written.get(place)
            now = time.monotonic()
            if written is not None and (once or now < written + (throttle or 0)):
                return False
            self._last_written[place] = now
            return True


def _caller() -> FrameType:
    """Return the frame that called a method of the logger."""
    frame = sys._getframe(1)
    while frame.f_code.co_filename == __file__ and frame.f_back is not None:
        frame = frame.f_back
    return frame
