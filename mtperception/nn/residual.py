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

"""Convolutions with their norm, and blocks that add to what comes in."""

from torch import nn, Tensor
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by


def normed(inputs: int, outputs: int, kernel: int, stride: int = 1,
           dilation: int = 1) -> nn.Sequential:
    """Make a convolution that keeps sizes but for its stride, and its batch norm."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2 * dilation,
                  dilation=dilation, bias=False),
        nn.BatchNorm2d(outputs),
    )


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions around a rectified linear unit, added to their input."""

    def __init__(self, width: int, dilations: tuple[int, int] = (1, 1)) -> None:
        super().__init__()
        self.first = normed(width, width, 3, dilation=dilations[0])
        self.second = normed(width, width, 3, dilation=dilations[1])

    def forward(self, x: Tensor) -> Tensor:
        """Map B x width x H x W to the same shape."""
        y = F.relu(self.first(x), inplace=True)
        return F.relu(self.second(y) + x, inplace=True)
