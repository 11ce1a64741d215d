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

"""A word when nothing arrives on a topic: a wrong name, type or QoS is silent in ROS 2."""

from collections.abc import Callable
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import qos_check_compatible, QoSCompatibility, QoSProfile

PERIOD = 5.0  # seconds without a message
REPEAT = 60.0  # seconds until the warning is given again


class SilenceWarning:
    """Warn, with the likely reason, when a subscription's count of messages stands still."""

    def __init__(self, node: Node, subscription: Any, count: Callable[[], int]) -> None:
        self._node = node
        self._subscription = subscription
        self._count = count
        self._last = count()
        # Steady: a simulated time that stands still is one of the reasons.
        self._timer = node.create_timer(
            PERIOD, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def stop(self) -> None:
        self._node.destroy_timer(self._timer)

    def _look(self) -> None:
        if why := why_time_stands(self._node):
            self._node.get_logger().warning(why, throttle_duration_sec=REPEAT)
        last, self._last = self._last, self._count()
        if self._last == last:
            topic = self._subscription.topic_name
            reason = why_silent(
                self._node.get_publishers_info_by_topic(topic),
                type_name(self._subscription.msg_type), self._subscription.qos_profile)
            self._node.get_logger().warning(
                f'nothing arrives on {topic}: {reason}', throttle_duration_sec=REPEAT)


def why_time_stands(node: Node) -> str | None:
    """Tell why a node's clock shows zero; None where it runs."""
    if not node.get_clock().now().nanoseconds:
        return 'use_sim_time is true, but nothing has arrived on /clock: time stands at zero'
    return None


def type_name(message_class: type) -> str:
    """Give a message class's name as the graph has it: package/msg/Name."""
    return f"{message_class.__module__.partition('.')[0]}/msg/{message_class.__name__}"


def why_silent(publishers: list[Any], expected_type: str, qos: QoSProfile) -> str:
    """Tell from a topic's publishers (TopicEndpointInfo) why nothing is received."""
    if not publishers:
        return 'nobody publishes there; `ros2 topic list -t` shows the topics that there are'
    for publisher in publishers:
        name = f'{publisher.node_namespace.rstrip("/")}/{publisher.node_name}'
        if publisher.topic_type != expected_type:
            return f'{name} publishes {publisher.topic_type}, expected is {expected_type}'
        compatibility, mismatch = qos_check_compatible(publisher.qos_profile, qos)
        if compatibility == QoSCompatibility.ERROR:
            return f'the QoS of {name} does not match: {mismatch.strip()}'
    return f'{len(publishers)} publisher(s) found, and silent'
