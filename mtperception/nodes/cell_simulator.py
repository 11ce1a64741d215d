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

from geometry_msgs.msg import Transform, TransformStamped, Vector3
import numpy as np
from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter
from std_msgs.msg import Header
from std_srvs.srv import Trigger
from tf2_ros import StaticTransformBroadcaster
from vision_msgs.msg import Detection2DArray, Detection3DArray

from mtperception.nodes.cell_clock import CellClock
from mtperception.nodes.conversions import pose_message
from mtperception.nodes.ground_truth import true_grasps, true_objects, true_pins
from mtperception.nodes.live_camera import LiveCamera
from mtperception.nodes.parameters import described, integer, real, warn_of_unknown_parameters
from mtperception.sim.bench.live import LiveBench
from mtperception.sim.cell import cell_cameras, CellCamera
from mtperception.sim.grasp.scene import TRAINING_PARTS
from mtperception.sim.pin.scene import LiveFixture
from mtperception.sim.pose.live import LiveTray
from mtperception.sim.shapes.parts import hammer

WORLD = 'world'


class CellSimulatorNode(Node):
    """
    Publish what three cameras see, where they stand, and what is true in their pictures.

    `pin_camera` looks at a fixture, `bench_camera` at a conveyor, `tool_camera` at a tool tray:
    `<camera>/image_raw`, `<camera>/camera_info`, and depth but for the first. The truth, under
    the picture's header, goes to `ground_truth/pins`, `ground_truth/grasps` and
    `ground_truth/objects`. Nothing is rendered for a camera that nobody listens to.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__('cell_simulator', **options)
        rate = self.declare_parameter('rate', 15.0, real(
            'Pictures a second of the pin camera.', 0.1, 1000.0, read_only=True)).value
        seed = self.declare_parameter('seed', 0, integer(
            'The same seed plays the same cell.', 0, 2**31 - 1, read_only=True)).value
        publish_clock = self.declare_parameter('publish_clock', False, described(
            'Publish /clock, the time since the start, and stamp by it.', read_only=True)).value
        self.add_on_set_parameters_callback(_refuse)
        self.declare_parameter('drop.part', TRAINING_PARTS[0], described(
            f"What ~/drop lets fall: one of {', '.join(TRAINING_PARTS)}."))
        warn_of_unknown_parameters(self)

        bounds = np.asarray(hammer().mesh.bounds)
        pin, bench, tool = cell_cameras(seed)
        self._cell_clock = CellClock(self, publish_clock)
        self._pins = LiveCamera(
            self, pin, rate, self._cell_clock, lambda: LiveFixture(seed),
            Detection2DArray, 'ground_truth/pins', true_pins)
        self._bench = LiveCamera(
            self, bench, bench.rate, self._cell_clock, lambda: LiveBench(seed),
            Detection2DArray, 'ground_truth/grasps', true_grasps)
        self._tool = LiveCamera(
            self, tool, tool.rate, self._cell_clock, lambda: LiveTray(seed),
            Detection3DArray, 'ground_truth/objects',
            lambda sample, header: true_objects(sample, header, bounds))
        self.create_service(Trigger, '~/reset', self._reset)
        self.create_service(Trigger, '~/drop', self._drop)
        self._transforms = StaticTransformBroadcaster(self)
        self._transforms.sendTransform([
            self._transform(camera) for camera in (pin, bench, tool)])
        # Where nothing can be rendered, it is told now; and its pictures are the first wanted.
        self._pins.prepare()
        self.get_logger().info(f'{len(self.cameras)} cameras, seed {seed}')

    @property
    def cameras(self) -> tuple[LiveCamera, ...]:
        """The cameras of the cell."""
        return self._pins, self._bench, self._tool

    def destroy_node(self) -> None:
        for camera in self.cameras:
            camera.close()
        super().destroy_node()

    def _transform(self, camera: CellCamera) -> TransformStamped:
        pose = pose_message(camera.view.rotation, camera.view.position)
        place = pose.position
        return TransformStamped(
            header=Header(stamp=self._cell_clock.now()[1], frame_id=WORLD),
            child_frame_id=camera.frame_id, transform=Transform(
                translation=Vector3(x=place.x, y=place.y, z=place.z), rotation=pose.orientation))

    def _reset(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._cell_clock.restart()
        # The others show what the time since the start says.
        if self._bench.watched:
            self._bench.order(LiveBench.reset)
        response.success, response.message = True, 'the cell begins again'
        return response

    def _drop(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        part = self.get_parameter('drop.part').value
        response.success = self._bench.watched
        if response.success:
            self._bench.order(lambda bench: bench.drop(part))
            response.message = f'{part} falls next'
        else:
            response.message = 'the bench stands still while nobody subscribes to its camera'
        return response


def _refuse(parameters: list[Parameter]) -> SetParametersResult:
    for parameter in parameters:
        if parameter.name == 'drop.part' and parameter.value not in TRAINING_PARTS:
            return SetParametersResult(successful=False, reason=(
                f"drop.part is one of {', '.join(TRAINING_PARTS)}, not {parameter.value!r}"))
    return SetParametersResult(successful=True)
