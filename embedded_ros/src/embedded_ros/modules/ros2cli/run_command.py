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
