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

"""What the grasp detector finds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mtperception.geometry.camera import Floats

# Of models whose card states none.
DEFAULT_THRESHOLD = 0.5


@dataclass(frozen=True)
class GraspPose:
    """
    Where a parallel gripper closes, in the camera's optical frame, in metres.

    ``position`` is the point half way between the fingers' tips, ``closing`` the unit vector from
    one finger to the other, ``approach`` the unit vector along which the gripper comes, and
    ``opening`` the distance between the fingers.
    """

    position: tuple[float, float, float]
    closing: tuple[float, float, float]
    approach: tuple[float, float, float]
    opening: float


@dataclass(frozen=True)
class Grasp:
    """
    A grasp of a parallel gripper in one picture: a rotated rectangle, in pixels.

    (``x``, ``y``) is the point half way between the fingers, (0, 0) being the centre of the
    picture's first pixel. ``opening`` is the distance between the fingers, along the rectangle's
    own x axis, ``jaw`` their width across it. That axis is at ``theta``, in radians,
    counter-clockwise as seen on the screen, in (-pi/2, pi/2]. ``score``, in [0, 1], is the
    probability that it is a grasp, as far as the model's card says that it is calibrated.
    ``anchor`` is the number of the default box that found it in the first of the looks that did.
    ``shape`` is the taught shape of the object and ``shape_score`` how sure that is, both None
    where no shapes are taught or the object is none of them. ``pose`` is the same grasp in space,
    None where that is not known.
    """

    x: float
    y: float
    opening: float
    jaw: float
    theta: float
    score: float
    anchor: int
    shape: str | None = None
    shape_score: float | None = None
    pose: GraspPose | None = None


def rows_of(grasps: Sequence[Grasp]) -> Floats:
    """Return detections as rows (x, y, opening, jaw, theta), N x 5."""
    return np.array([(grasp.x, grasp.y, grasp.opening, grasp.jaw, grasp.theta)
                     for grasp in grasps], np.float64).reshape(-1, 5)
