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

"""What a launch file describes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from launch.launch_description_entity import as_entities, LaunchDescriptionEntity

if TYPE_CHECKING:
    from launch.actions import DeclareLaunchArgument
    from launch.launch_context import LaunchContext


class LaunchDescription(LaunchDescriptionEntity):
    """A sequence of actions."""

    def __init__(self, initial_entities: Iterable[LaunchDescriptionEntity] | None = None) -> None:
        self.entities = as_entities(initial_entities)

    def add_entity(self, entity: LaunchDescriptionEntity) -> None:
        """Append an entity."""
        self.entities += as_entities(entity)

    def add_action(self, action: LaunchDescriptionEntity) -> None:
        """Append an action."""
        self.add_entity(action)

    def visit(self, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        return self.entities

    def describe_sub_entities(self) -> list[LaunchDescriptionEntity]:
        return self.entities

    def get_launch_arguments(self) -> list[DeclareLaunchArgument]:
        """Return the declared arguments, those of included files too, each name once."""
        from launch.actions import DeclareLaunchArgument

        arguments: dict[str, DeclareLaunchArgument] = {}
        for entity in _all_entities(self):
            if isinstance(entity, DeclareLaunchArgument):
                arguments.setdefault(entity.name, entity)
        return list(arguments.values())


def _all_entities(entity: LaunchDescriptionEntity) -> Iterator[LaunchDescriptionEntity]:
    yield entity
    for inner in entity.describe_sub_entities():
        yield from _all_entities(inner)
