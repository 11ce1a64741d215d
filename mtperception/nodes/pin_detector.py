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

from typing import Any, TYPE_CHECKING

from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray

from mtperception.nodes.conversions import image_message, PIN_CLASSES, pins_to_message
from mtperception.nodes.detector_node import DetectorNode
from mtperception.nodes.image_gate import grey_image

if TYPE_CHECKING:
    from mtperception.pin.predictor import PinDetector


class PinDetectorNode(DetectorNode):
    """
    Find pins on the topic `image`, publish them on `~/detections`.

    An empty array is published for a frame without a pin. `~/debug_image` is drawn only while
    somebody subscribes. There are no markers: a picture alone does not say where in space a pin
    is.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__('pin_detector', 'pin', 'pins', **options)

    def load(self, model: str) -> 'PinDetector':
        from mtperception.pin.predictor import PinDetector

        self._detector = PinDetector.load(model)
        return self._detector

    def offer(self) -> None:
        self._detections = self.output(Detection2DArray, '~/detections')
        self._debug_image = self.output(Image, '~/debug_image', 1)
        self.announce(PIN_CLASSES)

    def withdraw(self) -> None:
        del self._detector

    def process(self, message: Image) -> None:
        image = grey_image(message)
        pins = self._detector.detect(image, self.threshold)
        class_id = PIN_CLASSES[0] if self.by_name else '0'
        self._detections.publish(pins_to_message(pins, message.header, class_id))
        if self._debug_image.get_subscription_count():
            from mtperception.pin.draw import draw_pins

            self._debug_image.publish(
                image_message(draw_pins(image, pins), 'bgr8', message.header))
