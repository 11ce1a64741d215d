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

"""Events of managed nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TYPE_CHECKING

from launch.event import Event

if TYPE_CHECKING:
    from launch_ros.actions import LifecycleNode

__all__ = ['ChangeState', 'StateTransition']


class ChangeState(Event):
    """
    The nodes that match are to make a transition.

    `transition_id` is one of the constants of lifecycle_msgs/Transition.
    """

    # Not taken from lifecycle_msgs, which takes longer to import than all of launch.
    valid_transitions = {
        0: 'TRANSITION_CREATE',
        1: 'TRANSITION_CONFIGURE',
        2: 'TRANSITION_CLEANUP',
        3: 'TRANSITION_ACTIVATE',
        4: 'TRANSITION_DEACTIVATE',
        5: 'TRANSITION_UNCONFIGURED_SHUTDOWN',
        6: 'TRANSITION_INACTIVE_SHUTDOWN',
        7: 'TRANSITION_ACTIVE_SHUTDOWN',
        8: 'TRANSITION_DESTROY',
    }

    def __init__(
        self, *, lifecycle_node_matcher: Callable[[LifecycleNode], bool], transition_id: int
    ) -> None:
        if transition_id not in self.valid_transitions:
            known = ', '.join(f'{name}: {value}' for value, name in self.valid_transitions.items())
            raise ValueError(f'transition {transition_id} is not one of {known}')
        self.lifecycle_node_matcher = lifecycle_node_matcher
        self.transition_id = transition_id


class StateTransition(Event):
    """A node is in another state; transition and states are given by their labels."""

    def __init__(self, *, action: LifecycleNode, msg: Any) -> None:
        self.action = action
        self.msg = msg
        self.timestamp: int = msg.timestamp
        self.transition: str = msg.transition.label
        self.start_state: str = msg.start_state.label
        self.goal_state: str = msg.goal_state.label
