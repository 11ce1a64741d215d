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

import array
import threading
import time

from hypothesis import given, settings, strategies as st
import pytest
import rclpy
from rclpy._rclpy_pybind11 import InvalidHandle, RCLError
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.duration import Duration
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.exceptions import InvalidTopicNameException
from rclpy.executors import MultiThreadedExecutor
from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    LivelinessPolicy,
    qos_profile_sensor_data,
    QoSPolicyKind,
    QoSProfile,
    ReliabilityPolicy,
)
from rclpy.qos_overriding_options import InvalidQosOverridesError, QoSOverridingOptions
from rclpy.subscription import Subscription
from rclpy.wait_for_message import wait_for_message
from sensor_msgs.msg import Image
from std_msgs.msg import Int64, String

from embedded_ros.dds import domain as dds_domain
from embedded_ros.dds.qos import from_dds, to_dds, user_data
from embedded_ros.dds.types import idl_type, ros_type_name
from embedded_ros.messages import serialize


def test_messages_arrive_in_order_and_complete(make_node, spin_until):
    node = make_node()
    received = []
    node.create_subscription(Int64, 'numbers', lambda m: received.append(m.data), 100)
    publisher = node.create_publisher(Int64, 'numbers', 100)
    assert spin_until(lambda: publisher.get_subscription_count() == 1, node)
    for number in range(100):
        publisher.publish(Int64(data=number))
    assert spin_until(lambda: len(received) == 100, node)
    assert received == list(range(100))
    assert publisher.wait_for_all_acked(Duration(seconds=1))


