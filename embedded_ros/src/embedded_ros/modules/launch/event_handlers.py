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
from typing import TYPE_CHECKING

from launch.event import Event
from launch.event_handler import Answer, EventHandler
from launch.events import Shutdown
from launch.events.process import ProcessExited

if TYPE_CHECKING:
    from launch.actions import ExecuteProcess

__all__ = ['OnProcessExit', 'OnShutdown']


class OnProcessExit(EventHandler):
    """Answers the end of one process, of those that a function picks, or of any."""

    def __init__(
        self,
        *,
        target_action: ExecuteProcess | Callable[[ExecuteProcess], bool] | None = None,
        on_exit: Answer,
        handle_once: bool = False,
    ) -> None:
        def matches(event: Event) -> bool:
            if not isinstance(event, ProcessExited):
                return False
            if target_action is None or target_action is event.action:
                return True
            return callable(target_action) and target_action(event.action)

        super().__init__(matcher=matches, entities=on_exit, handle_once=handle_once)


class OnShutdown(EventHandler):
    """Answers the end of the launch."""

    def __init__(self, *, on_shutdown: Answer) -> None:
        super().__init__(matcher=lambda event: isinstance(event, Shutdown), entities=on_shutdown)
