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

"""The one-cycle learning rate (Smith and Topin, 2018), as a function of the step alone."""

import math

WARM_UP = 0.1
START, END = 1 / 25, 1e-3


def one_cycle(step: int, steps: int) -> float:
    """Give a step's share of the peak rate: up along a cosine to 1, then down to nearly 0."""
    turn = max(1.0, WARM_UP * steps)
    if step < turn:
        return _cosine(START, 1, step / turn)
    return _cosine(1, END, (step - turn) / max(1.0, steps - turn))


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * min(1.0, share))) / 2
