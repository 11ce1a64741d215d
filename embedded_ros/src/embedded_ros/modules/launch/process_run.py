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

"""The life of one launched process: started, started again where it should be, and stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
import contextlib
from dataclasses import dataclass
from typing import Any, TYPE_CHECKING

from launch.child_process import ChildProcess
from launch.event import Event
from launch.event_handler import EventHandler
from launch.events import Shutdown
from launch.events.process import (
    ProcessExited,
    ProcessIO,
    ProcessStarted,
    ProcessTargetedEvent,
    SignalProcess,
)

if TYPE_CHECKING:
    from launch.actions import ExecuteProcess
    from launch.launch_context import LaunchContext


@dataclass(frozen=True)
class Respawn:
    """How often a process that has ended is started again (negative: always), and how late."""

    times: int = 0
    delay: float = 0.0  # seconds


class ProcessRun:
    """
    What has become of an action's process.

    `make_child` gives a process that has not been started yet. After SIGINT the process has
    `sigterm_timeout` seconds, then, after SIGTERM, `sigkill_timeout` seconds.
    """

    def __init__(
        self,
        action: ExecuteProcess,
        context: LaunchContext,
        make_child: Callable[[], ChildProcess],
        *,
        respawn: Respawn,
        sigterm_timeout: float,
        sigkill_timeout: float,
    ) -> None:
        self._action = action
        self._context = context
        self._make_child = make_child
        self._child = make_child()
        self._delay = respawn.delay
        self._starts_left = respawn.times
        self._timeouts = (sigterm_timeout, sigkill_timeout)
        self._ending = asyncio.Event()
        self.has_ended = False
        self._handler = EventHandler(matcher=self._is_meant, entities=self._answer)

    def start(self) -> None:
        """Start the process as soon as all actions of the launch file have been visited."""
        self._context.register_event_handler(self._handler)
        self._context.start_task(self._run())

    async def _run(self) -> None:
        try:
            # After a mistake in one of the actions nothing starts.
            while not (self._context.is_shutdown or self._ending.is_set()):
                returncode = await self._child.run(
                    on_start=lambda: self._emit(ProcessStarted), on_output=self._emit_output
                )
                self._emit(
                    ProcessExited, returncode=returncode, was_stopped=self._ending.is_set()
                )
                if not await self._starts_again():
                    return
                self._child = self._make_child()
        finally:
            self.has_ended = True
            self._child.let_go()
            self._context.unregister_event_handler(self._handler)

    async def _starts_again(self) -> bool:
        if self._starts_left == 0:
            return False
        self._starts_left -= 1
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._ending.wait(), self._delay)
        return not self._ending.is_set()

    def _is_meant(self, event: Event) -> bool:
        if isinstance(event, ProcessTargetedEvent):
            return event.process_matcher(self._action)
        return isinstance(event, Shutdown)

    def _answer(self, event: Event, context: LaunchContext) -> None:
        if isinstance(event, SignalProcess):
            self._child.send(event.signal)
        elif not self._ending.is_set():
            self._ending.set()
            sigterm_timeout, sigkill_timeout = self._timeouts
            context.start_task(
                self._child.stop(sigterm_timeout=sigterm_timeout, sigkill_timeout=sigkill_timeout)
            )

    def _event(self, event_type: Any, **details: Any) -> Event:
        event: Event = event_type(
            action=self._action,
            process_name=self._child.name,
            pid=self._child.pid,
            cmd=self._child.command,
            **details,
        )
        return event

    def _emit(self, event_type: Any, **details: Any) -> None:
        self._context.emit_event_sync(self._event(event_type, **details))

    def _emit_output(self, fd: int, text: bytes) -> None:
        event = self._event(ProcessIO, text=text, fd=fd)
        if self._context.is_waited_for(event):
            self._context.emit_event_sync(event)
