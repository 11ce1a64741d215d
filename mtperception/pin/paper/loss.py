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
The two losses of the paper (Mathematics 11 (2023), 1205), with its equations' numbers.

Targets are ``with_pin``, B booleans, and ``position``, B x 2 (x, y) in pixels of the crop, (0, 0)
where there is no pin.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by

from mtperception.pin.paper.network import PaperOutput

# The weight of the position in loss 1.
LAMBDA = 0.1
# MATLAB takes no logarithm of a probability below this: no cross-entropy is above 36.044.
LEAST_PROBABILITY = 2.0**-52


@dataclass(frozen=True)
class PaperLoss:
    """
    The parts of both losses, scalars.

    ``half_mse`` is equation 8, over all images; in ``masked_half_mse`` those without a pin add
    nothing, but are counted.
    """

    cross_entropy: Tensor
    half_mse: Tensor
    masked_half_mse: Tensor

    def total(self, number: int) -> Tensor:
        """Give loss 1, equation 6, or loss 2, equation 9."""
        return self.cross_entropy + (
            LAMBDA * self.half_mse if number == 1 else self.masked_half_mse)


def paper_loss(output: PaperOutput, with_pin: Tensor, position: Tensor) -> PaperLoss:
    """Compare the network's output with the targets."""
    error = half_squared_error(output.position, position)
    return PaperLoss(F.cross_entropy(output.logits, with_pin.long()),
                     error.mean(), (with_pin * error).mean())


def half_squared_error(position: Tensor, target: Tensor) -> Tensor:
    """Give half the squared distance of each position from its target, in square pixels: B."""
    return (position - target).square().sum(dim=1) / 2


def clamped_cross_entropy(probability: Tensor) -> Tensor:
    """Give the cross-entropy of the true class's probability as the paper's tables have it."""
    return -torch.log(probability.double().clamp(min=LEAST_PROBABILITY))
