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

"""Boxes, cylinders, capsules and ellipsoids: what clutter and hands are made of."""

from dataclasses import dataclass, replace
import math

import numpy as np
from numpy.typing import ArrayLike

from mtperception.geometry.camera import Floats

KINDS = ('box', 'cylinder', 'capsule', 'ellipsoid')


@dataclass(frozen=True)
class Solid:
    """
    A simple body of one of the KINDS, its axes turned by `rotation` (3 x 3), at `position`.

    `size` are three half sizes in metres: of a box or an ellipsoid along its axes; radius, half
    length and nothing for what is round about its z axis (a capsule's length without its ends).
    `cover` is the word for how it looks.
    """

    kind: str
    rotation: Floats
    position: Floats
    size: tuple[float, float, float]
    cover: str

    def placed(self, rotation: Floats, position: ArrayLike) -> 'Solid':
        """Rotate by a 3 x 3 matrix, which may mirror as well, then move by a vector in metres."""
        turned = rotation @ self.rotation
        (a, b, c), (d, e, f), (g, h, i) = turned.tolist()
        if a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g) < 0.0:
            # Each of the kinds is its own mirror image.
            turned = turned * (-1.0, 1.0, 1.0)
        return replace(
            self, rotation=turned,
            position=rotation @ self.position + np.asarray(position))


def between(
    kind: str, start: ArrayLike, end: ArrayLike, radius: float, cover: str,
) -> Solid:
    """Return a capsule or cylinder whose axis goes from one point to another, in metres."""
    first, last = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    x, y, z = (last - first).tolist()
    length = math.hypot(x, y, z)
    x, y, z = (x / length, y / length, z / length) if length > 1e-9 else (0.0, 0.0, 1.0)
    # Two axes across the third, by formula: numpy's ways to them take far longer.
    sign = math.copysign(1.0, z)
    share = -1.0 / (sign + z)
    rotation = np.array((
        (1.0 + sign * x * x * share, x * y * share, x),
        (sign * x * y * share, sign + y * y * share, y),
        (-sign * x, -y, z)))
    return Solid(kind, rotation, (first + last) / 2.0, (radius, length / 2.0, 0.0), cover)
