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

"""Which publishers and subscriptions meet, and what each then receives."""

import pytest
from rclpy.duration import Duration
from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    LivelinessPolicy,
    qos_check_compatible,
    qos_policy_name_from_kind,
    qos_profile_sensor_data,
    QoSCompatibility,
    QoSPolicyKind,
    QoSProfile,
    ReliabilityPolicy,
)
from std_msgs.msg import Int64

RELIABLE, BEST_EFFORT = ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT
VOLATILE, TRANSIENT_LOCAL = DurabilityPolicy.VOLATILE, DurabilityPolicy.TRANSIENT_LOCAL
FAST, SLOW = Duration(seconds=1), Duration(seconds=2)

# Policies of the publisher, of the subscription, and the one that keeps them apart.
PAIRS = [
    ({}, {}, None),
    ({'reliability': RELIABLE}, {'reliability': BEST_EFFORT}, None),
    ({'reliability': BEST_EFFORT}, {'reliability': BEST_EFFORT}, None),
    ({'reliability': BEST_EFFORT}, {'reliability': RELIABLE}, QoSPolicyKind.RELIABILITY),
    ({'durability': TRANSIENT_LOCAL}, {'durability': VOLATILE}, None),
    ({'durability': TRANSIENT_LOCAL}, {'durability': TRANSIENT_LOCAL}, None),
    ({'durability': VOLATILE}, {'durability': TRANSIENT_LOCAL}, QoSPolicyKind.DURABILITY),
    ({'deadline': FAST}, {'deadline': SLOW}, None),
    ({'deadline': FAST}, {}, None),
    ({'deadline': SLOW}, {'deadline': FAST}, QoSPolicyKind.DEADLINE),
    ({}, {'deadline': FAST}, QoSPolicyKind.DEADLINE),
    ({'liveliness': LivelinessPolicy.MANUAL_BY_TOPIC},
     {'liveliness': LivelinessPolicy.AUTOMATIC}, None),
    ({'liveliness': LivelinessPolicy.AUTOMATIC},
     {'liveliness': LivelinessPolicy.MANUAL_BY_TOPIC}, QoSPolicyKind.LIVELINESS),
]


@pytest.mark.parametrize(('offered', 'requested', 'culprit'), PAIRS)
def test_matching(make_node, spin_until, offered, requested, culprit):
    node = make_node()
    received, offers, requests = [], [], []
    publisher = node.create_publisher(
        Int64, 'topic', QoSProfile(depth=10, **offered),
        event_callbacks=PublisherEventCallbacks(incompatible_qos=offers.append))
    subscription = node.create_subscription(
        Int64, 'topic', received.append, QoSProfile(depth=10, **requested),
        event_callbacks=SubscriptionEventCallbacks(incompatible_qos=requests.append))
    if culprit is None:
        assert spin_until(lambda: publisher.get_subscription_count() == 1, node)
        assert spin_until(lambda: subscription.get_publisher_count() == 1, node)
        publisher.publish(Int64(data=7))
        assert spin_until(lambda: bool(received), node)
        assert received == [Int64(data=7)]
        assert (offers, requests) == ([], [])
    else:
        assert spin_until(lambda: bool(offers and requests), node)
        assert offers[0].last_policy_kind == requests[0].last_policy_kind == culprit
        assert offers[0].total_count == requests[0].total_count == 1
        publisher.publish(Int64(data=7))
        assert not spin_until(lambda: bool(received), node, timeout=0.2)


@pytest.mark.parametrize(('offered', 'requested', 'culprit'), PAIRS)
def test_matching_is_known_beforehand(offered, requested, culprit):
    decided = {'liveliness': LivelinessPolicy.AUTOMATIC}  # the default leaves it to the system
    compatibility, reason = qos_check_compatible(
        QoSProfile(depth=10, **{**decided, **offered}),
        QoSProfile(depth=10, **{**decided, **requested}))
    assert compatibility == (QoSCompatibility.OK if culprit is None else QoSCompatibility.ERROR)
    assert bool(reason) == (culprit is not None)


@pytest.mark.parametrize(('policy', 'weak', 'strong'), [
    ('reliability', BEST_EFFORT, RELIABLE), ('durability', VOLATILE, TRANSIENT_LOCAL),
    ('liveliness', LivelinessPolicy.AUTOMATIC, LivelinessPolicy.MANUAL_BY_TOPIC)])
