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

"""Quality of service as bags keep it, and what suits all publishers of a topic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rclpy.duration import Duration, Infinite
from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    LivelinessPolicy,
    QoSProfile,
    ReliabilityPolicy,
)
from rosbags.interfaces import (
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)

# Bags of ROS 2 Foxy write 'for ever' as about so many seconds, later ones as 2**63 - 1 ns.
_ENDLESS_SECONDS = 0x7FFFFFFF
_PLAYED_DEPTH = 10


def to_bag(profile: QoSProfile) -> Qos:
    """Return a publisher's profile in the form of rosbags."""
    return Qos(
        QosHistory(profile.history),
        profile.depth,
        QosReliability(profile.reliability),
        QosDurability(profile.durability),
        _to_time(profile.deadline),
        _to_time(profile.lifespan),
        QosLiveliness(profile.liveliness),
        _to_time(profile.liveliness_lease_duration),
        profile.avoid_ros_namespace_conventions,
    )


def from_bag(qos: Any) -> QoSProfile:
    """Return the profile that a bag keeps."""
    by_node = qos.liveliness == QosLiveliness.MANUAL_BY_NODE  # which ROS 2 no longer has
    return QoSProfile(
        history=HistoryPolicy(qos.history.value),
        depth=qos.depth,
        reliability=ReliabilityPolicy(qos.reliability.value),
        durability=DurabilityPolicy(qos.durability.value),
        deadline=_from_time(qos.deadline),
        lifespan=_from_time(qos.lifespan),
        liveliness=LivelinessPolicy.AUTOMATIC if by_node
        else LivelinessPolicy(qos.liveliness.value),
        liveliness_lease_duration=_from_time(qos.liveliness_lease_duration),
        avoid_ros_namespace_conventions=qos.avoid_ros_namespace_conventions,
    )


def _to_time(duration: Duration) -> Any:
    return QosTime(*divmod(duration.nanoseconds, 10**9))


def _from_time(time: Any) -> Duration:
    if time.sec >= _ENDLESS_SECONDS:
        return Infinite
    return Duration(nanoseconds=time.sec * 10**9 + time.nsec)


def request_for(offers: Sequence[QoSProfile], depth: int) -> QoSProfile:
    """Return the profile of a subscription that receives from all of the publishers."""
    reliable = all(offer.reliability == ReliabilityPolicy.RELIABLE for offer in offers)
    lasting = all(offer.durability == DurabilityPolicy.TRANSIENT_LOCAL for offer in offers)
    return QoSProfile(
        depth=depth,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if lasting else DurabilityPolicy.VOLATILE,
    )


def offer_for(recorded: Sequence[QoSProfile]) -> QoSProfile | None:
    """
    Return the profile with which to play what was recorded from publishers with these.

    The default one where none was recorded; None where they contradict each other.
    """
    profiles = [
        QoSProfile(
            depth=_PLAYED_DEPTH,
            reliability=profile.reliability,
            durability=profile.durability,
            deadline=profile.deadline,
            liveliness=profile.liveliness,
            liveliness_lease_duration=profile.liveliness_lease_duration,
            avoid_ros_namespace_conventions=profile.avoid_ros_namespace_conventions,
        )
        for profile in recorded
    ]
    if not profiles:
        return QoSProfile(depth=_PLAYED_DEPTH)
    return profiles[0] if all(profile == profiles[0] for profile in profiles) else None
