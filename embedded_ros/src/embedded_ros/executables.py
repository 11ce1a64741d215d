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

"""Where a package's programs are."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata
import os
from pathlib import Path
import sys

from ament_index_python.packages import get_package_prefix, PackageNotFoundError


class ExecutableNotFoundError(RuntimeError):
    """A package has no such program."""


def find_executable(package: str, executable: str) -> list[str]:
    """
    Return the command that runs a package's program.

    A program installed the ROS 2 way, `<prefix>/lib/<package>/<executable>`, comes first; else a
    console script of the Python distribution of that name, run by this interpreter.
    """
    commands = executables(package)
    if executable not in commands:
        known = f'it has {", ".join(sorted(commands))}' if commands else 'it has none'
        raise ExecutableNotFoundError(
            f"executable '{executable}' not found in package '{package}': {known}"
        )
    return commands[executable]


def executables(package: str) -> dict[str, list[str]]:
    """
    Return the commands of all programs of a package, by name.

    PackageNotFoundError is raised where there is neither a ROS 2 package of that name nor a
    Python distribution.
    """
    commands = dict(_console_scripts(package))
    try:
        prefix = get_package_prefix(package)
    except PackageNotFoundError:
        if not commands:
            raise
        return commands
    folder = Path(prefix) / 'lib' / package
    if folder.is_dir():
        for path in folder.iterdir():
            if path.is_file() and os.access(path, os.X_OK):
                commands[path.name] = [str(path)]
    return commands


def _console_scripts(package: str) -> Iterator[tuple[str, list[str]]]:
    try:
        distribution = metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return
    names = {entry.name for entry in distribution.entry_points.select(group='console_scripts')}
    for file in distribution.files or ():
        if file.name in names and file.parent.name in ('bin', 'Scripts'):
            yield file.name, [sys.executable, str(Path(str(file.locate())).resolve())]
