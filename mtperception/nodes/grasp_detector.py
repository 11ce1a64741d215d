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

"""The node grasp_detector: a camera's pictures in; grasps, their shapes and poses out."""

from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, TYPE_CHECKING

from geometry_msgs.msg import PoseArray
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray, Detection3DArray
from visualization_msgs.msg import MarkerArray

from mtperception.geometry.gripper import GripperShape
from mtperception.grasp.detection import Grasp
from mtperception.grasp.looks import TURNS
from mtperception.grasp.poses import TIP_DEPTH
from mtperception.grasp.shapes.index import check_name, ShapeFeatures
from mtperception.nodes.conversions import image_message
from mtperception.nodes.detector_node import DetectorNode
from mtperception.nodes.grasp_messages import (
    GRASP,
    grasps_as_poses,
    grasps_in_space,
    grasps_to_markers,
    grasps_to_message,
)
from mtperception.nodes.grasp_space import GraspSpace
from mtperception.nodes.image_gate import bgr_or_grey_image
from mtperception.nodes.image_input import REPEAT
from mtperception.nodes.parameters import described, real
from mtperception.nodes.shape_teaching import ShapeTeaching
from mtperception.nodes.transitions import ACTIVE

if TYPE_CHECKING:
    from mtperception.grasp.predictor import GraspDetector

FEATURES = get_args(ShapeFeatures)
PARAMETERS = {
    'looks': (1, described(
        'How often a picture is looked at: 2 and 4 see it turned by halves and quarters, too, are '
        'more often right, and take as many times as long. Fixed while configured.')),
    'bench_frame': ('', described(
        'TF frame whose plane z = 0 is the bench, z up; empty: not known, and the gripper comes '
        'along the optical axis. Fixed while configured.')),
    'use_depth': (False, described(
        'Listen to the topic depth, registered to the pictures, for how high parts are. Fixed '
        'while configured.')),
    'rectified': (False, described(
        'The pictures are rectified: P of camera_info holds, not K and D. Fixed while '
        'configured.')),
    'tip_height': (0.01, real(
        "Metres over the bench at which the fingers' tips close, where no depth is used.",
        0.0, 1.0)),
    'tip_depth': (TIP_DEPTH, real(
        "Metres below the part's surface at which the fingers' tips close, where depth is used; "
        'above the bench in any case.', 0.0, 1.0)),
    'avoid_collisions': (True, described(
        'Leave out of ~/grasps_3d and ~/grasp_poses what the open gripper could not come down to, '
        'by what depth shows; without depth nothing is left out.')),
    **{f'gripper.{name}': (getattr(GripperShape(), name), real(
        f'The {words} of the gripper, in metres, for avoid_collisions.', 0.0, 1.0))
       for name, words in (
           ('max_opening', 'largest opening'), ('finger_width', "fingers' width across closing"),
           ('finger_thickness', "fingers' thickness along closing"),
           ('finger_length', "fingers' length below the palm"),
           ('palm_length', "palm's length along closing"),
           ('palm_width', "palm's width across closing"))},
    'shapes.library': ('', described(
        "Folder of the taught shapes; empty: the user's own, as `mtperception teach` has it. "
        'Fixed while configured.')),
    'shapes.features': (FEATURES[0], described(
        f"What shapes are told by: {', '.join(FEATURES)}. Fixed while configured.")),
    'shapes.model': ('shape', described(
        'Model that makes descriptors: a bundled one by name, or a .safetensors file. Fixed while '
        'configured.')),
    'teach.label': ('', described('Which shape ~/teach teaches and ~/forget forgets.')),
}
FIXED = ('looks', 'bench_frame', 'use_depth', 'rectified', 'shapes.library', 'shapes.features',
         'shapes.model')


