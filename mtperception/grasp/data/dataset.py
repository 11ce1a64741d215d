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

"""Pictures with the grasps in them, as training and evaluation know them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mtperception.datasets.pictures import LabelledPictures

# The detector takes no smaller pictures: they have no cell in its deeper maps.
LEAST_SIDE = 64

Rectangles = npt.NDArray[np.float32]


@dataclass(frozen=True)
class GraspPictures(LabelledPictures[Rectangles]):
    """
    Labelled pictures in RGB, H x W x 3 of any sizes, from one data set or from several.

    The labels are rows (x, y, opening, jaw, theta), N x 5, as `GraspLabel` has them: pixels, and
    radians counter-clockwise as seen on the screen. ``objects`` tells for each of a picture's
    grasps which of its objects it is of, N numbers; -1 where the labels do not tell. None means
    that nobody knows. ``others`` are rows of grasps that are right as well, though nobody asks for
    them; None where there are none.
    """

    objects: Sequence[npt.NDArray[np.intp]] | None = None
    others: Sequence[Rectangles] | None = None

    @property
    def rectangles(self) -> Sequence[Rectangles]:
        """The grasps of each picture."""
        return self.labels

    def right(self, index: int) -> Rectangles:
        """Give all that is right in a picture, labelled or not, the labelled grasps first."""
        if self.others is None:
            return self.rectangles[index]
        return np.concatenate((self.rectangles[index], self.others[index]))

    def part(self, indices: Sequence[int]) -> 'GraspPictures':
        """Take some of the pictures; their origins stay what they are."""
        objects = None if self.objects is None else [self.objects[index] for index in indices]
        others = None if self.others is None else [self.others[index] for index in indices]
        return replace(super().part(indices), objects=objects, others=others)
