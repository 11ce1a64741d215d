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

"""Square crops of activations, turned to stand upright wherever and however things lie."""

import torch
from torch import Tensor
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by


def rotated_crops(activation: Tensor, stride: int, places: Tensor, *, side: float,
                  samples: int) -> Tensor:
    """
    Sample an activation around N places, each turned by its angle: N x C x samples x samples.

    ``activation`` is 1 x C x h x w, a cell for each ``stride`` pixels both ways. ``places``,
    N x 3, are rows (x, y, theta): pixels and radians, counter-clockwise as seen on the screen.
    Samples are bilinear; the outermost are ``side`` pixels apart, and the crop's columns go along
    theta. What lies outside of the map is 0.
    """
    reach = torch.linspace(-side / 2, side / 2, samples, device=activation.device)
    down, across = torch.meshgrid(reach, reach, indexing='ij')
    x, y, theta = places.to(activation.device, torch.float32)[:, :, None, None].unbind(dim=1)
    cosine, sine = torch.cos(theta), torch.sin(theta)
    pixels = torch.stack((x + across * cosine + down * sine,
                          y - across * sine + down * cosine), dim=-1)
    # The sides of the map are at -1 and 1.
    cells = activation.new_tensor(activation.shape[:-3:-1])
    grid = 2 * (pixels + 0.5) / (stride * cells) - 1
    # All crops below each other are one.
    crops = F.grid_sample(activation, grid.reshape(1, len(places) * samples, samples, 2),
                          align_corners=False)
    channels = activation.shape[1]
    return crops.reshape(channels, len(places), samples, samples).transpose(0, 1)
