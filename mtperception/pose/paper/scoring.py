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

"""What a method's poses are worth: `pose.evaluation`, with the paper's curves and BOP's recall."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mtperception.geometry.camera import Floats
from mtperception.geometry.pose_errors import Pose, vsd
from mtperception.pose.detection import ObjectPose
from mtperception.pose.evaluation import (
    DepthOf,
    Model,
    PICTURES,
    PoseScore,
    Truth,
    windowed,
)

# Where the curves of Figure 3 are known.
THRESHOLDS: Floats = np.linspace(0.0, 1.0, 51)
# Tolerances of the BOP benchmark, in diameters, and thresholds of its errors.
BOP_SHARES: Floats = np.linspace(0.05, 0.5, 10)


class MethodScore:
    """
    Adds up pictures.

    ``corners`` (N x 3, metres) are those of the mesh's convex hull; ``depth_of`` draws the
    object's depth at a pose before a camera.
    """

    def __init__(self, model: Model, corners: Floats, depth_of: DepthOf) -> None:
        self._score = PoseScore(model, corners, depth_of)
        self._bop: list[Floats] = []

    def add(self, found: Sequence[ObjectPose], truth: Truth) -> None:
        """Add a picture with the best estimate, or none, for the object in it."""
        self._score.add(found, truth)
        self._bop.append(
            self._discrepancies(Pose(found[0].rotation, found[0].translation), truth)
            if found else np.ones(len(BOP_SHARES)))

    def _discrepancies(self, pose: Pose, truth: Truth) -> Floats:
        score = self._score
        seen = windowed(truth, score.corners, (truth.pose, pose))
        drawn, true = (score.depth_of(seen.camera, one) for one in (pose, truth.pose))
        return vsd(drawn, true, seen.depth, seen.camera,
                   misalignment=BOP_SHARES * score.model.diameter)

    def figures(self) -> dict[str, Any]:
        """
        Give the figures of `PoseScore`, and two more.

        ``curve`` has the number of correct poses, of 800, at each of the THRESHOLDS, ``bop_vsd``
        the mean share of estimated poses below BOP's thresholds, over its tolerances.
        """
        rows = self._score.rows
        curves = {name: PICTURES * share_below([row[column] for row in rows], THRESHOLDS)
                  for name, column in (('true_translation', 'vsd_turned'), ('estimated', 'vsd'))}
        return {**self._score.figures(),
                'bop_vsd': float(np.mean(share_below(np.array(self._bop).ravel(), BOP_SHARES))),
                'curve': {name: values.tolist() for name, values in curves.items()}}


def share_below(errors: Sequence[float] | Floats, thresholds: Floats) -> Floats:
    """Return which share of errors is below each of some thresholds."""
    return np.asarray((np.asarray(errors)[:, None] < thresholds).mean(axis=0))
