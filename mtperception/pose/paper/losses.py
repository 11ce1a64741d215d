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
The losses of the paper's extended autoencoder (section 3.1), with its equations' numbers.

Latent representations are B x D, pictures B x 3 x H x W from 0 to 1, rotations B x 3 x 3.
"""

from typing import NamedTuple

import torch
from torch import Tensor
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by

# The weights of the angle and the cosine loss (section 4.1).
ANGLE_WEIGHT, COSINE_WEIGHT = 1e-6, 1e-2


class ExtendedLoss(NamedTuple):
    """The parts of equation 4, scalars."""

    error: Tensor
    angle: Tensor
    cosine: Tensor

    @property
    def total(self) -> Tensor:
        """Equation 4."""
        return self.error + ANGLE_WEIGHT * self.angle + COSINE_WEIGHT * self.cosine


def extended_loss(drawn: Tensor, alone: Tensor, latent: Tensor, alone_latent: Tensor,
                  rotations: Tensor) -> ExtendedLoss:
    """Compare what was drawn with the object alone, and the latents of both with each other."""
    return ExtendedLoss(squared_error(drawn, alone), angle_loss(latent, rotations),
                        cosine_loss(latent, alone_latent))


def squared_error(drawn: Tensor, alone: Tensor) -> Tensor:
    """
    Return equation 1: squared errors, summed over colours, their mean over pixels.

    It prints the input picture, but means the true one, of the object alone, as the text says.
    """
    return (drawn - alone).square().sum(dim=1).mean()


def angle_loss(latent: Tensor, rotations: Tensor) -> Tensor:
    """
    Return equation 2, the mean over all pictures, each paired with the one closest in angle.

    Angles are in radians: of degrees the exponential is next to nothing. A picture alone in its
    batch has no pair, and no loss.
    """
    if len(latent) < 2:
        return latent.sum() * 0.0
    angles = angles_between(rotations)
    nearest, partner = angles.fill_diagonal_(torch.inf).min(dim=1)
    apart: Tensor = torch.linalg.vector_norm(latent - latent[partner], dim=1)
    return (apart * torch.exp(-nearest)).mean()


def cosine_loss(latent: Tensor, alone_latent: Tensor) -> Tensor:
    """Return equation 3, the mean of the cosines between the latents of both pictures, negated."""
    cosines: Tensor = F.cosine_similarity(latent, alone_latent, dim=1)
    return torch.mean(-cosines)


def angles_between(rotations: Tensor) -> Tensor:
    """Return the angles (radians, 0 to pi) between all pairs of rotations: B x B."""
    traces = torch.einsum('aij,bij->ab', rotations, rotations)
    return torch.arccos(((traces - 1.0) / 2.0).clamp(-1.0, 1.0))
