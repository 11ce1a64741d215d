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

"""Distortion of lenses as ROS ('plumb_bob', 'rational_polynomial') and OpenCV have it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mtperception.geometry.camera import Floats, PinholeCamera

# Steps of Newton's method; a lens that a camera would be sold with needs four.
_STEPS = 5


@dataclass(frozen=True)
class Distortion:
    """
    Radial (k1 to k6) and tangential (p1, p2) coefficients; all 0 is a pinhole camera.

    After Brown and Conrady; k4 to k6 are those of the rational model's denominator.
    """

    k1: float = 0.0
    k2: float = 0.0
    p1: float = 0.0
    p2: float = 0.0
    k3: float = 0.0
    k4: float = 0.0
    k5: float = 0.0
    k6: float = 0.0

    @property
    def coefficients(self) -> tuple[float, ...]:
        """The coefficients in the order of ROS and OpenCV: k1, k2, p1, p2, k3 to k6."""
        return self.k1, self.k2, self.p1, self.p2, self.k3, self.k4, self.k5, self.k6

    def distort(self, points: ArrayLike) -> Floats:
        """Take points of the plane z = 1, N x 2, to where the lens shows them."""
        x, y = np.asarray(points, dtype=np.float64).reshape(-1, 2).T
        r2 = x * x + y * y
        radial = self._radial(r2)[0]
        return np.column_stack((
            x * radial + 2.0 * self.p1 * x * y + self.p2 * (r2 + 2.0 * x * x),
            y * radial + self.p1 * (r2 + 2.0 * y * y) + 2.0 * self.p2 * x * y))

    def undistort(self, points: ArrayLike) -> Floats:
        """Take points that the lens shows, N x 2 on the plane z = 1, back to where they are."""
        shown = np.asarray(points, dtype=np.float64).reshape(-1, 2)
        found = shown.copy()
        for _ in range(_STEPS):
            too_far = (self.distort(found) - shown).T
            xx, xy, yy = self._slopes(found)
            found -= np.column_stack((
                yy * too_far[0] - xy * too_far[1], xx * too_far[1] - xy * too_far[0],
            )) / (xx * yy - xy * xy)[:, None]
        return found

    def _slopes(self, points: Floats) -> tuple[Floats, Floats, Floats]:
        """Return how x moves with x, either with the other, and y with y: it is symmetric."""
        x, y = points.T
        radial, slope = self._radial(x * x + y * y)
        return (
            radial + x * x * slope + 2.0 * self.p1 * y + 6.0 * self.p2 * x,
            x * y * slope + 2.0 * (self.p1 * x + self.p2 * y),
            radial + y * y * slope + 6.0 * self.p1 * y + 2.0 * self.p2 * x)

    def _radial(self, r2: Floats) -> tuple[Floats, Floats]:
        """Return the factor at squares of radii, and twice its slope there."""
        above = 1.0 + r2 * (self.k1 + r2 * (self.k2 + r2 * self.k3))
        below = 1.0 + r2 * (self.k4 + r2 * (self.k5 + r2 * self.k6))
        rising = self.k1 + r2 * (2.0 * self.k2 + r2 * 3.0 * self.k3)
        falling = self.k4 + r2 * (2.0 * self.k5 + r2 * 3.0 * self.k6)
        factor = above / below
        return factor, 2.0 * (rising - factor * falling) / below


def distort_pixels(camera: PinholeCamera, lens: Distortion, pixels: ArrayLike) -> Floats:
    """Take pixels of the pinhole picture, N x 2, to the picture that the lens makes."""
    return _in_pixels(camera, lens.distort(camera.rays(pixels)[:, :2]))


def undistort_pixels(camera: PinholeCamera, lens: Distortion, pixels: ArrayLike) -> Floats:
    """Take pixels of the picture that the lens makes, N x 2, to the pinhole picture."""
    return _in_pixels(camera, lens.undistort(camera.rays(pixels)[:, :2]))


def _in_pixels(camera: PinholeCamera, points: Floats) -> Floats:
    return np.asarray(points * (camera.fx, camera.fy) + (camera.cx, camera.cy))
