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

"""What the pose network is held to: where boxes are, and what the object in them looks like."""

from dataclasses import dataclass

import torch
from torch import Tensor
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by

from mtperception.nn.heatmap import focal_loss, gaussian_target
from mtperception.pose.network import FinderMaps, Look, STRIDE

# A centre's Gaussian, in pixels of what the finder sees.
SIGMA_LEAST, SIGMA_PER_SIDE = 6.0, 0.08
# Cells so near to a box's centre (pixels) tell its sides.
_NEAR = 13.0
_SMOOTH = 0.02
# Of a drawing the worst quarter of the pixels counts.
_WORST_SHARE = 0.25
HEAT_WEIGHT, BOX_WEIGHT = 1.0, 2.0
DRAWN_WEIGHT, MASK_WEIGHT, PLACE_WEIGHT = 20.0, 2.0, 10.0
PLACE_DELTA = 0.05


@dataclass(frozen=True)
class BoxTargets:
    """Boxes (x0, y0, x1, y1) of B pictures, padded to P each; ``counted`` (B x P) marks them."""

    boxes: Tensor
    counted: Tensor


@dataclass(frozen=True)
class LookTargets:
    """
    What is to be said of N crops.

    ``drawn`` is N x 4 x 64 x 64 and ``masks`` N x 2 x 32 x 32, from 0 to 1, ``place`` N x 3. Of
    the crops that are not ``placed`` (N) only the drawing is known.
    """

    drawn: Tensor
    masks: Tensor
    place: Tensor
    placed: Tensor


@dataclass(frozen=True)
class PoseLoss:
    """The parts of the loss, unweighted scalars."""

    heat: Tensor
    box: Tensor
    drawn: Tensor
    masks: Tensor
    place: Tensor

    @property
    def total(self) -> Tensor:
        """The weighted sum that is minimised."""
        return (HEAT_WEIGHT * self.heat + BOX_WEIGHT * self.box + DRAWN_WEIGHT * self.drawn
                + MASK_WEIGHT * self.masks + PLACE_WEIGHT * self.place)


def pose_loss(found: FinderMaps, look: Look, drawn: Tensor, boxes: BoxTargets,
              looks: LookTargets) -> PoseLoss:
    """Compare what all three parts say with the targets."""
    heat, box = finder_loss(found, boxes)
    placed = looks.placed
    place = F.huber_loss(look.place[placed], looks.place[placed], delta=PLACE_DELTA) \
        if placed.any() else look.place.sum() * 0
    masks = F.binary_cross_entropy_with_logits(look.masks[placed], looks.masks[placed]) \
        if placed.any() else look.masks.sum() * 0
    return PoseLoss(heat, box, drawn_loss(drawn, looks.drawn), masks, place)


def finder_loss(found: FinderMaps, targets: BoxTargets) -> tuple[Tensor, Tensor]:
    """Return the focal loss of the heat, and the generalised IoU's of boxes near their centres."""
    height, width = found.heat.shape[-2:]
    low, high = targets.boxes[..., :2], targets.boxes[..., 2:]
    centres = (low + high) / 2
    sigma = SIGMA_PER_SIDE * (high - low).amax(dim=-1) + SIGMA_LEAST
    cells = (centres - (STRIDE - 1) / 2) / STRIDE
    target = gaussian_target(cells, targets.counted, sigma / STRIDE, (height, width))
    heat = focal_loss(found.heat.float(), target, torch.ones_like(target))

    if not targets.counted.any():
        return heat, found.sides.sum() * 0
    at = torch.stack(torch.meshgrid(
        torch.arange(width, device=cells.device), torch.arange(height, device=cells.device),
        indexing='xy'), dim=-1) * STRIDE + (STRIDE - 1) / 2
    away = torch.linalg.norm(at[None, None] - centres[:, :, None, None], dim=-1)
    near = (away < _NEAR) & targets.counted[..., None, None]
    # A cell near two centres tells the nearer one's box.
    nearest = away.masked_fill(~near, torch.inf).argmin(dim=1)
    batch, rows, columns = near.any(dim=1).nonzero(as_tuple=True)
    if not len(batch):
        return heat, found.sides.sum() * 0
    wanted = targets.boxes[batch, nearest[batch, rows, columns]]
    told = boxes_of(found.sides[batch, :, rows, columns], at[rows, columns])
    overlap = (1 - generalised_overlap(told, wanted)).mean()
    return heat, overlap + _SMOOTH * F.smooth_l1_loss(told, wanted)


def boxes_of(sides: Tensor, cells: Tensor) -> Tensor:
    """Return the boxes, N x 4, of sides told by cells whose centres are at N x 2 pixels."""
    return torch.cat((cells - sides[:, :2], cells + sides[:, 2:]), dim=1)


def generalised_overlap(some: Tensor, others: Tensor) -> Tensor:
    """Return the generalised intersection over union of N pairs of boxes (Rezatofighi, 2019)."""
    shared = _area(torch.maximum(some[:, :2], others[:, :2]),
                   torch.minimum(some[:, 2:], others[:, 2:]))
    union = _area(some[:, :2], some[:, 2:]) + _area(others[:, :2], others[:, 2:]) - shared
    around = _area(torch.minimum(some[:, :2], others[:, :2]),
                   torch.maximum(some[:, 2:], others[:, 2:]))
    return shared / union - (around - union) / around


def _area(low: Tensor, high: Tensor) -> Tensor:
    return (high - low).clamp(min=0).prod(dim=1)


def drawn_loss(drawn: Tensor, targets: Tensor) -> Tensor:
    """Return the mean squared error of the worst quarter of each drawing's pixels."""
    errors = ((drawn - targets) ** 2).mean(dim=1).flatten(1)
    worst = max(1, round(_WORST_SHARE * errors.shape[1]))
    return errors.topk(worst, dim=1).values.mean()
