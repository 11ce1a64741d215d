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

"""
A picture looked at several times, turned by quarters, and what is found joined.

A network is not wrong in the same way about a picture that is turned: the mean is nearer to the
truth (test-time augmentation).
"""

from collections.abc import Sequence
from dataclasses import replace
import math

import numpy as np

from mtperception.geometry.rectangle import half_turn
from mtperception.grasp.detection import Grasp, rows_of
from mtperception.grasp.suppression import near_overlap, SAME_OVERLAP

# By how many quarters a picture is turned in each of so many looks.
TURNS = {1: (0,), 2: (0, 2), 4: (0, 1, 2, 3)}


def turned_back(grasps: Sequence[Grasp], turns: int, height: int, width: int) -> list[Grasp]:
    """
    Return grasps as they are in a picture (height x width) that they were found in turned.

    It had been turned counter-clockwise by so many quarters, as `numpy.rot90` does.
    """
    for turn in reversed(range(turns)):
        wide = height if turn % 2 else width
        grasps = [replace(grasp, x=wide - 1 - grasp.y, y=grasp.x,
                          theta=float(half_turn(grasp.theta - math.pi / 2))) for grasp in grasps]
    return list(grasps)


def joined(looks: Sequence[Sequence[Grasp]]) -> list[Grasp]:
    """
    Join the grasps that looks at a picture found, each of them once at most; the best come first.

    One that several looks found is where they say on average, weighted by their scores. Its score
    is the mean of theirs, 0 where it was not found, and its anchor that of the first.
    """
    every = [grasp for look in looks for grasp in look]
    which = np.repeat(np.arange(len(looks)), [len(look) for look in looks])
    scores = np.array([grasp.score for grasp in every])
    shared = near_overlap(rows_of(every))
    left = np.ones(len(every), dtype=bool)
    found = []
    for number in np.argsort(-scores, kind='stable'):
        if not left[number]:
            continue
        same = [number]
        for look in range(len(looks)):
            alike = np.where(left & (which == look), shared[number], 0.0)
            if look != which[number] and alike.max() > SAME_OVERLAP:
                same.append(alike.argmax())
        left[same] = False
        found.append(_mean([every[one] for one in sorted(same)], len(looks)))
    return sorted(found, key=lambda grasp: -grasp.score)


def _mean(grasps: Sequence[Grasp], looks: int) -> Grasp:
    rows, scores = rows_of(grasps), np.array([grasp.score for grasp in grasps])
    # Angles from the first one's, which are alike after half a turn.
    rows[:, 4] = rows[0, 4] + half_turn(rows[:, 4] - rows[0, 4])
    x, y, opening, jaw, theta = np.average(rows, axis=0, weights=scores).tolist()
    return Grasp(x, y, opening, jaw, float(half_turn(theta)), float(scores.sum()) / looks,
                 grasps[0].anchor)
