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

"""Quality of service: policies, profiles, presets, and whether two profiles match."""

# ruff: noqa: N818 - the names are rclpy's
from enum import Enum, IntEnum
from typing import Any, TypeVar

from rclpy.duration import Duration, Infinite

_Policy = TypeVar('_Policy', bound='QoSPolicyEnum')


class InvalidQoSProfileException(Exception):
    """Raised when a profile is incomplete or contradicts itself."""

    def __init__(self, *args: Any) -> None:
        """Say what is wrong with the profile."""
        super().__init__('Invalid QoSProfile', *args)


class QoSPolicyKind(IntEnum):
    INVALID = 1 << 0
    DURABILITY = 1 << 1
    DEADLINE = 1 << 2
    LIVELINESS = 1 << 3
    RELIABILITY = 1 << 4
    HISTORY = 1 << 5
    LIFESPAN = 1 << 6
    DEPTH = 1 << 7
    LIVELINESS_LEASE_DURATION = 1 << 8
    AVOID_ROS_NAMESPACE_CONVENTIONS = 1 << 9


class QoSPolicyEnum(IntEnum):
    """A policy whose values also go by short names ('best_effort'), as on command lines."""

    @classmethod
    def short_keys(cls) -> list[str]:
        """Return the short names."""
        return [name.lower() for name in cls.__members__]

    @classmethod
    def get_from_short_key(cls: type[_Policy], name: str) -> _Policy:
        """Return the value of a short name; KeyError when there is none."""
        return cls[name.upper()]

    @property
    def short_key(self) -> str:
        """Return the short name."""
        return self.name.lower()


class HistoryPolicy(QoSPolicyEnum):
    SYSTEM_DEFAULT = 0
    KEEP_LAST = 1
    KEEP_ALL = 2
    UNKNOWN = 3


class ReliabilityPolicy(QoSPolicyEnum):
    SYSTEM_DEFAULT = 0
    RELIABLE = 1
    BEST_EFFORT = 2
    UNKNOWN = 3
    BEST_AVAILABLE = 4


class DurabilityPolicy(QoSPolicyEnum):
    SYSTEM_DEFAULT = 0
    TRANSIENT_LOCAL = 1
    VOLATILE = 2
    UNKNOWN = 3
    BEST_AVAILABLE = 4


class LivelinessPolicy(QoSPolicyEnum):
    SYSTEM_DEFAULT = 0
    AUTOMATIC = 1
    MANUAL_BY_TOPIC = 3
    UNKNOWN = 4
    BEST_AVAILABLE = 5


QoSHistoryPolicy = HistoryPolicy
QoSReliabilityPolicy = ReliabilityPolicy
QoSDurabilityPolicy = DurabilityPolicy
QoSLivelinessPolicy = LivelinessPolicy


