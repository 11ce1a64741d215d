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

"""An object's surface as points: which of them a camera sees, and what a depth picture says."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import Floats, PinholeCamera
from mtperception.geometry.pose_errors import Pose
from mtperception.geometry.rotations import about_axis

# Along the longer side of what is seen there are so many cells, each of which shows the nearest of
# its points: some thousand points leave few of them empty.
_CELLS = 40
# What is so much farther than the nearest in its cell, in diameters, is behind it.
_BEHIND = 0.045
# Depths are alike within so much of the diameter, and certainly not beyond so much.
ALIKE, UNLIKE = 0.033, 0.05


@dataclass(frozen=True)
class Surface:
    """
    Points spread evenly over an object's surface.

    ``points`` and ``normals`` (outwards, of length 1) are N x 3 in the mesh's frame, in metres;
    ``diameter`` is the largest distance between two points of the mesh.
    """

    points: Floats
    normals: Floats
    diameter: float

    def seen(self, pose: Pose, camera: PinholeCamera) -> NDArray[np.intp]:
        """Return the numbers of the points that a camera sees of the object at a pose."""
        there = pose.moved(self.points)
        facing = np.einsum('ni,ni->n', there, self.normals @ pose.rotation.T) < 0
        front = np.flatnonzero(facing & (there[:, 2] > 0))
        if not len(front):
            return front
        pixels = camera.project(there[front])
        low = pixels.min(axis=0)
        side = max(float((pixels.max(axis=0) - low).max()), 1e-9)
        column, row = np.minimum((_CELLS * (pixels - low) / side).astype(np.intp), _CELLS - 1).T
        cell = row * _CELLS + column
        nearest = np.full(_CELLS**2, np.inf)
        np.minimum.at(nearest, cell, there[front, 2])
        return np.asarray(
            front[there[front, 2] <= nearest[cell] + _BEHIND * self.diameter])

    def turned_over(self, pose: Pose) -> list[Pose]:
        """
        Return a pose after half turns about the object's three principal axes.

        What looks much the same from its other end, face or side is easily taken for it.
        """
        return [Pose(pose.rotation @ turn.rotation, pose.moved(turn.translation)[0])
                for turn in self._half_turns]

    @cached_property
    def _half_turns(self) -> Sequence[Pose]:
        """About the middle: there the other end takes the place of the one."""
        middle = (self.points.min(axis=0) + self.points.max(axis=0)) / 2.0
        axes = np.linalg.svd(self.points - self.points.mean(axis=0), full_matrices=False)[2]
        turns = [about_axis(axis, np.pi) for axis in axes]
        return [Pose(turn, middle - turn @ middle) for turn in turns]

    def box(self, pose: Pose, camera: PinholeCamera) -> tuple[float, float, float, float] | None:
        """Return the box (x0, y0, x1, y1) around the object's picture; None if it has none."""
        there = pose.moved(self.points)
        if not (there[:, 2] > 0).all():
            return None
        pixels = camera.project(there)
        x0, y0 = (float(value) for value in pixels.min(axis=0) - 0.5)
        x1, y1 = (float(value) for value in pixels.max(axis=0) + 0.5)
        return x0, y0, x1, y1


def agreement(surface: Surface, pose: Pose, scene: Floats, depth: NDArray[np.float32],
              camera: PinholeCamera) -> float:
    """
    Say how well a pose explains a depth picture, 0 to 1.

    ``scene`` (M x 3, metres, optical frame) are points that are thought to be the object's,
    ``depth`` is the whole picture (H x W, metres, 0 or not finite where nothing is known). Of the
    surface that would be seen, what lies before the scene speaks against the pose, what lies
    behind it may be hidden; points of the scene that no surface explains speak against it, too.
    """
    from scipy.spatial import cKDTree

    seen = surface.seen(pose, camera)
    if not len(seen) or not len(scene):
        return 0.0
    there = pose.moved(surface.points[seen])
    column, row = np.rint(camera.project(there)).astype(np.intp).T
    inside = (column >= 0) & (column < camera.width) & (row >= 0) & (row < camera.height)
    measured = np.zeros(len(there))
    measured[inside] = depth[row[inside], column[inside]]
    known = np.isfinite(measured) & (measured > 0)
    beyond = measured - there[:, 2]
    alike = int((known & (np.abs(beyond) <= ALIKE * surface.diameter)).sum())
    unexplained = int((known & (beyond > UNLIKE * surface.diameter)).sum())
    away, _ = cKDTree(there).query(scene, distance_upper_bound=ALIKE * surface.diameter)
    explained = float(np.isfinite(away).mean())
    if not alike or not explained:
        return 0.0
    # What is not explained of the scene counts as much surface as what is explained of it.
    return alike / (alike + unexplained + alike * (1.0 - explained) / explained)
