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

"""What the descriptor network is trained to do: outlines, and descriptors that find their like."""

import torch
from torch import Tensor
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by

from mtperception.grasp.descriptor.network import Described

_OUTLINE_WEIGHT = 2.0


def descriptor_loss(described: Described, outlines: Tensor, temperature: float) -> Tensor:
    """
    Add the loss of the outlines, cross-entropy, to that of the descriptors.

    Of 2B views, number i and B + i are of one thing, all others of other things: each is to be
    nearer to its like than to any other (NT-Xent; Chen et al., 2020, equation 1).
    """
    likeness = described.descriptors @ described.descriptors.T / temperature
    itself = torch.eye(len(likeness), dtype=torch.bool, device=likeness.device)
    likeness = likeness.masked_fill(itself, -torch.inf)
    like = torch.arange(len(likeness), device=likeness.device).roll(len(likeness) // 2)
    outline = F.binary_cross_entropy_with_logits(described.outlines, outlines.float())
    return F.cross_entropy(likeness, like) + _OUTLINE_WEIGHT * outline


def found_share(descriptors: Tensor) -> float:
    """Tell how many of 2B descriptors are nearest to their like (see `descriptor_loss`)."""
    likeness = descriptors @ descriptors.T
    likeness.fill_diagonal_(-torch.inf)
    like = torch.arange(len(likeness)).roll(len(likeness) // 2)
    return float((likeness.argmax(dim=1) == like).float().mean())


def overlap(outlines: Tensor, truth: Tensor) -> float:
    """Return the intersection over union of outlines, logits, with the true ones."""
    inside = outlines > 0
    return float((inside & truth).sum() / (inside | truth).sum().clamp(min=1))
