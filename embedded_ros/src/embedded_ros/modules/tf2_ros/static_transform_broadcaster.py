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
"""Sending transforms that never change, also to those who come later."""

from __future__ import annotations

from typing import Any

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from tf2_msgs.msg import TFMessage
from tf2_ros.transform_broadcaster import as_list


class StaticTransformBroadcaster:
    """Publishes to /tf_static, each time all that was sent so far: only the last message stays."""

    def __init__(self, node: Node, qos: QoSProfile | int | None = None) -> None:
        if qos is None:
            qos = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.pub_tf = node.create_publisher(TFMessage, '/tf_static', qos)
        self._sent: dict[str, Any] = {}

    def sendTransform(self, transform: Any) -> None:  # noqa: N802
        """Send one geometry_msgs/TransformStamped or several; the last of each child counts."""
        for one in as_list(transform):
            self._sent[one.child_frame_id] = one
        self.pub_tf.publish(TFMessage(transforms=list(self._sent.values())))
