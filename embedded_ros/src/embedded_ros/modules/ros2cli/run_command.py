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

"""`ros2 run`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import os
import sys

from embedded_ros.executables import ExecutableNotFoundError, find_executable
from ros2cli.errors import CommandError


def main(argv: Sequence[str]) -> int:
    """Run `ros2 run`: become the program that is meant."""
    parser = argparse.ArgumentParser(
        prog='ros2 run', description='Run a package specific executable.'
    )
    parser.add_argument('package_name', help='name of the package')
    parser.add_argument('executable_name', help='name of the executable')
    parser.add_argument(
        'argv', nargs=argparse.REMAINDER, help='arguments of the executable, as they are'
    )
    arguments = parser.parse_args(argv)
    try:
        command = find_executable(arguments.package_name, arguments.executable_name)
    except ExecutableNotFoundError as error:
        raise CommandError(str(error)) from error
    command = [*command, *arguments.argv]
    sys.stdout.flush()
    try:
        os.execv(command[0], command)  # noqa: S606 (the program that was asked for)
    except OSError as error:
        raise CommandError(f"'{command[0]}' cannot be run: {error.strerror}") from error