def test_what_the_system_decides_is_a_warning(policy, weak, strong):
    system = type(weak).SYSTEM_DEFAULT
    doubtful = [(system, system), (system, strong), (weak, system)]
    for offered in (system, weak, strong):
        for requested in (system, weak, strong):
            if (offered, requested) == (weak, strong):
                continue
            known = {'liveliness': LivelinessPolicy.AUTOMATIC}
            compatibility, reason = qos_check_compatible(
                QoSProfile(depth=1, **{**known, policy: offered}),
                QoSProfile(depth=1, **{**known, policy: requested}))
            doubt = (offered, requested) in doubtful
            assert compatibility == (QoSCompatibility.WARNING if doubt else QoSCompatibility.OK)
            assert bool(reason) == doubt


def test_default_profiles_leave_liveliness_to_the_system():
    compatibility, reason = qos_check_compatible(QoSProfile(depth=1), QoSProfile(depth=1))
    assert compatibility == QoSCompatibility.WARNING
    assert 'liveliness' in reason


def test_policy_names():
    assert qos_policy_name_from_kind(QoSPolicyKind.RELIABILITY) == 'RELIABILITY'
    assert ReliabilityPolicy.get_from_short_key('best_effort') == BEST_EFFORT
    assert RELIABLE.short_key == 'reliable'
    assert 'transient_local' in DurabilityPolicy.short_keys()


def test_number_stands_for_a_reliable_profile(make_node):
    node = make_node()
    publisher = node.create_publisher(Int64, 'topic', 7)
    assert publisher.qos_profile.reliability == RELIABLE
    assert publisher.qos_profile.durability == VOLATILE
    assert publisher.qos_profile.history == HistoryPolicy.KEEP_LAST
    assert publisher.qos_profile.depth == 7
    with pytest.raises(ValueError, match=r'[Dd]epth'):
        node.create_publisher(Int64, 'topic', -1)
    with pytest.raises(TypeError):
        node.create_publisher(Int64, 'topic', 'reliable')


def test_sensor_data_profile():
    assert qos_profile_sensor_data.reliability == BEST_EFFORT
    assert qos_profile_sensor_data.durability == VOLATILE
    assert qos_profile_sensor_data.depth == 5


@pytest.mark.parametrize('depth', [1, 3])
def test_subscription_keeps_the_newest(make_node, spin_until, depth):
    node = make_node()
    received = []
    node.create_subscription(Int64, 'topic', lambda m: received.append(m.data), depth)
    publisher = node.create_publisher(Int64, 'topic', 20)
    assert spin_until(lambda: publisher.get_subscription_count() == 1, node)
    for number in range(10):
        publisher.publish(Int64(data=number))
    assert publisher.wait_for_all_acked(Duration(seconds=5))
    assert spin_until(lambda: len(received) == depth, node)
    assert not spin_until(lambda: len(received) > depth, node, timeout=0.1)
    assert received == list(range(10 - depth, 10))


@pytest.mark.parametrize('depth', [1, 3])
def test_late_subscription_gets_what_is_kept(make_node, spin_until, depth):
    node = make_node()
    latched = QoSProfile(depth=depth, durability=TRANSIENT_LOCAL)
    publisher = node.create_publisher(Int64, 'topic', latched)
    for number in range(10):
        publisher.publish(Int64(data=number))
    kept, missed = [], []
    node.create_subscription(
        Int64, 'topic', lambda m: kept.append(m.data), QoSProfile(
            depth=10, durability=TRANSIENT_LOCAL))
    node.create_subscription(Int64, 'topic', lambda m: missed.append(m.data), 10)
    assert spin_until(lambda: len(kept) == depth, node)
    assert kept == list(range(10 - depth, 10))
    publisher.publish(Int64(data=10))
    assert spin_until(lambda: bool(missed), node)
    assert missed == [10]


def test_subscription_tells_the_topic_apart_by_its_profile(make_node, spin_until):
    node = make_node()
    profile = QoSProfile(depth=10, reliability=BEST_EFFORT, durability=TRANSIENT_LOCAL)
    publisher = node.create_publisher(Int64, 'topic', profile)
    assert spin_until(lambda: bool(node.get_publishers_info_by_topic('/topic')), node)
    announced, = node.get_publishers_info_by_topic('/topic')
    assert announced.node_name == node.get_name()
    assert announced.topic_type == 'std_msgs/msg/Int64'
    assert announced.qos_profile.reliability == BEST_EFFORT
    assert announced.qos_profile.durability == TRANSIENT_LOCAL
    assert node.count_publishers('topic') == 1
    assert node.destroy_publisher(publisher)
    assert spin_until(lambda: node.count_publishers('topic') == 0, node)
