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

"""Sending messages to a topic."""
from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, TypeVar

from rclpy._rclpy_pybind11 import InvalidHandle, RCLError
from rclpy.callback_groups import CallbackGroup
from rclpy.duration import Duration
from rclpy.event_handler import PublisherEventCallbacks
from rclpy.qos import QoSProfile

from embedded_ros.dds.binding import DdsError
from embedded_ros.dds.endpoints import Participant, Writer
from embedded_ros.messages import serialize, type_name

MsgType = TypeVar('MsgType')
_CDR = (b'\0\0', b'\0\1')  # how serialized messages begin, big-endian and little-endian


class Publisher(Generic[MsgType]):
    """Made by `Node.create_publisher`."""

    def __init__(
        self, participant: Participant, msg_type: type[MsgType], topic: str,
        qos_profile: QoSProfile, event_callbacks: PublisherEventCallbacks,
        callback_group: CallbackGroup, destroy: Callable[[Publisher[MsgType]], Any],
    ) -> None:
        self.msg_type = msg_type
        self.topic = topic
        self.qos_profile = qos_profile
        prefix = '' if qos_profile.avoid_ros_namespace_conventions else 'rt'
        self._writer = Writer(participant, prefix + topic, type_name(msg_type), qos_profile)
        self.event_handlers = event_callbacks.create_event_handlers(
            callback_group, self._writer.entity, topic)
        self._destroyed = False
        self._destroy = destroy

    @property
    def topic_name(self) -> str:
        return self.topic

    def publish(self, msg: MsgType | bytes) -> None:
        """
        Send a message, or its CDR bytes as they are.

        A reliable publisher waits for readers that cannot keep up: as long as it takes where it
        keeps all messages, otherwise for a moment before it overwrites a large one. Other
        threads go on.
        """
        if isinstance(msg, self.msg_type):
            data: Any = serialize(msg)
        elif isinstance(msg, bytes):
            if msg[:2] not in _CDR:
                # Peers take it for a broken packet, and it would be sent again without end.
                raise RCLError(f"Failed to publish on '{self.topic}': the bytes are not CDR")
            data = msg
        else:
            raise TypeError(f'Expected {self.msg_type}, got {type(msg)}')
        if self._destroyed:
            raise InvalidHandle(f"publisher of '{self.topic}' is destroyed")
        try:
            self._writer.write(data)
        except DdsError as error:
            raise RCLError(f"Failed to publish on '{self.topic}': {error}") from error

    def get_subscription_count(self) -> int:
        """Return how many subscriptions are matched with this publisher."""
        return self._writer.matched_count()

    def wait_for_all_acked(self, timeout: Duration | None = None) -> bool:
        """Wait until every reliable subscription has all messages; False after the time."""
        endless = timeout is None or timeout.nanoseconds < 0
        try:
            return self._writer.wait_for_acknowledgements(
                None if endless or timeout is None else timeout.nanoseconds)
        except DdsError as error:
            raise RCLError(f"Failed to wait on '{self.topic}': {error}") from error

    def destroy(self) -> None:
        self._destroy(self)

    def _close(self) -> None:
        self._destroyed = True
        self._writer.close()

    def __enter__(self) -> Publisher[MsgType]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.destroy()
