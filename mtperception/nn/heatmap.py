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
Heat maps over a grid of cells: targets, the loss that fits them, and the way back to points.

A point is given in cells: (0, 0) is the centre of the first cell, x runs along the columns. How
cells lie on the picture is the network's business.
"""

import torch
from torch import Tensor
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by


def gaussian_target(points: Tensor, present: Tensor, sigma: Tensor,
                    shape: tuple[int, int]) -> Tensor:
    """
    Draw a Gaussian around every point, the largest winning where they meet.

    ``points`` is B x P x 2 (x, y in cells); ``sigma``, B x P, is in cells; rows that are not
    ``present``, B x P, are padding. The result, B x H x W in [0, 1], is exactly 1 at the cell
    nearest to each point, the one that counts as positive, and less than 1 elsewhere.
    """
    height, width = shape
    columns = torch.arange(width, device=points.device)
    rows = torch.arange(height, device=points.device)
    spread = 2 * sigma[..., None] ** 2
    across = torch.exp(-((columns - points[..., :1]) ** 2) / spread)
    down = torch.exp(-((rows - points[..., 1:]) ** 2) / spread) * present[..., None]
    target = points.new_zeros(points.shape[0], height, width)
    for pin in range(points.shape[1]):
        target = torch.maximum(target, down[:, pin, :, None] * across[:, pin, None, :])
    target = target.clamp(max=0.999)
    batch = present.nonzero()[:, 0]
    nearest = points[present].round().long()
    column, row = nearest.unbind(dim=1)
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    target[batch[inside], row[inside], column[inside]] = 1
    return target


def focal_loss(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """
    Penalty-reduced focal loss of CornerNet (Law and Deng, 2018), with its exponents 2 and 4.

    All three are B x H x W. Cells whose target is 1 are positive; near them the penalty for a
    high logit is reduced; cells of weight 0 play no part at all. The sum is divided by the number
    of positive cells that count (at least 1).
    """
    positive = (target == 1).to(logits.dtype) * weight
    negative = (1 - target) ** 4 * (target < 1) * weight
    probability = torch.sigmoid(logits)
    loss = (positive * (1 - probability) ** 2 * F.softplus(-logits)
            + negative * probability**2 * F.softplus(logits))
    return loss.sum() / positive.sum().clamp(min=1)


def local_maxima(logits: Tensor, least: float, most: int) -> tuple[Tensor, Tensor]:
    """
    Find the cells of an H x W map that no neighbour exceeds and that are at least ``least``.

    The result, rows and columns, is in falling order of logit, ties in reading order; at most
    ``most`` cells are returned.
    """
    highest = F.max_pool2d(logits[None, None], 3, stride=1, padding=1)[0, 0]
    rows, columns = ((logits == highest) & (logits >= least)).nonzero(as_tuple=True)
    order = torch.argsort(logits[rows, columns], descending=True, stable=True)[:most]
    return rows[order], columns[order]


def soft_argmax(logits: Tensor, batch: Tensor, rows: Tensor, columns: Tensor,
                radius: int) -> Tensor:
    """
    Average the cells around each given one, weighted by the softmax of their logits.

    ``logits`` is B x H x W; ``batch``, ``rows`` and ``columns`` name K cells. Windows are
    (2 radius + 1) cells wide; cells beyond the map's edge have no weight. The result is K x 2,
    (x, y) in cells.
    """
    height, width = logits.shape[-2:]
    reach = torch.arange(-radius, radius + 1, device=logits.device)
    near_rows = rows[:, None] + reach
    near_columns = columns[:, None] + reach
    on_map = (((near_rows >= 0) & (near_rows < height))[:, :, None]
              & ((near_columns >= 0) & (near_columns < width))[:, None, :])
    window = logits[batch[:, None, None],
                    near_rows.clamp(0, height - 1)[:, :, None],
                    near_columns.clamp(0, width - 1)[:, None, :]]
    weight = window.masked_fill(~on_map, -torch.inf).flatten(1).softmax(dim=1)
    weight = weight.view_as(window)
    offset = reach.to(weight.dtype)
    x = columns + (weight.sum(dim=1) * offset).sum(dim=1)
    y = rows + (weight.sum(dim=2) * offset).sum(dim=1)
    return torch.stack([x, y], dim=1)
