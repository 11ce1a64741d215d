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
SSD that also predicts the angle of a grasp, on a VGG16 trunk of any width.

At full width, without batch norm and with one orientation it is torchvision's `ssd300_vgg16`
layer for layer (23 convolutions, 1-1 to 11-2), with two more outputs a default box.
"""

from dataclasses import dataclass

import torch
from torch import nn, Tensor
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by

from mtperception.grasp.default_boxes import boxes_per_cell, default_boxes
from mtperception.nn.vgg import convolution, LAST_STAGE, scaled, stage, VggTrunk

# Class logits (background, grasp), box (x, y, opening, jaw), and the sine and cosine of twice
# the angle.
OUTPUTS = 8
# SSD scales the normalised features of 4-3 by this at first.
_FIRST_SCALE = 20.0


@dataclass(frozen=True)
class GraspArchitecture:
    """
    The numbers that define a grasp network.

    ``width`` scales the channels of all layers; with ``batch_norm`` a network can be trained from
    scratch. Each place has default boxes at ``orientations`` angles; 1 is the original SSD, whose
    default boxes know no angle.
    """

    width: float = 0.25
    batch_norm: bool = True
    orientations: int = 6


@dataclass(frozen=True)
class GraspMaps:
    """
    What the network says about each of N default boxes, B x N x ...

    ``logits`` are those of the classes, background and grasp; ``offsets`` (4) tell the rectangle
    as `default_boxes.decode` reads them; ``turns`` (2) are the sine and the cosine of twice the
    rectangle's angle. ``boxes``, N x 5, are the default boxes themselves, in pixels.
    """

    logits: Tensor
    offsets: Tensor
    turns: Tensor
    boxes: Tensor


class GraspNetwork(nn.Module):
    """Colour pictures to grasps at default boxes."""

    def __init__(self, architecture: GraspArchitecture = GraspArchitecture()) -> None:
        super().__init__()
        self.architecture = architecture
        width, norm = architecture.width, architecture.batch_norm
        self.trunk = VggTrunk(width, norm)
        self.scale = nn.Parameter(torch.full((self.trunk.channels,), _FIRST_SCALE))
        self.fifth, channels = stage(self.trunk.channels, LAST_STAGE, width, norm)
        wide = scaled(1024, width)
        self.sixth = convolution(channels, wide, padding=6, dilation=6, batch_norm=norm)
        self.seventh = convolution(wide, wide, 1, padding=0, batch_norm=norm)
        sizes = [self.trunk.channels, wide]
        self.extra = nn.ModuleList()
        for narrow, outputs, stride, padding in (
                (256, 512, 2, 1), (128, 256, 2, 1), (128, 256, 1, 0), (128, 256, 1, 0)):
            between = scaled(narrow, width)
            self.extra.append(nn.Sequential(
                convolution(sizes[-1], between, 1, padding=0, batch_norm=norm),
                convolution(between, scaled(outputs, width), stride=stride, padding=padding,
                            batch_norm=norm)))
            sizes.append(scaled(outputs, width))
        self.heads = nn.ModuleList(
            nn.Conv2d(size, count * OUTPUTS, 3, padding=1) for size, count in zip(
                sizes, boxes_per_cell(architecture.orientations), strict=True))

    def forward(self, pictures: Tensor) -> GraspMaps:
        """Map pictures, B x 3 x H x W as `normalised`, to what is said of each default box."""
        return self.maps_from(self.trunk(pictures), pictures.shape[-2:])

    def maps_from(self, activations: Tensor, size: tuple[int, int] | torch.Size) -> GraspMaps:
        """Go on from the activations of 4-3 of pictures of a size (height, width)."""
        features = self.features(activations)
        found = []
        for head, feature in zip(self.heads, features, strict=False):
            said = head(feature).permute(0, 2, 3, 1)
            found.append(said.reshape(len(said), -1, OUTPUTS).float())
        said = torch.cat(found, dim=1)
        boxes = default_boxes([(feature.shape[-2], feature.shape[-1]) for feature in features],
                              (size[0], size[1]), self.architecture.orientations)
        return GraspMaps(said[..., :2], said[..., 2:6], said[..., 6:],
                         boxes.to(said.device, said.dtype))

    def features(self, activations: Tensor) -> list[Tensor]:
        """Return the maps that grasps are predicted from, as many as a picture is large for."""
        scale = self.scale.to(activations.dtype)[:, None, None]
        features = [F.normalize(activations) * scale]
        x = F.max_pool2d(activations, 2)
        for layer in self.fifth:
            x = layer(x)
        x = self.seventh(self.sixth(F.max_pool2d(x, 3, stride=1, padding=1)))
        features.append(x)
        for index, layer in enumerate(self.extra):
            # The last two see nothing of maps smaller than their kernels.
            if index >= 2 and min(x.shape[-2:]) < 3:
                break
            x = layer(x)
            features.append(x)
        return features


def normalised(pictures: Tensor) -> Tensor:
    """Turn RGB pictures of values 0 to 255 into what the network is trained on."""
    return pictures.float() / 127.5 - 1.0
