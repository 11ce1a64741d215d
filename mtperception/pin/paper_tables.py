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

"""What the paper printed: Tables 3 to 6 of Mathematics 11 (2023), 1205."""

from typing import NamedTuple


class Printed(NamedTuple):
    """A row of Table 4 or 6: image, probability of a pin, target, prediction, and the losses."""

    image: int
    with_pin: bool
    probability: float
    target: tuple[float, float]
    position: tuple[float, float]
    loss: float
    cross_entropy: float
    half_squared_error: float


# Tables 3 and 5, seconds for the training time. Table 3's regression losses are over all images,
# Table 5's over those with a pin: 4.497 = 8.431 x 32 / 60, 6.461 = 12.922 / 2.
TABLE_3 = {
    'epoch': 200, 'iteration': 5400, 'seconds': 3277, 'loss': 2.11, 'cross_entropy': 0.0,
    'half_mse': 21.087, 'validation_loss': 1.87, 'validation_cross_entropy': 2e-4,
    'validation_half_mse': 18.699,
}
TABLE_5 = {
    'epoch': 200, 'iteration': 5400, 'seconds': 3137, 'loss': 4.497, 'cross_entropy': 0.0,
    'pins_half_mse': 8.431, 'validation_loss': 6.461, 'validation_cross_entropy': 0.0,
    'validation_pins_half_mse': 12.922,
}

TABLE_4 = (
    Printed(774, True, 1, (47, 25), (44.19, 26.49), 0.505, 0, 5.053),
    Printed(34, False, 0, (0, 0), (-0.40, -2.47), 0.314, 0, 3.142),
    Printed(816, False, 0, (0, 0), (29.24, 33.41), 98.58, 0, 985.8),
    Printed(869, True, 1, (43, 55), (37.63, 47.26), 4.438, 0, 44.384),
    Printed(11, True, 1, (60, 66), (55.52, 64.16), 1.173, 0, 11.728),
    Printed(165, False, 0, (0, 0), (10.94, 15.25), 17.624, 0, 176.24),
    Printed(836, False, 0, (0, 0), (10.53, 7.06), 8.036, 0, 80.364),
    Printed(357, True, 0, (31, 25), (21.04, 16.74), 44.416, 36.044, 83.724),
    Printed(697, True, 1, (28, 31), (33.59, 40.84), 6.401, 0, 64.014),
    Printed(827, True, 1, (28, 29), (21.69, 22.37), 4.193, 1.59e-4, 41.93),
)
# Image 357 is printed with a probability of 0.009, which its cross-entropy contradicts.
TABLE_6 = (
    Printed(774, True, 1, (47, 25), (41.62, 23.61), 15.414, 0, 15.414),
    Printed(34, False, 0, (0, 0), (3.35, 1.84), 0, 0, 7.295),
    Printed(816, False, 0, (0, 0), (17.07, 21.18), 0, 0, 370.07),
    Printed(869, True, 1, (43, 55), (40.28, 45.80), 46.019, 0, 46.019),
    Printed(11, True, 1, (60, 66), (59.09, 65.53), 0.521, 0, 0.521),
    Printed(165, False, 0, (0, 0), (-2.39, 3.31), 0, 0, 8.315),
    Printed(836, False, 0, (0, 0), (10.77, 4.42), 0, 0, 67.727),
    Printed(357, True, 0.009, (31, 25), (17.13, 13.61), 196.74, 35.736, 161),
    Printed(697, True, 1, (28, 31), (25.48, 28.55), 6.170, 0, 6.170),
    Printed(827, True, 1, (28, 29), (25.91, 29.84), 2.533, 0, 2.533),
)
