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

"""Non-maximum suppression of grasp rectangles."""

import numpy as np

from mtperception.geometry.camera import Floats
from mtperception.geometry.rectangle import angle_difference, overlap_of_pairs

# Two that share more than this of their union, at nearly the same angle (radians), are one
# grasp; at another angle the same place may be grasped again.
SAME_OVERLAP, SAME_ANGLE = 0.3, 0.35


def distinct(rectangles: Floats, most: int) -> list[int]:
    """
    Choose rectangles (N x 5, best first) of which no two are the same grasp.

    Return their numbers, at most ``most``, in order.
    """
    same = near_overlap(rectangles) > SAME_OVERLAP
    kept: list[int] = []
    for number in range(len(rectangles)):
        if len(kept) < most and not same[number, kept].any():
            kept.append(number)
    return kept


def near_overlap(rectangles: Floats) -> Floats:
    """
    Return the intersection over the union of each two of N rectangles, N x N.

    It is 0 where they are turned by more than the same grasp is, and of each with itself.
    """
    some, others = np.triu_indices(len(rectangles), 1)
    one, other = rectangles[some], rectangles[others]
    # The exact overlap takes time: only for those that are near each other.
    reach = np.hypot(one[:, 2] + other[:, 2], one[:, 3] + other[:, 3]) / 2
    near = (np.hypot(*(one - other)[:, :2].T) < reach) \
        & (angle_difference(one[:, 4], other[:, 4]) < SAME_ANGLE)
    some, others = some[near], others[near]
    shared = np.zeros((len(rectangles),) * 2)
    shared[some, others] = overlap_of_pairs(one[near], other[near])
    return shared + shared.T
