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

"""The event handlers for managed nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from launch.event import Event
from launch.event_handler import Answer, EventHandler
from launch_ros.events.lifecycle import StateTransition

if TYPE_CHECKING:
    from launch_ros.actions import LifecycleNode

__all__ = ['OnStateTransition']


class OnStateTransition(EventHandler):
    """Answers a transition of one managed node or of any; what is None is not compared."""

    def __init__(
        self,
        *,
        entities: Answer,
        target_lifecycle_node: LifecycleNode | None = None,
        transition: str | None = None,
        start_state: str | None = None,
        goal_state: str | None = None,
        handle_once: bool = False,
    ) -> None:
        def matches(event: Event) -> bool:
            return (
                isinstance(event, StateTransition)
                and target_lifecycle_node in (None, event.action)
                and transition in (None, event.transition)
                and start_state in (None, event.start_state)
                and goal_state in (None, event.goal_state)
            )

        super().__init__(matcher=matches, entities=entities, handle_once=handle_once)
