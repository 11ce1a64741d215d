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

"""The topic camera_info beside a node's pictures."""

from collections.abc import Callable

from rclpy.node import Node
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CameraInfo, Image

from mtperception.nodes.camera_model import camera_model, CameraError, CameraModel
from mtperception.nodes.image_input import nanoseconds, NEWEST_ONLY


class CameraInput:
    """
    Keep the newest message of the topic `camera_info`, and read a picture's camera from it.

    Where the pictures are `rectified`, P holds, not K and D. `jumped_back` is called where a
    message is older than the one before: a new time has begun.
    """

    def __init__(
        self, node: Node, rectified: bool, jumped_back: Callable[[], object] | None = None,
    ) -> None:
        self._node = node
        self._rectified = rectified
        self._jumped_back = jumped_back
        self._info: CameraInfo | None = None
        self._subscription = node.create_subscription(
            CameraInfo, 'camera_info', self._take, NEWEST_ONLY,
            qos_overriding_options=QoSOverridingOptions.with_default_policies())

    def close(self) -> None:
        """Listen no more."""
        self._node.destroy_subscription(self._subscription)

    def of(self, image: Image) -> CameraModel:
        """Return the camera of a picture; CameraError says why it is not known."""
        if self._info is None:
            raise CameraError(f'nothing has come on {self._subscription.topic_name}')
        return camera_model(self._info, image, self._rectified)

    def _take(self, message: CameraInfo) -> None:
        if self._jumped_back is not None and self._info is not None and (
                nanoseconds(message) < nanoseconds(self._info)):
            self._jumped_back()
        self._info = message
