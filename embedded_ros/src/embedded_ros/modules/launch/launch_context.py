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

"""What a launch knows while it runs."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
import contextlib
import itertools
import os
import tempfile
from typing import Any, TYPE_CHECKING

from launch.event import Event
from launch.events import Shutdown

if TYPE_CHECKING:
    from launch.event_handler import EventHandler
    from launch.launch_description_entity import LaunchDescriptionEntity
    from launch.substitution import Substitution


class LaunchContext:
    """
    The values, environment and events of one launch.

    `argv` holds the launch arguments as given (`name:=value`). `launch_configurations` maps names
    to text, and the names of launch_ros to what it has set for all nodes; both this and
    `environment`, which launched processes get, have the scope of a group. `services` holds what
    actions share for the length of the launch.
    """

    def __init__(self, *, argv: Iterable[str] | None = None, noninteractive: bool = False) -> None:
        self.argv = list(argv or ())
        self.noninteractive = noninteractive
        self.launch_configurations: dict[str, Any] = {}
        self.environment = dict(os.environ)
        self.launch_file_path: str | None = None
        self.process_numbers = itertools.count(1)
        self.is_shutdown = False
        self.events: deque[Event] = deque()
        self.event_handlers: list[EventHandler] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.something_happened = asyncio.Event()
        self.services: dict[str, Any] = {}
        self._at_end = contextlib.ExitStack()
        self._temporary_folder: str | None = None

    def perform_substitution(self, substitution: Substitution) -> str:
        """Return the text of a substitution."""
        return substitution.perform(self)

    def visit(self, entity: LaunchDescriptionEntity) -> None:
        """Visit an entity and, depth first, all that follows from it."""
        for following in entity.visit(self) or ():
            self.visit(following)

    def emit_event_sync(self, event: Event) -> None:
        """Queue an event; no action starts a process after a Shutdown."""
        if isinstance(event, Shutdown):
            self.is_shutdown = True
        self.events.append(event)
        self.something_happened.set()

    def is_waited_for(self, event: Event) -> bool:
        """Tell whether a handler would answer an event."""
        return any(handler.matches(event) for handler in self.event_handlers)

    def register_event_handler(self, event_handler: EventHandler) -> None:
        """Let a handler answer events; the newest is asked first."""
        self.event_handlers.insert(0, event_handler)

    def unregister_event_handler(self, event_handler: EventHandler) -> None:
        """Let a handler answer no more."""
        self.event_handlers.remove(event_handler)

    def start_task(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine that the launch waits for before it ends."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(lambda _: self.something_happened.set())

    def temporary_folder(self) -> str:
        """Return a folder for files that processes read and that end with the launch."""
        if self._temporary_folder is None:
            self._temporary_folder = self._at_end.enter_context(
                tempfile.TemporaryDirectory(prefix='launch_')
            )
        return self._temporary_folder

    def call_at_end(self, function: Callable[[], object]) -> None:
        """Have a function called when all processes have ended."""
        self._at_end.callback(function)

    def close(self) -> None:
        """Give back what the launch held, the newest first."""
        self._at_end.close()
        self._temporary_folder = None
