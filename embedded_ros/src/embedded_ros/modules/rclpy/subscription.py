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

"""Receiving messages from a topic."""
from __future__ import annotations

from collections.abc import Callable
import inspect
from types import TracebackType
from typing import Any, Generic, TypeVar

from rclpy.callback_groups import CallbackGroup
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.logging import get_logger
from rclpy.qos import QoSProfile, ReliabilityPolicy

from embedded_ros.dds.domain import receive_buffer_advice
from embedded_ros.dds.endpoints import Participant, Reader
from embedded_ros.messages import deserialize, SerializationError, type_name

MsgType = TypeVar('MsgType')
_LARGE_MESSAGES = ('sensor_msgs/msg/Image', 'sensor_msgs/msg/PointCloud2')


class Subscription(Generic[MsgType]):
    """
    Made by `Node.create_subscription`.

    The callback takes the message, or the message and a dictionary with `source_timestamp` and
    `received_timestamp` in nanoseconds. With `raw` the message is its CDR bytes.
    """

    _has_advised = False

    def __init__(
        self, participant: Participant, msg_type: type[MsgType], topic: str,
        callback: Callable[..., Any], callback_group: CallbackGroup, qos_profile: QoSProfile,
        raw: bool, event_callbacks: SubscriptionEventCallbacks, logger_name: str,
        destroy: Callable[[Subscription[MsgType]], Any],
    ) -> None:
        self.msg_type = msg_type
        self.topic = topic
        self.callback_group = callback_group
        self.qos_profile = qos_profile
        self.raw = raw
        self.callback = callback
        prefix = '' if qos_profile.avoid_ros_namespace_conventions else 'rt'
        self._reader = Reader(participant, prefix + topic, type_name(msg_type), qos_profile)
        self._condition = self._reader.condition
        self.event_handlers = event_callbacks.create_event_handlers(
            callback_group, self._reader.entity, topic)
        self._logger_name = logger_name
        self._destroy = destroy
        if (
            qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT
            and type_name(msg_type) in _LARGE_MESSAGES
        ):
            self._advise_about_buffers()

    @property
    def topic_name(self) -> str:
        return self.topic

    @property
    def callback(self) -> Callable[..., Any]:
        return self._callback

    @callback.setter
    def callback(self, callback: Callable[..., Any]) -> None:
        self._callback = callback
        self._wants_info = _takes_two(callback)

    def get_publisher_count(self) -> int:
        """Return how many publishers are matched with this subscription."""
        return self._reader.matched_count()

    def take(self) -> tuple[Any, dict[str, Any]] | None:
        """
        Take the oldest message that waits, and its time stamps; None where none waits.

        Bytes that are no such message are dropped, with an error in the log.
        """
        for data, info in self._reader.take():
            try:
                message = bytes(data) if self.raw else deserialize(data, self.msg_type)
            except SerializationError as error:
                get_logger(self._logger_name).error(
                    f"dropped a message on '{self.topic}': {error}")
                return None
            return message, {
                'source_timestamp': info.source_timestamp,
                # The middleware keeps no time of reception.
                'received_timestamp': info.source_timestamp,
                'publication_sequence_number': None,
                'reception_sequence_number': None,
            }
        return None

    def _advise_about_buffers(self) -> None:
        """Warn, once in a process, where this subscription is going to miss messages."""
        if not Subscription._has_advised and (advice := receive_buffer_advice()):
            Subscription._has_advised = True
            get_logger(self._logger_name).warning(
                f"best effort subscription of '{self.topic}': {advice}")

    def _take(self) -> Callable[[], Any] | None:
        taken = self.take()
        if taken is None:
            return None
        message, info = taken
        if self._wants_info:
            return lambda: self._callback(message, info)
        return lambda: self._callback(message)

    def destroy(self) -> None:
        self._destroy(self)

    def _close(self) -> None:
        self._reader.close()

    def __enter__(self) -> Subscription[MsgType]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.destroy()


def _takes_two(callback: Callable[..., Any]) -> bool:
    """Tell whether a callback asks for the message information as well."""
    try:
        signature = inspect.signature(callback)
    except ValueError:  # built-in functions need not have one
        return False
    try:
        signature.bind(object())
    except TypeError:
        pass
    else:
        return False
    try:
        signature.bind(object(), object())
    except TypeError:
        raise RuntimeError(
            'Subscription callback must take the message, or the message and its information'
        ) from None
    return True
