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

"""The boxes that the finder sees in a picture."""

from dataclasses import dataclass
import math

import torch

from mtperception.nn.heatmap import local_maxima
from mtperception.pose.detection import Box
from mtperception.pose.loss import boxes_of
from mtperception.pose.network import FinderMaps, STRIDE

MOST_OBJECTS = 20
# Of two boxes that share more of their union the better one counts.
_SAME = 0.5


@dataclass(frozen=True)
class FoundBox:
    """A box (x0, y0, x1, y1) in pixels of the picture, and its score, 0 to 1."""

    box: Box
    score: float


def found_boxes(maps: FinderMaps, threshold: float, scale: float) -> list[FoundBox]:
    """Return the distinct boxes that the finder's maps of one picture tell, best first."""
    heat = maps.heat[0].float()
    least = math.log(threshold / (1 - threshold)) if 0 < threshold < 1 else \
        -math.inf if threshold <= 0 else math.inf
    rows, columns = local_maxima(heat, least, 2 * MOST_OBJECTS)
    cells = torch.stack((columns, rows), dim=1) * STRIDE + (STRIDE - 1) / 2
    boxes = boxes_of(maps.sides[0][:, rows, columns].T.float(), cells.to(heat.device))
    # Pixel (0, 0) is the centre of the first pixel, of both sizes.
    full = ((boxes + 0.5) / scale - 0.5).tolist()
    scores = torch.sigmoid(heat[rows, columns]).tolist()
    kept: list[FoundBox] = []
    for box, score in zip(full, scores, strict=True):
        one = FoundBox((box[0], box[1], box[2], box[3]), score)
        if all(map(math.isfinite, (*box, score))) and len(kept) < MOST_OBJECTS and all(
                overlap(one.box, other.box) <= _SAME for other in kept):
            kept.append(one)
    return kept


def overlap(one: Box, other: Box) -> float:
    """Return the intersection over the union of two boxes (x0, y0, x1, y1)."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(wide, 0.0) * max(high, 0.0)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return shared / (areas - shared) if areas > shared else 0.0
