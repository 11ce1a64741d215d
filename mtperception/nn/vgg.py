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
The lower ten convolutions of VGG16 at any width, and the same with what follows them in an SSD.

Layers are named as in the literature: 1-1 and 1-2 run at full resolution, 2-1 and 2-2 at half,
3-1 to 3-3 at a quarter, 4-1 to 4-3 at an eighth of it.
"""

from collections.abc import Sequence

from torch import nn, Tensor
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by

# The layers whose activations describe shapes, in order.
LAYERS = ('1-1', '1-2', '2-1', '2-2', '3-1', '3-2', '3-3', '4-1', '4-2', '4-3')
# How many pixels there are to a cell of each, along a side.
STRIDES = {layer: 2 ** (int(layer[0]) - 1) for layer in LAYERS}
# The channels of the full network; a stage ends where the next has another resolution.
STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512))
LAST_STAGE = (512, 512, 512)


def convolution(inputs: int, outputs: int, kernel: int = 3, *, stride: int = 1, padding: int = 1,
                dilation: int = 1, batch_norm: bool = True) -> nn.Sequential:
    """Make a convolution, its norm where there is one, and the activation."""
    layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation,
                                         bias=not batch_norm)]
    if batch_norm:
        layers.append(nn.BatchNorm2d(outputs))
    return nn.Sequential(*layers, nn.ReLU(inplace=True))


def scaled(channels: int, width: float) -> int:
    """Return the channels of a layer in a network of a width; 1 is the full network."""
    return max(1, round(channels * width))


def stage(inputs: int, channels: Sequence[int], width: float,
          batch_norm: bool) -> tuple[nn.ModuleList, int]:
    """Make the 3 x 3 convolutions of a stage; give them and the channels of the last."""
    layers = nn.ModuleList()
    for outputs in channels:
        layers.append(convolution(inputs, scaled(outputs, width), batch_norm=batch_norm))
        inputs = scaled(outputs, width)
    return layers, inputs


class VggTrunk(nn.Module):
    """
    Convolutions 1-1 to 4-3 of VGG16, each followed by a rectified linear unit.

    Between the stages maxima of 2 x 2 are taken; the third such pooling rounds sizes up, as SSD
    has it, so that 300 pixels become 38 cells. Cell (column j, row i) of 4-3 is centred at pixel
    (8 j + 3.5, 8 i + 3.5).
    """

    def __init__(self, width: float = 1.0, batch_norm: bool = True) -> None:
        super().__init__()
        self.stages = nn.ModuleList()
        channels = 3
        for outputs in STAGES:
            layers, channels = stage(channels, outputs, width, batch_norm)
            self.stages.append(layers)
        self.channels = channels

    def forward(self, pictures: Tensor) -> Tensor:
        """Map pictures, B x 3 x H x W, to the activations of 4-3, an eighth as large."""
        return self.activations(pictures)[-1]

    def activations(self, pictures: Tensor) -> list[Tensor]:
        """Return what the ten layers, in the order of LAYERS, give for pictures."""
        x, found = pictures, []
        for number, layers in enumerate(self.stages):
            if number:
                x = F.max_pool2d(x, 2, ceil_mode=number == 3)
            for layer in layers:  # type: ignore[attr-defined]
                x = layer(x)
                found.append(x)
        return found
