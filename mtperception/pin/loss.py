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

"""What the pin network is held to: where there are pins, exactly where, and how large."""

from dataclasses import dataclass

import torch
from torch import Tensor
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by

from mtperception.nn.heatmap import focal_loss, gaussian_target, soft_argmax
from mtperception.pin.network import MARGIN, PinMaps, pixels_to_cells, STRIDE

# Soft-argmax windows reach this many cells to each side.
PLACE_RADIUS = 2
# The diameter, in pixels, whose logarithm the network calls 0.
DIAMETER_UNIT = 20.0
# A pin's Gaussian grows with it: large faces have a less certain centre cell.
SIGMA_LEAST, SIGMA_PER_DIAMETER = 3.5, 0.12
# Don't-care boxes are widened by this many pixels.
IGNORE_MARGIN = 4.0
# The Huber losses below are linear beyond their small deltas, so that a weight of 40 at a delta
# of 0.1 cells is 4 a cell of error. The heat's is such that its gradient is the larger one when
# most pins are found: the last doubtful ones must not be lost for hundredths of a pixel.
HEAT_WEIGHT = 5.0
PLACE_WEIGHT, PLACE_DELTA = 40.0, 0.1
DIAMETER_WEIGHT, DIAMETER_DELTA = 10.0, 0.05
# Within this share of a counted pin's Gaussian no don't-care box hides it.
KEEP_TARGET = 0.1


@dataclass(frozen=True)
class PinTargets:
    """
    The pins of a batch of B pictures, padded to P a picture; all lengths in pixels.

    ``centres`` is B x P x 2, ``diameters`` B x P, ``boxes`` B x P x 4 (left, top, right, bottom).
    ``counted`` (B x P) marks the pins to find and ``ignored`` (B x P) those that are neither hit
    nor miss; rows with neither mark are padding.
    """

    centres: Tensor
    diameters: Tensor
    boxes: Tensor
    counted: Tensor
    ignored: Tensor


@dataclass(frozen=True)
class PinLoss:
    """The three parts of the loss, unweighted scalars: heat, place and log diameter."""

    heat: Tensor
    place: Tensor
    diameter: Tensor

    @property
    def total(self) -> Tensor:
        """The weighted sum that is minimised."""
        return (HEAT_WEIGHT * self.heat + PLACE_WEIGHT * self.place
                + DIAMETER_WEIGHT * self.diameter)


def ignore_weight(targets: PinTargets, heat_target: Tensor) -> Tensor:
    """Weigh cells, B x H x W: 0 in the boxes of ignored pins, except at counted ones, else 1."""
    height, width = heat_target.shape[-2:]
    x = torch.arange(width, device=heat_target.device) * STRIDE - MARGIN
    y = torch.arange(height, device=heat_target.device) * STRIDE - MARGIN
    left, top, right, bottom = (targets.boxes[..., edge, None] for edge in range(4))
    across = (x >= left - IGNORE_MARGIN) & (x <= right + IGNORE_MARGIN)
    down = (y >= top - IGNORE_MARGIN) & (y <= bottom + IGNORE_MARGIN)
    hidden = down[..., :, None] & across[..., None, :] & targets.ignored[..., None, None]
    return (~hidden.any(dim=1) | (heat_target > KEEP_TARGET)).to(heat_target.dtype)


def pin_loss(maps: PinMaps, targets: PinTargets) -> PinLoss:
    """
    Compare the maps with the targets.

    Position and diameter are masked by the label: only counted pins contribute, each through the
    four cells around its centre, whichever of them the peak will be.
    """
    heat = maps.heat.float()
    height, width = heat.shape[-2:]
    points = pixels_to_cells(targets.centres)
    sigma = (SIGMA_PER_DIAMETER * targets.diameters).clamp(min=SIGMA_LEAST) / STRIDE
    heat_target = gaussian_target(points, targets.counted, sigma, (height, width))
    heat_loss = focal_loss(heat, heat_target, ignore_weight(targets, heat_target))

    batch = targets.counted.nonzero()[:, 0].repeat_interleave(4)
    centre = points[targets.counted].repeat_interleave(4, dim=0)
    log_diameter = torch.log(targets.diameters[targets.counted] / DIAMETER_UNIT)
    log_diameter = log_diameter.repeat_interleave(4)
    corner = centre.new_tensor([[0, 0], [1, 0], [0, 1], [1, 1]]).repeat(len(centre) // 4, 1)
    columns, rows = (centre.floor() + corner).long().unbind(dim=1)
    on_map = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    batch, rows, columns = batch[on_map], rows[on_map], columns[on_map]
    if not len(batch):
        return PinLoss(heat_loss, heat_loss.new_zeros(()), heat_loss.new_zeros(()))
    place = soft_argmax(maps.place.float(), batch, rows, columns, PLACE_RADIUS)
    place_loss = F.huber_loss(place, centre[on_map], delta=PLACE_DELTA)
    diameter = maps.log_diameter.float()[batch, rows, columns]
    diameter_loss = F.huber_loss(diameter, log_diameter[on_map], delta=DIAMETER_DELTA)
    return PinLoss(heat_loss, place_loss, diameter_loss)
