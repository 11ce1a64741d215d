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
from launch.errors import LaunchError
from launch.substitution import perform_substitutions, SomeSubstitutionsType
from launch_ros.actions.scope import full_namespace, scope_parameters, scope_remappings
from launch_ros.parameter_descriptions import ParameterFile
from launch_ros.parameters import parameters_file

from embedded_ros.executables import find_executable
from embedded_ros.names import full_node_name, node_name_fault

if TYPE_CHECKING:
    from launch.launch_context import LaunchContext

SomeParameters = Iterable[SomeSubstitutionsType | ParameterFile | Mapping[Any, Any]]


class Node(ExecuteProcess):
    """
    Starts a node.

    Parameters are YAML files and dictionaries; remappings are pairs of names. Of the parameters
    the later ones win, but those that a file gives to all nodes (`/**`) lose against those of a
    dictionary where the node has both name and namespace. Whatever ExecuteProcess takes beside
    the command is taken here too.
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
        self.parameters = tuple(parameters or ())
        self.remappings = tuple(remappings or ())
        self.arguments = tuple(arguments or ())
        self.ros_arguments = tuple(ros_arguments or ())
        self._own_name = name
        self._own_namespace = namespace
        self._full_name: str | None = None

    @property
    def node_name(self) -> str:
        """The node's full name, once the node is launched."""
        if self._full_name is None:
            raise LaunchError(
                "a Node's node_name is known once it is launched, if it has a name and a namespace"
            )
        return self._full_name

    def command(self, context: LaunchContext) -> list[str]:
        def text(value: SomeSubstitutionsType) -> str:
            return perform_substitutions(context, value)

        name = text(self._own_name) if self._own_name else None
        namespace = full_namespace(
            context, None if self._own_namespace is None else text(self._own_namespace)
        )
        rules = [text(argument) for argument in self.ros_arguments]
        if name:
            fault = node_name_fault(name)
            if fault is not None:
                raise LaunchError(f"node name '{name}': {fault.reason}")
            rules += ['-r', f'__node:={name}']
        if namespace:
            rules += ['-r', f'__ns:={namespace}']
        if name and namespace:
            self._full_name = full_node_name(name, namespace)
        rules += scope_parameters(context)
        for parameters in self.parameters:
            file = parameters_file(context, parameters, self._full_name or '/**')
            rules += ['--params-file', file]
        # The first rule that applies wins.
        rules += scope_remappings(context)
        for old, new in self.remappings:
            rules += ['-r', f'{text(old)}:={text(new)}']
        return [
            *find_executable(text(self.package), text(self.executable)),
            *(text(argument) for argument in self.arguments),
            *(['--ros-args', *rules] if rules else []),
        ]
