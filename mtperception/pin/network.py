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
The pin network: one small convolutional trunk, run once over a picture of any size.

Its maps have a cell for every 4 x 4 pixels. Before the first convolution the picture's border
pixels are repeated outwards by ``MARGIN`` and then on the right and at the bottom up to a
multiple of 8; with the convolutions' odd kernels the centre of cell (column j, row i) is exactly
at pixel (4 j - 8, 4 i - 8). The margin lets a pin at the very border have cells around its
centre.
"""

from dataclasses import dataclass

import torch
from torch import nn, Tensor
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by

from mtperception.nn.residual import normed, ResidualBlock

STRIDE, COARSE_STRIDE = 4, 8
MARGIN = 8
# The network sees the logarithm of the light, so that a contrast looks the same in a bright and
# in a dark part; DARKEST keeps the noise of black down, the offset centres the values.
DARKEST, LIGHT_OFFSET = 0.04, 1.2


@dataclass(frozen=True)
class PinArchitecture:
    """
    The numbers that define a pin network.

    ``stem``, ``width`` and ``deep`` are the channels at half, quarter and eighth resolution;
    ``dilations`` has one entry for each 3 x 3 convolution of the deep part, two to a block.
    """

    stem: int = 24
    width: int = 32
    deep: int = 48
    dilations: tuple[int, ...] = (1, 2, 2, 1)


@dataclass(frozen=True)
class PinMaps:
    """
    What the network says about each cell; every map is B x rows x columns.

    ``heat`` is the logit that a pin's centre is in the cell, ``place`` the logits whose local
    soft-argmax is the centre's exact position, ``log_diameter`` the logarithm of the pin's
    diameter over 20 pixels.
    """

    heat: Tensor
    place: Tensor
    log_diameter: Tensor


class PinNetwork(nn.Module):
    """
    Grey pictures to maps of pins.

    The deep part, at an eighth of the resolution, tells a pin from a screw or a hole by what is
    around; what it finds is added to the finer part, which knows exactly where the edges are.
    """

    def __init__(self, architecture: PinArchitecture) -> None:
        super().__init__()
        self.architecture = architecture
        stem, width, deep = architecture.stem, architecture.width, architecture.deep
        dilations = architecture.dilations
        self.stem = nn.Sequential(
            *normed(1, stem, 5, stride=2), nn.ReLU(inplace=True),
            *normed(stem, width, 3, stride=2), nn.ReLU(inplace=True),
            ResidualBlock(width),
        )
        self.deep = nn.Sequential(
            *normed(width, deep, 3, stride=2), nn.ReLU(inplace=True),
            *(ResidualBlock(deep, pair)
              for pair in zip(dilations[0::2], dilations[1::2], strict=True)),
            *normed(deep, width, 1),
        )
        self.joined = ResidualBlock(width)
        self.head = nn.Conv2d(width, 3, 1)
        # Nearly all cells hold no pin: starting from that keeps the first steps calm.
        nn.init.normal_(self.head.weight, std=0.01)
        with torch.no_grad():
            assert self.head.bias is not None
            self.head.bias.copy_(torch.tensor([-4.0, 0.0, 0.0]))

    def forward(self, pictures: Tensor) -> PinMaps:
        """Map pictures, B x 1 x H x W with values in [0, 1], to their maps of cells."""
        height, width = pictures.shape[-2:]
        light = torch.log(pictures + DARKEST) + LIGHT_OFFSET
        x = F.pad(light, (MARGIN, MARGIN + -width % COARSE_STRIDE,
                          MARGIN, MARGIN + -height % COARSE_STRIDE), mode='replicate')
        fine = self.stem(x)
        coarse = F.interpolate(self.deep(fine), scale_factor=2.0, mode='nearest')
        joined = self.joined(F.relu(fine + coarse, inplace=True))
        # Logits in half the precision would move a pin by a tenth of a pixel.
        with torch.autocast(joined.device.type, enabled=False):
            maps = self.head(joined.to(self.head.weight.dtype))
        return PinMaps(heat=maps[:, 0], place=maps[:, 1], log_diameter=maps[:, 2])


def pixels_to_cells(pixels: Tensor) -> Tensor:
    """Turn coordinates in pixels into coordinates in cells."""
    return (pixels + MARGIN) / STRIDE


def cells_to_pixels(cells: Tensor) -> Tensor:
    """Turn coordinates in cells into coordinates in pixels."""
    return cells * STRIDE - MARGIN
