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
Boxes to windows, and windows to features of one size: RoIAlign, and a crop that boxes learn by.

Here boxes and windows are B x 4 (x0, y0, x1, y1) with 0 at the *edge* of the first pixel, as
torchvision has them. A window is the square around a box that the autoencoder's pictures show.
"""

from typing import Literal

import torch
from torch import Tensor
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by
from torchvision.ops import roi_align

from mtperception.pose.paper.autoencoder import CELLS, STRIDE
from mtperception.pose.placing import CROP_MARGIN

Crop = Literal['RoIAlign', 'differentiable']
# Samples along each side of a cell.
_SAMPLES = 2
# Smaller windows, of boxes that are no boxes yet, are taken for this many pixels.
_LEAST_SIDE = 4.0


def windows_around(boxes: Tensor) -> Tensor:
    """Return the square windows around boxes, 1.2 times as large as their longer sides."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2.0
    longer = (boxes[:, 2:] - boxes[:, :2]).amax(dim=1, keepdim=True)
    half = (CROP_MARGIN * longer).clamp(min=_LEAST_SIDE) / 2.0
    return torch.cat((middle - half, middle + half), dim=1)


def cropped(features: Tensor, windows: Tensor, crop: Crop) -> Tensor:
    """Take a window of each map, B x C x H x W of cells of 16 pixels: B x C x 8 x 8."""
    return aligned(features, windows) if crop == 'RoIAlign' else sampled(features, windows)


def aligned(features: Tensor, windows: Tensor) -> Tensor:
    """
    Take windows by RoIAlign (He et al., "Mask R-CNN", ICCV 2017), which has no gradient of them.

    What is wrong with the pose reaches the detector through the shared features alone.
    """
    boxes = list(torch.split(windows.detach(), 1))
    taken: Tensor = roi_align(features, boxes, CELLS, 1.0 / STRIDE, _SAMPLES, aligned=True)
    return taken


def sampled(features: Tensor, windows: Tensor) -> Tensor:
    """
    Take windows as RoIAlign does, at places that depend on them: their gradient is known.

    Where a window leaves the picture, the features at the border go on.
    """
    rows, columns = features.shape[-2:]
    steps = (torch.arange(CELLS * _SAMPLES, device=windows.device) + 0.5) / (CELLS * _SAMPLES)
    low, side = windows[:, :2, None], (windows[:, 2:] - windows[:, :2])[..., None]
    # From pixels to what grid_sample takes: -1 and 1 are the map's edges.
    size = torch.tensor((columns, rows), device=windows.device)[:, None] * STRIDE
    x, y = (2.0 * (low + steps * side) / size - 1.0).unbind(dim=1)
    count = len(steps)
    grid = torch.stack((x[:, None].expand(-1, count, -1), y[:, :, None].expand(-1, -1, count)), -1)
    fine = F.grid_sample(features, grid.to(features.dtype), padding_mode='border',
                         align_corners=False)
    return F.avg_pool2d(fine, _SAMPLES)
