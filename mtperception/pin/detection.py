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

"""What the pin detector finds."""

from dataclasses import dataclass

# Of models whose card states none.
DEFAULT_THRESHOLD = 0.5


@dataclass(frozen=True)
class PinDetection:
    """
    One pin in one picture.

    ``x`` and ``y`` are the centre of the pin's top face in pixels of the picture, (0, 0) being
    the centre of its first pixel; ``diameter`` is the pin's in pixels at the top face, 0 from a
    model that does not tell it; ``score``, in [0, 1], is the probability that it is a pin, as far
    as the model's card says that it is calibrated.
    """

    x: float
    y: float
    diameter: float
    score: float
