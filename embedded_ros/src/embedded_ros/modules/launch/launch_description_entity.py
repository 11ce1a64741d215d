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
