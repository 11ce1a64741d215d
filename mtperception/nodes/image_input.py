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

"""A node's camera: from the topic's bytes to the newest good picture, with every frame counted."""

from collections.abc import Callable
import time
from typing import NamedTuple

from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data, QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import Image

from mtperception.nodes.health import Health
from mtperception.nodes.image_gate import check_image, ImageError, read_image
from mtperception.nodes.newest_frame import NewestFrameWorker
from mtperception.nodes.silence import SilenceWarning
from mtperception.nodes.stamps import odd_stamp, SECOND

NEWEST_ONLY = QoSProfile(
    depth=1,
    reliability=qos_profile_sensor_data.reliability,
    history=qos_profile_sensor_data.history,
)
REPEAT = 5.0  # seconds until a line about the same fault is logged again


class Frame(NamedTuple):
    """A checked message, and when it arrived (time.monotonic)."""

    message: Image
    arrival: float


class ImageInput:
    """
    Hand the newest picture of the topic `image` to `process`, on a thread of its own.

    Every message is counted in `health` as received, and in the end as processed or as dropped
    for one cause; what `process` raises is such a cause. A frame older than `max_age()` seconds
    is dropped, 0 takes all.
    """

    def __init__(
        self, node: Node, health: Health, process: Callable[[Image], None],
        max_age: Callable[[], float],
    ) -> None:
        self._node = node
        self._health = health
        self._process = process
        self._max_age = max_age
        self._closed = False
        self._previous_stamp: int | None = None
        self._told: dict[str, float] = {}
        self._worker = NewestFrameWorker(self._use, self._failed, f'{node.get_name()} frames')
        # Bytes, and unpacked here: what rclpy cannot unpack itself would end its executor.
        self._subscription = node.create_subscription(
            Image, 'image', self._take, NEWEST_ONLY, raw=True,
            qos_overriding_options=QoSOverridingOptions.with_default_policies())
        self._silence = SilenceWarning(node, self._subscription, lambda: health.received)
        self._worker.start()

    def __str__(self) -> str:
        topic = self._subscription.topic_name
        reliability = self._subscription.qos_profile.reliability.name.lower()
        return f'{topic} ({reliability}, {self._node.count_publishers(topic)} publishers so far)'

    def close(self, timeout: float) -> None:
        """Take no further frame; wait so many seconds for the one in work."""
        self._silence.stop()
        self._node.destroy_subscription(self._subscription)
        self._closed = True
        if self._worker.clear():
            self._health.frame_dropped('inactive')
        self._worker.stop(timeout)

    def _take(self, data: bytes) -> None:
        arrival = time.monotonic()
        self._health.frame_received()
        try:
            message = read_image(data)
            check_image(message)
        except ImageError as error:
            self._drop(error.cause, str(error))
            return
        self._look_at_stamp(message)
        if self._worker.put(Frame(message, arrival)):
            self._health.frame_dropped('overwritten')

    def _look_at_stamp(self, message: Image) -> None:
        stamp = nanoseconds(message)
        oddity = odd_stamp(stamp, self._previous_stamp, self._node.get_clock().now().nanoseconds)
        self._previous_stamp = stamp
        if oddity:
            count = self._health.frame_warned(oddity.cause)
            self._tell(oddity.cause, f'{oddity.text} ({count} such frames)')

    def _use(self, frame: Frame) -> None:
        age = (self._node.get_clock().now().nanoseconds - nanoseconds(frame.message)) / SECOND
        if 0 < self._max_age() < age:
            raise ImageError('age', f'image is {age:.2f} s old')
        self._process(frame.message)
        if self._closed:
            self._health.frame_dropped('inactive')
        else:
            self._health.frame_processed(time.monotonic() - frame.arrival)

    def _failed(self, error: Exception) -> None:
        if isinstance(error, ImageError):
            self._drop(error.cause, str(error))
        elif self._closed or not self._node.context.ok():
            self._health.frame_dropped('inactive')
        else:
            self._drop('failed', f'{type(error).__name__}: {error}')

    def _drop(self, cause: str, text: str) -> None:
        count = self._health.frame_dropped(cause)
        self._tell(cause, f'frame dropped ({count} for this cause): {text}')

    def _tell(self, cause: str, text: str) -> None:
        # The logger's own throttle knows places in the code, not causes.
        now = time.monotonic()
        if now - self._told.get(cause, -REPEAT) >= REPEAT:
            self._told[cause] = now
            self._node.get_logger().warning(text)


def nanoseconds(message: Image) -> int:
    """Give a message's stamp as one number."""
    stamp = message.header.stamp
    return int(stamp.sec * SECOND + stamp.nanosec)
