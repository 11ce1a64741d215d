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

"""Draw detections on a copy of the picture."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from mtperception.pin.detection import PinDetection

COLOUR = (80, 230, 60)
CROSS = 5
# OpenCV draws with this many fractional bits, so that marks show the sub-pixel position.
SHIFT = 4


def draw_pins(image: npt.NDArray[np.uint8],
              pins: Sequence[PinDetection]) -> npt.NDArray[np.uint8]:
    """
    Mark each pin: a cross at its centre, a circle of its diameter, its score.

    ``image`` is uint8, H x W or H x W x 3 (BGR); the result is H x W x 3 (BGR).
    """
    drawn = np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), dtype=np.uint8) \
        if image.ndim == 2 else image.copy()
    for pin in pins:
        x, y = _fixed(pin.x), _fixed(pin.y)
        arm = CROSS << SHIFT
        for start, end in (((x - arm, y), (x + arm, y)), ((x, y - arm), (x, y + arm))):
            cv2.line(drawn, start, end, COLOUR, 1, cv2.LINE_AA, SHIFT)
        cv2.circle(drawn, (x, y), _fixed(pin.diameter / 2), COLOUR, 1, cv2.LINE_AA, SHIFT)
        corner = (round(pin.x + pin.diameter / 2) + 3, round(pin.y - pin.diameter / 2))
        cv2.putText(drawn, f'{pin.score:.2f}', corner, cv2.FONT_HERSHEY_SIMPLEX, 0.4, COLOUR, 1,
                    cv2.LINE_AA)
    return drawn


def _fixed(value: float) -> int:
    return round(value * (1 << SHIFT))
