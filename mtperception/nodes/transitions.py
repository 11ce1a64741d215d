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

"""The life of a managed node: transitions that say why they fail, and the start by itself."""

from collections.abc import Callable

from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn

from mtperception.nodes.parameters import described

UNCONFIGURED, INACTIVE, ACTIVE, FINALIZED = 'unconfigured', 'inactive', 'active', 'finalized'


class Transitions:
    """
    Follow a managed node through its states, and log why a transition has failed.

    `state` is the last one reached, `failure` the reason why the last transition failed, or
    empty. A step that raises is a FAILURE: the node stays in its state, and the same transition
    may be tried again. (To rclpy an exception is an ERROR, whose text it does not tell.)
    """

    def __init__(self, node: LifecycleNode) -> None:
        self._node = node
        self.state = UNCONFIGURED
        self.failure = ''

    def attempt(
        self, name: str, goal: str, *steps: Callable[[], object]
    ) -> TransitionCallbackReturn:
        """Take the steps of the transition `name`, after which the node is in state `goal`."""
        try:
            for step in steps:
                step()
        except Exception as error:
            if self._node.context.ok():  # otherwise it is the process's end that was in the way
                self.failure = f'{name} failed: {reason(error)}'
                self._node.get_logger().error(self.failure)
            return TransitionCallbackReturn.FAILURE
        self.state, self.failure = goal, ''
        return TransitionCallbackReturn.SUCCESS


def reason(error: Exception) -> str:
    """Put an exception into one line, with what to do where a module is missing."""
    text = ' '.join(str(error).split())
    if isinstance(error, ModuleNotFoundError):
        return f'{text}: pip install -r requirements.txt (README.md)'
    # Errors of ours are sentences; others need their type to be understood.
    return text if isinstance(error, ValueError) and text else f'{type(error).__name__}: {text}'


def by_hand(node: LifecycleNode, *transitions: str) -> str:
    """Give the commands by which an operator takes a node through transitions."""
    name = node.get_fully_qualified_name()
    return ', then '.join(f'`ros2 lifecycle set {name} {one}`' for one in transitions)


def start_by_itself(node: LifecycleNode) -> None:
    """
    Declare `autostart`: where it is true, the node is configured and activated once it is spun.

    Where that fails, the node stays unconfigured or inactive, for an operator to mend. Where
    nobody else will, the log says what to do.
    """
    parameter = node.declare_parameter('autostart', True, described(
        'Configure and activate the node by itself at the start.', read_only=True))
    if not parameter.value:
        node.get_logger().info(
            f'autostart is false: waits for {by_hand(node, "configure", "activate")}')
        return

    def start() -> None:
        node.destroy_timer(timer)
        left = [('configure', node.trigger_configure), ('activate', node.trigger_activate)]
        while left and left[0][1]() == TransitionCallbackReturn.SUCCESS:
            del left[0]
        if left and node.context.ok():
            node.get_logger().error(
                f'once that is mended: {by_hand(node, *(name for name, _ in left))}')

    timer = node.create_timer(0.0, start, clock=Clock(clock_type=ClockType.STEADY_TIME))
