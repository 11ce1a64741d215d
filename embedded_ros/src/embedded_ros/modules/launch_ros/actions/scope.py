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
What a launch file sets for all nodes that follow in the same scope.

It is kept among the launch configurations, so that a group ends it.
"""

from __future__ import annotations

from typing import Any, TYPE_CHECKING

from launch.action import Action
from launch.condition import Condition
from launch.errors import LaunchError
from launch.substitution import perform_substitutions, SomeSubstitutionsType
from launch_ros.parameters import evaluate_parameters

from embedded_ros.names import namespace_fault

if TYPE_CHECKING:
    from launch.launch_context import LaunchContext

_NAMESPACE = 'ros_namespace'
_REMAPPINGS = 'ros_remaps'
_PARAMETERS = 'global_params'


class PushRosNamespace(Action):
    """Puts the nodes into a namespace, below the present one unless it begins with a slash."""

    def __init__(
        self, namespace: SomeSubstitutionsType, *, condition: Condition | None = None
    ) -> None:
        super().__init__(condition=condition)
        self.namespace = namespace

    def execute(self, context: LaunchContext) -> None:
        namespace = perform_substitutions(context, self.namespace)
        context.launch_configurations[_NAMESPACE] = full_namespace(context, namespace)


class SetRemap(Action):
    """Gives the nodes a remapping rule, before their own."""

    def __init__(
        self,
        src: SomeSubstitutionsType,
        dst: SomeSubstitutionsType,
        *,
        condition: Condition | None = None,
    ) -> None:
        super().__init__(condition=condition)
        self.src = src
        self.dst = dst

    def execute(self, context: LaunchContext) -> None:
        rule = f'{perform_substitutions(context, self.src)}:='
        rule += perform_substitutions(context, self.dst)
        _append(context, _REMAPPINGS, ('-r', rule))


class SetParameter(Action):
    """Gives the nodes a parameter; their own parameters win."""

    def __init__(
        self, name: SomeSubstitutionsType, value: Any, *, condition: Condition | None = None
    ) -> None:
        super().__init__(condition=condition)
        self.name = name
        self.value = value

    def execute(self, context: LaunchContext) -> None:
        name = perform_substitutions(context, self.name)
        for full_name, value in evaluate_parameters(context, {name: self.value}).items():
            _append(context, _PARAMETERS, ('-p', f'{full_name}:={value}'))


class SetParametersFromFile(Action):
    """Gives the nodes the parameters of a file; their own parameters win."""

    def __init__(
        self, filename: SomeSubstitutionsType, *, condition: Condition | None = None
    ) -> None:
        super().__init__(condition=condition)
        self.filename = filename

    def execute(self, context: LaunchContext) -> None:
        path = perform_substitutions(context, self.filename)
        _append(context, _PARAMETERS, ('--params-file', path))


def full_namespace(context: LaunchContext, namespace: str | None) -> str | None:
    """Return a node's namespace from the root; None where neither it nor its scope has one."""
    pushed: str | None = context.launch_configurations.get(_NAMESPACE)
    if namespace is None:
        return pushed
    if pushed is not None and not namespace.startswith('/'):
        namespace = f'{pushed}/{namespace}'
    namespace = '/' + namespace.strip('/')
    fault = namespace_fault(namespace)
    if fault is not None:
        raise LaunchError(f"namespace '{namespace}': {fault.reason}")
    return namespace


def scope_parameters(context: LaunchContext) -> list[str]:
    """Return the ROS arguments for the parameters that all nodes get."""
    return [text for pair in context.launch_configurations.get(_PARAMETERS, ()) for text in pair]


def scope_remappings(context: LaunchContext) -> list[str]:
    """Return the ROS arguments for the remapping rules that all nodes get."""
    return [text for pair in context.launch_configurations.get(_REMAPPINGS, ()) for text in pair]


def _append(context: LaunchContext, name: str, argument: tuple[str, str]) -> None:
    # A new tuple: the one before belongs to the scope around, too.
    present = context.launch_configurations.get(name, ())
    context.launch_configurations[name] = (*present, argument)
