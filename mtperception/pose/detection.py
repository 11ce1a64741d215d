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

"""What the pose estimator finds."""

from dataclasses import dataclass
from enum import Enum

from mtperception.geometry.camera import Floats
from mtperception.pose.confidence import Evidence

Box = tuple[float, float, float, float]
# Of models whose card states none.
DEFAULT_THRESHOLD = 0.5


class Refinement(str, Enum):
    """
    What is done to a pose that the codebook tells.

    ``NONE`` leaves it; ``DISTANCE`` corrects the distance by the depth picture alone; ``FULL``
    moves the best of several poses until it agrees with the depth picture or, where there is none,
    with the picture.
    """

    NONE = 'none'
    DISTANCE = 'distance'
    FULL = 'full'


@dataclass(frozen=True)
class ObjectPose:
    """
    Where an object is, as one picture tells.

    ``label`` is the object's name. ``rotation`` (3 x 3) and ``translation`` (3, metres) take
    points of its mesh to the camera's optical frame: x to the right, y down, z forward.
    ``score``, in [0, 1], is how sure that is: of a refined pose, that it is right to a tenth of
    the object's diameter, of one that is not refined, that the object is there. ``box``
    (x0, y0, x1, y1) bounds the whole object, hidden parts included, in pixels of the picture;
    (0, 0) is the centre of its first pixel. ``evidence`` is what the score of a refined pose is
    made of.
    """

    label: str
    rotation: Floats
    translation: Floats
    score: float
    box: Box
    evidence: Evidence | None = None
