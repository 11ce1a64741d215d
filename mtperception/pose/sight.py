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

"""What is seen of an object in a crop, and the pose that agrees with it best."""

from collections.abc import Sequence
from dataclasses import dataclass
import math

import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import Floats, PinholeCamera
from mtperception.pose.depth_refinement import Hypothesis, refine, Refined, scene_points
from mtperception.pose.detection import Box
from mtperception.pose.placing import Crop
from mtperception.pose.silhouette import refine_by_mask
from mtperception.pose.surface import Surface


@dataclass(frozen=True)
class Sight:
    """
    What is seen in the crop of a box: poses that the object may have, the most likely one first.

    ``whole`` and ``seen`` (S x S, 0 to 1) say how likely each of the crop's pixels belongs to its
    silhouette, and shows it.
    """

    box: Box
    crop: Crop
    hypotheses: Sequence[Hypothesis]
    whole: NDArray[np.float32]
    seen: NDArray[np.float32]

    def scene(self, depth: NDArray[np.float32], camera: PinholeCamera,
              diameter: float) -> Floats:
        """Return points of a depth picture that are likely the object's, as `scene_points`."""
        return scene_points(self.seen, self.crop, depth, camera, diameter)

    def refined(self, surface: Surface, camera: PinholeCamera,
                depth: NDArray[np.float32] | None, deadline: float = math.inf) -> Refined | None:
        """
        Return the pose that agrees best with a depth picture or, where that tells nothing, masks.

        None where there is no hypothesis.
        """
        if depth is not None:
            found = refine(self.hypotheses, surface, self.scene(depth, camera, surface.diameter),
                           depth, camera, deadline)
            if found is not None:
                return found
        return refine_by_mask(
            self.hypotheses, self.whole, self.crop, surface, camera, deadline)
