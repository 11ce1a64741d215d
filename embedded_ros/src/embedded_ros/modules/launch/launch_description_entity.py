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

"""What a launch description consists of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from launch.launch_context import LaunchContext


class LaunchDescriptionEntity:
    """Something that a launch visits."""

    def visit(self, context: LaunchContext) -> Iterable[LaunchDescriptionEntity] | None:
        """Do it, and return the entities to be visited next."""
        raise NotImplementedError

    def describe(self) -> str:
        """Return a line for `ros2 launch --print`."""
        return type(self).__name__

    def describe_sub_entities(self) -> list[LaunchDescriptionEntity]:
        """Return the entities inside, as far as they are known before the launch runs."""
        return []


SomeEntitiesType = LaunchDescriptionEntity | Iterable[LaunchDescriptionEntity] | None


def as_entities(entities: SomeEntitiesType) -> list[LaunchDescriptionEntity]:
    """Return one entity, several or none as a list."""
    if entities is None:
        return []
    if isinstance(entities, LaunchDescriptionEntity):
        return [entities]
    result = list(entities)
    for entity in result:
        if not isinstance(entity, LaunchDescriptionEntity):
            raise TypeError(f'expected a launch action, not {entity!r}')
    return result
