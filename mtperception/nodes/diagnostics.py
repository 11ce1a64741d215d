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

"""A managed node's state and health, told on /diagnostics once a second."""

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from mtperception.nodes.health import Health
from mtperception.nodes.silence import why_time_stands
from mtperception.nodes.transitions import ACTIVE, Transitions

PERIOD = 1.0  # seconds


class DiagnosticsPublisher:
    """
    Publish a node's state and health, and what it has put into `details` and `concern`.

    ERROR tells of a transition that failed, or of frames that all are bad; WARN of frames of
    which some are bad, or of a concern; STALE of none. A node that is not active is OK: somebody
    wants it so.
    """

    def __init__(self, node: Node, transitions: Transitions, health: Health) -> None:
        self.details: dict[str, str] = {}
        self.concern = ''
        self._node = node
        self._transitions = transitions
        self._health = health
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 10)
        # Steady: under simulated time, the absence of a clock must be told, too.
        node.create_timer(PERIOD, self._publish, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def verdict(self) -> tuple[bytes, str]:
        """Give the level of the status, and the sentence beside it."""
        if self._transitions.failure:
            return DiagnosticStatus.ERROR, self._transitions.failure
        if self._transitions.state != ACTIVE:
            return DiagnosticStatus.OK, self._transitions.state
        level, text = self._health.verdict()
        if level == DiagnosticStatus.OK and (why := why_time_stands(self._node)):
            return DiagnosticStatus.WARN, why
        if level == DiagnosticStatus.OK and self.concern:
            return DiagnosticStatus.WARN, f'{text}, {self.concern}'
        return level, text

    def _publish(self) -> None:
        level, text = self.verdict()
        values = {'state': self._transitions.state} | self._health.values() | self.details
        message = DiagnosticArray(status=[DiagnosticStatus(
            level=level,
            name=self._node.get_fully_qualified_name(),
            message=text,
            values=[KeyValue(key=key, value=value) for key, value in values.items()],
        )])
        message.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(message)
