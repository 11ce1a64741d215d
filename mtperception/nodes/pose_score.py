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

"""How far poses that are found are from the true ones, frame by frame."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mtperception.geometry.pose_errors import Pose
from mtperception.geometry.rotations import angle_between

# Metres from where an object is that it can be found; farther away something else was.
MATCH_DISTANCE = 0.2


@dataclass
class PoseScore:
    """
    Adds up frames; an empty frame is just one without objects.

    What is found counts as the nearest object that is free within 0.2 m, the best score first.
    """

    frames: int = 0
    objects: int = 0
    false: int = 0
    distances: list[float] = field(default_factory=list)
    angles: list[float] = field(default_factory=list)

    def add(self, found: Sequence[Pose], true: Sequence[Pose]) -> None:
        """Add a frame: the poses found in it, best first, and the true ones."""
        free = list(true)
        for pose in found:
            apart = [float(np.linalg.norm(pose.translation - other.translation))
                     for other in free]
            nearest = int(np.argmin(apart)) if apart else -1
            if nearest < 0 or apart[nearest] > MATCH_DISTANCE:
                self.false += 1
                continue
            self.distances.append(apart[nearest])
            self.angles.append(
                float(angle_between(pose.rotation, free.pop(nearest).rotation)))
        self.frames += 1
        self.objects += len(true)

    def figures(self) -> dict[str, Any]:
        """
        Give errors in millimetres and degrees, ``missed`` as a share of ``objects``, ``false``.

        A figure without any observation is None.
        """
        missed = self.objects - len(self.distances)
        return {
            'frames': self.frames, 'objects': self.objects,
            'missed': missed / self.objects if self.objects else None, 'false': self.false,
            'translation_error_mm': _median_and_p95(1e3 * np.array(self.distances)),
            'rotation_error_deg': _median_and_p95(np.degrees(self.angles))}


def _median_and_p95(values: Any) -> dict[str, float | None]:
    if not len(values):
        return {'p50': None, 'p95': None}
    p50, p95 = np.percentile(values, [50, 95])
    return {'p50': float(p50), 'p95': float(p95)}
