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

"""The node cell_simulator: a live robot cell, rendered, with the truth beside the pictures."""

from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray

from mtperception.nodes.conversions import camera_info_message, image_message, pins_to_message
from mtperception.nodes.parameters import integer, real, warn_of_unknown_parameters
from mtperception.pin.detection import PinDetection
from mtperception.sim.labels import PinLabel

FRAME_ID = 'pin_camera_optical_frame'


def truth(label: PinLabel) -> PinDetection:
    """State a label as a detection; its score is the visible share of the pin."""
    return PinDetection(x=label.x, y=label.y, diameter=label.diameter, score=label.visible)


class CellSimulatorNode(Node):
    """
    Publish the pin camera over its fixture: `pin_camera/image_raw`, `pin_camera/camera_info`.

    The true pins of each picture, under its stamp, go to `ground_truth/pins`; a score there is
    the visible share of the pin. Nothing is rendered while nobody subscribes.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__('cell_simulator', **options)
        rate = self.declare_parameter('rate', 15.0, real(
            'Pictures a second.', 0.1, 1000.0, read_only=True)).value
        seed = self.declare_parameter('seed', 0, integer(
            'The same seed plays the same cell.', 0, 2**31 - 1, read_only=True)).value
        warn_of_unknown_parameters(self)

        from mtperception.sim.pin_scene import LiveFixture

        self._fixture = LiveFixture(seed)
        qos = QoSProfile(depth=5)
        self._image = self.create_publisher(Image, 'pin_camera/image_raw', qos)
        self._info = self.create_publisher(CameraInfo, 'pin_camera/camera_info', qos)
        self._truth = self.create_publisher(Detection2DArray, 'ground_truth/pins', qos)
        self._start = self.get_clock().now()
        self._timer = self.create_timer(1.0 / rate, self._publish)
        self.get_logger().info(f'{self._image.topic_name} at {rate:g} Hz, seed {seed}')

    def destroy_node(self) -> None:
        self._fixture.close()
        super().destroy_node()

    def _publish(self) -> None:
        publishers = (self._image, self._info, self._truth)
        if not any(publisher.get_subscription_count() for publisher in publishers):
            return
        now = self.get_clock().now()
        sample = self._fixture.step((now - self._start).nanoseconds * 1e-9)
        header = Header(stamp=now.to_msg(), frame_id=FRAME_ID)
        self._truth.publish(pins_to_message(map(truth, sample.pins), header))
        self._info.publish(camera_info_message(sample.camera, header))
        self._image.publish(image_message(sample.image, 'mono8', header))
