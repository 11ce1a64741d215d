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

"""The node pose_estimator: a camera's pictures in, the poses of known objects out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TYPE_CHECKING

from sensor_msgs.msg import Image
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage
from vision_msgs.msg import Detection3DArray
from visualization_msgs.msg import MarkerArray

from mtperception.geometry.rotations import ICOSPHERE_SIZES
from mtperception.nodes.camera_model import CameraError
from mtperception.nodes.conversions import image_message
from mtperception.nodes.detector_node import DetectorNode
from mtperception.nodes.estimator_opening import CodebookError, EstimatorOpening
from mtperception.nodes.image_gate import bgr_or_grey_image
from mtperception.nodes.image_input import REPEAT
from mtperception.nodes.known_object import Care, KnownObject, search
from mtperception.nodes.parameters import described, integer, real
from mtperception.nodes.pose_messages import (
    can_be_told,
    poses_to_markers,
    poses_to_message,
    poses_to_transforms,
)
from mtperception.nodes.pose_space import PoseSpace
from mtperception.nodes.straightening import Pixels
from mtperception.nodes.transitions import reason
from mtperception.pose.detection import ObjectPose, Refinement

if TYPE_CHECKING:
    from mtperception.pose.predictor import PoseEstimator

# As `objects.known` has them, whose import takes seconds.
DIRECTIONS, TURNS = 2562, 36
# What tf2_ros gives its broadcasters.
TRANSFORMS = 100
REFINEMENTS = tuple(each.value for each in Refinement)
PARAMETERS = {
    'model': ('hammer', described(
        'Name of a model, or path of a .safetensors file. Another one is opened while the node '
        'goes on with this one.')),
    # An empty list has no type.
    'more_models': ([''], described(
        "Models of further objects to look for in each picture, as in model; '' is none.")),
    'use_depth': (False, described(
        'Listen to the topic depth, registered to the pictures, and refine poses by it. Fixed '
        'while configured.')),
    'refinement': (Refinement.FULL.value, described(
        'What is done to a pose that the codebook tells: none; distance (it is corrected by the '
        'depth picture); full (the best of several poses is moved until it agrees with the depth '
        'picture, or without one with the picture).')),
    'refinement.budget': (0.0, real(
        'Seconds of a picture after which its poses are refined no further; 0 sets no limit.',
        0.0, 3600.0)),
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
FIXED = ('use_depth', 'publish_tf', 'rectified', 'codebook.directions', 'codebook.turns')
MODELS = ('model', 'more_models')


class PoseEstimatorNode(DetectorNode):
    """
    Find objects on the topic `image`, and tell where they are and how they are turned.

    `~/detections` has an array for each picture, empty where no object is seen. There is none
    where poses cannot be known: without a valid `camera_info`, or while a first model's codebook
    is rendered; the diagnostics say so, and `~/debug_image` still shows the boxes. A later model
    takes the place of the one before when its codebook is there. Where `depth` is listened to and
    a picture has none, its poses are those of the picture alone, and the diagnostics say why.
    `~/debug_image` and `~/markers` are made only while somebody subscribes. Frames go to /tf if
    `publish_tf`.
    """

    def __init__(self, **options: Any) -> None:
        self._space: PoseSpace | None = None
        self._opening: EstimatorOpening
        super().__init__(
            'pose_estimator', 'hammer', 'objects', parameters=PARAMETERS, fixed=FIXED, **options)

    def models(self) -> 'Sequence[PoseEstimator]':
        return [one.estimator for one in self._objects]

    def refusal(self, name: str, value: Any) -> str | None:
        if name == 'codebook.directions' and value not in ICOSPHERE_SIZES:
            sizes = ', '.join(map(str, ICOSPHERE_SIZES))
            return f'codebook.directions is one of {sizes}, not {value!r}'
        if name == 'refinement' and value not in REFINEMENTS:
            return f"refinement is one of {', '.join(REFINEMENTS)}, not {value!r}"
        if name == 'tf_prefix' and value.startswith('/'):
            return f'tf_prefix is {value!r}: names of TF frames do not begin with a slash'
        if name in MODELS:
            return self._why_not(_named({name: value})) if self.configured else None
        return super().refusal(name, value)

    def accepted(self, values: Mapping[str, Any]) -> None:
        if not self.configured or values.keys().isdisjoint(MODELS):
            return
        names = _named({name: self.get_parameter(name).value for name in MODELS} | dict(values))
        self._opening.close()
        self._opening = self._opening_of(names, self._switch_to)
        self.diagnostics.details |= {'next_model': ', '.join(names), 'codebook': 'being opened'}
        self._opening.start()

    def load(self, model: str) -> 'PoseEstimator':
        more = self.get_parameter('more_models').value
        opening = self._opening_of(_named({'model': model, 'more_models': more}), self._use)
        try:
            opening.start_and_wait()
        except BaseException:
            opening.close()
            raise
        self._opening = opening
        return self._objects[0].estimator

    def offer(self) -> None:
        self._detections = self.output(Detection3DArray, '~/detections')
        self._debug_image = self.output(Image, '~/debug_image', 1)
        self._markers = self.output(MarkerArray, '~/markers', 1)
        self._transforms = self.output(TFMessage, '/tf', TRANSFORMS) \
            if self.get_parameter('publish_tf').value else None
        self.diagnostics.details['codebook'] = self._opening.progress
        self.announce(_labels(self._objects))

    def withdraw(self) -> None:
        self._opening.close()
        del self._opening, self._objects

    def listen(self) -> None:
        self._space = PoseSpace(
            self, *(self.get_parameter(name).value for name in ('use_depth', 'rectified')))

    def stop_listening(self) -> None:
        if self._space is not None:
            self._space.close()
            self._space = None
        self.diagnostics.concern = ''

    def process(self, message: Image) -> None:
        image = bgr_or_grey_image(message)
        # Others may take their place at any time: for this picture it is these.
        space, objects, opening = self._space, self._objects, self._opening
        if space is None:
            return
        care = Care(
            self.threshold, Refinement(self.get_parameter('refinement').value),
            float(self.get_parameter('refinement.budget').value) or None)
        ready = [one for one in objects if one.ready]
        try:
            if not ready:
                raise CodebookError(f'codebook: {opening.progress}')
            view = space.view(message, image, care.refinement is not Refinement.NONE)
        except (CodebookError, CameraError) as error:
            self._withhold(message, image, objects, error)
            return
        found = search(ready, view, care)
        poses = self._checked(found.poses)
        self._publish(poses, message.header, objects)
        concerns = []
        if found.lack:
            concerns.append(f'poses of the picture alone: {found.lack}')
        if len(ready) < len(objects) or opening.failed:
            concerns.append(f'codebook: {opening.progress}')
        if self._transforms is not None and poses and not message.header.frame_id:
            concerns.append('no TF: the pictures have no frame_id')
        self._complain(', '.join(concerns))
        if self._debug_image.get_subscription_count():
            from mtperception.nodes.pose_drawing import draw_on_input

            drawn = draw_on_input(image, poses, view.model, view.camera)
            self._debug_image.publish(image_message(drawn, 'bgr8', message.header))

    def _withhold(
        self, message: Image, image: Pixels, objects: Sequence[KnownObject], error: ValueError,
    ) -> None:
        """Say why there are no poses; whoever wants drawings gets the boxes, as they are found."""
        self._complain(f'no poses: {error}')
        if self._debug_image.get_subscription_count():
            from mtperception.nodes.pose_drawing import draw_boxes

            found = [box for one in objects for box in one.estimator.find(image, self.threshold)]
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

    def _publish(
        self, poses: list[ObjectPose], header: Header, objects: Sequence[KnownObject],
    ) -> None:
        labels = _labels(objects)
        self._detections.publish(poses_to_message(
            poses, header, str if self.by_name else lambda label: str(labels.index(label)),
            {one.label: one.bounds for one in objects}))
        if self._transforms is not None and poses and header.frame_id:
            prefix = self.get_parameter('tf_prefix').value
            self._transforms.publish(poses_to_transforms(poses, header, prefix))
        if self._markers.get_subscription_count():
            self._markers.publish(poses_to_markers(
                poses, header, {one.label: one.marker_points for one in objects}))

    def _complain(self, words: str) -> None:
        """Say what is not as it should be; nothing where there are no words."""
        self.diagnostics.concern = words
        if words:
            self.get_logger().warning(words, throttle_duration_sec=REPEAT)

    def _why_not(self, models: Sequence[str]) -> str | None:
        """Tell why a model cannot be opened; None where they can."""
        from mtperception.pose.predictor import PoseEstimator

        try:
            for model in models:
                KnownObject.of(PoseEstimator.load(model))
        except Exception as error:
            return reason(error)
        return None

    def _opening_of(
        self, models: Sequence[str], changed: 'Callable[[list[PoseEstimator]], object]',
    ) -> EstimatorOpening:
        directions, turns = (
            self.get_parameter(f'codebook.{name}').value for name in ('directions', 'turns'))
        return EstimatorOpening(models, directions, turns, self._tell_of_codebook, changed)

    def _use(self, estimators: 'list[PoseEstimator]') -> None:
        """Look for the objects of these estimators from now on."""
        self._objects = tuple(map(KnownObject.of, estimators))

    def _switch_to(self, estimators: 'list[PoseEstimator]') -> None:
        """Look for other objects from now on, and say so."""
        self._use(estimators)
        self.introduce()
        self.announce(_labels(self._objects))

    def _tell_of_codebook(self, words: str) -> None:
        """Take what is told, from another thread, about how far the codebook is."""
        self.get_logger().info(f'codebook: {words}')
        if self.diagnostics.details:  # it is configured
            self.diagnostics.details['codebook'] = words


def _named(values: Mapping[str, Any]) -> list[str]:
    """Return the models that values of `model` and `more_models` name."""
    model = [values['model']] if 'model' in values else []
    return [*model, *filter(None, values.get('more_models', []))]


def _labels(objects: Sequence[KnownObject]) -> list[str]:
    """Return the objects' names, each once; a class's number is its place."""
    return list(dict.fromkeys(one.label for one in objects))
