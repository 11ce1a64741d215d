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
The pin network of Mathematics 11 (2023), 1205, layer by layer: "the paper" of these files.

It sees grey crops of 100 x 100 pixels and says of each whether a pin is in it, and where: three
convolutions, and two linear maps of all that they find.
"""

from dataclasses import dataclass

import torch
from torch import nn, Tensor
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by

SIDE = 100
STRIDE = 2
CHANNELS = 32
CELLS = SIDE // STRIDE
# The order of the classes in the logits.
NO_PIN, PIN = 0, 1


@dataclass(frozen=True)
class PaperOutput:
    """
    What the network says about each of B crops.

    ``logits`` is B x 2, of there being no pin and of there being one. ``position`` is B x 2, x
    and y in pixels of the crop, (0, 0) being the centre of its first one.
    """

    logits: Tensor
    position: Tensor


class PaperNetwork(nn.Module):
    """
    Crops, B x 1 x 100 x 100 with values in [0, 1], to classes and positions.

    The convolutions are MATLAB's with "same" padding, which at stride 2 adds a row at the bottom
    and a column on the right alone: cell (column j, row i) of the features has its centre at
    pixel (2 j + 1, 2 i + 1). ``classify`` and ``locate`` map the features, flattened channel by
    channel and row by row, to the logits and to (x, y).
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 5, padding=2)
        self.norm1 = nn.BatchNorm2d(16, eps=1e-5)
        self.conv2 = nn.Conv2d(16, CHANNELS, 3, stride=STRIDE, bias=False)
        self.norm2 = nn.BatchNorm2d(CHANNELS, eps=1e-5)
        self.conv3 = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, bias=False)
        self.norm3 = nn.BatchNorm2d(CHANNELS, eps=1e-5)
        self.classify = nn.Linear(CHANNELS * CELLS**2, 2, bias=False)
        self.locate = nn.Linear(CHANNELS * CELLS**2, 2, bias=False)
        for layer in (self.conv1, self.conv2, self.conv3, self.classify, self.locate):
            nn.init.xavier_uniform_(layer.weight)
        assert self.conv1.bias is not None
        nn.init.zeros_(self.conv1.bias)

    def features(self, pictures: Tensor) -> Tensor:
        """Map pictures, B x 1 x H x W of even sizes, to B x 32 x H/2 x W/2 features."""
        x = F.relu(self.norm1(self.conv1(pictures)), inplace=True)
        x = F.relu(self.norm2(self.conv2(F.pad(x, (0, 1, 0, 1)))), inplace=True)
        return F.relu(self.norm3(self.conv3(x)), inplace=True)

    def forward(self, crops: Tensor) -> PaperOutput:
        """Classify crops and locate their pins."""
        # Both maps at once, and in the order in which channels-last features lie in memory.
        maps = torch.cat([self.classify.weight, self.locate.weight])
        maps = maps.view(4, CHANNELS, CELLS, CELLS).movedim(1, 3).flatten(1)
        result = F.linear(self.features(crops).movedim(1, 3).flatten(1), maps)
        return PaperOutput(logits=result[:, :2], position=result[:, 2:])
