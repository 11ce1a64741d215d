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

"""The node pose_estimator: a camera's pictures in, the poses of an object out."""

from typing import Any, TYPE_CHECKING

import numpy as np
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage
from vision_msgs.msg import Detection3DArray
from visualization_msgs.msg import MarkerArray

from mtperception.geometry.rotations import ICOSPHERE_SIZES
from mtperception.nodes.camera_input import CameraInput
from mtperception.nodes.camera_model import CameraError
from mtperception.nodes.conversions import image_message
from mtperception.nodes.detector_node import DetectorNode
from mtperception.nodes.estimator_opening import CodebookError, EstimatorOpening
from mtperception.nodes.image_gate import bgr_or_grey_image
from mtperception.nodes.image_input import REPEAT
from mtperception.nodes.parameters import described, integer
from mtperception.nodes.pose_messages import (
    can_be_told,
    mesh_points,
    poses_to_markers,
    poses_to_message,
    poses_to_transforms,
)
from mtperception.nodes.straightening import Pixels, Straightener
from mtperception.pose.detection import ObjectPose

if TYPE_CHECKING:
    from mtperception.pose.predictor import PoseEstimator

# As `objects.known` has them, whose import takes seconds.
DIRECTIONS, TURNS = 2562, 36
# What tf2_ros gives its broadcasters.
TRANSFORMS = 100
PARAMETERS = {
    'publish_tf': (False, described(
        "Publish the objects' frames on /tf, too. Fixed while configured.")),
    'tf_prefix': ('', described(
        "What stands before an object's label in the name of its frame; the second best has _1 "
        'behind it, and so on: nothing is tracked.')),
    'rectified': (False, described(
        'The pictures are rectified: P of camera_info holds, not K and D. Fixed while '
        'configured.')),
    'codebook.directions': (DIRECTIONS, described(
        'From how many directions the object is rendered for the codebook, once for a model: one '
        f"of {', '.join(map(str, ICOSPHERE_SIZES))}. Fixed while configured.")),
    'codebook.turns': (TURNS, integer(
        'Turns in the plane of the picture of each of these views. Fixed while configured.',
        1, 360)),
}
FIXED = ('publish_tf', 'rectified', 'codebook.directions', 'codebook.turns')


class PoseEstimatorNode(DetectorNode):
    """
    Find an object on the topic `image`, and tell where it is and how it is turned.

    `~/detections` has an array for each picture, empty where the object is not seen. There is
    none where poses cannot be known: without a valid `camera_info`, or while a new model's
    codebook is rendered; the diagnostics say so, and `~/debug_image` still shows the boxes. It
    and `~/markers` are made only while somebody subscribes. Frames go to /tf if `publish_tf`.
    """

    def __init__(self, **options: Any) -> None:
        self._camera: CameraInput | None = None
        super().__init__(
            'pose_estimator', 'hammer', 'objects', parameters=PARAMETERS, fixed=FIXED, **options)

    def refusal(self, name: str, value: Any) -> str | None:
        if name == 'codebook.directions' and value not in ICOSPHERE_SIZES:
            sizes = ', '.join(map(str, ICOSPHERE_SIZES))
            return f'codebook.directions is one of {sizes}, not {value!r}'
        if name == 'tf_prefix' and value.startswith('/'):
            return f'tf_prefix is {value!r}: names of TF frames do not begin with a slash'
        return super().refusal(name, value)

    def load(self, model: str) -> 'PoseEstimator':
        from mtperception.objects.meshes import mesh_of

        directions, turns = (
            self.get_parameter(f'codebook.{name}').value for name in ('directions', 'turns'))
        opening = EstimatorOpening(model, directions, turns, self._tell_of_codebook)
        try:
            estimator = opening.estimator()
            mesh = mesh_of(estimator.label)
        except BaseException:
            opening.close()
            raise
        self._opening, self._estimator = opening, estimator
        self._bounds = np.asarray(mesh.bounds)
        self._marker_points = mesh_points(np.asarray(mesh.triangles))
        return estimator

    def offer(self) -> None:
        self._detections = self.output(Detection3DArray, '~/detections')
        self._debug_image = self.output(Image, '~/debug_image', 1)
        self._markers = self.output(MarkerArray, '~/markers', 1)
        self._transforms = self.output(TFMessage, '/tf', TRANSFORMS) \
            if self.get_parameter('publish_tf').value else None
        self._straightener = Straightener()
        self.diagnostics.details['codebook'] = self._opening.progress
        self.announce([self._estimator.label])

    def withdraw(self) -> None:
        self._opening.close()
        del self._opening, self._estimator, self._straightener
        del self._bounds, self._marker_points

    def listen(self) -> None:
        self._camera = CameraInput(self, self.get_parameter('rectified').value)

    def stop_listening(self) -> None:
        if self._camera is not None:
            self._camera.close()
            self._camera = None
        self.diagnostics.concern = ''

    def process(self, message: Image) -> None:
        image = bgr_or_grey_image(message)
        camera = self._camera
        if camera is None:
            return
        try:
            self._opening.check()
            model = camera.of(message)
        except (CodebookError, CameraError) as error:
            self._withhold(message, image, error)
            return
        picture = self._straightener.straight(image, model)
        poses = self._checked(
            self._estimator.estimate(picture.image, picture.camera, self.threshold))
        self._publish(poses, message.header)
        if self._debug_image.get_subscription_count():
            from mtperception.nodes.pose_drawing import draw_on_input

            drawn = draw_on_input(image, poses, model, picture.camera)
            self._debug_image.publish(image_message(drawn, 'bgr8', message.header))

    def _withhold(self, message: Image, image: Pixels, error: ValueError) -> None:
        """Say why there are no poses; whoever wants drawings gets the boxes, as they are found."""
        self._complain(f'no poses: {error}')
        if self._debug_image.get_subscription_count():
            from mtperception.nodes.pose_drawing import draw_boxes

            found = self._estimator.find(image, self.threshold)
            drawn = draw_boxes(image, [one.box for one in found])
            self._debug_image.publish(image_message(drawn, 'bgr8', message.header))

    def _checked(self, poses: list[ObjectPose]) -> list[ObjectPose]:
        """Return those that are poses, count a picture that has given others."""
        good = [pose for pose in poses if can_be_told(pose)]
        if len(good) < len(poses):
            count = self.health.frame_warned('pose')
            self.get_logger().warning(
                f'a pose that is not finite, or behind the camera, is left out ({count} such '
                'frames)', throttle_duration_sec=REPEAT)
        return good

    def _publish(self, poses: list[ObjectPose], header: Header) -> None:
        self.diagnostics.concern = ''
        self._detections.publish(poses_to_message(poses, header, self._class_id, self._bounds))
        if self._transforms is not None and poses:
            if header.frame_id:
                prefix = self.get_parameter('tf_prefix').value
                self._transforms.publish(poses_to_transforms(poses, header, prefix))
            else:
                self._complain('no TF: the pictures have no frame_id')
        if self._markers.get_subscription_count():
            self._markers.publish(poses_to_markers(poses, header, self._marker_points))

    def _complain(self, words: str) -> None:
        self.diagnostics.concern = words
        self.get_logger().warning(words, throttle_duration_sec=REPEAT)

    def _tell_of_codebook(self, words: str) -> None:
        """Take what is told, from another thread, about how far the codebook is."""
        self.get_logger().info(f'codebook: {words}')
        if self.diagnostics.details:  # it is configured
            self.diagnostics.details['codebook'] = words

    def _class_id(self, label: str) -> str:
        return label if self.by_name else '0'
