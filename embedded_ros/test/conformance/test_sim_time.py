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

"""Simulated time: the parameter use_sim_time and the topic /clock."""

import pytest
import rclpy
from rclpy.clock import JumpThreshold
from rclpy.clock_type import ClockType
from rclpy.duration import Duration
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.time import Time
from rosgraph_msgs.msg import Clock


@pytest.fixture
def clock(make_node, spin_until):
    """Return a node on simulated time and a function that sets that time in seconds."""
    node = make_node('tested', parameter_overrides=[Parameter('use_sim_time', value=True)])
    publisher = make_node('simulator').create_publisher(
        Clock, '/clock', QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE))
    assert spin_until(lambda: publisher.get_subscription_count() == 1, node)

    def set_time(seconds):
        time = Time(seconds=seconds)
        publisher.publish(Clock(clock=time.to_msg()))
        return spin_until(
            lambda: node.get_clock().now().nanoseconds == time.nanoseconds, node)

    return node, set_time


def test_wall_time_by_default(make_node):
    node = make_node()
    assert node.get_clock().clock_type == ClockType.ROS_TIME
    assert not node.get_clock().ros_time_is_active
    assert abs(node.get_clock().now().nanoseconds
               - rclpy.clock.Clock().now().nanoseconds) < 1e9


def test_time_is_zero_until_the_first_clock(make_node):
    node = make_node('tested', parameter_overrides=[Parameter('use_sim_time', value=True)])
    assert node.get_clock().ros_time_is_active
    assert node.get_clock().now().nanoseconds == 0


def test_time_follows_the_topic_both_ways(clock):
    node, set_time = clock
    assert set_time(100.5)
    assert set_time(7)
    assert node.get_clock().now() == Time(seconds=7, clock_type=ClockType.ROS_TIME)


def test_switched_at_run_time(make_node):
    node = make_node()
    assert node.set_parameters([Parameter('use_sim_time', value=True)])[0].successful
    assert node.get_clock().now().nanoseconds == 0
    assert node.set_parameters([Parameter('use_sim_time', value=False)])[0].successful
    assert node.get_clock().now().nanoseconds > 0
    assert not node.set_parameters([Parameter('use_sim_time', value='yes')])[0].successful


def test_timers_run_on_the_simulated_time(clock, spin_until):
    node, set_time = clock
    assert set_time(10)
    calls = []
    node.create_timer(1.0, lambda: calls.append(node.get_clock().now().nanoseconds))
    assert not spin_until(lambda: bool(calls), node, timeout=0.3)
    assert set_time(10.9)
    assert not spin_until(lambda: bool(calls), node, timeout=0.1)
    assert set_time(11.1)
    assert spin_until(lambda: bool(calls), node)
    assert set_time(15.5)
    assert spin_until(lambda: len(calls) == 2, node)
    assert not spin_until(lambda: len(calls) > 2, node, timeout=0.1)
    assert calls == [11_100_000_000, 15_500_000_000]


def test_jumps_are_told(clock):
    node, set_time = clock
    assert set_time(100)
    told = []
    threshold = JumpThreshold(
        min_forward=Duration(seconds=10), min_backward=Duration(seconds=-1),
        on_clock_change=True)
    handle = node.get_clock().create_jump_callback(
        threshold, pre_callback=lambda: told.append('pre'),
        post_callback=lambda jump: told.append(jump.delta.nanoseconds))
    assert set_time(105)
    assert told == []
    assert set_time(120)
    assert told == ['pre', 15_000_000_000]
    assert set_time(50)
    assert told[2:] == ['pre', -70_000_000_000]
    handle.unregister()
    assert set_time(500)
    assert len(told) == 4
