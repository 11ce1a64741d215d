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

"""Crops turned by quarters: the encoder sees a thing four times, and is wrong less than once."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mtperception.pose.network import Look

Image = npt.NDArray[np.uint8]


def quarter_turned(crops: Image, quarters: int) -> Image:
    """
    Return each of N crops (N x S x S x 3) turned by 0, 1, ... quarters counter-clockwise.

    They come together, one after the other: (N times ``quarters``) x S x S x 3.
    """
    turned = np.stack([np.rot90(crops, quarter, (1, 2)) for quarter in range(quarters)], axis=1)
    return np.ascontiguousarray(turned.reshape(-1, *crops.shape[1:]))


def turned_back(look: Look, quarters: int) -> Look:
    """
    Put together what is said of crops as `quarter_turned` gives them.

    Places and masks are the means of what is said, turned back, of N crops; the codes of all turns
    stay beside each other: N x ``quarters`` x latent.
    """
    code, place, masks = (
        said.view(-1, quarters, *said.shape[1:]) for said in (look.code, look.place, look.masks))
    places = [_turned_place(place[:, quarter], quarter) for quarter in range(quarters)]
    every = [torch.rot90(masks[:, quarter], -quarter, (2, 3)) for quarter in range(quarters)]
    return Look(code, _mean(places), _mean(every))


def _turned_place(place: Tensor, quarter: int) -> Tensor:
    """Say N places (x to the right, y down, distance) as they are before a crop was turned."""
    x, y, far = place.unbind(dim=1)
    for _ in range(quarter):
        # Counter-clockwise what is to the right comes to be above.
        x, y = -y, x
    return torch.stack((x, y, far), dim=1)


def _mean(said: Sequence[Tensor]) -> Tensor:
    return torch.stack(tuple(said)).mean(dim=0)
