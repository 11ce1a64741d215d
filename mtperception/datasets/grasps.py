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

"""Grasps in pictures, and data sets of them: what those who write and who read them share."""

from dataclasses import dataclass
from pathlib import Path

from mtperception.datasets.run_length import RunLengths
from mtperception.geometry.camera import Floats, PosedCamera

# JSON lines are in this file; Cornell's and Jacquard's labels and pictures are named so.
GRASP_LINES = 'grasps.jsonl'
CORNELL, CORNELL_PICTURE = 'cpos.txt', 'r.png'
JACQUARD, JACQUARD_PICTURE = '_grasps.txt', '_RGB.png'

Vector = tuple[float, float, float]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class GripperPose:
    """
    Where a parallel gripper closes, in the camera's optical frame, in metres.

    `position` is the point half way between the fingers' tips, `closing` the unit vector from one
    finger to the other (as good as its opposite), `approach` the unit vector along which the
    gripper comes. `opening` is the distance between the fingers before they close.
    """

    position: Vector
    closing: Vector
    approach: Vector
    opening: float


@dataclass(frozen=True)
class GraspLabel:
    """
    A grasp of a parallel gripper in a picture: a rotated rectangle, in pixels.

    (x, y) is the point half way between the fingers; (0, 0) is the centre of the first pixel.
    `opening` is the distance between the fingers, along the rectangle's own x axis, `jaw` the
    width of the fingers across it. That axis is at `theta`, in radians, counter-clockwise as seen
    on the screen, in (-pi/2, pi/2]. The score is from 0 to 1, more is better. `pose` is the same
    grasp in space, None where nobody knows it.
    """

    x: float
    y: float
    opening: float
    jaw: float
    theta: float
    score: float = 1.0
    pose: GripperPose | None = None

    @property
    def rectangle(self) -> tuple[float, float, float, float, float]:
        """The row (x, y, opening, jaw, theta)."""
        return self.x, self.y, self.opening, self.jaw, self.theta


@dataclass(frozen=True)
class StoredObject:
    """A part in a stored picture: as the simulator labels it, its masks yet to be decoded."""

    part: str
    rotation: Floats
    translation: Floats
    box: Box
    mask: RunLengths
    visible_mask: RunLengths
    visible: float
    grasps: tuple[GraspLabel, ...]
    others: tuple[GraspLabel, ...] = ()


@dataclass(frozen=True)
class GraspPicture:
    """
    A stored picture with its grasps.

    Where parts are labelled, `objects` are these, each with its own of the grasps; the camera, the
    file of the depth picture, and the width and height that the labels have for the picture are
    None where they are not known.
    """

    path: Path
    grasps: tuple[GraspLabel, ...]
    objects: tuple[StoredObject, ...] = ()
    view: PosedCamera | None = None
    depth: Path | None = None
    size: tuple[int, int] | None = None
