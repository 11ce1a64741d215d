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

"""A node that is configured and activated from outside, in steps that may fail."""
from __future__ import annotations

from collections.abc import Callable
import traceback
from typing import Any

from lifecycle_msgs.msg import (
    State as StateMessage,
    Transition as TransitionMessage,
    TransitionDescription,
    TransitionEvent,
)
from lifecycle_msgs.srv import (
    ChangeState,
    GetAvailableStates,
    GetAvailableTransitions,
    GetState,
)
from rclpy._rclpy_pybind11 import RCLError
from rclpy.lifecycle.managed_entity import ManagedEntity
from rclpy.lifecycle.publisher import LifecyclePublisher
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile

from embedded_ros import lifecycle_states
from embedded_ros.lifecycle_states import (
    LifecycleState,
    StateMachine,
    Transition,
    TransitionCallbackReturn,
    TransitionNotAvailable,
)

_EVENT_DEPTH = 10  # what rcl's publisher of transition events keeps


class LifecycleNode(ManagedEntity, Node):
    """
    A managed node of the ROS graph; the options are those of `rclpy.node.Node`.

    Each of the callbacks (`on_configure` and so on) takes the state that the node comes from.
    By default it passes the transition on to the managed entities, until one does not succeed;
    a node that overrides it calls `super()` for that. ERROR, or an exception, leads to
    `on_error`: its success makes the node unconfigured again, anything else finalizes it.
    """

    def __init__(
        self, node_name: str, *, enable_communication_interface: bool = True, **kwargs: Any,
    ) -> None:
        """Make an unconfigured node; without the interface its states are its own affair."""
        Node.__init__(self, node_name, **kwargs)
        self._managed_entities: dict[ManagedEntity, None] = {}
        self._callbacks: dict[LifecycleState, Callable[[LifecycleState], Any]] = {
            lifecycle_states.CONFIGURING: self.on_configure,
            lifecycle_states.CLEANING_UP: self.on_cleanup,
            lifecycle_states.SHUTTING_DOWN: self.on_shutdown,
            lifecycle_states.ACTIVATING: self.on_activate,
            lifecycle_states.DEACTIVATING: self.on_deactivate,
            lifecycle_states.ERROR_PROCESSING: self.on_error,
        }
        self._state_machine = StateMachine(self._transition_made)
        self._transition_events: Publisher[Any] | None = None
        if enable_communication_interface:
            self._offer_services()

    def _offer_services(self) -> None:
        services = (
            (ChangeState, 'change_state', self._on_change_state),
            (GetState, 'get_state', self._on_get_state),
            (GetAvailableStates, 'get_available_states', self._on_get_available_states),
            (GetAvailableTransitions, 'get_available_transitions',
             self._on_get_available_transitions),
            (GetAvailableTransitions, 'get_transition_graph', self._on_get_transition_graph),
        )
        with self.context.graph.one_announcement():
            self._transition_events = self.create_publisher(
                TransitionEvent, '~/transition_event', QoSProfile(depth=_EVENT_DEPTH))
            for service, name, callback in services:
                self.create_service(service, f'~/{name}', callback)

    # Transitions asked for by the node itself: RCLError where the state has no such transition

    def trigger_configure(self) -> TransitionCallbackReturn:
        return self._trigger('configure')

    def trigger_cleanup(self) -> TransitionCallbackReturn:
        return self._trigger('cleanup')

    def trigger_activate(self) -> TransitionCallbackReturn:
        return self._trigger('activate')

    def trigger_deactivate(self) -> TransitionCallbackReturn:
        return self._trigger('deactivate')

    def trigger_shutdown(self) -> TransitionCallbackReturn:
        return self._trigger('shutdown')

    def _trigger(self, label: str) -> TransitionCallbackReturn:
        try:
            transition = self._state_machine.labelled(label)
        except TransitionNotAvailable as error:
            raise RCLError(f'Failed to trigger lifecycle state machine transition: {error}') from (
                error)
        return self._change_state(transition)

    # What happens at a transition

    def add_managed_entity(self, entity: ManagedEntity) -> None:
        """Pass transitions on to this entity, too."""
        if not isinstance(entity, ManagedEntity):
            raise TypeError('Expected a rclpy.lifecycle.ManagedEntity instance.')
        self._managed_entities[entity] = None

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self._pass_on('on_configure', state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self._pass_on('on_cleanup', state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self._pass_on('on_shutdown', state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self._pass_on('on_activate', state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self._pass_on('on_deactivate', state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self._pass_on('on_error', state)

    def _pass_on(self, callback_name: str, state: LifecycleState) -> TransitionCallbackReturn:
        for entity in list(self._managed_entities):
            result = _checked(getattr(entity, callback_name), state)
            if result is not TransitionCallbackReturn.SUCCESS:
                return result
        return TransitionCallbackReturn.SUCCESS

    def _change_state(self, transition: Transition) -> TransitionCallbackReturn:
        machine = self._state_machine
        previous = machine.state
        machine.make(transition)
        result = self._call_back(previous)
        machine.make(machine.labelled(result.to_label()))
        if result is TransitionCallbackReturn.ERROR:
            outcome = self._call_back(previous)
            machine.make(machine.labelled(outcome.to_label()))
        return result

    def _call_back(self, previous: LifecycleState) -> TransitionCallbackReturn:
        callback = self._callbacks[self._state_machine.state]
        try:
            return _checked(callback, previous)
        except Exception:
            # rclpy drops the exception; without its text nobody finds the cause.
            if self.context.ok():  # otherwise a shutdown during the transition is the cause
                self.get_logger().error(
                    f'exception while {self._state_machine.state.label}:\n'
                    f'{traceback.format_exc().rstrip()}')
            return TransitionCallbackReturn.ERROR

    def _transition_made(self, transition: Transition) -> None:
        if self._transition_events is None:
            return
        # rcl leaves the other fields empty, too.
        event = TransitionEvent(
            start_state=_state_message(transition.start),
            goal_state=_state_message(transition.goal))
        try:
            self._transition_events.publish(event)
        except RCLError:
            if self.context.ok():  # otherwise a shutdown has come during the transition
                raise

    # Publishers that are silent unless the node is active

    def create_lifecycle_publisher(
        self, *args: Any, **kwargs: Any,
    ) -> LifecyclePublisher[Any]:
        """Create a publisher, as `create_publisher` does, that drops messages unless active."""
        if 'publisher_class' in kwargs:
            raise TypeError(
                "create_publisher() got an unexpected keyword argument 'publisher_class'")
        publisher = self.create_publisher(*args, **kwargs, publisher_class=LifecyclePublisher)
        assert isinstance(publisher, LifecyclePublisher)
        self.add_managed_entity(publisher)
        return publisher

    def destroy_lifecycle_publisher(self, publisher: LifecyclePublisher[Any]) -> bool:
        self._managed_entities.pop(publisher, None)
        return self.destroy_publisher(publisher)

    # Services

    def _on_change_state(self, request: Any, response: Any) -> Any:
        asked = request.transition
        try:
            # As in rcl the label, if there is one, decides.
            transition = (
                self._state_machine.labelled(asked.label) if asked.label
                else self._state_machine.numbered(asked.id))
        except TransitionNotAvailable:
            response.success = False
            return response
        response.success = self._change_state(transition) is TransitionCallbackReturn.SUCCESS
        return response

    def _on_get_state(self, request: Any, response: Any) -> Any:
        response.current_state = _state_message(self._state_machine.state)
        return response

    def _on_get_available_states(self, request: Any, response: Any) -> Any:
        response.available_states = [
            _state_message(state) for state in lifecycle_states.STATES]
        return response

    def _on_get_available_transitions(self, request: Any, response: Any) -> Any:
        response.available_transitions = [
            _description(transition) for transition in self._state_machine.available()]
        return response

    def _on_get_transition_graph(self, request: Any, response: Any) -> Any:
        response.available_transitions = [
            _description(transition) for transition in lifecycle_states.TRANSITIONS]
        return response


def _checked(
    callback: Callable[[LifecycleState], Any], state: LifecycleState,
) -> TransitionCallbackReturn:
    result = callback(state)
    if not isinstance(result, TransitionCallbackReturn):
        raise TypeError(
            f'{callback.__qualname__}() must return a TransitionCallbackReturn, not {result!r}')
    return result


def _state_message(state: LifecycleState) -> Any:
    return StateMessage(id=state.state_id, label=state.label)


def _description(transition: Transition) -> Any:
    return TransitionDescription(
        transition=TransitionMessage(id=transition.transition_id, label=transition.label),
        start_state=_state_message(transition.start),
        goal_state=_state_message(transition.goal))
