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

"""The shape of a parallel gripper with two fingers and a palm."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class GripperShape:
    """
    How large a parallel gripper is; lengths in metres.

    Its fingers are `finger_width` wide across the closing direction, `finger_thickness` thick
    along it, at most `max_opening` apart, and hang `finger_length` below a palm of `palm_length`
    along and `palm_width` across.
    """

    max_opening: float = 0.085
    finger_width: float = 0.014
    finger_thickness: float = 0.006
    finger_length: float = 0.05
    palm_length: float = 0.11
    palm_width: float = 0.05

    @property
    def reach(self) -> float:
        """How far any of it can be from the point between its fingers, seen from above."""
        half = self.max_opening / 2 + self.finger_thickness
        return max(
            float(np.hypot(half, self.finger_width / 2)),
            float(np.hypot(self.palm_length, self.palm_width)) / 2)
