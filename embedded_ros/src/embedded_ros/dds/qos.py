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

"""Quality of service: from rclpy's profiles to the middleware's policies and back."""
from __future__ import annotations

from typing import Any

from cyclonedds.qos import Policy, Qos
from rclpy.duration import Duration
from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    LivelinessPolicy,
    QoSProfile,
    ReliabilityPolicy,
)

from embedded_ros.dds.binding import INFINITY

# What a profile's system default stands for is left to the middleware: reliable for writers,
# best effort for readers, volatile, the last sample alone.
_UNLIMITED = -1


def to_dds(
    profile: QoSProfile, user_data: str = '', *, ignore_own: bool = False,
    longest_wait: int = INFINITY,
) -> Any:
    """
    Return the policies of an endpoint.

    `user_data` travels with the endpoint's announcement. With `ignore_own`, endpoints of the
    same participant are not matched. A reliable writer waits `longest_wait` nanoseconds for
    readers that cannot keep up, then it drops the sample.
    """
    policies: list[Any] = [
        Policy.WriterDataLifecycle(autodispose=False),
        Policy.DataRepresentation(use_cdrv0_representation=True),
        Policy.Userdata(user_data.encode()),
    ]
    history = _history(profile)
    if history is not None:
        policies.append(history)
    if profile.reliability == ReliabilityPolicy.RELIABLE:
        policies.append(Policy.Reliability.Reliable(max_blocking_time=longest_wait))
    elif profile.reliability == ReliabilityPolicy.BEST_EFFORT:
        policies.append(Policy.Reliability.BestEffort)
    if profile.durability == DurabilityPolicy.VOLATILE:
        policies.append(Policy.Durability.Volatile)
    elif profile.durability == DurabilityPolicy.TRANSIENT_LOCAL:
        policies.append(Policy.Durability.TransientLocal)
        # What late readers get: as much as the writer itself remembers.
        policies.append(Policy.DurabilityService(
            cleanup_delay=0, history=history or Policy.History.KeepLast(1),
            max_samples=_UNLIMITED, max_instances=_UNLIMITED,
            max_samples_per_instance=_UNLIMITED))
    lease = _period(profile.liveliness_lease_duration)
    if profile.liveliness == LivelinessPolicy.AUTOMATIC:
        policies.append(Policy.Liveliness.Automatic(lease_duration=lease))
    elif profile.liveliness == LivelinessPolicy.MANUAL_BY_TOPIC:
        policies.append(Policy.Liveliness.ManualByTopic(lease_duration=lease))
    if (lifespan := _period(profile.lifespan)) < INFINITY:
        policies.append(Policy.Lifespan(lifespan))
    if (deadline := _period(profile.deadline)) < INFINITY:
        policies.append(Policy.Deadline(deadline))
    if ignore_own:
        policies.append(Policy.IgnoreLocal.Participant)
    return Qos(*policies)


def from_dds(qos: Any) -> QoSProfile:
    """Return the profile of a discovered endpoint; not all vendors announce the history."""
    reliable = isinstance(qos[Policy.Reliability], Policy.Reliability.Reliable)
    volatile = qos[Policy.Durability] in (None, Policy.Durability.Volatile)
    liveliness = qos[Policy.Liveliness]
    by_hand = isinstance(liveliness, Policy.Liveliness.ManualByTopic)
    lease = INFINITY if liveliness is None else liveliness.lease_duration
    history, depth = HistoryPolicy.UNKNOWN, 0
    if Policy.History in qos:
        keep_all = qos[Policy.History] == Policy.History.KeepAll
        history = HistoryPolicy.KEEP_ALL if keep_all else HistoryPolicy.KEEP_LAST
        depth = 0 if keep_all else qos[Policy.History].depth
    lifespan = qos[Policy.Lifespan].lifespan if Policy.Lifespan in qos else INFINITY
    deadline = qos[Policy.Deadline].deadline if Policy.Deadline in qos else INFINITY
    return QoSProfile(
        history=history, depth=depth,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.VOLATILE if volatile else DurabilityPolicy.TRANSIENT_LOCAL,
        lifespan=Duration(nanoseconds=lifespan), deadline=Duration(nanoseconds=deadline),
        liveliness=LivelinessPolicy.MANUAL_BY_TOPIC if by_hand else LivelinessPolicy.AUTOMATIC,
        liveliness_lease_duration=Duration(nanoseconds=lease))


def user_data(qos: Any) -> dict[str, str]:
    """Return the `key=value;` pairs of an endpoint's announcement."""
    data = qos[Policy.Userdata].data if Policy.Userdata in qos else b''
    pairs = (pair.partition('=') for pair in data.decode('utf-8', 'replace').split(';'))
    return {key: value for key, equals, value in pairs if equals}


def _history(profile: QoSProfile) -> Any:
    if profile.history == HistoryPolicy.KEEP_ALL:
        return Policy.History.KeepAll
    if profile.history == HistoryPolicy.KEEP_LAST:
        return Policy.History.KeepLast(max(1, profile.depth))
    return None


def _period(duration: Duration) -> int:
    """Return nanoseconds; ROS writes 'unspecified' as zero, which here means for ever."""
    return duration.nanoseconds or INFINITY
