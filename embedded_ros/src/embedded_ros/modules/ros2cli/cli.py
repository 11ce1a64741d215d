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

"""Finds the command that is meant, and turns what goes wrong in it into one line."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
import os
import signal
import sys
from typing import NoReturn

from ros2cli.errors import CommandError

# name: (module, what it does); a module is imported only when it is used
COMMANDS = {
    'bag': ('ros2cli.bag_command', 'Various rosbag related sub-commands'),
    'launch': ('ros2cli.launch_command', 'Run a launch file'),
    'lifecycle': ('ros2cli.lifecycle_command', 'Various lifecycle related sub-commands'),
    'node': ('ros2cli.node_command', 'Various node related sub-commands'),
    'param': ('ros2cli.param_command', 'Various param related sub-commands'),
    'run': ('ros2cli.run_command', 'Run a package specific executable'),
    'service': ('ros2cli.service_command', 'Various service related sub-commands'),
    'topic': ('ros2cli.topic_command', 'Various topic related sub-commands'),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run `ros2` with these arguments and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    # Explicitly, since a shell's background job inherits SIGINT as ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    if not arguments or arguments[0] in ('-h', '--help'):
        print(_help())
        return 0
    name, *rest = arguments
    if name not in COMMANDS:
        print(
            f"ros2: unknown command '{name}' (choose from {', '.join(COMMANDS)})",
            file=sys.stderr,
        )
        return 2
    try:
        code = import_module(COMMANDS[name][0]).main(rest)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _exit_code_of_signal()
    except BrokenPipeError:  # the reader of our output has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        # An interrupt inside a callback of native code comes out as another exception.
        if _received:
            return _exit_code_of_signal()
        text = _one_line(error)
        if text is None:
            raise
        print(text, file=sys.stderr)
        return 1
    return _exit_code_of_signal() if _received else int(code or 0)


_received: list[int] = []


def _interrupt(signal_number: int, frame: object) -> NoReturn:
    """End the command, but let it leave the graph first."""
    _received.append(signal_number)
    raise KeyboardInterrupt


def _exit_code_of_signal() -> int:
    """Return what the other `ros2` returns after SIGINT, and what a shell expects of others."""
    if not _received or _received[0] == signal.SIGINT:
        return int(signal.SIGINT)
    return 128 + _received[0]


def _one_line(error: Exception) -> str | None:
    """Return what a user needs to know of an error; None for one that is a mistake of ours."""
    if isinstance(error, CommandError):
        return str(error)
    # Not imported just for its exception.
    packages = sys.modules.get('ament_index_python.packages')
    if packages is not None and isinstance(error, packages.PackageNotFoundError):
        return str(error)
    return None


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [f'  {name:<{width}}  {text}' for name, (_, text) in COMMANDS.items()]
    return '\n'.join(
        [
            'usage: ros2 [-h] command ...',
            '',
            'ros2 is a command-line tool for ROS 2.',
            '',
            'options:',
            '  -h, --help  show this help message and exit',
            '',
            'Commands:',
            *lines,
            '',
            '  Call `ros2 <command> -h` for more detailed usage.',
        ]
    )