def test_large_image_survives(make_node, spin_until):
    node = make_node()
    pixels = array.array('B', bytes(range(256)) * (1920 * 1080 * 3 // 256))
    received = []
    node.create_subscription(Image, 'image', received.append, 1)
    publisher = node.create_publisher(Image, 'image', 1)
    sent = Image(width=1920, height=1080, step=5760, encoding='rgb8', data=pixels)
    publisher.publish(sent)
    assert spin_until(lambda: bool(received), node)
    assert received == [sent]


def test_raw_bytes_go_both_ways(make_node, spin_until):
    node = make_node()
    received = []
    node.create_subscription(String, 'text', received.append, 10, raw=True)
    data = bytes(serialize(String(data='grüezi')))
    node.create_publisher(String, 'text', 10).publish(data)
    assert spin_until(lambda: bool(received), node)
    assert received == [data]


def test_callback_with_two_parameters_learns_when_it_was_sent(make_node, spin_until):
    node = make_node()
    received = []
    node.create_subscription(String, 'text', lambda m, info: received.append(info), 10)
    before = time.time_ns()
    node.create_publisher(String, 'text', 10).publish(String())
    assert spin_until(lambda: bool(received), node)
    assert before <= received[0]['source_timestamp'] <= time.time_ns()


def test_callback_without_parameters_is_refused(make_node):
    with pytest.raises(RuntimeError, match='must take the message'):
        make_node().create_subscription(String, 'text', lambda: None, 10)


def test_publish_refuses_other_types_and_broken_bytes(make_node):
    publisher = make_node().create_publisher(String, 'text', 10)
    with pytest.raises(TypeError, match='Expected'):
        publisher.publish(Int64())
    with pytest.raises(RCLError, match='text'):
        publisher.publish(bytes(serialize(String(data='longer than this')))[:12])
    with pytest.raises(RCLError, match='the bytes are not CDR'):
        publisher.publish(b'\0\x11\0\0' + bytes(serialize(String(data='pin')))[4:])


def test_destroyed_publisher_says_so(make_node):
    node = make_node()
    publisher = node.create_publisher(String, 'text', 10)
    assert node.destroy_publisher(publisher)
    assert not node.destroy_publisher(publisher)
    with pytest.raises(InvalidHandle, match='text'):
        publisher.publish(String())


def test_publish_after_shutdown_says_so(make_node):
    publisher = make_node().create_publisher(String, 'text', 10)
    rclpy.shutdown()
    with pytest.raises(RCLError, match='text'):
        publisher.publish(String())


def test_late_subscriber_gets_the_last_transient_local_message(make_node, spin_until):
    node = make_node()
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    publisher = node.create_publisher(Int64, 'latched', latched)
    for number in range(3):
        publisher.publish(Int64(data=number))
    received = []
    node.create_subscription(Int64, 'latched', lambda m: received.append(m.data), latched)
    assert spin_until(lambda: bool(received), node)
    assert received == [2]


def test_busy_subscription_continues_with_the_newest(make_node):
    node = make_node()
    entered, leave, received = threading.Event(), threading.Event(), []

    def callback(message):
        received.append(message.data)
        entered.set()
        leave.wait(5)

    subscription = node.create_subscription(
        Int64, 'frames', callback, 1, callback_group=MutuallyExclusiveCallbackGroup())
    publisher = node.create_publisher(Int64, 'frames', 10)
    executor = MultiThreadedExecutor(4)
    executor.add_node(node)
    spinner = threading.Thread(target=executor.spin)
    spinner.start()
    publisher.publish(Int64(data=0))
    assert entered.wait(5)
    for number in range(1, 51):
        publisher.publish(Int64(data=number))
    leave.set()
    end = time.monotonic() + 5
    while len(received) < 2 and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(0.1)
    executor.shutdown()
    spinner.join()
    assert subscription.get_publisher_count() == 1
    assert received == [0, 50]


def test_incompatible_reliability_is_reported_and_nothing_arrives(make_node, spin_until, capfd):
    node = make_node()
    received, events = [], []
    node.create_subscription(
        String, 'text', received.append, 10,
        event_callbacks=SubscriptionEventCallbacks(incompatible_qos=events.append))
    node.create_subscription(String, 'text', received.append, 10)
    publisher = node.create_publisher(String, 'text', qos_profile_sensor_data)
    assert spin_until(lambda: bool(events), node)
    publisher.publish(String())
    assert not spin_until(lambda: bool(received), node, timeout=0.2)
    assert events[0].last_policy_kind == QoSPolicyKind.RELIABILITY
    assert events[0].total_count == 1
    log = capfd.readouterr().err
    assert "topic '/text', offering incompatible QoS" in log
    assert 'RELIABILITY' in log


def test_remapping_and_namespace_lead_to_the_topic(make_node):
    node = make_node(
        namespace='cell', cli_args=['--ros-args', '-r', 'image:=/camera/image', '-r', '__node:=x'])
    assert node.get_fully_qualified_name() == '/cell/x'
    assert node.create_publisher(Image, 'image', 1).topic_name == '/camera/image'
    assert node.create_publisher(Image, '~/image', 1).topic_name == '/cell/x/image'
    assert node.resolve_topic_name('image', only_expand=True) == '/cell/image'
    with pytest.raises(InvalidTopicNameException):
        node.create_publisher(Image, 'no spaces', 1)


def test_quality_of_service_is_overridden_by_parameters(make_node):
    node = make_node(cli_args=[
        '--ros-args', '-p', 'qos_overrides./image.subscription.reliability:=reliable',
        '-p', 'qos_overrides./image.subscription.depth:=7'])
    subscription = node.create_subscription(
        Image, 'image', lambda m: None, QoSProfile(
            depth=1, reliability=ReliabilityPolicy.BEST_EFFORT),
        qos_overriding_options=QoSOverridingOptions.with_default_policies())
    assert subscription.qos_profile.reliability == ReliabilityPolicy.RELIABLE
    assert subscription.qos_profile.depth == 7
    assert subscription.qos_profile.history == HistoryPolicy.KEEP_LAST


def test_wrong_quality_of_service_override_names_the_choices(make_node):
    node = make_node(cli_args=[
        '--ros-args', '-p', 'qos_overrides./image.subscription.reliability:=relyable'])
    with pytest.raises(InvalidQosOverridesError, match=r'relyable.*best_effort'):
        node.create_subscription(
            Image, 'image', lambda m: None, 1,
            qos_overriding_options=QoSOverridingOptions.with_default_policies())


def test_wait_for_message_returns_the_first(make_node):
    node = make_node()
    publisher = node.create_publisher(Int64, 'numbers', 10)
    other = make_node('other')
    timer = threading.Timer(0.2, lambda: publisher.publish(Int64(data=5)))
    timer.start()
    assert wait_for_message(Int64, other, 'numbers', time_to_wait=5) == (True, Int64(data=5))
    assert wait_for_message(Int64, other, 'numbers', time_to_wait=0.05) == (False, None)
    timer.join()


_durations = st.integers(1, 10**12).map(lambda ns: Duration(nanoseconds=ns))


@given(
    reliability=st.sampled_from([ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT]),
    durability=st.sampled_from([DurabilityPolicy.VOLATILE, DurabilityPolicy.TRANSIENT_LOCAL]),
    liveliness=st.sampled_from([LivelinessPolicy.AUTOMATIC, LivelinessPolicy.MANUAL_BY_TOPIC]),
    lease=_durations, lifespan=_durations, deadline=_durations, depth=st.integers(1, 1000))
@settings(max_examples=30)
def test_announced_policies_come_back(
    reliability, durability, liveliness, lease, lifespan, deadline, depth,
):
    profile = QoSProfile(
        depth=depth, reliability=reliability, durability=durability, liveliness=liveliness,
        liveliness_lease_duration=lease, lifespan=lifespan, deadline=deadline)
    policies = to_dds(profile, 'typehash=RIHS01_00;serviceid= 1.2;')
    found = from_dds(policies)
    for name in ('reliability', 'durability', 'liveliness', 'liveliness_lease_duration',
                 'lifespan', 'deadline', 'history', 'depth'):
        assert getattr(found, name) == getattr(profile, name)
    assert user_data(policies) == {'typehash': 'RIHS01_00', 'serviceid': ' 1.2'}


@pytest.mark.parametrize(('ros', 'wire'), [
    ('sensor_msgs/msg/Image', 'sensor_msgs::msg::dds_::Image_'),
    ('std_srvs/srv/Trigger_Request', 'std_srvs::srv::dds_::Trigger_Request_'),
])
def test_type_names_on_the_wire(ros, wire):
    assert idl_type(ros).__idl_typename__.replace('.', '::') == wire
    assert ros_type_name(wire) == ros
    assert ros_type_name('not::of::ROS') == 'not::of::ROS'


def test_environment_decides_about_the_domain():
    assert dds_domain.domain_id_from_environment({}) == 0
    assert dds_domain.domain_id_from_environment({'ROS_DOMAIN_ID': '7'}) == 7
    for wrong in ('-1', '233', 'seven'):
        with pytest.raises(ValueError, match='ROS_DOMAIN_ID'):
            dds_domain.domain_id_from_environment({'ROS_DOMAIN_ID': wrong})
    with pytest.raises(ValueError, match='ROS_AUTOMATIC_DISCOVERY_RANGE'):
        dds_domain.configuration({'ROS_AUTOMATIC_DISCOVERY_RANGE': 'GALAXY'})
    localhost = dds_domain.configuration({'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'})
    assert localhost == dds_domain.configuration({'ROS_LOCALHOST_ONLY': '1'})
    robot = '<Peer address="robot"/>'
    assert robot in dds_domain.configuration({'ROS_STATIC_PEERS': 'robot;'})
    for reach in ('OFF', 'SYSTEM_DEFAULT'):
        assert robot not in dds_domain.configuration(
            {'ROS_STATIC_PEERS': 'robot', 'ROS_AUTOMATIC_DISCOVERY_RANGE': reach})
    reachable = dds_domain.configuration(
        {'ROS_STATIC_PEERS': 'robot', 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'})
    assert robot in reachable
    assert '127.0.0.1' in localhost
    assert '127.0.0.1' not in reachable
    users = '<CycloneDDS><Domain/></CycloneDDS>'
    assert dds_domain.configuration({'CYCLONEDDS_URI': users}).endswith(f',{users}')


def test_another_middleware_is_warned_about():
    assert dds_domain.middleware_advice({}) is None
    assert dds_domain.middleware_advice({'RMW_IMPLEMENTATION': 'rmw_cyclonedds_cpp'}) is None
    advice = dds_domain.middleware_advice({'RMW_IMPLEMENTATION': 'rmw_fastrtps_cpp'})
    assert 'rmw_fastrtps_cpp' in advice


def test_small_receive_buffer_is_named_with_its_remedy(tmp_path):
    limit = tmp_path / 'rmem_max'
    assert dds_domain.receive_buffer_advice(limit) is None
    limit.write_text('4194304\n')
    assert dds_domain.receive_buffer_advice(limit) is None
    limit.write_text('212992\n')
    advice = dds_domain.receive_buffer_advice(limit)
    assert '212 kB' in advice
    assert 'sysctl' in advice


def test_small_receive_buffer_is_warned_about_once(make_node, monkeypatch, capsys):
    # No test may change the kernel's limit.
    monkeypatch.setattr('rclpy.subscription.receive_buffer_advice', lambda: 'too small')
    monkeypatch.setattr(Subscription, '_has_advised', False)
    node = make_node()
    node.create_subscription(Image, 'reliable', print, 1)
    node.create_subscription(String, 'small', print, qos_profile_sensor_data)
    assert 'too small' not in capsys.readouterr().err
    for topic in ('left', 'right'):
        node.create_subscription(Image, topic, print, qos_profile_sensor_data)
    text = capsys.readouterr().err
    assert "best effort subscription of '/left': too small" in text
    assert text.count('too small') == 1
