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

"""Loggers and their levels; the text goes to the error stream in ROS 2's format."""

from rclpy.impl.logging_severity import LoggingSeverity
from rclpy.impl.rcutils_logger import RcutilsLogger

from embedded_ros import console

__all__ = [
    'LoggingSeverity',
    'RcutilsLogger',
    'get_logger',
    'get_logger_effective_level',
    'get_logger_level',
    'get_logging_severity_from_string',
    'set_logger_level',
]


def get_logger(name: str) -> RcutilsLogger:
    """Return a logger of the given name."""
    if not name:
        raise ValueError('Logger name must not be empty.')
    return RcutilsLogger(name)


def set_logger_level(
    name: str, level: LoggingSeverity | int, detailed_error: bool = False
) -> None:
    """Drop messages of the logger `name` and of its children below `level`."""
    console.set_level(name, int(LoggingSeverity(level)))


def get_logger_level(name: str) -> LoggingSeverity:
    """Return the level set for this very logger, UNSET where there is none."""
    return LoggingSeverity(console.own_level(name))


def get_logger_effective_level(name: str) -> LoggingSeverity:
    """Return the level that holds for a logger, inherited or its own."""
    return LoggingSeverity(console.effective_level(name))


def get_logging_severity_from_string(log_severity: str) -> LoggingSeverity:
    """Return the severity of a name ('info'); RuntimeError when there is none."""
    try:
        return LoggingSeverity[log_severity.upper()]
    except KeyError:
        raise RuntimeError(f"'{log_severity}' is not a logging severity") from None
