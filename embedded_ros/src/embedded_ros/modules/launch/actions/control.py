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

"""Actions that steer the launch itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TYPE_CHECKING

from launch.action import Action
from launch.condition import Condition
from launch.events import Shutdown as ShutdownEvent
from launch.logging import get_logger
from launch.substitution import (
    normalize_to_list_of_substitutions,
    perform_substitutions,
    SomeSubstitutionsType,
)

if TYPE_CHECKING:
    from launch.event import Event
    from launch.event_handler import EventHandler
    from launch.launch_context import LaunchContext
    from launch.launch_description_entity import SomeEntitiesType


class OpaqueFunction(Action):
    """Calls a function with the context; actions that it returns are done next."""

    def __init__(
        self,
        *,
        function: Callable[..., SomeEntitiesType],
        args: Iterable[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        condition: Condition | None = None,
    ) -> None:
        super().__init__(condition=condition)
        self._function = function
        self._args = tuple(args)
        self._kwargs = dict(kwargs or {})

    def execute(self, context: LaunchContext) -> SomeEntitiesType:
        return self._function(context, *self._args, **self._kwargs)


class LogInfo(Action):
    """Logs a line."""

    def __init__(self, *, msg: SomeSubstitutionsType, condition: Condition | None = None) -> None:
        super().__init__(condition=condition)
        self.msg = normalize_to_list_of_substitutions(msg)

    def execute(self, context: LaunchContext) -> None:
        get_logger('launch.user').info(perform_substitutions(context, self.msg))


class RegisterEventHandler(Action):
    """Lets an event handler answer events from now on."""

    def __init__(self, event_handler: EventHandler, *, condition: Condition | None = None) -> None:
        super().__init__(condition=condition)
        self.event_handler = event_handler

    def execute(self, context: LaunchContext) -> None:
        context.register_event_handler(self.event_handler)


class EmitEvent(Action):
    """Emits an event."""

    def __init__(self, *, event: Event, condition: Condition | None = None) -> None:
        super().__init__(condition=condition)
        self.event = event

    def execute(self, context: LaunchContext) -> None:
        context.emit_event_sync(self.event)


class Shutdown(EmitEvent):
    """Ends the launch."""

    def __init__(
        self, *, reason: str = 'reason not given', condition: Condition | None = None
    ) -> None:
        super().__init__(event=ShutdownEvent(reason=reason), condition=condition)
