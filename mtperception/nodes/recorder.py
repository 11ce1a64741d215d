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

"""The node recorder: a labelled data set from the topics of a simulated cell."""

from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
from rcl_interfaces.msg import ParameterDescriptor
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from mtperception.geometry.camera import PinholeCamera
from mtperception.nodes.image_gate import (
    check_image,
    colour_image,
    depth_image,
    grey_image,
    ImageError,
)
from mtperception.nodes.parameters import described, integer, warn_of_unknown_parameters
from mtperception.nodes.recorded_truth import truth
from mtperception.nodes.silence import SilenceWarning
from mtperception.nodes.stamps import SECOND
from mtperception.sim.cell import cell_cameras
from mtperception.sim.files.data_folder import DataFolder
from mtperception.sim.files.recorded_data import CELL, GAZEBO, RecordedPicture
from mtperception.sim.pin.labels import PinSample

# Messages of one moment come within so many pictures.
_REMEMBERED = 30


class RecorderNode(Node):
    """
    Write what a cell's topics say, in the formats of `mtperception render`.

    `dataset` is what the data are for: its camera's picture and camera_info are recorded, and
    depth where the data have it, with the labels from Gazebo's boxes (`source` gazebo) or from
    the cell simulator's ground truth (cell). Topics are those of the cell, in the node's
    namespace. A picture is recorded when all messages with its stamp have come; one that is not
    usable is left out with a word. When there are as many as asked for, the data set is finished
    and the node ends. An interrupted recording goes on where it was, with pictures of now.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__('recorder', **options)
        out = self.declare_parameter('out', '', _fixed(
            'A new folder, or one with an unfinished recording.')).value
        data_set = self.declare_parameter('dataset', 'pin', _fixed(
            'What the data are for: pin, grasp or pose.')).value
        source = self.declare_parameter('source', GAZEBO, _fixed(
            f'Whose topics tell the labels: {GAZEBO} or {CELL}.')).value
        count = self.declare_parameter('count', 100, integer(
            'Pictures.', 1, 1_000_000, read_only=True)).value
        seed = self.declare_parameter('seed', 0, integer(
            "That of the world, for the data set's card.", 0, 2**31 - 1, read_only=True)).value
        warn_of_unknown_parameters(self)
        if not out:
            raise ValueError("parameter 'out' names no folder: where shall the data set go?")
        self._truth = truth(data_set, source)
        command = (
            f'ros2 run mtperception recorder --ros-args -p dataset:={data_set} '
            f'-p source:={source} -p count:={count} -p seed:={seed}')
        if source == GAZEBO:
            command = (
                f'ros2 launch mtperception render.launch.py dataset:={data_set} '
                f'simulator:=gazebo count:={count} seed:={seed}')
        self._folder = DataFolder(Path(out), self._truth.data_set, seed, count, command)
        self._folder.prepare()
        self._missing = self._folder.missing()
        self._wanted = count
        # Gazebo counts from the corner of the first pixel.
        self._corner = 0.5 if source == GAZEBO else 0.0
        self._camera: PinholeCamera | None = None
        self._messages: dict[str, OrderedDict[int, Any]] = {}
        camera = cell_cameras(seed)[self._truth.camera]
        # Reliable: best effort loses large images on a stock kernel.
        qos = QoSProfile(depth=10)
        self.create_subscription(CameraInfo, camera.info_topic, self._take_info, qos)
        self._listen('image', Image, camera.image_topic, qos)
        self._listen('truth', self._truth.message_type, self._truth.topic(camera), qos)
        if camera.depth:
            self._listen('depth', Image, camera.depth_topic, qos)
        self.get_logger().info(f'recording {len(self._missing)} of {count} pictures into {out}')
        if not self._missing:
            self._finish()

    def _listen(self, name: str, kind: type, topic: str, qos: QoSProfile) -> None:
        messages: OrderedDict[int, Any] = OrderedDict()
        self._messages[name] = messages
        taken = 0

        def take(message: Any) -> None:
            nonlocal taken
            taken += 1
            stamp = _stamp(message.header)
            messages[stamp] = message
            while len(messages) > _REMEMBERED:
                messages.popitem(last=False)
            self._record(stamp)

        SilenceWarning(self, self.create_subscription(kind, topic, take, qos), lambda: taken)

    def _take_info(self, message: CameraInfo) -> None:
        k = message.k
        if not (np.isfinite(k).all() and k[0] > 0.0 and k[4] > 0.0):
            self._warn('camera_info without a focal length')
            return
        self._camera = PinholeCamera(
            message.width, message.height, k[0], k[4], k[2] - self._corner, k[5] - self._corner)

    def _record(self, stamp: int) -> None:
        camera = self._camera
        if not self._missing or camera is None:
            return
        if not all(stamp in messages for messages in self._messages.values()):
            return
        moment = {name: messages.pop(stamp) for name, messages in self._messages.items()}
        try:
            sample = self._sample(camera, **moment)
        except ImageError as error:
            self._warn(str(error))
        except (IndexError, ValueError) as error:
            self._warn(f'labels that are not as expected: {error}')
        else:
            self._folder.add(self._missing.pop(0), sample)
            if not self._missing:
                self._finish()

    def _sample(
        self, camera: PinholeCamera, image: Image, truth: Any, depth: Image | None = None,
    ) -> PinSample | RecordedPicture:
        check_image(image)
        for message in (image, depth):
            if message is not None and (message.width, message.height) != (
                    camera.width, camera.height):
                raise ImageError('camera_info', (
                    f'a picture of {message.width} x {message.height} pixels, and a camera_info '
                    f'of {camera.width} x {camera.height}'))
        found = self._truth.read(truth, camera)
        if depth is None:
            return PinSample(np.ascontiguousarray(grey_image(image)), found, camera)
        return RecordedPicture(colour_image(image), depth_image(depth), camera, found)

    def _finish(self) -> None:
        if not self._folder.finished():
            self._folder.finish()
        self.get_logger().info(f'{self._folder.root}: {self._wanted} pictures')
        self.context.try_shutdown()

    def _warn(self, text: str) -> None:
        self.get_logger().warning(f'left out: {text}', throttle_duration_sec=5.0)


def _fixed(text: str) -> ParameterDescriptor:
    return described(text, read_only=True)


def _stamp(header: Header) -> int:
    return int(header.stamp.sec * SECOND + header.stamp.nanosec)
