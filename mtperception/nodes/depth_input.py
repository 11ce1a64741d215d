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

"""Depth pictures of the last moments, found by the stamps of the pictures that they go with."""

from collections import OrderedDict
import threading

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import Image

from mtperception.nodes.image_gate import depth_image, ImageError, read_image
from mtperception.nodes.image_input import nanoseconds, NEWEST_ONLY
from mtperception.nodes.stamps import SECOND

# Pictures that are kept, and nanoseconds that the stamps of two that go together may differ.
REMEMBERED = 10
TOLERANCE = SECOND // 50
PATIENCE = 0.05  # seconds that a depth picture may come later than the picture was looked at
# Metres between which what a camera sees is, as a whole; and pixels that are enough to tell.
NEAREST, FARTHEST = 0.01, 100.0
_SOME = 10_000


class DepthInput:
    """
    Keep the newest depth pictures of the topic `depth`, as they come.

    One whose stamp is before that of the one before begins a new time: the others are forgotten.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._changed = threading.Condition()
        self._messages: OrderedDict[int, Image] = OrderedDict()
        # Bytes, as the pictures themselves come (ImageInput).
        self._subscription = node.create_subscription(
            Image, 'depth', self._take, NEWEST_ONLY, raw=True,
            qos_overriding_options=QoSOverridingOptions.with_default_policies())

    @property
    def topic(self) -> str:
        """The topic's full name."""
        return str(self._subscription.topic_name)

    def close(self) -> None:
        """Take no more."""
        self._node.destroy_subscription(self._subscription)

    def beside(self, image: Image) -> NDArray[np.float32]:
        """
        Return the depth of a picture, H x W metres, infinite where nothing is known.

        ImageError says why there is none.
        """
        with self._changed:
            message = self._changed.wait_for(lambda: self._nearest(nanoseconds(image)), PATIENCE)
        if message is None:
            raise ImageError('depth', f'no depth with the stamp of the picture on {self.topic}')
        depth = depth_image(message)
        if depth.shape != (image.height, image.width):
            raise ImageError(
                'depth', f'depth of {message.width} x {message.height} pixels for a picture of '
                f'{image.width} x {image.height}: it must be registered to the picture')
        _check_units(depth)
        return depth

    def _nearest(self, stamp: int) -> Image | None:
        nearest = min(self._messages, key=lambda other: abs(other - stamp), default=None)
        if nearest is None or abs(nearest - stamp) > TOLERANCE:
            return None
        return self._messages[nearest]

    def _take(self, data: bytes) -> None:
        try:
            message = read_image(data)
        except ImageError as error:
            self._node.get_logger().warning(f'depth: {error}', throttle_duration_sec=5.0)
            return
        stamp = nanoseconds(message)
        with self._changed:
            if self._messages and stamp < next(reversed(self._messages)):
                self._messages.clear()
            self._messages[stamp] = message
            while len(self._messages) > REMEMBERED:
                self._messages.popitem(last=False)
            self._changed.notify_all()


def _check_units(depth: NDArray[np.float32]) -> None:
    known = depth[np.isfinite(depth)]
    if not len(known):
        return
    middle = float(np.median(known[::max(1, len(known) // _SOME)]))
    if not NEAREST <= middle <= FARTHEST:
        raise ImageError(
            'depth', f'depth of {middle:.3g} m, as it seems: 32FC1 is in metres, 16UC1 in '
            'millimetres')
