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
from numpy.typing import NDArray

from mtperception.geometry.camera import Floats
from mtperception.geometry.rectangle import angle_difference, overlap_of_pairs

# Two that share more than this of their union, at nearly the same angle (radians), are one
# grasp; at another angle the same place may be grasped again.
SAME_OVERLAP, SAME_ANGLE = 0.3, 0.35
_Numbers = NDArray[np.intp]


def distinct(rectangles: Floats, most: int) -> list[int]:
    """
    Choose rectangles (N x 5, best first) of which no two are the same grasp.

    One is left out where a better one that is chosen is the same. Return their numbers, at most
    ``most``, in order.
    """
    better, worse = _near_pairs(rectangles)
    left = np.ones(len(rectangles), dtype=bool)
    chosen = np.zeros(len(rectangles), dtype=bool)
    while left.any():
        undecided = left[better] & left[worse]
        better, worse = better[undecided], worse[undecided]
        # No better one is near these: all of them are chosen, and what is the same is not.
        best = left.copy()
        best[worse] = False
        chosen |= best
        asked = best[better]
        same = _overlaps(rectangles, better[asked], worse[asked]) > SAME_OVERLAP
        left[worse[asked][same]] = False
        left &= ~best
    return [int(number) for number in np.flatnonzero(chosen)[:most]]


def near_overlap(rectangles: Floats) -> Floats:
    """
    Return the intersection over the union of each two of N rectangles, N x N.

    It is 0 where they are turned by more than the same grasp is, and of each with itself.
    """
    some, others = _near_pairs(rectangles)
    shared = np.zeros((len(rectangles),) * 2)
    shared[some, others] = _overlaps(rectangles, some, others)
    return shared + shared.T


def _near_pairs(rectangles: Floats) -> tuple[_Numbers, _Numbers]:
    """Return the pairs that may be the same grasp: the exact overlap of all would take long."""
    some, others = np.triu_indices(len(rectangles), 1)
    one, other = rectangles[some], rectangles[others]
    reach = np.hypot(one[:, 2] + other[:, 2], one[:, 3] + other[:, 3]) / 2
    near = (np.hypot(*(one - other)[:, :2].T) < reach) \
        & (angle_difference(one[:, 4], other[:, 4]) < SAME_ANGLE)
    return some[near], others[near]


def _overlaps(rectangles: Floats, some: _Numbers, others: _Numbers) -> Floats:
    return overlap_of_pairs(rectangles[some], rectangles[others])
