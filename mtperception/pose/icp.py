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

"""Iterative closest points: a pose is moved until the surface lies in the measured points."""

from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree

from mtperception.geometry.camera import Floats, PinholeCamera
from mtperception.geometry.pose_errors import Pose
from mtperception.geometry.rotations import about_axis
from mtperception.pose.surface import Surface

# Pairs that are farther apart than so many diameters are none; each round is nearer, and tells
# anew which of the surface can be seen.
ROUNDS = (0.133, 0.067, 0.04)
STEPS = 4
# How much a pair also pulls along the surface: little, so that flat parts do not slide away.
_ALONG = 0.05
_FEWEST = 20
# A step this small (radians, diameters) is the last.
_STILL = (2e-4, 3e-4)


def icp(pose: Pose, scene: Floats, surface: Surface, camera: PinholeCamera,
        rounds: Sequence[float] = ROUNDS) -> Pose:
    """
    Return the pose at which the object's visible surface lies in points of a scene.

    ``scene`` is M x 3, metres, in the optical frame. The distances along the normals are
    minimised (Chen and Medioni, 1992), pairs that are far apart weighing less. A pose too far off
    to have pairs comes back as it was; the way back is some 20 to 30 degrees long.
    """
    for reach in rounds:
        seen = surface.seen(pose, camera)
        if len(seen) < _FEWEST:
            return pose
        points, normals = surface.points[seen], surface.normals[seen]
        tree = cKDTree(points)
        for _ in range(STEPS):
            step = _step(pose, scene, tree, points, normals, reach * surface.diameter)
            if step is None:
                break
            turn, shift = step
            # In the object's frame a measured point q goes to turn q + shift.
            rotation = pose.rotation @ turn.T
            pose = Pose(rotation, pose.translation - rotation @ shift)
            if _small(turn, shift / surface.diameter):
                break
    return pose


def _step(pose: Pose, scene: Floats, tree: cKDTree, points: Floats, normals: Floats,
          reach: float) -> tuple[Floats, Floats] | None:
    """Return the small motion of the scene, in the object's frame, that brings pairs together."""
    there = (scene - pose.translation) @ pose.rotation
    away, number = tree.query(there, distance_upper_bound=reach)
    paired = np.isfinite(away)
    if paired.sum() < _FEWEST:
        return None
    some, near, across = there[paired], points[number[paired]], normals[number[paired]]
    weight = 1.0 / (1.0 + (away[paired] / (0.5 * reach)) ** 2)
    gap = near - some
    # The change of a point by a turn w and a shift v is w x p + v: rows for each pair, of the
    # distance along the normal, and of all three coordinates.
    normal_rows = np.concatenate((np.cross(some, across), across), axis=1)
    full_rows = np.zeros((len(some), 3, 6))
    full_rows[:, :, 3:] = np.eye(3)
    full_rows[:, 0, 1], full_rows[:, 0, 2] = some[:, 2], -some[:, 1]
    full_rows[:, 1, 0], full_rows[:, 1, 2] = -some[:, 2], some[:, 0]
    full_rows[:, 2, 0], full_rows[:, 2, 1] = some[:, 1], -some[:, 0]
    weighed = normal_rows * weight[:, None]
    left = weighed.T @ normal_rows
    right = weighed.T @ np.einsum('ni,ni->n', gap, across)
    weighed_full = full_rows * (_ALONG * weight)[:, None, None]
    left += np.einsum('nki,nkj->ij', weighed_full, full_rows)
    right += np.einsum('nki,nk->i', weighed_full, gap)
    change = np.linalg.solve(left + 1e-9 * np.eye(6), right)
    angle = float(np.linalg.norm(change[:3]))
    turn = about_axis(change[:3], angle) if angle > 0 else np.eye(3)
    return turn, change[3:]


def _small(turn: Floats, shift: Floats) -> bool:
    angle = np.linalg.norm(turn - turn.T) / (2.0 * np.sqrt(2.0))
    return bool(angle < _STILL[0] and np.linalg.norm(shift) < _STILL[1])
