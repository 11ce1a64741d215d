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

"""What answers an event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TYPE_CHECKING

from launch.event import Event
from launch.launch_description_entity import as_entities, LaunchDescriptionEntity, SomeEntitiesType

if TYPE_CHECKING:
    from launch.launch_context import LaunchContext

# The event's type is the handler's own (a ProcessExited for OnProcessExit): hence Any.
Answer = SomeEntitiesType | Callable[[Any, 'LaunchContext'], SomeEntitiesType]


class EventHandler:
    """
    Answers the events that match.

    The answer is one or more actions, or a function of the event and the context that returns
    such.
    """

    def __init__(
        self,
        *,
        matcher: Callable[[Event], bool],
        entities: Answer = None,
        handle_once: bool = False,
    ) -> None:
        self._matcher = matcher
        self._answer = entities
        self.handle_once = handle_once

    def matches(self, event: Event) -> bool:
        """Tell whether the event is for this handler."""
        return self._matcher(event)

    def handle(self, event: Event, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        """Return the actions with which the event is answered."""
        if self.handle_once:
            context.unregister_event_handler(self)
        answer = self._answer
        return as_entities(answer(event, context) if callable(answer) else answer)