class GraspDetectorNode(DetectorNode):
    """
    Find grasps on the topic `image`, tell the shapes of what is grasped, place them in space.

    `~/grasps` has an array for each picture, empty where nothing can be grasped. `~/grasps_3d`
    and `~/grasp_poses` have one where poses can be known, by `camera_info` and the bench or
    `depth`; the diagnostics say what is missing. `~/debug_image` and `~/markers` are made only
    while somebody subscribes. Shapes are taught by `~/teach`, `~/forget` and `~/shapes`.
    """

    def __init__(self, **options: Any) -> None:
        self._space: GraspSpace | None = None
        super().__init__(
            'grasp_detector', 'grasp', 'grasps', parameters=PARAMETERS, fixed=FIXED, **options)

    def refusal(self, name: str, value: Any) -> str | None:
        if name == 'shapes.features' and value not in FEATURES:
            return f"shapes.features is one of {', '.join(FEATURES)}, not {value!r}"
        if name == 'looks' and value not in tuple(TURNS):
            return f'looks is 1, 2 or 4, not {value!r}'
        if name == 'teach.label' and value == GRASP:
            return f'{GRASP} is what grasps of no known shape are called: choose another label'
        if name == 'teach.label' and value:
            try:
                check_name(value)
            except ValueError as error:
                return str(error)
        return super().refusal(name, value)

    def load(self, model: str) -> 'GraspDetector':
        from mtperception.grasp.descriptor.describer import Describer
        from mtperception.grasp.predictor import GraspDetector
        from mtperception.grasp.shapes.library import default_folder, ShapeLibrary
        from mtperception.grasp.shapes.observer import DESCRIPTOR, ShapeObserver
        from mtperception.grasp.shapes.taught import TaughtShapes

        detector = GraspDetector.load(model, looks=self.get_parameter('looks').value)
        kind = self.get_parameter('shapes.features').value
        describer = Describer.load(
            self.get_parameter('shapes.model').value) if kind == DESCRIPTOR else None
        observer = ShapeObserver(detector, kind, describer)
        folder = self.get_parameter('shapes.library').value
        library = ShapeLibrary(Path(folder) if folder else default_folder())
        try:
            self._shapes = TaughtShapes(observer, library)
        except ValueError as error:
            raise ValueError(f'{error} (here the parameter shapes.library)') from error
        return detector

    def offer(self) -> None:
        self._grasps = self.output(Detection2DArray, '~/grasps')
        self._grasps_3d = self.output(Detection3DArray, '~/grasps_3d')
        self._poses = self.output(PoseArray, '~/grasp_poses')
        self._debug_image = self.output(Image, '~/debug_image', 1)
        self._markers = self.output(MarkerArray, '~/markers', 1)
        self._teaching = ShapeTeaching(
            self, self._shapes, lambda: str(self.get_parameter('teach.label').value),
            lambda: self.transitions.state == ACTIVE, self._name_classes)
        self._name_classes(self._teaching.names())

    def withdraw(self) -> None:
        self._teaching.close()
        del self._teaching, self._shapes

    def listen(self) -> None:
        self._space = GraspSpace(self, *(
            self.get_parameter(name).value for name in ('bench_frame', 'use_depth', 'rectified')))

    def stop_listening(self) -> None:
        if self._space is not None:
            self._space.close()
            self._space = None
        self.diagnostics.concern = ''

    def process(self, message: Image) -> None:
        image = bgr_or_grey_image(message)
        grasps = self._shapes.detect(image, self.threshold)
        self._grasps.publish(grasps_to_message(grasps, message.header, self._class_id))
        self._teaching.look(image)
        self._place(grasps, message)
        if self._debug_image.get_subscription_count():
            from mtperception.grasp.draw import draw_grasps

            self._debug_image.publish(
                image_message(draw_grasps(image, grasps), 'bgr8', message.header))

    def _place(self, grasps: list[Grasp], message: Image) -> None:
        """Publish the grasps in space, or say why that is not possible."""
        space = self._space
        if space is None or not space.wanted:
            return
        try:
            placed = space.placed(
                grasps, message, self._real('tip_height'), self._real('tip_depth'),
                self._gripper() if self.get_parameter('avoid_collisions').value else None)
        except ValueError as error:
            self.diagnostics.concern = f'no poses: {error}'
            self.get_logger().warning(
                self.diagnostics.concern, throttle_duration_sec=REPEAT)
            return
        self.diagnostics.concern = ''
        self._grasps_3d.publish(grasps_in_space(placed, message.header, self._class_id))
        self._poses.publish(grasps_as_poses(placed, message.header))
        if self._markers.get_subscription_count():
            self._markers.publish(grasps_to_markers(placed, message.header))

    def _gripper(self) -> GripperShape:
        return GripperShape(**{field.name: self._real(f'gripper.{field.name}')
                               for field in fields(GripperShape)})

    def _real(self, name: str) -> float:
        return float(self.get_parameter(name).value)

    def _name_classes(self, shapes: list[str]) -> None:
        names = [GRASP, *shapes]
        self._class_numbers = {name: str(number) for number, name in enumerate(names)}
        self.announce(names)

    def _class_id(self, name: str) -> str:
        return name if self.by_name else self._class_numbers[name]
