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

"""The substitutions that launch files use."""

from __future__ import annotations

from collections.abc import Iterable
import os
from typing import TYPE_CHECKING

from launch.boolean_substitutions import (
    AllSubstitution,
    AndSubstitution,
    AnySubstitution,
    EqualsSubstitution,
    IfElseSubstitution,
    NotEqualsSubstitution,
    NotSubstitution,
    OrSubstitution,
)
from launch.python_expression import PythonExpression
from launch.substitution import (
    normalize_to_list_of_substitutions,
    perform_substitutions,
    SomeSubstitutionsType,
    Substitution,
    SubstitutionFailure,
    TextSubstitution,
)

if TYPE_CHECKING:
    from launch.launch_context import LaunchContext

__all__ = [
    'AllSubstitution',
    'AndSubstitution',
    'AnySubstitution',
    'EnvironmentVariable',
    'EqualsSubstitution',
    'FindPackageShare',
    'IfElseSubstitution',
    'LaunchConfiguration',
    'NotEqualsSubstitution',
    'NotSubstitution',
    'OrSubstitution',
    'PathJoinSubstitution',
    'PythonExpression',
    'SubstitutionFailure',
    'TextSubstitution',
    'ThisLaunchFileDir',
]


def _describe(value: SomeSubstitutionsType) -> str:
    return ' + '.join(piece.describe() for piece in normalize_to_list_of_substitutions(value))


class LaunchConfiguration(Substitution):
    """The value of a launch argument or of what SetLaunchConfiguration set."""

    def __init__(
        self,
        variable_name: SomeSubstitutionsType,
        *,
        default: SomeSubstitutionsType | None = None,
    ) -> None:
        self.variable_name = normalize_to_list_of_substitutions(variable_name)
        self.default = default

    def describe(self) -> str:
        return f'LaunchConfig({_describe(self.variable_name)})'

    def perform(self, context: LaunchContext) -> str:
        name = perform_substitutions(context, self.variable_name)
        if name in context.launch_configurations:
            return str(context.launch_configurations[name])
        if self.default is None:
            raise SubstitutionFailure(f"launch configuration '{name}' does not exist")
        return perform_substitutions(context, self.default)


class PathJoinSubstitution(Substitution):
    """A path made of parts, each of them text or substitutions."""

    def __init__(self, substitutions: Iterable[SomeSubstitutionsType]) -> None:
        self.substitutions = [normalize_to_list_of_substitutions(part) for part in substitutions]

    def describe(self) -> str:
        return f'PathJoin({", ".join(_describe(part) for part in self.substitutions)})'

    def perform(self, context: LaunchContext) -> str:
        return os.path.join(*(perform_substitutions(context, part) for part in self.substitutions))


class EnvironmentVariable(Substitution):
    """A variable of the environment that the launched processes get."""

    def __init__(
        self, name: SomeSubstitutionsType, *, default_value: SomeSubstitutionsType | None = None
    ) -> None:
        self.name = normalize_to_list_of_substitutions(name)
        self.default_value = default_value

    def describe(self) -> str:
        return f'EnvVar({_describe(self.name)})'

    def perform(self, context: LaunchContext) -> str:
        name = perform_substitutions(context, self.name)
        if name in context.environment:
            return context.environment[name]
        if self.default_value is None:
            raise SubstitutionFailure(f"environment variable '{name}' does not exist")
        return perform_substitutions(context, self.default_value)


class FindPackageShare(Substitution):
    """The share directory of a package."""

    def __init__(self, package: SomeSubstitutionsType) -> None:
        self.package = normalize_to_list_of_substitutions(package)

    def describe(self) -> str:
        return f'FindPackageShare(pkg={_describe(self.package)})'

    def perform(self, context: LaunchContext) -> str:
        from ament_index_python.packages import get_package_share_directory

        return get_package_share_directory(perform_substitutions(context, self.package))


class ThisLaunchFileDir(Substitution):
    """The directory of the launch file in which it stands."""

    def perform(self, context: LaunchContext) -> str:
        if context.launch_file_path is None:
            raise SubstitutionFailure('ThisLaunchFileDir used outside of a launch file')
        return os.path.dirname(context.launch_file_path)
