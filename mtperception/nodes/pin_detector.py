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

"""The node pin_detector: a camera's pictures in, the pins on them out."""

import sys
import time
from typing import Any, NamedTuple

from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import qos_profile_sensor_data, QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray

from mtperception.nodes.conversions import image_message, pins_to_message, seconds
from mtperception.nodes.health import DiagnosticsPublisher, Health
from mtperception.nodes.image_gate import check_image, grey_image, ImageError
from mtperception.nodes.newest_frame import NewestFrameWorker
from mtperception.nodes.parameters import integer, real, text, warn_of_unknown_parameters
from mtperception.nodes.process import run_node
from mtperception.nodes.silence import SilenceWarning
from mtperception.pin.detection import DEFAULT_THRESHOLD

NEWEST_ONLY = QoSProfile(
    depth=1,
    reliability=qos_profile_sensor_data.reliability,
    history=qos_profile_sensor_data.history,
)


class Frame(NamedTuple):
    """A checked message, and when it arrived (time.monotonic)."""

    message: Image
    arrival: float


class PinDetectorNode(Node):
    """
    Find pins on the topic `image`, publish them on `~/detections`.

    An empty array is published for a frame without a pin. `~/debug_image` is drawn only while
    somebody subscribes.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__('pin_detector', **options)
        self._declare_parameters()
        self.health = Health()
        self._configure()
        self._activate()

    def _declare_parameters(self) -> None:
        self.declare_parameter('model', 'pin', text(
            'Name of a bundled model, or path of a .safetensors file.', read_only=True))
        self.declare_parameter('threads', 0, integer(
            "Threads of the network; 0 leaves torch's own choice.", 0, 256, read_only=True))
        self.declare_parameter('score_threshold', DEFAULT_THRESHOLD, real(
            'Pins with a lower score are not published.', 0.0, 1.0))
        self.declare_parameter('max_image_age', 0.0, real(
            'Frames older than this many seconds are dropped; 0 takes all.', 0.0, 3600.0))
        warn_of_unknown_parameters(self)
        self._score_threshold = float(self.get_parameter('score_threshold').value)
        self._max_image_age = float(self.get_parameter('max_image_age').value)
        self.add_on_set_parameters_callback(self._on_set_parameters)

    def _on_set_parameters(self, parameters: list[Parameter]) -> SetParametersResult:
        for parameter in parameters:
            if parameter.name == 'score_threshold':
                self._score_threshold = float(parameter.value)
            elif parameter.name == 'max_image_age':
                self._max_image_age = float(parameter.value)
        return SetParametersResult(successful=True)

    def _configure(self) -> None:
        """Load the model and offer the results; raise ModelError where it cannot be loaded."""
        import torch

        from mtperception.nn.memory import keep_freed_memory
        from mtperception.pin.predictor import PinDetector

        keep_freed_memory()
        threads = self.get_parameter('threads').value
        if threads:
            torch.set_num_threads(threads)
        self._detector = PinDetector.load(self.get_parameter('model').value)
        self._detections = self.create_publisher(Detection2DArray, '~/detections', 10)
        self._debug_image = self.create_publisher(Image, '~/debug_image', 1)
        self._diagnostics = DiagnosticsPublisher(
            self, self.health, model=self._detector.model_name, model_sha256=self._detector.sha256,
            device=self._detector.device)
        self.get_logger().info(
            f'model {self._detector.model_name} ({self._detector.sha256[:12]}) on '
            f'{self._detector.device}, {torch.get_num_threads()} threads')

    def _activate(self) -> None:
        """Begin to take frames."""
        self._worker = NewestFrameWorker(self._process, self._on_error, 'pin_detector')
        self._worker.start()
        self._images = self.create_subscription(
            Image, 'image', self._on_image, NEWEST_ONLY,
            qos_overriding_options=QoSOverridingOptions.with_default_policies())
        self._silence = SilenceWarning(self, self._images, lambda: self.health.received)
        publishers = self.count_publishers(self._images.topic_name)
        self.get_logger().info(
            f'{self._images.topic_name} ({self._images.qos_profile.reliability.name.lower()}, '
            f'{publishers} publishers so far) -> {self._detections.topic_name}')

    def _deactivate(self) -> None:
        """Take no further frame, finish the one in work."""
        self._silence.stop()
        self.destroy_subscription(self._images)
        self._worker.stop(timeout=1.0)

    def destroy_node(self) -> None:
        self._deactivate()
        super().destroy_node()

    def _on_image(self, message: Image) -> None:
        self.health.frame_received()
        try:
            check_image(message)
        except ImageError as error:
            self._drop(error.cause, str(error))
            return
        if self._worker.put(Frame(message, time.monotonic())):
            self.health.frame_dropped('overwritten')

    def _process(self, frame: Frame) -> None:
        header = frame.message.header
        age = self.get_clock().now().nanoseconds * 1e-9 - seconds(header.stamp)
        if 0 < self._max_image_age < age:
            self._drop('age', f'image is {age:.2f} s old, max_image_age is {self._max_image_age}')
            return
        image = grey_image(frame.message)
        pins = self._detector.detect(image, score_threshold=self._score_threshold)
        self._detections.publish(pins_to_message(pins, header))
        self.health.frame_processed(time.monotonic() - frame.arrival)
        if self._debug_image.get_subscription_count():
            from mtperception.pin.draw import draw_pins

            self._debug_image.publish(image_message(draw_pins(image, pins), 'bgr8', header))

    def _on_error(self, error: Exception) -> None:
        if isinstance(error, ImageError):
            self._drop(error.cause, str(error))
        elif self.context.ok():
            self._drop('failed', f'{type(error).__name__}: {error}')

    def _drop(self, cause: str, text: str) -> None:
        count = self.health.frame_dropped(cause)
        self.get_logger().warning(
            f'frame dropped ({count} for this cause): {text}', throttle_duration_sec=5.0)


def main() -> None:
    sys.exit(run_node(PinDetectorNode))


if __name__ == '__main__':
    main()
