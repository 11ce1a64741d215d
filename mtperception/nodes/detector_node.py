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

"""What the detectors' nodes share: a life in steps, a model, and the newest picture to look at."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from rcl_interfaces.msg import ParameterDescriptor, SetParametersResult
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import LabelInfo

from mtperception.nodes.conversions import label_info_message
from mtperception.nodes.diagnostics import DiagnosticsPublisher
from mtperception.nodes.health import Health
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

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
CLASS_ID_FORMATS = ('name', 'id')
OF_THE_MODELS_CARD = -1.0
FIXED = ('model', 'threads')
RESULTS = 10  # messages that wait for a slow reader


class Model(Protocol):
    """A detector of the library, as far as a node tells about it."""

    model_name: str
    sha256: str
    device: str
    threshold: float


class DetectorNode(LifecycleNode, ABC):
    """
    A managed node that looks at the newest picture of the topic `image`.

    Configured, it holds its model and publishers; active, it takes frames. What it looks for, and
    how it tells what it has found, is in `load`, `offer` and `process`; a node that listens to
    more than pictures has `listen` and `stop_listening`, too. `process` runs on a thread of its
    own, and may still do so for a moment when all else has ended: what it raises then is no
    failure.
    """

    def __init__(
        self, name: str, model: str, things: str, *,
        parameters: Mapping[str, tuple[Any, ParameterDescriptor]] | None = None,
        fixed: Sequence[str] = (), **options: Any,
    ) -> None:
        """
        Declare the parameters that all have, and the node's own with their defaults.

        `things` is what is looked for, `model` the default's name. The `fixed` ones of the
        parameters can be set while the node is unconfigured alone.
        """
        super().__init__(name, **options)
        self.health = Health()
        self.transitions = Transitions(self)
        self.diagnostics = DiagnosticsPublisher(self, self.transitions, self.health)
        self._fixed = (*FIXED, *fixed)
        self._images: ImageInput | None = None
        self._model: Model | None = None
        self._threads_of_torch: int | None = None
        self._outputs: list[Any] = []
        self.add_on_set_parameters_callback(self._on_set_parameters)
        for parameter, (default, descriptor) in {
                **_shared(model, things), **(parameters or {})}.items():
            self.declare_parameter(parameter, default, descriptor)
        start_by_itself(self)
        warn_of_unknown_parameters(self)

    @abstractmethod
    def load(self, model: str) -> Model:
        """Load a model by its name or path; what is raised is why that is not possible."""

    @abstractmethod
    def offer(self) -> None:
        """Create the outputs, and announce the classes."""

    @abstractmethod
    def process(self, message: Image) -> None:
        """Look at a picture that has passed the gate, and publish what is found."""

    def listen(self) -> None:
        """Begin to take what is needed beside pictures."""

    def stop_listening(self) -> None:
        """Take no more of it; harmless when nothing was taken."""

    def withdraw(self) -> None:
        """Give back what `load` and `offer` have made, but for outputs and classes."""

    def models(self) -> Sequence[Model]:
        """Return the models in use, of which there may be more than one."""
        return [] if self._model is None else [self._model]

    def accepted(self, values: Mapping[str, Any]) -> None:
        """Act on parameters, by name, that are about to have values."""

    def refusal(self, name: str, value: Any) -> str | None:
        """Tell why a parameter cannot have a value; None where it can."""
        if name in self._fixed and self.configured:
            return f'{name} is fixed while the model is loaded: deactivate and clean up first'
        if name == 'class_id_format' and value not in CLASS_ID_FORMATS:
            return f"class_id_format is one of {', '.join(CLASS_ID_FORMATS)}, not {value!r}"
        return None

    def output(self, message: type, topic: str, depth: int = RESULTS) -> Any:
        """Create a publisher that is silent unless the node is active."""
        publisher = self.create_lifecycle_publisher(message, topic, depth)
        self._outputs.append(publisher)
        return publisher

    def announce(self, names: Sequence[str]) -> None:
        """Publish which classes there are; their numbers count from 0."""
        now = Header(stamp=self.get_clock().now().to_msg())
        self._label_info.publish(label_info_message(names, now))

    def introduce(self) -> None:
        """Say in log and diagnostics which models are in use."""
        models = self.models()
        for model in models:
            self.get_logger().info(
                f'model {model.model_name} ({model.sha256[:12]}) on {model.device}')
        self.diagnostics.details = {
            'model': ', '.join(model.model_name for model in models),
            'model_sha256': ', '.join(model.sha256 for model in models),
            'device': ', '.join(dict.fromkeys(model.device for model in models)),
            'model_threshold': ', '.join(f'{model.threshold:g}' for model in models)}

    @property
    def configured(self) -> bool:
        """Whether there are models and outputs, be the node active or not."""
        return self.transitions.state in (INACTIVE, ACTIVE)

    @property
    def threshold(self) -> float | None:
        """The least score of what is published; None is the model's own."""
        threshold = float(self.get_parameter('score_threshold').value)
        return None if threshold < 0 else threshold

    @property
    def by_name(self) -> bool:
        """Whether classes are told by their names, not their numbers."""
        return bool(self.get_parameter('class_id_format').value == 'name')

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self.transitions.attempt('configure', INACTIVE, self._configure)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self.transitions.attempt(
            'activate', ACTIVE, lambda: super(DetectorNode, self).on_activate(state), self._open)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self.transitions.attempt(
            'deactivate', INACTIVE, self._close,
            lambda: super(DetectorNode, self).on_deactivate(state))

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self.transitions.attempt('cleanup', UNCONFIGURED, self._release)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self.transitions.attempt('shutdown', FINALIZED, self._close, self._release)

    def destroy_node(self) -> None:
        self._close(timeout=0.0)
        super().destroy_node()

    def _on_set_parameters(self, parameters: list[Parameter]) -> SetParametersResult:
        for parameter in parameters:
            if reason := self.refusal(parameter.name, parameter.value):
                return SetParametersResult(successful=False, reason=reason)
        self.accepted({parameter.name: parameter.value for parameter in parameters})
        return SetParametersResult(successful=True)

    def _configure(self) -> None:
        import torch

        from mtperception.nn.memory import keep_freed_memory

        keep_freed_memory()
        if self._threads_of_torch is None:
            self._threads_of_torch = torch.get_num_threads()
        torch.set_num_threads(self.get_parameter('threads').value or self._threads_of_torch)
        self._model = self.load(self.get_parameter('model').value)
        self.introduce()
        self.get_logger().info(f'{torch.get_num_threads()} threads')
        self._label_info = self.create_publisher(LabelInfo, '~/label_info', LATCHED)
        self.offer()

    def _open(self) -> None:
        self.listen()
        self._images = ImageInput(
            self, self.health, self.process,
            lambda: float(self.get_parameter('max_image_age').value))
        self.get_logger().info(f'{self._images} -> {self._outputs[0].topic_name}')

    def _close(self, timeout: float = 0.5) -> None:
        """Take no further frame, wait so many seconds for the one in work."""
        if self._images is not None:
            self._images.close(timeout)
            self._images = None
        self.stop_listening()

    def _release(self) -> None:
        """Give back the model, its memory and the publishers."""
        from mtperception.nn.memory import release_freed_memory

        if self._model is None:
            return
        self.withdraw()
        for publisher in self._outputs:
            self.destroy_lifecycle_publisher(publisher)
        self._outputs.clear()
        self.destroy_publisher(self._label_info)
        self._model = None
        self.diagnostics.details = {}
        release_freed_memory()


def _shared(model: str, things: str) -> dict[str, tuple[Any, ParameterDescriptor]]:
    return {
        'model': (model, described(
            'Name of a bundled model, or path of a .safetensors file. Fixed while configured.')),
        'threads': (0, integer(
            "Threads of the network; 0 leaves torch's own choice. Fixed while configured.",
            0, 256)),
        'score_threshold': (OF_THE_MODELS_CARD, real(
            f'Of {things}, those with a lower score are not published; -1.0 takes the '
            "model's own threshold, which its diagnostics say.", -1.0, 1.0)),
        'max_image_age': (0.0, real(
            'Frames older than this many seconds are dropped; 0 takes all.', 0.0, 3600.0)),
        'class_id_format': ('name', described(
            "What a detection's class_id holds: name, or id (a number; ~/label_info maps it).")),
    }
