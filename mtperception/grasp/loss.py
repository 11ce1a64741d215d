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
The loss of the grasp network: that of SSD (Liu et al., 2016), and the angle.

Default boxes are matched with labelled rectangles by their overlap and, where boxes are at
several orientations, by their angle. Of the others only the worst are counted, three times as
many as were matched.
"""

from dataclasses import dataclass
import math

import torch
from torch import Tensor
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by

from mtperception.grasp.default_boxes import (
    angle_between,
    box_overlap,
    boxes_per_cell,
    encode,
)
from mtperception.grasp.network import GraspMaps

NEGATIVE, IGNORED = -1, -2
# Boxes that overlap by this much are matched; each rectangle is matched with its best in any case.
MATCHED_OVERLAP = 0.5
# Those that overlap less than this are none that a rectangle could do with.
LEAST_OVERLAP = 0.1
# Boxes at orientations are matched within this share of the step between two of them, and play no
# part up to the next one.
MATCHED_TURN = 0.67
NEGATIVES_PER_MATCH = 3
# A picture without a grasp has something to say, too.
LEAST_NEGATIVES = 16
ANGLE_WEIGHT = 2.0
# Where the losses of offsets and turns become linear.
OFFSET_DELTA, TURN_DELTA = 1.0, 0.1


@dataclass(frozen=True)
class GraspTargets:
    """
    The labels of B pictures, padded to G a picture.

    ``rectangles`` is B x G x 5; ``counted`` (B x G) marks those to find and ``ignored`` those that
    are neither hit nor miss; rows with neither mark are padding.
    """

    rectangles: Tensor
    counted: Tensor
    ignored: Tensor


@dataclass(frozen=True)
class GraspLoss:
    """The three parts of the loss, unweighted scalars: class, box and angle."""

    score: Tensor
    box: Tensor
    angle: Tensor

    @property
    def total(self) -> Tensor:
        """The weighted sum that is minimised."""
        return self.score + self.box + ANGLE_WEIGHT * self.angle


def match(rectangles: Tensor, ignored: Tensor, boxes: Tensor, orientations: int,
          doubtful_overlap: float = MATCHED_OVERLAP) -> Tensor:
    """
    Say for each of N boxes which of G rectangles it is to find: its number, or none.

    ``boxes`` are all of those that `default_boxes` lays out, or all of some cells.

    NEGATIVE is for boxes that find nothing, IGNORED for those that play no part: near a rectangle
    of which they cover ``doubtful_overlap`` but not enough, or matched with an ``ignored`` one.
    """
    assigned = boxes.new_full((len(boxes),), NEGATIVE, dtype=torch.long)
    if not len(rectangles):
        return assigned
    number, box, apart = _near(rectangles, boxes, LEAST_OVERLAP, orientations)
    overlap = box_overlap(rectangles[number], boxes[box])
    doubtful = overlap >= doubtful_overlap
    if orientations > 1:
        overlap = torch.where(apart <= MATCHED_TURN * math.pi / orientations, overlap, 0.0)
    assigned[box[doubtful]] = IGNORED
    # Ranks tell which of several rectangles gets a box, one to be found before any that is not,
    # and which of its boxes is the best.
    order = torch.argsort(overlap - ignored[number].to(overlap.dtype))
    number, box, overlap = number[order], box[order], overlap[order]
    matched = overlap >= MATCHED_OVERLAP
    first = _last(box[matched], len(boxes))
    wanted = (first >= 0).nonzero()[:, 0]
    assigned[wanted] = number[matched][first[wanted]]
    best = _last(number[overlap > 0], len(rectangles))
    found = ((best >= 0) & ~ignored).nonzero()[:, 0]
    assigned[box[overlap > 0][best[found]]] = found
    assigned[(assigned >= 0) & ignored[assigned.clamp(min=0)]] = IGNORED
    return assigned


def _near(rectangles: Tensor, boxes: Tensor, least: float,
          orientations: int) -> tuple[Tensor, Tensor, Tensor]:
    """
    Return the pairs, numbers of rectangles and of boxes, that may be matched, and their angles.

    Those may overlap by ``least`` and, where boxes are at several orientations, are no more than
    a step between two of these apart.
    """
    # Most of all pairs are far from each other, and all the boxes of a cell are in one place.
    together = boxes_per_cell(orientations)[0] if orientations > 1 else 1
    cells = boxes.view(-1, together, 5)
    size, reach = (torch.hypot(rows[..., 2], rows[..., 3]) for rows in (rectangles, cells))
    near = torch.cdist(rectangles[:, :2], cells[:, 0, :2]) \
        < (size[:, None] + reach.amax(dim=1)) / 2
    number, cell = near.nonzero(as_tuple=True)
    ratio = (rectangles[:, 2] * rectangles[:, 3])[number, None] \
        / (cells[..., 2] * cells[..., 3])[cell]
    apart = angle_between(rectangles[number, None, 4], cells[cell, :, 4])
    likely = (ratio >= least) & (ratio <= 1 / least)
    if orientations > 1:
        likely &= apart <= math.pi / orientations
    pair, place = likely.nonzero(as_tuple=True)
    return number[pair], cell[pair] * together + place, apart[pair, place]


def _last(places: Tensor, count: int) -> Tensor:
    """Return for each of ``count`` places where it stands last in a list; -1 for nowhere."""
    last = places.new_full((count,), -1)
    return last.scatter_reduce(
        0, places, torch.arange(len(places), device=places.device), 'amax')


def grasp_loss(maps: GraspMaps, targets: GraspTargets, orientations: int,
               doubtful_overlap: float = MATCHED_OVERLAP) -> GraspLoss:
    """Compare the maps with the targets; every part is divided by the number of matches."""
    assigned = match_all(targets, maps.boxes, orientations, doubtful_overlap)
    return matched_loss(maps, targets.rectangles, assigned)


@torch.no_grad()
def match_all(targets: GraspTargets, boxes: Tensor, orientations: int,
              doubtful_overlap: float = MATCHED_OVERLAP) -> Tensor:
    """Say for each of N boxes what it is to find in each of B pictures, as `match`: B x N."""
    return torch.stack([
        match(rectangles[present], ignored[present], boxes, orientations, doubtful_overlap)
        for rectangles, ignored, present in zip(
            targets.rectangles, targets.ignored, targets.counted | targets.ignored,
            strict=True)])


def matched_loss(maps: GraspMaps, all_rectangles: Tensor, assigned: Tensor) -> GraspLoss:
    """
    Compare the maps of B pictures with rectangles, B x G x 5, once boxes are matched.

    ``assigned``, B x N, is what `match_all` says.
    """
    matched = assigned >= 0
    count = matched.sum().clamp(min=1)
    score = F.cross_entropy(maps.logits.transpose(1, 2), matched.long(), reduction='none')
    box, angle = maps.offsets.sum() * 0, maps.turns.sum() * 0
    if matched.any():
        picture = matched.nonzero()[:, 0]
        # Rows that are present come first, as `match` counts them.
        rectangles = all_rectangles[picture, assigned[matched]]
        default = maps.boxes.expand(len(matched), -1, -1)[matched]
        offsets, turns = encode(rectangles, default)
        box = F.smooth_l1_loss(maps.offsets[matched], offsets, reduction='sum',
                               beta=OFFSET_DELTA) / count
        angle = F.smooth_l1_loss(maps.turns[matched], turns, reduction='sum',
                                 beta=TURN_DELTA) / count
    negative = score.detach().masked_fill(assigned != NEGATIVE, -math.inf)
    taken = matched.clone()
    for index, matches in enumerate(matched.sum(dim=1).tolist()):
        many = max(NEGATIVES_PER_MATCH * matches, LEAST_NEGATIVES)
        worst = negative[index].topk(min(many, len(maps.boxes)))
        taken[index, worst.indices[worst.values > -math.inf]] = True
    return GraspLoss(score[taken].sum() / count, box, angle)
