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

import functools
from typing import Any, TYPE_CHECKING

from rcl_interfaces.msg import SetParametersResult
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray, LabelInfo

from mtperception.nodes.conversions import (
    image_message,
    label_info_message,
    PIN_CLASSES,
    pins_to_message,
)
from mtperception.nodes.diagnostics import DiagnosticsPublisher
from mtperception.nodes.health import Health
from mtperception.nodes.image_gate import grey_image
from mtperception.nodes.image_input import ImageInput
from mtperception.nodes.parameters import described, integer, real, warn_of_unknown_parameters
from mtperception.nodes.transitions import (
    ACTIVE,
    FINALIZED,
    INACTIVE,
    start_by_itself,
    Transitions,
    UNCONFIGURED,
)

if TYPE_CHECKING:
    from mtperception.pin.predictor import PinDetector

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
CLASS_ID_FORMATS = ('name', 'id')
OF_THE_MODELS_CARD = -1.0
OF_THE_MODEL = ('model', 'threads')


class PinDetectorNode(LifecycleNode):
    """
    Find pins on the topic `image`, publish them on `~/detections`.

    An empty array is published for a frame without a pin. `~/debug_image` is drawn only while
    somebody subscribes. There are no markers: a picture alone does not say where in space a pin
    is. Configured, the node holds its model and publishers; active, it takes frames.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__('pin_detector', **options)
        self.health = Health()
        self.transitions = Transitions(self)
        self._images: ImageInput | None = None
        self._detector: PinDetector | None = None
        self._threads_of_torch: int | None = None
        self._diagnostics = DiagnosticsPublisher(self, self.transitions, self.health)
        self._declare_parameters()
        start_by_itself(self)
        warn_of_unknown_parameters(self)

    def _declare_parameters(self) -> None:
        self.add_on_set_parameters_callback(self._on_set_parameters)
        self.declare_parameter('model', 'pin', described(
            'Name of a bundled model, or path of a .safetensors file. Fixed while configured.'))
        self.declare_parameter('threads', 0, integer(
            "Threads of the network; 0 leaves torch's own choice. Fixed while configured.",
            0, 256))
        self.declare_parameter('score_threshold', OF_THE_MODELS_CARD, real(
            "Pins with a lower score are not published; a negative value takes the model's own "
            'threshold, which its diagnostics say.', -1.0, 1.0))
        self.declare_parameter('max_image_age', 0.0, real(
            'Frames older than this many seconds are dropped; 0 takes all.', 0.0, 3600.0))
        self.declare_parameter('class_id_format', 'name', described(
            "What a detection's class_id holds: name, or id (a number; ~/label_info maps it)."))

    def _on_set_parameters(self, parameters: list[Parameter]) -> SetParametersResult:
        for parameter in parameters:
            name, value = parameter.name, parameter.value
            if name in OF_THE_MODEL and self.transitions.state not in (UNCONFIGURED, FINALIZED):
                return SetParametersResult(successful=False, reason=(
                    f'{name} is fixed while the model is loaded: deactivate and clean up first'))
            if name == 'class_id_format' and value not in CLASS_ID_FORMATS:
                return SetParametersResult(successful=False, reason=(
                    f"class_id_format is one of {', '.join(CLASS_ID_FORMATS)}, not {value!r}"))
        return SetParametersResult(successful=True)

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self.transitions.attempt('configure', INACTIVE, self._load, self._offer)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self.transitions.attempt(
            'activate', ACTIVE, lambda: super(PinDetectorNode, self).on_activate(state),
            self._open)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self.transitions.attempt(
            'deactivate', INACTIVE, self._close,
            lambda: super(PinDetectorNode, self).on_deactivate(state))

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self.transitions.attempt('cleanup', UNCONFIGURED, self._release)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self.transitions.attempt('shutdown', FINALIZED, self._close, self._release)

    def destroy_node(self) -> None:
        self._close(timeout=0.0)
        super().destroy_node()

    def _load(self) -> None:
        """Load the model; raise ModelError where that is not possible."""
        import torch

        from mtperception.nn.memory import keep_freed_memory
        from mtperception.pin.predictor import PinDetector

        keep_freed_memory()
        if self._threads_of_torch is None:
            self._threads_of_torch = torch.get_num_threads()
        torch.set_num_threads(self.get_parameter('threads').value or self._threads_of_torch)
        detector = PinDetector.load(self.get_parameter('model').value)
        self._diagnostics.details = {
            'model': detector.model_name, 'model_sha256': detector.sha256,
            'device': detector.device, 'model_threshold': f'{detector.threshold:g}'}
        self.get_logger().info(
            f'model {detector.model_name} ({detector.sha256[:12]}) on {detector.device}, '
            f'{torch.get_num_threads()} threads')
        self._detector = detector

    def _offer(self) -> None:
        """Create the publishers."""
        self._detections = self.create_lifecycle_publisher(Detection2DArray, '~/detections', 10)
        self._debug_image = self.create_lifecycle_publisher(Image, '~/debug_image', 1)
        self._label_info = self.create_publisher(LabelInfo, '~/label_info', LATCHED)
        now = Header(stamp=self.get_clock().now().to_msg())
        self._label_info.publish(label_info_message(PIN_CLASSES, now))

    def _open(self) -> None:
        """Begin to take frames."""
        assert self._detector is not None
        self._images = ImageInput(
            self, self.health, functools.partial(self._process, self._detector),
            lambda: float(self.get_parameter('max_image_age').value))
        self.get_logger().info(f'{self._images} -> {self._detections.topic_name}')

    def _close(self, timeout: float = 0.5) -> None:
        """Take no further frame, wait so many seconds for the one in work."""
        if self._images is not None:
            self._images.close(timeout)
            self._images = None

    def _release(self) -> None:
        """Give back the model, its memory and the publishers."""
        from mtperception.nn.memory import release_freed_memory

        if self._detector is not None:
            self.destroy_lifecycle_publisher(self._detections)
            self.destroy_lifecycle_publisher(self._debug_image)
            self.destroy_publisher(self._label_info)
            self._detector = None
            self._diagnostics.details = {}
            release_freed_memory()

    def _process(self, detector: 'PinDetector', message: Image) -> None:
        image = grey_image(message)
        threshold = float(self.get_parameter('score_threshold').value)
        pins = detector.detect(image, None if threshold < 0 else threshold)
        by_name = self.get_parameter('class_id_format').value == 'name'
        class_id = PIN_CLASSES[0] if by_name else '0'
        self._detections.publish(pins_to_message(pins, message.header, class_id))
        if self._debug_image.get_subscription_count():
            from mtperception.pin.draw import draw_pins

            self._debug_image.publish(
                image_message(draw_pins(image, pins), 'bgr8', message.header))