class QoSProfile:
    """
    The policies of one publisher or subscription.

    History or depth must be given. A duration of zero means that it is not specified.
    """

    __slots__ = (
        'avoid_ros_namespace_conventions',
        'deadline',
        'depth',
        'durability',
        'history',
        'lifespan',
        'liveliness',
        'liveliness_lease_duration',
        'reliability',
    )

    def __init__(
        self,
        *,
        history: HistoryPolicy | int | None = None,
        depth: int | None = None,
        reliability: ReliabilityPolicy | int = ReliabilityPolicy.RELIABLE,
        durability: DurabilityPolicy | int = DurabilityPolicy.VOLATILE,
        lifespan: Duration | None = None,
        deadline: Duration | None = None,
        liveliness: LivelinessPolicy | int = LivelinessPolicy.SYSTEM_DEFAULT,
        liveliness_lease_duration: Duration | None = None,
        avoid_ros_namespace_conventions: bool = False,
    ) -> None:
        """Take the given policies, and ROS 2's defaults for the others."""
        if history is None:
            if depth is None:
                raise InvalidQoSProfileException('History and/or depth settings are required.')
            history = HistoryPolicy.KEEP_LAST
        elif history == HistoryPolicy.KEEP_LAST and depth is None:
            raise InvalidQoSProfileException('History set to KEEP_LAST without a depth setting.')
        if depth is not None and (not isinstance(depth, int) or depth < 0):
            raise ValueError(f'Depth must be a number of messages >= 0, not {depth!r}')
        self.history = HistoryPolicy(history)
        self.depth = depth or 0
        self.reliability = ReliabilityPolicy(reliability)
        self.durability = DurabilityPolicy(durability)
        self.lifespan = lifespan or Duration()
        self.deadline = deadline or Duration()
        self.liveliness = LivelinessPolicy(liveliness)
        self.liveliness_lease_duration = liveliness_lease_duration or Duration()
        self.avoid_ros_namespace_conventions = avoid_ros_namespace_conventions

    def __eq__(self, other: object) -> bool:
        """Compare all policies."""
        if not isinstance(other, QoSProfile):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Name all policies."""
        policies = ', '.join(f'{name}={_text(getattr(self, name))}' for name in self.__slots__)
        return f'{type(self).__name__}({policies})'


def _text(value: Any) -> str:
    return value.name if isinstance(value, Enum) else str(value)


qos_profile_default = QoSProfile(depth=10)
qos_profile_system_default = QoSProfile(
    history=HistoryPolicy.SYSTEM_DEFAULT,
    reliability=ReliabilityPolicy.SYSTEM_DEFAULT,
    durability=DurabilityPolicy.SYSTEM_DEFAULT,
)
qos_profile_unknown = QoSProfile(
    history=HistoryPolicy.UNKNOWN,
    reliability=ReliabilityPolicy.UNKNOWN,
    durability=DurabilityPolicy.UNKNOWN,
    liveliness=LivelinessPolicy.UNKNOWN,
)
qos_profile_sensor_data = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
qos_profile_services_default = QoSProfile(depth=10)
qos_profile_parameters = QoSProfile(depth=1000)
qos_profile_parameter_events = QoSProfile(depth=1000)
qos_profile_best_available = QoSProfile(
    depth=10,
    reliability=ReliabilityPolicy.BEST_AVAILABLE,
    durability=DurabilityPolicy.BEST_AVAILABLE,
    liveliness=LivelinessPolicy.BEST_AVAILABLE,
)


class QoSPresetProfiles(Enum):
    UNKNOWN = qos_profile_unknown
    DEFAULT = qos_profile_default
    SYSTEM_DEFAULT = qos_profile_system_default
    SENSOR_DATA = qos_profile_sensor_data
    SERVICES_DEFAULT = qos_profile_services_default
    PARAMETERS = qos_profile_parameters
    PARAMETER_EVENTS = qos_profile_parameter_events
    BEST_AVAILABLE = qos_profile_best_available

    @classmethod
    def short_keys(cls) -> list[str]:
        """Return the short names, as on command lines."""
        return [name.lower() for name in cls.__members__]

    @classmethod
    def get_from_short_key(cls, name: str) -> QoSProfile:
        """Return the profile of a short name; KeyError when there is none."""
        return cls[name.upper()].value


class QoSCompatibility(IntEnum):
    OK = 0
    WARNING = 1
    ERROR = 2


def qos_policy_name_from_kind(policy_kind: QoSPolicyKind | int) -> str:
    """Return the name of a policy as rclpy writes it in warnings."""
    return QoSPolicyKind(policy_kind).name


def qos_check_compatible(
    publisher_qos: QoSProfile, subscription_qos: QoSProfile
) -> tuple[QoSCompatibility, str]:
    """
    Return whether a publisher and a subscription with these profiles meet, and if not, why.

    Where a policy is left to the system and that decides about it, the answer is a warning.
    """
    errors = _mismatches(publisher_qos, subscription_qos)
    if errors:
        return QoSCompatibility.ERROR, ' '.join(f'ERROR: {error};' for error in errors)
    warnings = [
        f"WARNING: Publisher's {name} is {offered.short_key} "
        f"and subscription's is {requested.short_key};"
        for name, weak, strong in _STRENGTHS
        if _undecided(
            offered := getattr(publisher_qos, name),
            requested := getattr(subscription_qos, name), weak, strong)]
    if warnings:
        return QoSCompatibility.WARNING, ' '.join(warnings)
    return QoSCompatibility.OK, ''


_STRENGTHS = (
    ('reliability', ReliabilityPolicy.BEST_EFFORT, ReliabilityPolicy.RELIABLE),
    ('durability', DurabilityPolicy.VOLATILE, DurabilityPolicy.TRANSIENT_LOCAL),
    ('liveliness', LivelinessPolicy.AUTOMATIC, LivelinessPolicy.MANUAL_BY_TOPIC),
)


def _undecided(
    offered: QoSPolicyEnum, requested: QoSPolicyEnum, weak: QoSPolicyEnum, strong: QoSPolicyEnum
) -> bool:
    """Tell whether the system's choice can keep both apart."""
    left_open = ('SYSTEM_DEFAULT', 'UNKNOWN')
    if offered.name in left_open:
        return requested.name in left_open or requested is strong
    return requested.name in left_open and offered is weak


def _mismatches(publisher: QoSProfile, subscription: QoSProfile) -> list[str]:
    errors = []
    if (
        publisher.reliability == ReliabilityPolicy.BEST_EFFORT
        and subscription.reliability == ReliabilityPolicy.RELIABLE
    ):
        errors.append('Best effort publisher and reliable subscription')
    if (
        publisher.durability == DurabilityPolicy.VOLATILE
        and subscription.durability == DurabilityPolicy.TRANSIENT_LOCAL
    ):
        errors.append('Volatile publisher and transient local subscription')
    if _limit(publisher.deadline) > _limit(subscription.deadline):
        errors.append("Subscription's deadline is less than publisher's deadline")
    if (
        publisher.liveliness == LivelinessPolicy.AUTOMATIC
        and subscription.liveliness == LivelinessPolicy.MANUAL_BY_TOPIC
    ):
        errors.append("Publisher's liveliness is automatic and subscription's is manual by topic")
    if _limit(publisher.liveliness_lease_duration) > _limit(
        subscription.liveliness_lease_duration
    ):
        errors.append("Subscription's liveliness lease duration is less than publisher's")
    return errors


def _limit(duration: Duration) -> Duration:
    """Read a duration that is not specified as endless."""
    return duration if duration.nanoseconds else Infinite
