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
The paper's augmented autoencoder: VGG16, a latent representation, and VGG16 backwards.

Of a picture of the object with whatever is around and before it, it draws the object alone on
black. The same network is the extended and the original one: the paper tells them apart by their
losses, and compares both with 128 and with 4,096 numbers.
"""

from typing import NamedTuple

import torch
from torch import nn, Tensor
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by

from mtperception.nn.vgg import LAST_STAGE, scaled, stage, STAGES, VggTrunk

# The side of the pictures that the autoencoder sees and draws, the pixels to a cell of its
# encoder's last map, and the cells a side of that.
SIDE, STRIDE = 128, 16
CELLS = SIDE // STRIDE


class Drawn(NamedTuple):
    """Latent representations, B x D, and what is drawn of them, B x 3 x 128 x 128, 0 to 1."""

    latent: Tensor
    pictures: Tensor


class Encoder(nn.Module):
    """
    All 13 convolutions of VGG16, at any width; `channels` are those of its last map.

    Maxima of 2 x 2 are taken between its five stages, so that a cell is 16 pixels.
    """

    def __init__(self, width: float = 1.0, batch_norm: bool = True) -> None:
        super().__init__()
        self.trunk = VggTrunk(width, batch_norm)
        self.last, self.channels = stage(self.trunk.channels, LAST_STAGE, width, batch_norm)

    def forward(self, pictures: Tensor) -> Tensor:
        """Map pictures, B x 3 x H x W (0 to 1, sides multiples of 16), to B x C x H/16 x W/16."""
        x = F.max_pool2d(self.trunk(pictures), 2)
        for layer in self.last:
            x = layer(x)
        return x


class Decoder(nn.Module):
    """The encoder backwards: 13 transposed convolutions, of which those after a pooling double."""

    def __init__(self, width: float = 1.0, batch_norm: bool = True) -> None:
        super().__init__()
        channels = [scaled(outputs, width) for outputs in (
            output for outputs in (*STAGES, LAST_STAGE) for output in outputs)]
        # Convolution i of the encoder led from channels[i - 1] to channels[i].
        inputs = [3, *channels[:-1]]
        first = {sum(map(len, STAGES[:number])) for number in range(1, len(STAGES) + 1)}
        layers: list[nn.Module] = []
        for number in reversed(range(len(channels))):
            layers += _backwards(channels[number], inputs[number], doubling=number in first,
                                 batch_norm=batch_norm and number > 0, last=number == 0)
        self.layers = nn.Sequential(*layers)

    def forward(self, features: Tensor) -> Tensor:
        """Draw pictures, B x 3 x 128 x 128 (0 to 1), from features, B x C x 8 x 8."""
        drawn: Tensor = self.layers(features)
        return drawn


def _backwards(inputs: int, outputs: int, *, doubling: bool, batch_norm: bool,
               last: bool) -> list[nn.Module]:
    # A kernel of 4 at a stride of 2 covers all pixels equally often.
    kernel, stride = (4, 2) if doubling else (3, 1)
    layers: list[nn.Module] = [
        nn.ConvTranspose2d(inputs, outputs, kernel, stride, 1, bias=not batch_norm)]
    if batch_norm:
        layers.append(nn.BatchNorm2d(outputs))
    return [*layers, nn.Sigmoid() if last else nn.ReLU(inplace=True)]


class Latent(nn.Module):
    """The fully connected layers between the encoder's last map, B x C x 8 x 8, and the latent."""

    def __init__(self, channels: int, numbers: int) -> None:
        super().__init__()
        self.shape = (channels, CELLS, CELLS)
        self.into = nn.Linear(channels * CELLS * CELLS, numbers)
        self.out = nn.Linear(numbers, channels * CELLS * CELLS)

    def forward(self, features: Tensor) -> Tensor:
        """Describe features by B x D numbers."""
        latent: Tensor = self.into(features.flatten(1))
        return latent

    def features(self, latent: Tensor) -> Tensor:
        """Return what the decoder begins with."""
        return F.relu(self.out(latent)).reshape(-1, *self.shape)


class Autoencoder(nn.Module):
    """Encoder, latent representation of so many numbers, and decoder."""

    def __init__(self, width: float = 1.0, latent: int = 128, batch_norm: bool = True) -> None:
        super().__init__()
        self.encoder = Encoder(width, batch_norm)
        self.latent = Latent(self.encoder.channels, latent)
        self.decoder = Decoder(width, batch_norm)

    def encode(self, pictures: Tensor) -> Tensor:
        """Describe pictures, B x 3 x 128 x 128 (0 to 1), by B x D numbers."""
        latent: Tensor = self.latent(self.encoder(pictures))
        return latent

    def draw(self, latent: Tensor) -> Tensor:
        """Draw the object alone, B x 3 x 128 x 128 (0 to 1)."""
        drawn: Tensor = self.decoder(self.latent.features(latent))
        return drawn

    def forward(self, pictures: Tensor) -> Drawn:
        """Describe and draw."""
        latent = self.encode(pictures)
        return Drawn(latent, self.draw(latent))


def shown(images: Tensor, device: str | torch.device) -> Tensor:
    """Turn pictures, uint8 B x H x W x 3, into what networks take: B x 3 x H x W, 0 to 1."""
    floats = images.to(device).permute(0, 3, 1, 2).float() / 255.0
    return floats.contiguous(memory_format=torch.channels_last)
