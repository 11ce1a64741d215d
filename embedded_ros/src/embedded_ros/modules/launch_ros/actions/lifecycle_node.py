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

"""A process that is a managed ROS 2 node."""

from __future__ import annotations

import asyncio
from typing import Any, TYPE_CHECKING

from launch.event_handler import EventHandler
from launch.logging import get_logger
from launch.substitution import SomeSubstitutionsType
from launch_ros.actions.node import Node
from launch_ros.events.lifecycle import ChangeState, StateTransition

if TYPE_CHECKING:
    from launch.event import Event
    from launch.launch_context import LaunchContext

_POLL_PERIOD = 0.05  # seconds


class LifecycleNode(Node):
    """
    Starts a managed node.

    ChangeState events ask it for transitions; each of its transitions gives a StateTransition
    event. It needs a name and a namespace, by which the launch finds it.
    """

    def __init__(
        self, *, name: SomeSubstitutionsType, namespace: SomeSubstitutionsType, **node: Any
    ) -> None:
        super().__init__(name=name, namespace=namespace, **node)
        self._transitions: Any = None
        self._client: Any = None

    def execute(self, context: LaunchContext) -> None:
        super().execute(context)
        if context.is_shutdown:
            return
        # Only a launch that has managed nodes becomes a node itself.
        from launch_ros.ros_adapters import get_ros_node
        from lifecycle_msgs.msg import TransitionEvent
        from lifecycle_msgs.srv import ChangeState as ChangeStateService

        loop = asyncio.get_running_loop()

        def on_transition(message: Any) -> None:
            event = StateTransition(action=self, msg=message)
            loop.call_soon_threadsafe(context.emit_event_sync, event)

        node = get_ros_node(context)
        self._transitions = node.create_subscription(
            TransitionEvent, f'{self.node_name}/transition_event', on_transition, 10
        )
        self._client = node.create_client(ChangeStateService, f'{self.node_name}/change_state')
        context.register_event_handler(
            EventHandler(matcher=self._is_to_change, entities=self._on_change_state)
        )

    def _is_to_change(self, event: Event) -> bool:
        return isinstance(event, ChangeState) and event.lifecycle_node_matcher(self)

    def _on_change_state(self, event: ChangeState, context: LaunchContext) -> None:
        context.start_task(self._change_state(event.transition_id, context))

    async def _change_state(self, transition_id: int, context: LaunchContext) -> None:
        logger = get_logger('launch_ros')
        name = f"'{self._client.srv_name}'"

        def is_given_up() -> bool:
            if context.is_shutdown:
                logger.warning(f'no longer waiting for service {name}: the launch ends')
            elif self.has_ended:
                logger.error(f'no longer waiting for service {name}: its node has ended')
            return context.is_shutdown or self.has_ended

        # The transition that is asked for is not to be missed either.
        while not (
            self._client.service_is_ready() and self._transitions.get_publisher_count()
        ):
            if is_given_up():
                return
            await asyncio.sleep(_POLL_PERIOD)
        request = self._client.srv_type.Request()
        request.transition.id = transition_id
        future = self._client.call_async(request)
        while not future.done():
            if is_given_up():
                future.cancel()
                return
            await asyncio.sleep(_POLL_PERIOD)
        if not future.result().success:
            logger.error(
                f"node '{self.node_name}' failed to make transition "
                f"'{ChangeState.valid_transitions[transition_id]}'"
            )
