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

"""What is true in the simulated cell, in the message types of the detectors."""

from std_msgs.msg import Header
from vision_msgs.msg import (
    Detection2D,
    Detection2DArray,
    Detection3D,
    Detection3DArray,
    ObjectHypothesisWithPose,
)

from mtperception.geometry.camera import Floats
from mtperception.nodes.conversions import pins_to_message, pose_message, rectangle_to_box
from mtperception.nodes.pose_messages import box_in_space
from mtperception.pin.detection import PinDetection
from mtperception.sim.grasp.labels import GraspSample
from mtperception.sim.pin.labels import PinLabel, PinSample
from mtperception.sim.pose.labels import PoseSample


def true_pins(sample: PinSample, header: Header) -> Detection2DArray:
    """State the pins of a picture; a score is the visible share of the pin."""
    return pins_to_message(map(_as_detected, sample.pins), header)


def _as_detected(label: PinLabel) -> PinDetection:
    return PinDetection(x=label.x, y=label.y, diameter=label.diameter, score=label.visible)


def true_grasps(sample: GraspSample, header: Header) -> Detection2DArray:
    """
    State the grasps of a picture, one detection each, of the class that the part's name is.

    The box is the rectangle: size_x the opening, size_y the fingers' width, theta the angle of
    the opening, counter-clockwise as seen on the screen.
    """
    message = Detection2DArray(header=header)
    for part in sample.objects:
        for grasp in part.grasps:
            result = ObjectHypothesisWithPose()
            result.hypothesis.class_id = part.part
            result.hypothesis.score = grasp.score
            result.pose.covariance[0] = -1.0  # a grasp in the picture is no pose
            message.detections.append(Detection2D(
                header=header, results=[result], bbox=rectangle_to_box(
                    grasp.x, grasp.y, grasp.opening, grasp.jaw, grasp.theta)))
    return message


def true_objects(sample: PoseSample, header: Header, bounds: Floats) -> Detection3DArray:
    """
    State the poses of a picture's objects; a score is the visible share of the object.

    `bounds` (2 x 3, metres) are the corners of the model's box in the model's own frame, whose
    origin the poses are of. Hidden objects are left out. All covariances are 0: it is exact.
    """
    message = Detection3DArray(header=header)
    for item in sample.objects:
        if item.visible == 0.0:
            continue
        result = ObjectHypothesisWithPose()
        result.hypothesis.class_id = item.part
        result.hypothesis.score = item.visible
        result.pose.pose = pose_message(item.rotation, item.translation)
        message.detections.append(Detection3D(
            header=header, results=[result],
            bbox=box_in_space(item.rotation, item.translation, bounds)))
    return message
