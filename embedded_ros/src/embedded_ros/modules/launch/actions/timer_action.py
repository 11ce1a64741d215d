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

"""Actions that wait."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
import contextlib
from typing import TYPE_CHECKING

from launch.action import Action
from launch.condition import Condition
from launch.event_handlers import OnShutdown
from launch.launch_description_entity import as_entities, LaunchDescriptionEntity
from launch.substitution import perform_bool, perform_float, SomeSubstitutionsType

if TYPE_CHECKING:
    from launch.event import Event
    from launch.launch_context import LaunchContext


class TimerAction(Action):
    """
    Does some actions once, `period` seconds later, unless it is cancelled.

    The end of the launch cancels it, except with `cancel_on_shutdown` false: then the launch
    waits for it.
    """

    def __init__(
        self,
        *,
        period: float | SomeSubstitutionsType,
        actions: Iterable[LaunchDescriptionEntity],
        cancel_on_shutdown: bool | SomeSubstitutionsType = True,
        condition: Condition | None = None,
    ) -> None:
        super().__init__(condition=condition)
        self.period = period
        self.actions = as_entities(actions)
        self._cancel_on_shutdown = cancel_on_shutdown
        self._cancelled = asyncio.Event()

    def describe_sub_entities(self) -> list[LaunchDescriptionEntity]:
        return self.actions

    def cancel(self) -> None:
        """Do the actions never, unless they have been done already."""
        self._cancelled.set()

    def execute(self, context: LaunchContext) -> None:
        period = perform_float(context, 'period', self.period)
        cancelled_by_shutdown = perform_bool(context, self._cancel_on_shutdown)
        if not (cancelled_by_shutdown and context.is_shutdown):
            context.start_task(self._wait(context, period, cancelled_by_shutdown))

    async def _wait(
        self, context: LaunchContext, period: float, cancelled_by_shutdown: bool
    ) -> None:
        def cancel(event: Event, context: LaunchContext) -> None:
            if cancelled_by_shutdown:
                self.cancel()

        at_shutdown = OnShutdown(on_shutdown=cancel)
        context.register_event_handler(at_shutdown)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._cancelled.wait(), period)
        context.unregister_event_handler(at_shutdown)
        if not self._cancelled.is_set():
            for action in self.actions:
                context.visit(action)
