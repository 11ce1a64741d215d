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
Guided back-propagation through a VGG trunk for many answers at once, each within its window.

An answer that looks at a few cells of 4-3 looks at a window of each layer below; from outside
nothing comes back to it. So the windows of all answers are one batch, cut out of the activations
that a forward pass without gradients gave, and convolved with the transposed weights.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import nn, Tensor
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by

from mtperception.nn.vgg import LAYERS, VggTrunk

# The cells (row, column) of a map that windows begin at; they may lie outside.
Corners = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class RefinedWindows:
    """
    The activations of a layer that speak for N answers, in their windows.

    ``refined``, N x C x h x w, is f R as in `guided_backprop`, and 0 outside of the map.
    """

    layer: str
    refined: Tensor
    corners: Corners

    def summed(self) -> Tensor:
        """Return the sums over space, N x C."""
        return self.refined.sum(dim=(2, 3))

    def spread(self, rows: int, columns: int) -> Tensor:
        """Return whole maps, N x C x rows x columns."""
        maps = self.refined.new_zeros(*self.refined.shape[:2], rows, columns)
        for one, window, (row, column) in zip(maps, self.refined, self.corners, strict=True):
            down, of_window_down = _shared(row, window.shape[1], rows)
            across, of_window_across = _shared(column, window.shape[2], columns)
            one[:, down, across] = window[:, of_window_down, of_window_across]
        return maps


@torch.no_grad()
def refined_windows(trunk: VggTrunk, activations: Sequence[Tensor], arriving: Tensor,
                    corners: Corners) -> Iterator[RefinedWindows]:
    """
    Give the windows of layer after layer from 4-3 down to 1-1, as far as they are asked for.

    ``activations`` are those of one picture by ``trunk``, which is in evaluation mode.
    ``arriving``, N x C x h x w, is the gradient of each answer with respect to the cells of 4-3
    from its one of ``corners`` on; with respect to all other cells it is 0.
    """
    arriving = arriving.clone()
    convolutions = [layer for stage in trunk.stages
                    for layer in stage]  # type: ignore[attr-defined]
    stages = [number for number, stage in enumerate(trunk.stages)
              for _ in stage]  # type: ignore[attr-defined]
    for index in reversed(range(len(LAYERS))):
        if index + 1 < len(LAYERS) and stages[index] < stages[index + 1]:
            corners = [(2 * row, 2 * column) for row, column in corners]
            windows, gradients = _through_pooling(
                activations[index], arriving, corners, activations[index + 1].shape[-2:])
        else:
            windows = cut(activations[index], corners, arriving.shape[-2:])
            gradients = _through_unit(arriving, windows)
        yield RefinedWindows(LAYERS[index], windows.mul_(gradients), corners)
        if index:
            arriving = F.conv_transpose2d(gradients, _weight(convolutions[index]))
            corners = [(row - 1, column - 1) for row, column in corners]


@torch.no_grad()
def cut(activation: Tensor, corners: Corners, size: Sequence[int]) -> Tensor:
    """
    Cut windows of a size (rows, columns) out of a map, 1 x C x H x W.

    What lies outside of the map is 0.
    """
    rows, columns = activation.shape[-2:]
    # Here, too, the channels of a cell lie next to each other, as convolutions take them fastest.
    windows = torch.empty((len(corners), activation.shape[1], size[0], size[1]),
                          dtype=activation.dtype, device=activation.device,
                          memory_format=torch.channels_last)
    for window, (row, column) in zip(windows, corners, strict=True):
        down, of_window_down = _shared(row, size[0], rows)
        across, of_window_across = _shared(column, size[1], columns)
        if activation[0, 0, down, across].shape != window.shape[1:]:
            window.zero_()
        window[:, of_window_down, of_window_across] = activation[0, :, down, across]
    return windows


def _shared(first: int, length: int, whole: int) -> tuple[slice, slice]:
    """Return which cells of a line a window shares with it, as the line's and the window's."""
    start = min(max(first, 0), whole)
    stop = max(min(first + length, whole), start)
    return slice(start, stop), slice(start - first, stop - first)


def _through_unit(arriving: Tensor, activations: Tensor) -> Tensor:
    # A rectified linear unit's own step back, in place: many times faster than masks.
    arriving.relu_()
    torch.ops.aten.threshold_backward(arriving, activations, 0, grad_input=arriving)
    return arriving


def _through_pooling(activation: Tensor, arriving: Tensor, corners: Corners,
                     pooled: Sequence[int]) -> tuple[Tensor, Tensor]:
    """
    Lead gradients at the maxima of 2 x 2 through these and the units that they were taken of.

    ``pooled`` is the size (rows, columns) of the whole map of maxima: where it was rounded down,
    the last row or column of the activation has no part in it.
    """
    used = activation[:, :, :2 * pooled[0], :2 * pooled[1]]
    windows = cut(used, corners, [2 * side for side in arriving.shape[-2:]])
    # Of like values the first is the maximum here as it is in the forward pass. What the window
    # holds beyond a map that was rounded up is 0 and comes after its cells.
    maxima, places = F.max_pool2d(windows, 2, return_indices=True)
    return windows, F.max_unpool2d(_through_unit(arriving, maxima), places, [2, 2])


def _weight(layer: nn.Sequential) -> Tensor:
    """Return the weight of a convolution with that of the batch norm that follows, if any."""
    convolution, norm = layer[0], layer[1]
    assert isinstance(convolution, nn.Conv2d)
    weight: Tensor = convolution.weight
    if isinstance(norm, nn.BatchNorm2d):
        assert norm.running_var is not None
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        weight = weight * scale[:, None, None, None]
    return weight
