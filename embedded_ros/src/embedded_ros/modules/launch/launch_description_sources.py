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

"""Launch files written in Python."""

from __future__ import annotations

import os
import runpy
from typing import TYPE_CHECKING

from launch.errors import LaunchError
from launch.launch_description import LaunchDescription
from launch.launch_description_source import LaunchDescriptionSource

if TYPE_CHECKING:
    from launch.substitution import SomeSubstitutionsType

__all__ = [
    'InvalidPythonLaunchFileError',
    'LaunchDescriptionSource',
    'PythonLaunchDescriptionSource',
    'get_launch_description_from_python_launch_file',
]


class InvalidPythonLaunchFileError(LaunchError):
    """A file is not a launch file."""


def get_launch_description_from_python_launch_file(path: str) -> LaunchDescription:
    """Run a Python launch file and return what its generate_launch_description() returns."""
    if not os.path.isfile(path):
        raise InvalidPythonLaunchFileError(f"launch file '{path}' does not exist")
    generate = runpy.run_path(path).get('generate_launch_description')
    if not callable(generate):
        raise InvalidPythonLaunchFileError(
            f"launch file '{path}' does not contain the function generate_launch_description()"
        )
    description = generate()
    if not isinstance(description, LaunchDescription):
        raise InvalidPythonLaunchFileError(
            f"generate_launch_description() of launch file '{path}' returned "
            f'{type(description).__name__}, not a LaunchDescription'
        )
    return description


class PythonLaunchDescriptionSource(LaunchDescriptionSource):
    """A Python launch file."""

    def __init__(self, launch_file_path: SomeSubstitutionsType) -> None:
        super().__init__(location=launch_file_path)

    def read(self, path: str) -> LaunchDescription:
        return get_launch_description_from_python_launch_file(path)
