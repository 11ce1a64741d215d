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
The launch's log: on the screen, and in a folder of its own for each run.

The folder is made below ROS_LOG_DIR, or else ROS_HOME/log, or else ~/.ros/log.
"""

from __future__ import annotations

from datetime import datetime
import logging
import os
from pathlib import Path
import socket
import sys

__all__ = ['get_logger', 'launch_config']


class _Screen(logging.Handler):
    """Writes to the standard output of the moment; a terminal that is gone is no error."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stdout.write(self.format(record) + '\n')
            sys.stdout.flush()
        except (OSError, ValueError):
            pass


class _Format(logging.Formatter):
    """`[INFO] [launch]: text`, and `[pin_detector-1] text` for what a process writes."""

    def __init__(self, prefix: str) -> None:
        super().__init__(f'{prefix}[%(levelname)s] [%(name)s]: %(message)s')
        self._output = logging.Formatter(f'{prefix}[%(name)s] %(message)s')

    def format(self, record: logging.LogRecord) -> str:
        if getattr(record, 'is_process_output', False):
            return self._output.format(record)
        return super().format(record)


class LaunchConfig:
    """Where the launch logs to."""

    def __init__(self) -> None:
        self.level = logging.INFO
        self.log_dir: str | None = None
        self._screen = _Screen()
        self._screen.setFormatter(_Format(''))
        self._file: logging.FileHandler | None = None

    def start_run(self) -> None:
        """
        Make this run's folder and log to `launch.log` in it.

        A folder that cannot be made costs a warning and the log file, no more.
        """
        self.end_run()
        run = f'{datetime.now():%Y-%m-%d-%H-%M-%S-%f}-{socket.gethostname()}-{os.getpid()}'
        folder = _log_root() / run
        logger = get_logger('launch')
        try:
            folder.mkdir(parents=True)
            self._file = logging.FileHandler(folder / 'launch.log', encoding='utf-8')
        except OSError as error:
            logger.warning(f'no log file, since {folder} cannot be made: {error.strerror}')
            return
        self._file.setFormatter(_Format('%(created).7f '))
        self.log_dir = str(folder)
        logger.info(f'All log files can be found below {folder}')

    def end_run(self) -> None:
        """Close the log file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def handlers(self, *, screen: bool = True, file: bool = True) -> list[logging.Handler]:
        """Return what writes to the screen, to the log file or to both."""
        handlers: list[logging.Handler] = []
        if screen:
            handlers.append(self._screen)
        if file and self._file is not None:
            handlers.append(self._file)
        return handlers


launch_config = LaunchConfig()


class _ToLaunch(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        for handler in launch_config.handlers():
            handler.handle(record)


_to_launch = _ToLaunch()


def get_logger(name: str = 'launch') -> logging.Logger:
    """Return a logger that writes to the screen and to the log file."""
    logger = logging.getLogger(name)
    logger.addHandler(_to_launch)
    logger.propagate = False
    logger.setLevel(launch_config.level)
    return logger


def log_process_output(name: str, line: str, *, screen: bool, file: bool) -> None:
    """Log a line that a process wrote."""
    record = logging.LogRecord(name, logging.INFO, '', 0, '%s', (line,), None)
    record.is_process_output = True
    for handler in launch_config.handlers(screen=screen, file=file):
        handler.handle(record)


def _log_root() -> Path:
    environment = os.environ
    if environment.get('ROS_LOG_DIR'):
        return Path(environment['ROS_LOG_DIR']).expanduser()
    home = environment.get('ROS_HOME') or Path('~') / '.ros'
    return Path(home).expanduser() / 'log'
