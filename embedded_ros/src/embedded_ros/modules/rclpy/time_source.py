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

"""Simulated time: what sets a node's clock to the topic /clock."""
from __future__ import annotations

from typing import Any, TYPE_CHECKING
import weakref

from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import ROSClock
from rclpy.clock_type import ClockType
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.time import Time
from rosgraph_msgs.msg import Clock as ClockMessage

if TYPE_CHECKING:
    from rclpy.node import Node
    from rclpy.subscription import Subscription

CLOCK_TOPIC = '/clock'
USE_SIM_TIME_NAME = 'use_sim_time'


class TimeSource:
    """
    Overrides the time of clocks while the node's parameter `use_sim_time` is true.

    Until the first message on /clock the time is zero.
    """

    def __init__(self, *, node: Node | None = None) -> None:
        self._node: weakref.ref[Node] | None = None
        self._subscription: Subscription[Any] | None = None
        self._clocks: set[ROSClock] = set()
        self._time = Time(clock_type=ClockType.ROS_TIME)
        self._active = False
        if node is not None:
            self.attach_node(node)

    @property
    def ros_time_is_active(self) -> bool:
        return self._active

    @ros_time_is_active.setter
    def ros_time_is_active(self, enabled: bool) -> None:
        if enabled == self._active:
            return
        self._active = enabled
        for clock in self._clocks:
            clock._set_ros_time_is_active(enabled)
        if enabled:
            self._subscribe()
        else:
            self._unsubscribe()

    def attach_node(self, node: Node) -> None:
        """Follow this node's parameter, which is declared if need be, and no other's."""
        self.detach_node()
        self._node = weakref.ref(node)
        if not node.has_parameter(USE_SIM_TIME_NAME):
            node.declare_parameter(USE_SIM_TIME_NAME, False)
        parameter = node.get_parameter(USE_SIM_TIME_NAME)
        if parameter.type_ is Parameter.Type.BOOL:
            self.ros_time_is_active = parameter.value
        else:
            node.get_logger().error(
                f"parameter '{USE_SIM_TIME_NAME}' is {parameter.value!r}: set it to true or false")
        node.add_on_set_parameters_callback(self._on_set_parameters)

    def detach_node(self) -> None:
        node = self._attached()
        if node is not None:
            self._unsubscribe()
            node.remove_on_set_parameters_callback(self._on_set_parameters)
        self._node = None

    def attach_clock(self, clock: ROSClock) -> None:
        """Set this clock, too, now and from now on."""
        if not isinstance(clock, ROSClock):
            raise ValueError('Only clocks with type ROS_TIME can be attached.')
        clock.set_ros_time_override(self._time)
        clock._set_ros_time_is_active(self._active)
        self._clocks.add(clock)

    def clock_callback(self, msg: Any) -> None:
        """Take the time of a rosgraph_msgs/Clock."""
        self._time = Time.from_msg(msg.clock)
        for clock in self._clocks:
            clock.set_ros_time_override(self._time)

    def _attached(self) -> Node | None:
        return None if self._node is None else self._node()

    def _subscribe(self) -> None:
        node = self._attached()
        if node is not None and self._subscription is None:
            self._subscription = node.create_subscription(
                ClockMessage, CLOCK_TOPIC, self.clock_callback,
                QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT))

    def _unsubscribe(self) -> None:
        node = self._attached()
        if node is not None and self._subscription is not None:
            node.destroy_subscription(self._subscription)
        self._subscription = None

    def _on_set_parameters(self, parameters: list[Parameter]) -> Any:
        for parameter in parameters:
            if parameter.name != USE_SIM_TIME_NAME:
                continue
            if parameter.type_ is not Parameter.Type.BOOL:
                return SetParametersResult(
                    successful=False,
                    reason=f'{USE_SIM_TIME_NAME} parameter set to something besides a bool')
            self.ros_time_is_active = parameter.value
        return SetParametersResult(successful=True)
