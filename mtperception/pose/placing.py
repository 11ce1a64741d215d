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
From what is seen of an object to where it is.

All lengths in pictures are in pixels, all others in metres. A crop is a square (x0, y0, side) of
the picture, by the edges of pixels; rotations are allocentric where they are compared with what
an object looks like, see `geometry.rotations`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mtperception.geometry.camera import Floats, PinholeCamera
from mtperception.geometry.pose_errors import Pose
from mtperception.geometry.rotations import egocentric

# The crop is so many times as large as the longer side of the object's box.
CROP_MARGIN = 1.2
# Distances are told in units of this: the usual object's size.
UNIT = 0.3


class Crop(NamedTuple):
    """A square of a picture: its left and upper edge, and its side."""

    left: float
    top: float
    side: float

    @property
    def middle(self) -> tuple[float, float]:
        """The point half way between its edges."""
        return self.left + self.side / 2, self.top + self.side / 2

    def to_pixels(self, size: int) -> Floats:
        """Return the affine map (2 x 3) from the picture's pixels to the crop's, size x size."""
        scale = size / self.side
        # Pixel (0, 0) is the centre of the first pixel; edges are half a pixel before.
        return np.array([
            (scale, 0.0, -scale * self.left - 0.5), (0.0, scale, -scale * self.top - 0.5)])


def crop_of(box: ArrayLike) -> Crop:
    """Return the square around a box (x0, y0, x1, y1) that the encoder is to see."""
    x0, y0, x1, y1 = (float(edge) for edge in np.asarray(box, dtype=np.float64))
    side = CROP_MARGIN * max(x1 - x0, y1 - y0)
    return Crop((x0 + x1 - side) / 2, (y0 + y1 - side) / 2, side)


class Sighting(NamedTuple):
    """Where the object's origin is seen (x, y), and how far along the optical axis it is."""

    x: float
    y: float
    depth: float


def told_place(sighting: Sighting, crop: Crop, focal: float) -> tuple[float, float, float]:
    """Say a place as the encoder does: shifts in sides of the crop, and a logarithm."""
    x, y = crop.middle
    return ((sighting.x - x) / crop.side, (sighting.y - y) / crop.side,
            float(np.log(sighting.depth * crop.side / focal / UNIT)))


def sighting_of(place: ArrayLike, crop: Crop, focal: float) -> Sighting:
    """Return the sighting that the encoder tells; the inverse of `told_place`."""
    across, down, far = (float(value) for value in np.asarray(place, dtype=np.float64))
    x, y = crop.middle
    return Sighting(x + across * crop.side, y + down * crop.side,
                    float(np.exp(far)) * UNIT * focal / crop.side)


def projective_sighting(box: ArrayLike, view_box: ArrayLike, view_camera: PinholeCamera,
                        view_distance: float, focal: float) -> Sighting:
    """
    Return where an object is whose box looks like that of a view of the codebook.

    The view has the object's origin on its camera's optical axis at a distance, its box there is
    ``view_box``. The ratio of the boxes' diagonals tells the distance (Kehl et al., "SSD-6D",
    ICCV 2017), their middles where the origin is.
    """
    low, high = np.asarray(box, dtype=np.float64).reshape(2, 2)
    view_low, view_high = np.asarray(view_box, dtype=np.float64).reshape(2, 2)
    scale = float(np.linalg.norm(high - low) / np.linalg.norm(view_high - view_low))
    shift = (view_low + view_high) / 2 - (view_camera.cx, view_camera.cy)
    x, y = (low + high) / 2 - scale * shift
    return Sighting(float(x), float(y), view_distance / scale * focal / view_camera.fx)


def seen_at(pose: Pose, camera: PinholeCamera) -> Sighting:
    """Return where the origin of an object at a pose is seen."""
    ((x, y),) = camera.project(pose.translation[None])
    return Sighting(float(x), float(y), float(pose.translation[2]))


def between(one: Sighting, other: Sighting) -> Sighting:
    """Return the mean of two sightings, that of their depths being geometric."""
    return Sighting((one.x + other.x) / 2, (one.y + other.y) / 2,
                    float(np.sqrt(one.depth * other.depth)))


def pose_of(rotation: Floats, sighting: Sighting, camera: PinholeCamera) -> Pose:
    """Return the pose of an object that looks turned by an allocentric rotation."""
    translation = camera.rays([(sighting.x, sighting.y)])[0] * sighting.depth
    return Pose(egocentric(rotation, translation), translation)
