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

"""A process that is a ROS 2 node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TYPE_CHECKING

from launch.actions import ExecuteProcess
from launch.substitution import perform_substitutions, SomeSubstitutionsType
from launch_ros.parameters import parameters_file

from embedded_ros.executables import find_executable

if TYPE_CHECKING:
    from launch.launch_context import LaunchContext

SomeParameters = Iterable[SomeSubstitutionsType | Mapping[Any, Any]]


class Node(ExecuteProcess):
    """
    Starts a node.

    Parameters are YAML files and dictionaries, the later ones winning; remappings are pairs of
    names. Whatever ExecuteProcess takes beside the command is taken here too.
    """

    is_ros_node = True

    def __init__(
        self,
        *,
        package: SomeSubstitutionsType,
        executable: SomeSubstitutionsType,
        name: SomeSubstitutionsType | None = None,
        namespace: SomeSubstitutionsType | None = None,
        exec_name: SomeSubstitutionsType | None = None,
        parameters: SomeParameters = (),
        remappings: Iterable[tuple[SomeSubstitutionsType, SomeSubstitutionsType]] = (),
        arguments: Iterable[SomeSubstitutionsType] = (),
        ros_arguments: Iterable[SomeSubstitutionsType] = (),
        **process: Any,
    ) -> None:
        if isinstance(parameters, (str, Mapping)):
            raise TypeError('parameters of a Node are a list of files and dictionaries')
        super().__init__(cmd=(), name=exec_name or executable, **process)
        self.package = package
        self.executable = executable
        self.node_name = name
        self.namespace = namespace
        self.parameters = tuple(parameters or ())
        self.remappings = tuple(remappings or ())
        self.arguments = tuple(arguments or ())
        self.ros_arguments = tuple(ros_arguments or ())

    def command(self, context: LaunchContext) -> list[str]:
        def text(value: SomeSubstitutionsType) -> str:
            return perform_substitutions(context, value)

        rules = [text(argument) for argument in self.ros_arguments]
        if self.node_name:
            rules += ['-r', f'__node:={text(self.node_name)}']
        namespace = text(self.namespace) if self.namespace else ''
        if namespace:
            rules += ['-r', f'__ns:=/{namespace.strip("/")}']
        for parameters in self.parameters:
            rules += ['--params-file', parameters_file(context, parameters)]
        for old, new in self.remappings:
            rules += ['-r', f'{text(old)}:={text(new)}']
        return [
            *find_executable(text(self.package), text(self.executable)),
            *(text(argument) for argument in self.arguments),
            *(['--ros-args', *rules] if rules else []),
        ]
