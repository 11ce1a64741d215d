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

"""Messages to their CDR bytes and back, for topics that are read or written raw."""
from __future__ import annotations

from typing import Any, TypeVar

from rclpy._rclpy_pybind11 import RMWError

from embedded_ros.messages import deserialize, SerializationError, serialize

MsgType = TypeVar('MsgType')


def serialize_message(message: Any) -> bytes:
    """Return the CDR bytes of a message, encapsulation header included."""
    try:
        return bytes(serialize(message))
    except SerializationError as error:
        raise RMWError(str(error)) from error


def deserialize_message(serialized_message: bytes, message_type: type[MsgType]) -> MsgType:
    """Return the message of that class that CDR bytes hold; RMWError where they hold none."""
    try:
        message: MsgType = deserialize(serialized_message, message_type)
    except SerializationError as error:
        raise RMWError(str(error)) from error
    return message
