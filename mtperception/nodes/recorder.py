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

"""The node recorder: a labelled data set from the topics of a simulated cell in Gazebo."""

from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection3D, Detection3DArray

from mtperception.geometry.camera import PinholeCamera
from mtperception.nodes.image_gate import check_image, grey_image, ImageError
from mtperception.nodes.parameters import described, integer, warn_of_unknown_parameters
from mtperception.nodes.stamps import SECOND
from mtperception.sim.data_folder import DataFolder
from mtperception.sim.gazebo.boxes import box_from_gazebo, OrientedBox, pin_label
from mtperception.sim.gazebo.stations import PIN_LABEL
from mtperception.sim.labels import PinSample
from mtperception.sim.recorded_data import RecordedPins

# Messages of one moment come within so many pictures.
_REMEMBERED = 30


class RecorderNode(Node):
    """
    Write what `image`, `camera_info` and `boxes` say about pins, in the format of `render pin`.

    A picture is recorded when boxes with its stamp have come; one that is not usable is left out
    with a word. When there are as many as asked for, the data set is finished and the node ends.
    An interrupted recording goes on where it was, with pictures of now.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__('recorder', **options)
        out = self.declare_parameter('out', '', described(
            'A new folder, or one with an unfinished recording.', read_only=True)).value
        count = self.declare_parameter('count', 100, integer(
            'Pictures.', 1, 1_000_000, read_only=True)).value
        seed = self.declare_parameter('seed', 0, integer(
            "That of the world, for the data set's card.", 0, 2**31 - 1, read_only=True)).value
        warn_of_unknown_parameters(self)
        if not out:
            raise ValueError("parameter 'out' names no folder: where shall the data set go?")
        command = (
            'ros2 launch mtperception render.launch.py dataset:=pin simulator:=gazebo '
            f'count:={count} seed:={seed}')
        self._folder = DataFolder(Path(out), RecordedPins(), seed, count, command)
        self._folder.prepare()
        self._missing = self._folder.missing()
        self._wanted = count
        self._camera: PinholeCamera | None = None
        self._images: OrderedDict[int, Image] = OrderedDict()
        self._boxes: OrderedDict[int, Detection3DArray] = OrderedDict()
        # Reliable: best effort loses large images on a stock kernel.
        qos = QoSProfile(depth=10)
        self.create_subscription(CameraInfo, 'camera_info', self._take_info, qos)
        self.create_subscription(Image, 'image', self._take_image, qos)
        self.create_subscription(Detection3DArray, 'boxes', self._take_boxes, qos)
        self.get_logger().info(f'recording {len(self._missing)} of {count} pictures into {out}')
        if not self._missing:
            self._finish()

    def _take_info(self, message: CameraInfo) -> None:
        k = message.k
        if not (np.isfinite(k).all() and k[0] > 0.0 and k[4] > 0.0):
            self._warn('camera_info without a focal length')
            return
        # Gazebo counts from the corner of the first pixel.
        self._camera = PinholeCamera(
            message.width, message.height, k[0], k[4], k[2] - 0.5, k[5] - 0.5)

    def _take_image(self, message: Image) -> None:
        _remember(self._images, message.header, message)
        self._record(_stamp(message.header))

    def _take_boxes(self, message: Detection3DArray) -> None:
        _remember(self._boxes, message.header, message)
        self._record(_stamp(message.header))

    def _record(self, stamp: int) -> None:
        camera = self._camera
        if not self._missing or camera is None:
            return
        if stamp not in self._images or stamp not in self._boxes:
            return
        image, boxes = self._images.pop(stamp), self._boxes.pop(stamp)
        try:
            check_image(image)
            picture = np.ascontiguousarray(grey_image(image))
        except ImageError as error:
            self._warn(str(error))
            return
        if picture.shape != (camera.height, camera.width):
            self._warn(
                f'a picture of {image.width} x {image.height} pixels, and a camera_info of '
                f'{camera.width} x {camera.height}')
            return
        try:
            found = [_oriented_box(detection) for detection in boxes.detections]
        except (IndexError, ValueError) as error:
            self._warn(f'a box without a numbered label: {error}')
            return
        pins = [pin_label(box, camera) for box in found if box.label == PIN_LABEL]
        sample = PinSample(picture, tuple(pin for pin in pins if pin is not None), camera)
        self._folder.add(self._missing.pop(0), sample)
        if not self._missing:
            self._finish()

    def _finish(self) -> None:
        if not self._folder.finished():
            self._folder.finish()
        self.get_logger().info(f'{self._folder.root}: {self._wanted} pictures')
        self.context.try_shutdown()

    def _warn(self, text: str) -> None:
        self.get_logger().warning(f'left out: {text}', throttle_duration_sec=5.0)


def _remember(messages: 'OrderedDict[int, Any]', header: Header, message: Any) -> None:
    messages[_stamp(header)] = message
    while len(messages) > _REMEMBERED:
        messages.popitem(last=False)


def _stamp(header: Header) -> int:
    return int(header.stamp.sec * SECOND + header.stamp.nanosec)


def _oriented_box(detection: Detection3D) -> OrientedBox:
    label = int(detection.results[0].hypothesis.class_id)
    centre, size = detection.bbox.center, detection.bbox.size
    position, turn = centre.position, centre.orientation
    return box_from_gazebo(
        label, np.array((position.x, position.y, position.z)),
        np.array((turn.x, turn.y, turn.z, turn.w)), np.array((size.x, size.y, size.z)))
