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

"""What the paper printed, Tables 3 to 6 of Mathematics 11 (2023), 1205, and rows like its rows."""

import math
from typing import NamedTuple

from mtperception.pin.paper.training import LossRow


class ImageRow(NamedTuple):
    """
    A row of Table 4 or 6: one image, the probability of a pin, target and prediction, the losses.

    None is what a model does not have.
    """

    image: int
    with_pin: bool
    probability: float
    target: tuple[float, float]
    position: tuple[float, float] | None
    loss: float | None
    cross_entropy: float
    half_squared_error: float | None


class TrainingTable(NamedTuple):
    """Table 3 or 5: the training's seconds, its last mini-batch's loss, the validation's."""

    seconds: float
    training: LossRow
    validation: LossRow


# Table 3's regression losses are over all images, Table 5's over those with a pin alone:
# 4.497 = 8.431 x 32 / 60, 6.461 = 12.922 / 2. Neither prints the other average.
TABLE_3 = TrainingTable(
    3277, LossRow(2.11, 0, 21.087, math.nan), LossRow(1.87, 2e-4, 18.699, math.nan))
TABLE_5 = TrainingTable(
    3137, LossRow(4.497, 0, math.nan, 8.431), LossRow(6.461, 0, math.nan, 12.922))

TABLE_4 = (
    ImageRow(774, True, 1, (47, 25), (44.19, 26.49), 0.505, 0, 5.053),
    ImageRow(34, False, 0, (0, 0), (-0.40, -2.47), 0.314, 0, 3.142),
    ImageRow(816, False, 0, (0, 0), (29.24, 33.41), 98.58, 0, 985.8),
    ImageRow(869, True, 1, (43, 55), (37.63, 47.26), 4.438, 0, 44.384),
    ImageRow(11, True, 1, (60, 66), (55.52, 64.16), 1.173, 0, 11.728),
    ImageRow(165, False, 0, (0, 0), (10.94, 15.25), 17.624, 0, 176.24),
    ImageRow(836, False, 0, (0, 0), (10.53, 7.06), 8.036, 0, 80.364),
    ImageRow(357, True, 0, (31, 25), (21.04, 16.74), 44.416, 36.044, 83.724),
    ImageRow(697, True, 1, (28, 31), (33.59, 40.84), 6.401, 0, 64.014),
    ImageRow(827, True, 1, (28, 29), (21.69, 22.37), 4.193, 1.59e-4, 41.93),
)
# Image 357 is printed with a probability of 0.009, which its cross-entropy contradicts.
TABLE_6 = (
    ImageRow(774, True, 1, (47, 25), (41.62, 23.61), 15.414, 0, 15.414),
    ImageRow(34, False, 0, (0, 0), (3.35, 1.84), 0, 0, 7.295),
    ImageRow(816, False, 0, (0, 0), (17.07, 21.18), 0, 0, 370.07),
    ImageRow(869, True, 1, (43, 55), (40.28, 45.80), 46.019, 0, 46.019),
    ImageRow(11, True, 1, (60, 66), (59.09, 65.53), 0.521, 0, 0.521),
    ImageRow(165, False, 0, (0, 0), (-2.39, 3.31), 0, 0, 8.315),
    ImageRow(836, False, 0, (0, 0), (10.77, 4.42), 0, 0, 67.727),
    ImageRow(357, True, 0.009, (31, 25), (17.13, 13.61), 196.74, 35.736, 161),
    ImageRow(697, True, 1, (28, 31), (25.48, 28.55), 6.170, 0, 6.170),
    ImageRow(827, True, 1, (28, 29), (25.91, 29.84), 2.533, 0, 2.533),
)
