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
The pose network: where an object's box is, and what the object in a box looks like.

The finder sees the whole picture, small: a heat map of box centres and, at each cell, the box's
four sides. The encoder sees a square crop of the full picture. It describes the object's look in
a short code, from which the decoder draws the object alone (an augmented autoencoder, Sundermeyer
et al., 2018): whatever the light, the background and what hides it, the code says how it is
turned. Beside the code it tells where the object's origin and its distance are, and its masks.
"""

from dataclasses import dataclass

import torch
from torch import nn, Tensor
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by

from mtperception.nn.residual import normed, ResidualBlock

# The sides of what each part sees and draws, in pixels, and of a cell of the finder's maps.
FINDER_SIDE, CROP_SIDE, DRAWN_SIDE, MASK_SIDE = 256, 128, 64, 32
STRIDE = 8
# The finder tells sides of boxes as logarithms over so many of its pixels.
SIDE_UNIT = 16.0
_LARGEST = 4.0
# The encoder's last map, cells a side.
_CELLS = 8


@dataclass(frozen=True)
class PoseArchitecture:
    """
    The numbers that define a pose network.

    ``width`` is the number of channels of the first layers, of the finder and of the encoder;
    deeper ones have two and four times as many. ``latent`` is the length of the code.
    """

    width: int = 32
    latent: int = 128


@dataclass(frozen=True)
class FinderMaps:
    """
    What the finder says about each cell: B x rows x columns, and B x 4 x rows x columns.

    ``heat`` is the logit that a box's centre is in the cell; ``sides`` are how far left, above,
    right and below the cell's centre the box ends, in pixels of what the finder sees. The centre
    of cell (column j, row i) is at (8 j + 3.5, 8 i + 3.5).
    """

    heat: Tensor
    sides: Tensor


@dataclass(frozen=True)
class Look:
    """
    What the encoder says about N crops.

    ``code`` is N x latent, its length without meaning. ``place``, N x 3, is where the object's
    origin is seen, in sides of the crop from its middle (x, y), and the logarithm of its distance
    times the crop's side over the focal length and the unit of lengths: see `placing`. ``masks``
    are N x 2 x 32 x 32 logits: the whole silhouette, and what can be seen of it.
    """

    code: Tensor
    place: Tensor
    masks: Tensor


def _convolution(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(*normed(inputs, outputs, kernel, stride), nn.ReLU(inplace=True))


class Finder(nn.Module):
    """RGB pictures to maps of boxes."""

    def __init__(self, width: int) -> None:
        super().__init__()
        deep = 4 * width
        self.trunk = nn.Sequential(
            _convolution(3, width, 5, 2), _convolution(width, 2 * width, 3, 2),
            _convolution(2 * width, 2 * width), _convolution(2 * width, deep, 3, 2),
            # A box is told from all that can be seen of the object and of what hides it.
            ResidualBlock(deep), ResidualBlock(deep, (2, 2)), ResidualBlock(deep, (4, 4)),
            ResidualBlock(deep))
        self.head = nn.Conv2d(deep, 5, 1)
        # Nearly all cells hold no centre: starting from that keeps the first steps calm.
        nn.init.normal_(self.head.weight, std=0.01)
        with torch.no_grad():
            assert self.head.bias is not None
            self.head.bias.copy_(torch.tensor([-4.0, 0.7, 0.7, 0.7, 0.7]))

    def forward(self, pictures: Tensor) -> FinderMaps:
        """Map pictures, B x 3 x H x W as `normalised`, sides multiples of 8, to their maps."""
        features = self.trunk(pictures)
        with torch.autocast(features.device.type, enabled=False):
            said = self.head(features.to(self.head.weight.dtype))
        sides = SIDE_UNIT * torch.exp(said[:, 1:].clamp(-_LARGEST, _LARGEST))
        return FinderMaps(said[:, 0], sides)


class Encoder(nn.Module):
    """RGB crops to codes, places and masks."""

    def __init__(self, width: int, latent: int) -> None:
        super().__init__()
        deep, half = 4 * width, 2 * width
        self.trunk = nn.Sequential(
            _convolution(3, width, 5, 2), _convolution(width, half, 5, 2),
            _convolution(half, deep), _convolution(deep, deep, 3, 2), _convolution(deep, deep),
            _convolution(deep, deep, 3, 2))
        self.code = nn.Linear(_CELLS**2 * deep, latent)
        self.reduced = _convolution(deep, half)
        self.place = nn.Sequential(
            nn.Linear(_CELLS**2 * half, 256), nn.ReLU(inplace=True), nn.Linear(256, 3))
        self.masks = nn.ModuleList((
            _convolution(deep, half), _convolution(half, width),
            nn.Conv2d(width, 2, 3, padding=1)))

    def forward(self, crops: Tensor) -> Look:
        """Map crops, N x 3 x 128 x 128 as `normalised`, to what is said of them."""
        features = self.trunk(crops)
        code = self.code(features.flatten(1))
        place = self.place(self.reduced(features).flatten(1))
        first, second, last = self.masks
        x = F.interpolate(first(features), scale_factor=2.0, mode='bilinear')
        x = F.interpolate(second(x), scale_factor=2.0, mode='bilinear')
        return Look(code.float(), place.float(), last(x).float())

    def codes(self, crops: Tensor) -> Tensor:
        """Map crops to their codes alone."""
        return self.code(self.trunk(crops).flatten(1)).float()  # type: ignore[no-any-return]


class Decoder(nn.Module):
    """Codes to pictures of the object alone: RGB and mask, values from 0 to 1."""

    def __init__(self, width: int, latent: int) -> None:
        super().__init__()
        half = 2 * width
        self.first = nn.Linear(latent, _CELLS**2 * half)
        self.layers = nn.ModuleList((
            _convolution(half, half, 5), _convolution(half, width, 5),
            nn.Conv2d(width, 4, 5, padding=2)))

    def forward(self, codes: Tensor) -> Tensor:
        """Map N codes to N x 4 x 64 x 64."""
        x = F.relu(self.first(codes)).view(len(codes), -1, _CELLS, _CELLS)
        x = x.contiguous(memory_format=torch.channels_last)
        for layer in self.layers:
            x = layer(F.interpolate(x, scale_factor=2.0))
        return torch.sigmoid(x.float())


class PoseNetwork(nn.Module):
    """The three parts, which are trained together and used one by one."""

    def __init__(self, architecture: PoseArchitecture = PoseArchitecture()) -> None:
        super().__init__()
        self.architecture = architecture
        self.finder = Finder(architecture.width)
        self.encoder = Encoder(architecture.width, architecture.latent)
        self.decoder = Decoder(architecture.width, architecture.latent)

    def forward(self, pictures: Tensor, crops: Tensor) -> tuple[FinderMaps, Look, Tensor]:
        """Find in pictures, describe crops, and draw what is described."""
        look = self.encoder(crops)
        return self.finder(pictures), look, self.decoder(look.code)


def normalised(pictures: Tensor) -> Tensor:
    """Turn RGB pictures of values 0 to 255 into what the network is trained on."""
    return (pictures.float() - 110.0) / 60.0
