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

"""The event handlers that launch files use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TYPE_CHECKING

from launch.event import Event
from launch.event_handler import Answer, EventHandler
from launch.events import Shutdown
from launch.events.process import (
    ProcessExited,
    ProcessIO,
    ProcessStarted,
    RunningProcessEvent,
)
from launch.launch_description_entity import SomeEntitiesType

if TYPE_CHECKING:
    from launch.actions import ExecuteProcess
    from launch.launch_context import LaunchContext

__all__ = ['OnProcessExit', 'OnProcessIO', 'OnProcessStart', 'OnShutdown']


class OnProcessStart(EventHandler):
    """Answers the start of one process, of those that a function picks, or of any."""

    def __init__(
        self,
        *,
        target_action: ExecuteProcess | Callable[[ExecuteProcess], bool] | None = None,
        on_start: Answer,
        handle_once: bool = False,
    ) -> None:
        super().__init__(
            matcher=_matcher(ProcessStarted, target_action),
            entities=on_start,
            handle_once=handle_once,
        )


class OnProcessExit(EventHandler):
    """Answers the end of one process, of those that a function picks, or of any."""

    def __init__(
        self,
        *,
        target_action: ExecuteProcess | Callable[[ExecuteProcess], bool] | None = None,
        on_exit: Answer,
        handle_once: bool = False,
    ) -> None:
        super().__init__(
            matcher=_matcher(ProcessExited, target_action),
            entities=on_exit,
            handle_once=handle_once,
        )


class OnProcessIO(EventHandler):
    """
    Answers what one process writes, what those write that a function picks, or any.

    The bytes come as the process wrote them, not in lines.
    """

    def __init__(
        self,
        *,
        target_action: ExecuteProcess | Callable[[ExecuteProcess], bool] | None = None,
        on_stdout: Callable[[ProcessIO], SomeEntitiesType] | None = None,
        on_stderr: Callable[[ProcessIO], SomeEntitiesType] | None = None,
    ) -> None:
        def answer(event: ProcessIO, context: LaunchContext) -> SomeEntitiesType:
            function = on_stdout if event.from_stdout else on_stderr
            return None if function is None else function(event)

        super().__init__(matcher=_matcher(ProcessIO, target_action), entities=answer)


class OnShutdown(EventHandler):
    """Answers the end of the launch."""

    def __init__(self, *, on_shutdown: Answer) -> None:
        super().__init__(matcher=lambda event: isinstance(event, Shutdown), entities=on_shutdown)


def _matcher(
    event_type: type[RunningProcessEvent], target: Any
) -> Callable[[Event], bool]:
    def matches(event: Event) -> bool:
        if not isinstance(event, event_type):
            return False
        if target is None or target is event.action:
            return True
        return callable(target) and bool(target(event.action))

    return matches
