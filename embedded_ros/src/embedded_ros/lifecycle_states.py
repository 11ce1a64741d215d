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

"""
The states of a managed node and the transitions between them, as every ROS 2 node has them.

A transition that is asked for leads to a state in which the node's callback runs; what the
callback returns is the label of the transition out of it.
"""

from collections.abc import Callable, Iterator
import enum
from typing import NamedTuple

SUCCESS, FAILURE, ERROR = 'transition_success', 'transition_failure', 'transition_error'


class LifecycleState(NamedTuple):
    label: str
    state_id: int


class TransitionCallbackReturn(enum.Enum):
    """What came of a transition's callback."""

    SUCCESS = 97
    FAILURE = 98
    ERROR = 99

    def to_label(self) -> str:
        """Return the label of the transition that follows."""
        return f'transition_{self.name.lower()}'


class Transition(NamedTuple):
    label: str
    transition_id: int
    start: LifecycleState
    goal: LifecycleState


UNKNOWN = LifecycleState('unknown', 0)
UNCONFIGURED = LifecycleState('unconfigured', 1)
INACTIVE = LifecycleState('inactive', 2)
ACTIVE = LifecycleState('active', 3)
FINALIZED = LifecycleState('finalized', 4)
CONFIGURING = LifecycleState('configuring', 10)
CLEANING_UP = LifecycleState('cleaningup', 11)
SHUTTING_DOWN = LifecycleState('shuttingdown', 12)
ACTIVATING = LifecycleState('activating', 13)
DEACTIVATING = LifecycleState('deactivating', 14)
ERROR_PROCESSING = LifecycleState('errorprocessing', 15)

STATES = (
    UNKNOWN, UNCONFIGURED, INACTIVE, ACTIVE, FINALIZED,
    CONFIGURING, CLEANING_UP, SHUTTING_DOWN, ACTIVATING, DEACTIVATING, ERROR_PROCESSING)


def _outcomes(
    first_id: int, state: LifecycleState, success: LifecycleState, failure: LifecycleState,
    error: LifecycleState = ERROR_PROCESSING,
) -> Iterator[Transition]:
    goals = zip((SUCCESS, FAILURE, ERROR), (success, failure, error), strict=True)
    for number, (label, goal) in enumerate(goals, first_id):
        yield Transition(label, number, state, goal)


# In the order in which every node lists them.
TRANSITIONS = (
    Transition('configure', 1, UNCONFIGURED, CONFIGURING),
    *_outcomes(10, CONFIGURING, INACTIVE, UNCONFIGURED),
    Transition('cleanup', 2, INACTIVE, CLEANING_UP),
    *_outcomes(20, CLEANING_UP, UNCONFIGURED, INACTIVE),
    Transition('activate', 3, INACTIVE, ACTIVATING),
    *_outcomes(30, ACTIVATING, ACTIVE, INACTIVE),
    Transition('deactivate', 4, ACTIVE, DEACTIVATING),
    *_outcomes(40, DEACTIVATING, INACTIVE, ACTIVE),
    Transition('shutdown', 5, UNCONFIGURED, SHUTTING_DOWN),
    Transition('shutdown', 6, INACTIVE, SHUTTING_DOWN),
    Transition('shutdown', 7, ACTIVE, SHUTTING_DOWN),
    *_outcomes(50, SHUTTING_DOWN, FINALIZED, FINALIZED),
    *_outcomes(60, ERROR_PROCESSING, UNCONFIGURED, FINALIZED, FINALIZED),
)


class TransitionNotAvailable(LookupError):  # noqa: N818 - it says what it is
    """The present state has no such transition."""


class StateMachine:
    """The present state; `changed` hears of every transition made."""

    def __init__(self, changed: Callable[[Transition], None]) -> None:
        self._state = UNCONFIGURED
        self._changed = changed

    @property
    def state(self) -> LifecycleState:
        return self._state

    @property
    def current_state(self) -> tuple[int, str]:
        """The number and the label of the present state."""
        return self._state.state_id, self._state.label

    def available(self) -> list[Transition]:
        """Return the transitions out of the present state."""
        return [step for step in TRANSITIONS if step.start == self._state]

    def labelled(self, label: str) -> Transition:
        """Return the transition of that label out of the present state."""
        for step in self.available():
            if step.label == label:
                return step
        raise TransitionNotAvailable(
            f"no transition '{label}' from the state '{self._state.label}'")

    def numbered(self, transition_id: int) -> Transition:
        """Return the transition of that number out of the present state."""
        for step in self.available():
            if step.transition_id == transition_id:
                return step
        raise TransitionNotAvailable(
            f"no transition {transition_id} from the state '{self._state.label}'")

    def make(self, transition: Transition) -> None:
        """Go where the transition leads."""
        self._state = transition.goal
        self._changed(transition)
