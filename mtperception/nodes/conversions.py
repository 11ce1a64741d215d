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

"""Between the library's results and standard messages. Pixels are those of the input image."""

from array import array
from collections.abc import Iterable, Sequence
import sys

from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, Pose, Quaternion
import numpy as np
import numpy.typing as npt
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from vision_msgs.msg import (
    BoundingBox2D,
    Detection2D,
    Detection2DArray,
    LabelInfo,
    ObjectHypothesisWithPose,
    VisionClass,
)

from mtperception.geometry import pose_errors
from mtperception.geometry.camera import Floats, PinholeCamera
from mtperception.geometry.rectangle import half_turn
from mtperception.geometry.rotations import matrix, quaternion
from mtperception.pin.detection import PinDetection

PIN_CLASSES = ('pin',)


def seconds(stamp: Time) -> float:
    return float(stamp.sec + 1e-9 * stamp.nanosec)


def image_message(
    image: npt.NDArray[np.uint8] | npt.NDArray[np.float32], encoding: str, header: Header
) -> Image:
    """Wrap height x width (x channels) pixels, bytes or depths (32FC1); the data are copied."""
    message = Image(header=header, encoding=encoding, is_bigendian=sys.byteorder == 'big')
    message.height, message.width = image.shape[:2]
    message.step = image[0].nbytes
    # an array: rclpy checks bytes and lists element by element
    message.data = array('B')
    message.data.frombytes(np.ascontiguousarray(image).view(np.uint8).data)
    return message


def camera_info_message(camera: PinholeCamera, header: Header) -> CameraInfo:
    """Describe an undistorted camera: K, and P for the same picture rectified."""
    message = CameraInfo(
        header=header, width=camera.width, height=camera.height, distortion_model='plumb_bob'
    )
    message.d = array('d', [0.0] * 5)
    message.k = np.asarray(camera.matrix, float).ravel()
    message.r = np.eye(3).ravel()
    message.p = np.hstack([camera.matrix, np.zeros((3, 1))]).ravel()
    return message


def label_info_message(names: Sequence[str], header: Header) -> LabelInfo:
    """Map the numbers of classes, which count from 0, to their names."""
    return LabelInfo(header=header, class_map=[
        VisionClass(class_id=number, class_name=name) for number, name in enumerate(names)])


def rectangle_to_box(
    x: float, y: float, width: float, height: float, theta: float
) -> BoundingBox2D:
    """
    Turn a rotated rectangle, as in `geometry.rectangle`, into a box.

    The box's theta, too, is counter-clockwise as seen on the screen, where y points down; it
    comes out in (-pi/2, pi/2].
    """
    box = BoundingBox2D(size_x=float(width), size_y=float(height))
    box.center.position.x, box.center.position.y = float(x), float(y)
    box.center.theta = float(half_turn(theta))
    return box


def rectangle_from_box(box: BoundingBox2D) -> tuple[float, float, float, float, float]:
    """Return (x, y, width, height, theta) of a box, theta in (-pi/2, pi/2]."""
    place = box.center.position
    return place.x, place.y, box.size_x, box.size_y, float(half_turn(box.center.theta))


def pose_message(rotation: Floats, position: Floats) -> Pose:
    """State axes (3 x 3) and an origin (3, metres) in some frame as a pose there."""
    x, y, z = map(float, position)
    i, j, k, w = map(float, quaternion(rotation))
    return Pose(position=Point(x=x, y=y, z=z), orientation=Quaternion(x=i, y=j, z=k, w=w))


def pose_from_message(message: Pose) -> pose_errors.Pose:
    """Return the rotation and translation that pose_message has stated."""
    place, turn = message.position, message.orientation
    return pose_errors.Pose(
        matrix((turn.x, turn.y, turn.z, turn.w)), np.array((place.x, place.y, place.z)))


def pins_to_message(
    pins: Iterable[PinDetection], header: Header, class_id: str = PIN_CLASSES[0]
) -> Detection2DArray:
    """
    Turn pins into one message under the image's header, one detection a pin.

    `bbox` is the square around the pin's circle: its centre the pin's, its size the diameter, 0
    from a model that does not tell it.
    The first covariance element is -1: a picture alone gives no pose.
    """
    message = Detection2DArray(header=header)
    for pin in pins:
        result = ObjectHypothesisWithPose()
        result.hypothesis.class_id = class_id
        result.hypothesis.score = pin.score
        result.pose.covariance[0] = -1.0
        detection = Detection2D(header=header, results=[result])
        detection.bbox.center.position.x = pin.x
        detection.bbox.center.position.y = pin.y
        detection.bbox.size_x = detection.bbox.size_y = pin.diameter
        message.detections.append(detection)
    return message


def pins_from_message(message: Detection2DArray) -> list[PinDetection]:
    """Turn back what pins_to_message made; the values are the same to the last digit."""
    return [
        PinDetection(
            x=detection.bbox.center.position.x,
            y=detection.bbox.center.position.y,
            diameter=detection.bbox.size_x,
            score=detection.results[0].hypothesis.score,
        )
        for detection in message.detections
        if detection.results
    ]
