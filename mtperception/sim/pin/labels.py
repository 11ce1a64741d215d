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

"""What a rendered picture of pins is labelled with."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import PinholeCamera


@dataclass(frozen=True)
class PinLabel:
    """
    A dowel pin in a picture, in pixels; (0, 0) is the centre of the first pixel.

    (x, y) is the projected centre of the pin's top face, the end of its axis, whether or not it
    is hidden or outside the picture. `diameter` is the major axis of the ellipse that the pin's
    circle at the height of that face is seen as. `box` (x0, y0, x1, y1) bounds the whole pin
    above its seat, hidden and outside parts included. `visible` is the share of the pin's own
    silhouette that can be seen: 1 is all of it, what lies outside the picture counts as hidden.
    """

    x: float
    y: float
    diameter: float
    box: tuple[float, float, float, float]
    visible: float

    def inside(self, width: int, height: int) -> bool:
        """Tell whether the centre lies within a picture of this size."""
        return -0.5 <= self.x < width - 0.5 and -0.5 <= self.y < height - 0.5


@dataclass(frozen=True)
class PinSample:
    """A grey picture (uint8, height x width), its pins, and the camera that took it."""

    image: NDArray[np.uint8]
    pins: tuple[PinLabel, ...]
    camera: PinholeCamera
