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

"""The network that describes what is grasped, after a view of a grasp's surroundings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import nn, Tensor
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by

from mtperception.grasp.descriptor.crops import SAMPLES
from mtperception.nn.residual import normed

# The outline has a cell for so many samples of a view.
OUTLINE_STRIDE = 2


@dataclass(frozen=True)
class DescriptorArchitecture:
    """
    What defines the network besides its weights.

    ``widths`` are the channels at strides of 2, 4, 8 and 16, ``outline_width`` those that the
    outline is told from, twice as many where these come from, and ``size`` that of a descriptor.
    """

    widths: tuple[int, int, int, int] = (24, 48, 96, 128)
    outline_width: int = 32
    size: int = 64

    @classmethod
    def of(cls, widths: Sequence[int], outline_width: int,
           size: int) -> 'DescriptorArchitecture':
        """Take what settings and cards say; ValueError where there are not four widths."""
        half, quarter, eighth, sixteenth = widths
        return cls((half, quarter, eighth, sixteenth), outline_width, size)


class Described(NamedTuple):
    """
    What the network says of B views of n x n samples (crops.SAMPLES).

    ``descriptors``, B x D of length 1, are near each other for things of one shape. ``outlines``
    are the logits of where what is grasped can be seen, B x n/2 x n/2.
    """

    descriptors: Tensor
    outlines: Tensor


class DescriptorNetwork(nn.Module):
    """
    Finds what is grasped in a view, and describes that alone.

    Descriptors are made standard at last: less the ``mean`` and times ``whitening``, which say
    how they differ among things and among views of one thing. Both are found after the training.

    The first half is a U-Net (Ronneberger et al., 2015) that tells the outline; the second half
    looks at what the first has made of the view inside of it, so that neither the bench nor what
    lies beside has a say.
    """

    def __init__(self, architecture: DescriptorArchitecture) -> None:
        super().__init__()
        self.architecture = architecture
        half, quarter, eighth, sixteenth = architecture.widths
        outline = architecture.outline_width
        context = 2 * outline
        self.down2 = _block(3, half, 2, kernel=5)
        self.down4 = nn.Sequential(_block(half, quarter, 2), _block(quarter, quarter))
        self.down8 = nn.Sequential(_block(quarter, eighth, 2), _block(eighth, eighth))
        self.down16 = nn.Sequential(_block(eighth, sixteenth, 2), _block(sixteenth, sixteenth))
        self.up8 = _block(eighth + sixteenth, context)
        self.up4 = _block(quarter + context, outline)
        # Each cell tells of 2 x 2 places.
        self.outline = nn.Conv2d(outline, 4, 1)
        self.inside8 = nn.Sequential(_block(outline + 4, eighth, 2), _block(eighth, eighth))
        self.inside16 = nn.Sequential(
            _block(eighth + context, sixteenth, 2), _block(sixteenth, sixteenth))
        cells = -(-SAMPLES // 16)
        self.descriptor = nn.Linear(sixteenth * cells * cells, architecture.size)
        self.mean: Tensor
        self.whitening: Tensor
        self.register_buffer('mean', torch.zeros(architecture.size))
        self.register_buffer('whitening', torch.eye(architecture.size))

    @torch.no_grad()
    def forget_whitening(self) -> None:
        """Give descriptors as they are trained."""
        self.mean.zero_()
        self.whitening.copy_(torch.eye(len(self.mean)))

    def forward(self, views: Tensor) -> Described:
        """Describe normalised views, B x 3 x n x n."""
        quarter = self.down4(self.down2(views))
        eighth = self.down8(quarter)
        sixteenth = self.down16(eighth)
        wide = F.interpolate(sixteenth, size=eighth.shape[-2:])
        context = self.up8(torch.cat((eighth, wide), dim=1))
        wide = F.interpolate(context, scale_factor=2)
        seen = self.up4(torch.cat((quarter, wide), dim=1))
        outline = self.outline(seen)
        inside = outline.sigmoid()
        share = inside.mean(dim=1, keepdim=True)
        seen = torch.cat((seen * share, inside), dim=1)
        context = context * F.avg_pool2d(share, 2)
        deep = self.inside16(torch.cat((self.inside8(seen), context), dim=1))
        # Autocast would multiply in half the precision.
        with torch.autocast(views.device.type, enabled=False):
            descriptors = F.normalize(self.descriptor(deep.flatten(1).float()))
            descriptors = F.normalize((descriptors - self.mean) @ self.whitening)
        return Described(descriptors, F.pixel_shuffle(outline.float(), 2)[:, 0])


def _block(inputs: int, outputs: int, stride: int = 1, kernel: int = 3) -> nn.Sequential:
    return nn.Sequential(*normed(inputs, outputs, kernel, stride), nn.ReLU(inplace=True))
