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

"""Pinhole cameras in the convention of ROS and OpenCV."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PinholeCamera:
    """
    A camera without distortion.

    Width and height, the focal lengths fx and fy and the principal point (cx, cy) are in pixels;
    pixel (0, 0) is the centre of the first pixel. The optical frame has x to the right, y down
    and z forward.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    @property
    def matrix(self) -> Floats:
        """The 3 x 3 matrix K."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])

    def project(self, points: ArrayLike) -> Floats:
        """
        Project points of the optical frame, N x 3 in metres, to pixels, N x 2.

        A point that is not in front of the camera becomes NaN.
        """
        xyz = np.asarray(points, dtype=np.float64).reshape(-1, 3)
        depth = np.where(xyz[:, 2] > 0.0, xyz[:, 2], np.nan)
        return np.column_stack(
            (
                self.fx * xyz[:, 0] / depth + self.cx,
                self.fy * xyz[:, 1] / depth + self.cy,
            )
        )

    def rays(self, pixels: ArrayLike) -> Floats:
        """Return the directions, N x 3 with z = 1, of pixels, N x 2, in the optical frame."""
        uv = np.asarray(pixels, dtype=np.float64).reshape(-1, 2)
        return np.column_stack(
            ((uv[:, 0] - self.cx) / self.fx, (uv[:, 1] - self.cy) / self.fy, np.ones(len(uv)))
        )


@dataclass(frozen=True)
class PosedCamera:
    """
    A camera somewhere in the world.

    The columns of `rotation` (3 x 3) are the axes of the optical frame in the world, `position`
    (3) is the optical centre in metres.
    """

    camera: PinholeCamera
    rotation: Floats
    position: Floats

    def to_optical(self, points: ArrayLike) -> Floats:
        """Take world points, N x 3 in metres, to the optical frame."""
        xyz = np.asarray(points, dtype=np.float64).reshape(-1, 3)
        return np.asarray((xyz - self.position) @ self.rotation)

    def project(self, points: ArrayLike) -> Floats:
        """Project world points, N x 3 in metres, to pixels, N x 2."""
        return self.camera.project(self.to_optical(points))

    def on_plane(self, pixels: ArrayLike, point: ArrayLike, normal: ArrayLike) -> Floats:
        """Return where the rays of pixels, N x 2, meet a plane of the world: N x 3 in metres."""
        directions = self.camera.rays(pixels) @ self.rotation.T
        upright = np.asarray(normal, dtype=np.float64)
        reach = (np.asarray(point, dtype=np.float64) - self.position) @ upright
        distance = reach / (directions @ upright)
        return np.asarray(self.position + distance[:, None] * directions)


def look_at(camera: PinholeCamera, position: ArrayLike, target: ArrayLike, roll: float
            ) -> PosedCamera:
    """
    Point a camera at a target, both in world metres.

    With a roll of 0 radians the picture's upper edge is towards the world's +y; a positive roll
    turns the picture's content counter-clockwise as seen on the screen. The direction of view
    must not be along y.
    """
    eye = np.asarray(position, dtype=np.float64)
    forward = np.asarray(target, dtype=np.float64) - eye
    forward = forward / np.linalg.norm(forward)
    right = np.cross(forward, (0.0, 1.0, 0.0))
    right = right / np.linalg.norm(right)
    down = np.cross(forward, right)
    cosine, sine = np.cos(roll), np.sin(roll)
    rotation = np.column_stack(
        (cosine * right + sine * down, cosine * down - sine * right, forward)
    )
    return PosedCamera(camera, rotation, eye)
