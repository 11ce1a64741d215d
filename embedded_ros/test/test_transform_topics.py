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

"""Transforms over DDS, from one node to another."""

import threading
import time

from geometry_msgs.msg import TransformStamped
import pytest
from rclpy.duration import Duration
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy
from rclpy.time import Time
from rosgraph_msgs.msg import Clock
from tf2_ros import (
    Buffer,
    LookupException,
    StaticTransformBroadcaster,
    TransformBroadcaster,
    TransformListener,
)

LATEST = Time()


def moved(parent, child, x, sec=1):
    message = TransformStamped(child_frame_id=child)
    message.header.frame_id = parent
    message.header.stamp.sec = sec
    message.transform.translation.x = float(x)
    return message


def test_a_listener_hears_broadcasters_also_those_before_it(make_node, spin_until):
    sender, receiver = make_node('sender'), make_node('receiver')
    static = StaticTransformBroadcaster(sender)
    static.sendTransform(moved('world', 'base', 1))
    static.sendTransform([moved('base', 'camera', 2), moved('base', 'lamp', 3)])
    static.sendTransform(moved('base', 'lamp', 4))
    buffer = Buffer()
    listener = TransformListener(buffer, receiver)
    moving = TransformBroadcaster(sender)
    assert spin_until(lambda: moving.pub_tf.get_subscription_count() == 1, receiver)
    moving.sendTransform(moved('camera', 'part', 10, sec) for sec in (5, 6))
    assert spin_until(lambda: buffer.can_transform('world', 'part', LATEST), receiver)
    found = buffer.lookup_transform('world', 'part', Time(seconds=5.5))
    assert found.transform.translation.x == 13
    assert buffer.lookup_transform('world', 'lamp', LATEST).transform.translation.x == 5
    listener.unregister()
    assert spin_until(lambda: sender.count_subscribers('/tf') == 0, receiver)


def test_quality_of_service_is_the_usual(make_node):
    node = make_node()
    TransformListener(Buffer(), node)
    StaticTransformBroadcaster(node)
    TransformBroadcaster(node)
    for topic, durability in (
        ('/tf', DurabilityPolicy.VOLATILE), ('/tf_static', DurabilityPolicy.TRANSIENT_LOCAL)
    ):
        for info in (*node.get_publishers_info_by_topic(topic),
                     *node.get_subscriptions_info_by_topic(topic)):
            assert info.topic_type == 'tf2_msgs/msg/TFMessage'
            assert info.qos_profile.durability == durability


def test_a_listener_with_a_thread_of_its_own(make_node):
    receiver = make_node('receiver')
    buffer = Buffer()
    listener = TransformListener(buffer, receiver, spin_thread=True)
    StaticTransformBroadcaster(make_node('sender')).sendTransform(moved('a', 'b', 1))
    found = buffer.lookup_transform('a', 'b', LATEST, Duration(seconds=10))
    assert found.transform.translation.x == 1
    thread = listener.dedicated_listener_thread
    listener.__del__()
    thread.join(5)
    assert not thread.is_alive()


def test_waiting_ends_when_the_transform_comes_or_the_time_is_over():
    buffer = Buffer()
    start = time.monotonic()
    with pytest.raises(LookupException, match="'a' does not exist"):
        buffer.lookup_transform('a', 'b', LATEST, Duration(seconds=0.2))
    assert 0.2 <= time.monotonic() - start < 5
    threading.Timer(0.2, buffer.set_transform, (moved('a', 'b', 1), 'test')).start()
    found = buffer.lookup_transform('a', 'b', LATEST, Duration(seconds=30))
    assert found.header.stamp.sec == 1
    assert time.monotonic() - start < 10
    possible, reason = buffer.can_transform(
        'a', 'c', LATEST, Duration(seconds=0.01), return_debug_tuple=True)
    assert not possible
    assert "'c'" in reason


def test_futures_of_transforms(make_node):
    executor = SingleThreadedExecutor()
    executor.add_node(make_node())
    buffer = Buffer()
    both = []

    async def look():
        both.append(await buffer.lookup_transform_async('a', 'b', Time(seconds=1.5)))
        both.append(await buffer.lookup_transform_full_async(
            'b', Time(seconds=2), 'b', Time(seconds=1), 'a'))

    task = executor.create_task(look)
    executor.spin_once(timeout_sec=0.1)
    future = buffer.wait_for_transform_async('a', 'b', LATEST)
    assert not future.done()
    assert not task.done()
    for sec in (1, 2):
        buffer.set_transform(moved('a', 'b', sec, sec), 'test')
    assert future.result().transform.translation.x == 1
    executor.spin_until_future_complete(task, timeout_sec=10)
    assert [one.transform.translation.x for one in both] == [1.5, -1]
    executor.shutdown()


def test_the_past_is_forgotten_when_the_time_jumps_back(make_node, spin_until):
    simulator = make_node('simulator')
    clock = simulator.create_publisher(Clock, '/clock', 1)
    node = make_node('looker', parameter_overrides=[Parameter('use_sim_time', value=True)])
    buffer = Buffer(node=node)

    def set_time(sec):
        clock.publish(Clock(clock=Time(seconds=sec).to_msg()))
        return spin_until(lambda: node.get_clock().now().nanoseconds == sec * 10**9, node)

    assert spin_until(lambda: clock.get_subscription_count() == 1, node)
    assert set_time(100)
    buffer.set_transform_static(moved('world', 'base', 1), 'test')
    buffer.set_transform(moved('base', 'arm', 1, 100), 'test')
    assert set_time(101)
    assert buffer.can_transform('world', 'arm', LATEST)
    assert set_time(5)
    assert not buffer.can_transform('world', 'arm', LATEST)
    assert buffer.can_transform('world', 'base', LATEST)
    buffer.set_transform(moved('base', 'arm', 1, 5), 'test')
    assert buffer.lookup_transform('world', 'arm', LATEST).header.stamp.sec == 5
