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

"""A node's log messages on the topic /rosout."""

import contextlib
from typing import Any

from builtin_interfaces.msg import Time
from rcl_interfaces.msg import Log
from rclpy.duration import Duration
from rclpy.qos import DurabilityPolicy, QoSProfile

from embedded_ros import console
from embedded_ros.dds.endpoints import Participant, Writer
from embedded_ros.messages import serialize

_NS = 10**9
# Who comes late still gets the messages of the last seconds.
_PROFILE = QoSProfile(
    depth=1000, durability=DurabilityPolicy.TRANSIENT_LOCAL, lifespan=Duration(seconds=10))


class Rosout:
    """
    Publishes what the logger of a node writes.

    A logging call never waits for a reader that cannot keep up, and never fails: such messages
    are missing on the topic.
    """

    def __init__(self, participant: Participant, topic: str, logger_name: str) -> None:
        self.writer = Writer(
            participant, f'rt{topic}', 'rcl_interfaces/msg/Log', _PROFILE, longest_wait=0)
        self._logger_name = logger_name
        console.listen(logger_name, self._publish)

    def close(self) -> None:
        console.unlisten(self._logger_name, self._publish)
        self.writer.close()

    def _publish(self, record: console.Record) -> None:
        with contextlib.suppress(Exception):  # there is nowhere to report it to
            self.writer.write(serialize(_message(record)))


def _message(record: console.Record) -> Any:
    seconds, nanoseconds = divmod(record.time, _NS)
    return Log(
        stamp=Time(sec=seconds, nanosec=nanoseconds), level=record.severity, name=record.name,
        msg=record.message, file=record.place.file, function=record.place.function,
        line=record.place.line)
