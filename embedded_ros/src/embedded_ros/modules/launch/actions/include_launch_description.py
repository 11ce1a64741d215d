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

"""A launch file inside another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from launch.action import Action
from launch.actions.configuration import DeclareLaunchArgument, SetLaunchConfiguration
from launch.actions.control import OpaqueFunction
from launch.condition import Condition
from launch.errors import LaunchError
from launch.launch_description_source import LaunchDescriptionSource
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitution import perform_substitutions, SomeSubstitutionsType

if TYPE_CHECKING:
    from launch.launch_context import LaunchContext
    from launch.launch_description import LaunchDescription
    from launch.launch_description_entity import LaunchDescriptionEntity


class IncludeLaunchDescription(Action):
    """
    Does what another launch file describes.

    The launch arguments are pairs of name and value. As in ROS 2 they are launch configurations,
    which the including file sees too from then on (a GroupAction around it keeps them inside), and
    an argument without a default has to be among them.
    """

    def __init__(
        self,
        launch_description_source: LaunchDescriptionSource | SomeSubstitutionsType,
        *,
        launch_arguments: Iterable[tuple[SomeSubstitutionsType, SomeSubstitutionsType]] = (),
        condition: Condition | None = None,
    ) -> None:
        super().__init__(condition=condition)
        if not isinstance(launch_description_source, LaunchDescriptionSource):
            launch_description_source = PythonLaunchDescriptionSource(launch_description_source)
        self.launch_description_source = launch_description_source
        self.launch_arguments = tuple(launch_arguments)

    def describe(self) -> str:
        return f'IncludeLaunchDescription({self.launch_description_source.describe()})'

    def describe_sub_entities(self) -> list[LaunchDescriptionEntity]:
        description = self.launch_description_source.try_get_launch_description_without_context()
        return [] if description is None else [description]

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        source = self.launch_description_source
        description = source.get_launch_description(context)
        self._check_arguments(context, description)
        including_path = context.launch_file_path

        def set_path(context: LaunchContext, path: str | None) -> None:
            context.launch_file_path = path

        return [
            *(SetLaunchConfiguration(name, value) for name, value in self.launch_arguments),
            OpaqueFunction(function=set_path, args=[source.path or including_path]),
            description,
            OpaqueFunction(function=set_path, args=[including_path]),
        ]

    def _check_arguments(self, context: LaunchContext, description: LaunchDescription) -> None:
        given = [perform_substitutions(context, name) for name, _ in self.launch_arguments]
        for entity in description.entities:
            if (
                isinstance(entity, DeclareLaunchArgument)
                and entity.default_value is None
                and entity.condition is None
                and entity.name not in given
            ):
                raise LaunchError(
                    f"Included launch description missing required argument '{entity.name}' "
                    f"(description: '{entity.description}'), given: [{', '.join(given)}]"
                )
