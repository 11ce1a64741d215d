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

import itertools

import pytest
from rclpy.duration import Duration
from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    InvalidQoSProfileException,
    LivelinessPolicy,
    qos_check_compatible,
    qos_profile_sensor_data,
    QoSCompatibility,
    QoSPresetProfiles,
    QoSProfile,
    ReliabilityPolicy,
)


def test_history_or_depth_is_required():
    with pytest.raises(InvalidQoSProfileException):
        QoSProfile()
    with pytest.raises(InvalidQoSProfileException):
        QoSProfile(history=HistoryPolicy.KEEP_LAST)
    with pytest.raises(ValueError, match='Depth'):
        QoSProfile(depth=-1)
    assert QoSProfile(depth=3).history is HistoryPolicy.KEEP_LAST
    assert QoSProfile(history=HistoryPolicy.KEEP_ALL).depth == 0


def test_short_names():
    assert ReliabilityPolicy.get_from_short_key('best_effort') is ReliabilityPolicy.BEST_EFFORT
    assert DurabilityPolicy.TRANSIENT_LOCAL.short_key == 'transient_local'
    assert 'sensor_data' in QoSPresetProfiles.short_keys()
    assert QoSPresetProfiles.get_from_short_key('sensor_data') is qos_profile_sensor_data


def test_profiles_compare_by_policies():
    best_effort = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
    assert best_effort == qos_profile_sensor_data
    assert QoSProfile(depth=5) != qos_profile_sensor_data
    assert 'BEST_EFFORT' in repr(qos_profile_sensor_data)


def test_a_publisher_must_offer_what_the_subscription_asks_for():
    order = {
        'reliability': [ReliabilityPolicy.BEST_EFFORT, ReliabilityPolicy.RELIABLE],
        'durability': [DurabilityPolicy.VOLATILE, DurabilityPolicy.TRANSIENT_LOCAL],
        'liveliness': [LivelinessPolicy.AUTOMATIC, LivelinessPolicy.MANUAL_BY_TOPIC],
        'deadline': [Duration(), Duration(seconds=2), Duration(seconds=1)],
        'liveliness_lease_duration': [Duration(), Duration(seconds=2), Duration(seconds=1)],
    }
    decided = {'liveliness': LivelinessPolicy.AUTOMATIC}  # the default leaves it to the system
    for policy, strength in order.items():
        for offered, wanted in itertools.product(range(len(strength)), repeat=2):
            compatibility, reason = qos_check_compatible(
                QoSProfile(depth=1, **{**decided, policy: strength[offered]}),
                QoSProfile(depth=1, **{**decided, policy: strength[wanted]}),
            )
            expected = QoSCompatibility.OK if offered >= wanted else QoSCompatibility.ERROR
            assert compatibility is expected, (policy, offered, wanted)
            assert bool(reason) == (expected is QoSCompatibility.ERROR)


def test_what_the_system_decides_is_a_warning():
    undecided = QoSPresetProfiles.SYSTEM_DEFAULT.value
    compatibility, reason = qos_check_compatible(undecided, QoSProfile(depth=1))
    assert compatibility is QoSCompatibility.WARNING
    assert 'reliability' in reason
