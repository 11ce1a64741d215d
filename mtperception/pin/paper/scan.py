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
The paper's network over a whole picture: each of its windows of 100 x 100, at a stride of 2.

The convolutions run once over the picture, and the two linear maps of all windows are one product
of Fourier transforms. That alone would not be the network on each crop: the zeros around a crop
change the outer cells of its features. These RING cells are made apart, from strips of STRIP
pixels that have such zeros on one side or both: STRIP is so small that its first cells are those
of the crop that begins there and its last cells those of the crop that ends there.
"""

import copy
from dataclasses import dataclass

import torch
from torch import nn, Tensor
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by
from torch.nn.utils.fusion import fuse_conv_bn_eval

from mtperception.pin.detection import PinDetection
from mtperception.pin.paper.network import CELLS, CHANNELS, NO_PIN, PaperNetwork, PIN, SIDE, STRIDE

# The cells of a crop that its zero padding changes: so many first and so many last ones of a row
# or column. STRIP pixels have just these cells.
RING_FIRST, RING_LAST = 2, 3
STRIP = STRIDE * (RING_FIRST + RING_LAST)
INNER = slice(RING_FIRST, CELLS - RING_LAST)
# Cells from the beginning of the strip where a crop begins to that of the one where it ends.
ACROSS = (SIDE - STRIP) // STRIDE
# Outputs for a window: the pin's logit less that of no pin, x and y.
OUTPUTS = 3
# Pixels convolved at a time, which bounds the memory.
CHUNK = 100_000
# The picture's border pixels are repeated outwards so far that a pin at the border is as far
# inside some window as in training.
MARGIN = 26
# Training knows pins from 24 pixels inside their crop. Where a window says that its pin is nearer
# to its border than this, others say it better.
LEAST_INSIDE = 20
# Of finds nearer than this, in pixels, the best is kept: neighbouring windows see the same pin.
LEAST_DISTANCE = 20


@dataclass(frozen=True)
class WindowMaps:
    """
    What the network says about each window of a picture; every map is rows x columns.

    The window of row i and column j has its first pixel at (2 j - MARGIN, 2 i - MARGIN). ``heat``
    is the logit of there being a pin in it, ``x`` and ``y`` are where, in pixels of the window.
    """

    heat: Tensor
    x: Tensor
    y: Tensor


class PaperScan(nn.Module):
    """
    A picture of any size, 1 x 1 x H x W with values in [0, 1], to the maps of its windows.

    The network must be in evaluation mode; it is taken over and folded.
    """

    def __init__(self, network: PaperNetwork) -> None:
        super().__init__()
        for number in (1, 2, 3):
            convolution, norm = (getattr(network, f'{kind}{number}') for kind in ('conv', 'norm'))
            setattr(network, f'conv{number}', fuse_conv_bn_eval(convolution, norm))
            setattr(network, f'norm{number}', nn.Identity())
        self._network = network
        # For columns: what it makes of a transposed picture is the transposed of what the network
        # makes of the picture, and rows lie in memory as convolutions like them.
        self._transposed = copy.deepcopy(network)
        for layer in (self._transposed.conv1, self._transposed.conv2, self._transposed.conv3):
            layer.weight = nn.Parameter(layer.weight.mT.contiguous(), requires_grad=False)
        logits = network.classify.weight
        maps = torch.cat([logits[PIN:PIN + 1] - logits[NO_PIN:NO_PIN + 1], network.locate.weight])
        self.register_buffer('_maps', maps.detach().view(OUTPUTS, CHANNELS, CELLS, CELLS).clone())
        self._maps: Tensor
        self._spectrum: Tensor | None = None

    def forward(self, picture: Tensor) -> WindowMaps:
        """Look through all windows."""
        padded = with_margin(picture)
        rows = _rows(self._network, padded, self._maps)
        columns = _rows(self._transposed, padded.mT, self._maps.mT).mT
        heat, x, y = self._inner(padded) + rows + columns + self._corners(padded)
        return WindowMaps(heat, x, y)

    def _inner(self, picture: Tensor) -> Tensor:
        """Add up the cells of each window that lie within its ring: 3 x rows x columns."""
        features = self._network.features(picture)[0]
        height, width = features.shape[1:]
        spectrum = self._spectrum
        if spectrum is None or spectrum.shape[2:] != (height, width // 2 + 1):
            inner = torch.zeros_like(self._maps)
            inner[:, :, INNER, INNER] = self._maps[:, :, INNER, INNER]
            spectrum = torch.fft.rfft2(inner, (height, width)).conj()
            self._spectrum = spectrum
        product = (torch.fft.rfft2(features) * spectrum).sum(dim=1)
        whole: Tensor = torch.fft.irfft2(product, (height, width))
        return whole[:, :height - CELLS + 1, :width - CELLS + 1]

    def _corners(self, picture: Tensor) -> Tensor:
        """Add up the four corners of each window, which the same patches serve in turn."""
        patches = picture[0, 0].unfold(0, STRIP, STRIDE).unfold(1, STRIP, STRIDE)
        rows, columns = patches.shape[:2]
        cells = [*range(RING_FIRST), *range(CELLS - RING_LAST, CELLS)]
        ring = self._maps[:, :, cells][:, :, :, cells]
        ends = (slice(None, RING_FIRST), slice(RING_FIRST, None))
        corners = torch.zeros(2, 2, *ring.shape)
        for row, vertical in enumerate(ends):
            for column, horizontal in enumerate(ends):
                corners[row, column, ..., vertical, horizontal] = ring[..., vertical, horizontal]
        matrix = corners.to(ring).flatten(0, 2).flatten(1).T
        sums = torch.cat([
            self._network.features(part.reshape(-1, 1, STRIP, STRIP)).flatten(1) @ matrix
            for part in _parts(patches)])
        corner = sums.view(rows, columns, 2, 2, OUTPUTS).permute(2, 3, 4, 0, 1)
        return (corner[0, 0, :, :-ACROSS, :-ACROSS] + corner[0, 1, :, :-ACROSS, ACROSS:]
                + corner[1, 0, :, ACROSS:, :-ACROSS] + corner[1, 1, :, ACROSS:, ACROSS:])


def _rows(network: PaperNetwork, picture: Tensor, maps: Tensor) -> Tensor:
    """Add up the first and the last rows of each window, without the corners."""
    strips = picture[0].unfold(1, STRIP, STRIDE).permute(1, 0, 3, 2)
    first, last = maps[:, :, :RING_FIRST, INNER], maps[:, :, -RING_LAST:, INNER]
    above, below = [], []
    for part in _parts(strips):
        features = network.features(part)
        above.append(F.conv2d(features[:, :, :RING_FIRST], first))
        below.append(F.conv2d(features[:, :, RING_FIRST:], last))
    sums = torch.cat(above)[:-ACROSS] + torch.cat(below)[ACROSS:]
    return sums[:, :, 0, RING_FIRST:-RING_LAST].permute(1, 0, 2)


def with_margin(picture: Tensor) -> Tensor:
    """Repeat the border pixels by MARGIN, on the right and at the bottom up to whole windows."""
    right, below = (MARGIN + max(SIDE - side - 2 * MARGIN, side % STRIDE)
                    for side in (picture.shape[3], picture.shape[2]))
    return F.pad(picture, (MARGIN, right, MARGIN, below), mode='replicate')


def pins_from_windows(maps: WindowMaps, threshold: float, width: int,
                      height: int) -> list[PinDetection]:
    """Turn the windows that score at least so much into pins, one for those that agree."""
    probability = torch.sigmoid(maps.heat.double())
    middle = (SIDE - 1) / 2
    inner = ((maps.x - middle).abs() <= middle - LEAST_INSIDE) \
        & ((maps.y - middle).abs() <= middle - LEAST_INSIDE)
    rows, columns = (inner & (probability >= threshold)).nonzero(as_tuple=True)
    x = maps.x[rows, columns].double() + STRIDE * columns - MARGIN
    y = maps.y[rows, columns].double() + STRIDE * rows - MARGIN
    # A probability rounds to 1 long before its logit ceases to tell the better window.
    order = torch.argsort(maps.heat[rows, columns], descending=True, stable=True)
    within = (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
    order = order[within[order]]
    pins = []
    while len(order):
        best = order[0]
        pins.append(PinDetection(float(x[best]), float(y[best]), 0.0,
                                 float(probability[rows[best], columns[best]])))
        order = order[torch.hypot(x[order] - x[best], y[order] - y[best]) >= LEAST_DISTANCE]
    return pins


def _parts(batch: Tensor) -> tuple[Tensor, ...]:
    return torch.split(batch, max(1, CHUNK // batch[0].numel()))
