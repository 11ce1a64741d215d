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
What a method's poses are worth: `pose.evaluation`, with the paper's curves and BOP's recall.

Pictures are compared only where the object is or was found, in an eighth of the time.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import Floats, PinholeCamera
from mtperception.geometry.pose_errors import Pose, vsd
from mtperception.pose.detection import ObjectPose
from mtperception.pose.evaluation import Model, PICTURES, PoseScore, Truth

# Where the curves of Figure 3 are known.
THRESHOLDS: Floats = np.linspace(0.0, 1.0, 51)
# Tolerances of the BOP benchmark, in diameters, and thresholds of its errors.
BOP_SHARES: Floats = np.linspace(0.05, 0.5, 10)
# Pixels around what is compared.
_MARGIN = 2

DepthOf = Callable[[PinholeCamera, Pose], NDArray[np.float32]]


class MethodScore:
    """
    Adds up pictures.

    ``corners`` (N x 3, metres) are those of the mesh's convex hull; ``depth_of`` draws the
    object's depth at a pose before a camera.
    """

    def __init__(self, model: Model, corners: Floats, depth_of: DepthOf) -> None:
        self._model, self._corners, self._depth_of = model, corners, depth_of
        self._score = PoseScore(model)
        self._bop: list[Floats] = []

    def add(self, found: Sequence[ObjectPose], truth: Truth) -> None:
        """Add a picture with the best estimate, or none, for the object in it."""
        poses = [truth.pose, *(
            Pose(one.rotation, place) for one in found
            for place in (one.translation, truth.pose.translation))]
        seen = self._windowed(truth, poses)

        def draw(pose: Pose) -> NDArray[np.float32]:
            return self._depth_of(seen.camera, pose)

        self._score.add(found, seen, draw)
        self._bop.append(
            vsd(draw(poses[1]), draw(poses[0]), seen.depth, seen.camera,
                misalignment=BOP_SHARES * self._model.diameter)
            if found else np.ones(len(BOP_SHARES)))

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

    def _windowed(self, truth: Truth, poses: Sequence[Pose]) -> Truth:
        """Leave of a picture what the object at some poses may show in."""
        camera = truth.camera
        points = camera.project(np.concatenate([pose.moved(self._corners) for pose in poses]))
        if not np.isfinite(points).all():
            return truth
        size = np.array((camera.width, camera.height))
        low = np.clip(np.floor(points.min(axis=0)) - _MARGIN, 0, size - 1).astype(int)
        high = np.clip(np.ceil(points.max(axis=0)) + _MARGIN + 1, low + 1, size).astype(int)
        (x0, y0), (x1, y1) = low.tolist(), high.tolist()
        return replace(truth, depth=truth.depth[y0:y1, x0:x1], camera=PinholeCamera(
            x1 - x0, y1 - y0, camera.fx, camera.fy, camera.cx - x0, camera.cy - y0))


def share_below(errors: Sequence[float] | Floats, thresholds: Floats) -> Floats:
    """Return which share of errors is below each of some thresholds."""
    return np.asarray((np.asarray(errors)[:, None] < thresholds).mean(axis=0))
