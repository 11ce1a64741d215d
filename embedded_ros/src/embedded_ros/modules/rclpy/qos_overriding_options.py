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

"""Quality of service that a user may change through read-only parameters."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TYPE_CHECKING

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.duration import Duration
from rclpy.exceptions import ParameterAlreadyDeclaredException
from rclpy.qos import QoSPolicyEnum, QoSPolicyKind, QoSProfile

if TYPE_CHECKING:
    from rclpy.node import Node


class InvalidQosOverridesError(Exception):
    """A profile that a user's overrides led to was refused."""


@dataclass
class QosCallbackResult:
    """What a callback says about a profile."""

    successful: bool = True
    reason: str = ''


class QoSOverridingOptions:
    """
    Which policies may be overridden, and who checks the outcome.

    The parameters are `qos_overrides.<topic>.publisher.<policy>`, or `subscription`; an
    `entity_id` tells several on the same topic apart.
    """

    def __init__(
        self, policy_kinds: Iterable[QoSPolicyKind], *,
        callback: Callable[[QoSProfile], Any] | None = None, entity_id: str | None = None,
    ) -> None:
        self.policy_kinds = tuple(policy_kinds)
        self.callback = callback
        self.entity_id = entity_id

    @classmethod
    def with_default_policies(
        cls, *, callback: Callable[[QoSProfile], Any] | None = None,
        entity_id: str | None = None,
    ) -> QoSOverridingOptions:
        """Allow history, depth and reliability to be overridden."""
        kinds = (QoSPolicyKind.HISTORY, QoSPolicyKind.DEPTH, QoSPolicyKind.RELIABILITY)
        return cls(kinds, callback=callback, entity_id=entity_id)


def declare_qos_parameters(
    entity: str, node: Node, topic: str, qos: QoSProfile, options: QoSOverridingOptions,
) -> QoSProfile:
    """Return the profile with the user's overrides for a 'publisher' or 'subscription'."""
    overridden = QoSProfile(**{name: getattr(qos, name) for name in QoSProfile.__slots__})
    suffix = f'_{options.entity_id}' if options.entity_id else ''
    for kind in options.policy_kinds:
        policy = kind.name.lower()
        name = f'qos_overrides.{topic}.{entity}{suffix}.{policy}'
        descriptor = ParameterDescriptor(
            description=f'{policy} of the {entity} of {topic}', read_only=True)
        try:
            value = node.declare_parameter(
                name, _to_parameter(getattr(qos, policy)), descriptor).value
        except ParameterAlreadyDeclaredException:
            value = node.get_parameter(name).value
        setattr(overridden, policy, _from_parameter(name, value, getattr(qos, policy)))
    if options.callback is not None:
        result = options.callback(overridden)
        if not result.successful:
            raise InvalidQosOverridesError(
                f'{entity} of {topic}: the profile {overridden} is refused: {result.reason}')
    return overridden


def _to_parameter(value: Any) -> Any:
    if isinstance(value, Duration):
        return value.nanoseconds
    return value.short_key if isinstance(value, QoSPolicyEnum) else value


def _from_parameter(name: str, value: Any, default: Any) -> Any:
    if isinstance(default, Duration):
        return Duration(nanoseconds=value)
    if not isinstance(default, QoSPolicyEnum):
        return value
    try:
        return type(default).get_from_short_key(value)
    except KeyError:
        known = ', '.join(type(default).short_keys())
        raise InvalidQosOverridesError(
            f"parameter '{name}' is '{value}': choose one of {known}") from None
