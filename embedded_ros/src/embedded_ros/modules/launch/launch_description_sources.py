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
