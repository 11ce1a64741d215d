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

"""
Events of publishers and subscriptions: a peer whose quality of service does not match.

Such a peer is the most frequent reason why nothing arrives; it is logged unless a callback is
given or the default is switched off.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cyclonedds.core import DDSException, DDSStatus
from rclpy.callback_groups import CallbackGroup
from rclpy.logging import get_logger
from rclpy.qos import qos_policy_name_from_kind, QoSPolicyKind

from embedded_ros.dds import binding

# The middleware numbers policies as the DDS specification does.
_POLICY_KINDS = {
    2: QoSPolicyKind.DURABILITY,
    4: QoSPolicyKind.DEADLINE,
    8: QoSPolicyKind.LIVELINESS,
    11: QoSPolicyKind.RELIABILITY,
    13: QoSPolicyKind.HISTORY,
}


@dataclass(frozen=True)
class QoSIncompatibleInfo:
    """How many mismatching peers there were, how many are new, which policy came last."""

    total_count: int
    total_count_change: int
    last_policy_kind: QoSPolicyKind


QoSOfferedIncompatibleQoSInfo = QoSIncompatibleInfo
QoSRequestedIncompatibleQoSInfo = QoSIncompatibleInfo


class EventHandler:
    """Has the executor call back when the endpoint meets a peer that does not match."""

    def __init__(
        self, callback: Callable[[QoSIncompatibleInfo], Any], callback_group: CallbackGroup,
        entity: Any, status: int, read_status: Callable[[], Any],
    ) -> None:
        self.callback = callback
        self.callback_group = callback_group
        self._condition = binding.handle(entity)
        self._read_status = read_status
        entity.set_status_mask(status)

    def _take(self) -> Callable[[], Any] | None:
        try:
            status = self._read_status()
        except DDSException:  # the endpoint was destroyed meanwhile
            return None
        info = QoSIncompatibleInfo(
            int(status.total_count), int(status.total_count_change),
            _POLICY_KINDS.get(int(status.last_policy_id), QoSPolicyKind.INVALID))
        return lambda: self.callback(info)


class _EventCallbacks:
    def __init__(
        self, *, incompatible_qos: Callable[[QoSIncompatibleInfo], Any] | None = None,
        use_default_callbacks: bool = True,
    ) -> None:
        self.incompatible_qos = incompatible_qos
        self.use_default_callbacks = use_default_callbacks


class PublisherEventCallbacks(_EventCallbacks):
    def create_event_handlers(
        self, callback_group: CallbackGroup, writer: Any, topic: str,
    ) -> list[EventHandler]:
        def warn(info: QoSIncompatibleInfo) -> None:
            get_logger('rclpy').warning(
                f"New subscription discovered on topic '{topic}', requesting incompatible QoS. "
                'No messages will be sent to it. Last incompatible policy: '
                f'{qos_policy_name_from_kind(info.last_policy_kind)}')

        callback = self.incompatible_qos or (warn if self.use_default_callbacks else None)
        if callback is None:
            return []
        return [EventHandler(
            callback, callback_group, writer, DDSStatus.OfferedIncompatibleQos,
            writer.get_offered_incompatible_qos_status)]


class SubscriptionEventCallbacks(_EventCallbacks):
    def create_event_handlers(
        self, callback_group: CallbackGroup, reader: Any, topic: str,
    ) -> list[EventHandler]:
        def warn(info: QoSIncompatibleInfo) -> None:
            get_logger('rclpy').warning(
                f"New publisher discovered on topic '{topic}', offering incompatible QoS. "
                'No messages will be received from it. Last incompatible policy: '
                f'{qos_policy_name_from_kind(info.last_policy_kind)}')

        callback = self.incompatible_qos or (warn if self.use_default_callbacks else None)
        if callback is None:
            return []
        return [EventHandler(
            callback, callback_group, reader, DDSStatus.RequestedIncompatibleQos,
            reader.get_requested_incompatible_qos_status)]
