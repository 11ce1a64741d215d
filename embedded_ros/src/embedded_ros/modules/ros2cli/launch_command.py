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

"""`ros2 launch`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import os
from pathlib import Path
import sys

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription, LaunchDescriptionEntity, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.errors import one_line
from launch.launch_description_sources import (
    get_launch_description_from_python_launch_file,
    PythonLaunchDescriptionSource,
)

from ros2cli.errors import CommandError


def main(argv: Sequence[str]) -> int:
    """Run `ros2 launch`."""
    parser = argparse.ArgumentParser(prog='ros2 launch', description='Run a launch file.')
    parser.add_argument('-n', '--noninteractive', action='store_true', help='no terminal is there')
    parser.add_argument(
        '-d', '--debug', action='store_true', help='show the stack trace of an error'
    )
    parser.add_argument(
        '-p', '--print', action='store_true', help='print what is launched, without launching it'
    )
    parser.add_argument(
        '-s', '--show-args', '--show-arguments', action='store_true',
        help='show the arguments of the launch file',
    )
    parser.add_argument('package_name', help='name of a package, or path of a launch file')
    parser.add_argument(
        'launch_file_name', nargs='?', help='name of the launch file in the package'
    )
    parser.add_argument(
        'launch_arguments', nargs='*', help="arguments of the launch file: '<name>:=<value>'"
    )
    arguments = parser.parse_intermixed_args(argv)
    path, launch_arguments = _file_and_arguments(arguments)
    if arguments.show_args or arguments.print:
        try:
            description = get_launch_description_from_python_launch_file(path)
        except Exception as error:
            if arguments.debug:
                raise
            raise CommandError(one_line(error)) from error
        if arguments.show_args:
            _show_arguments(description)
        else:
            _print_description(description)
        return 0
    pairs = [_name_and_value(argument) for argument in launch_arguments]
    service = LaunchService(
        argv=launch_arguments, noninteractive=arguments.noninteractive, debug=arguments.debug
    )
    service.include_launch_description(
        LaunchDescription(
            [IncludeLaunchDescription(PythonLaunchDescriptionSource(path), launch_arguments=pairs)]
        )
    )
    return service.run()


def _file_and_arguments(arguments: argparse.Namespace) -> tuple[str, list[str]]:
    package, file = arguments.package_name, arguments.launch_file_name
    if os.path.isfile(package):
        return package, [*([file] if file else []), *arguments.launch_arguments]
    if file is None or ':=' in file:
        if os.sep in package or package.endswith('.py'):
            raise CommandError(f"launch file '{package}' does not exist")
        raise CommandError(f"name a launch file of package '{package}', or the path of one")
    share = Path(get_package_share_directory(package))
    found = sorted(path for path in share.rglob(file) if path.is_file()) if _plain(file) else []
    if not found:
        raise CommandError(
            f"file '{file}' was not found in the share directory of package '{package}' "
            f"which is at '{share}'{_launch_files(share)}"
        )
    if len(found) > 1:
        listed = ', '.join(f"'{path}'" for path in found)
        raise CommandError(
            f"file '{file}' was found more than once in the share directory of package "
            f"'{package}': [{listed}]"
        )
    return str(found[0]), arguments.launch_arguments


def _plain(name: str) -> bool:
    return os.sep not in name and not any(character in name for character in '*?[')


def _launch_files(share: Path) -> str:
    names = sorted(path.name for path in share.rglob('*.launch.py'))
    return f'; it has {", ".join(names)}' if names else ''


def _name_and_value(argument: str) -> tuple[str, str]:
    name, separator, value = argument.partition(':=')
    if not separator or not name:
        raise CommandError(
            f"malformed launch argument '{argument}', expected format '<name>:=<value>'"
        )
    return name, value


def _show_arguments(description: LaunchDescription) -> None:
    print("Arguments (pass arguments as '<name>:=<value>'):")
    declared = description.get_launch_arguments()
    for argument in declared:
        print(f"\n    '{argument.name}':\n        {argument.description}")
        if argument.default_value is not None:
            default = ' + '.join(piece.describe() for piece in argument.default_value)
            print(f'        (default: {default})')
    if not declared:
        print('\n  No arguments.')


def _print_description(entity: LaunchDescriptionEntity, indent: str = '') -> None:
    sys.stdout.write(f'{indent}{entity.describe()}\n')
    for inner in entity.describe_sub_entities():
        _print_description(inner, indent + '    ')
