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
What each grasp's surroundings look like to the trunk: features that shapes can be told by.

Either crops of activations, turned to the grasp's angle, or the activations that speak for the
grasp, refined by guided back-propagation of its own logit.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import nn, Tensor
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by

from mtperception.grasp.default_boxes import boxes_per_cell
from mtperception.grasp.detection import Grasp
from mtperception.grasp.network import GraspNetwork, OUTPUTS
from mtperception.nn.guided_backprop import guided
from mtperception.nn.rotated_crops import rotated_crops
from mtperception.nn.vgg import LAYERS, STRIDES
from mtperception.nn.windowed_backprop import cut, refined_windows, RefinedWindows

FeatureKind = Literal['rotated_crop', 'guided']
# Of guided features: f R summed over the map, or all of it, row by row.
Reduction = Literal['sum', 'flatten']
Features = dict[str, npt.NDArray[np.float32]]

DEFAULT_LAYERS: dict[FeatureKind, tuple[str, ...]] = {
    'rotated_crop': ('3-3', '4-1'), 'guided': LAYERS}
# Pixels between the outermost samples of a crop, and how many there are along a side.
CROP_SIDE = 52.0
CROP_SAMPLES = 14
# Of the two outputs for classes, background and grasp.
_GRASP = 1
# Windows of the lower layers are large.
_AT_ONCE = 10


def grasp_features(network: GraspNetwork, activations: Sequence[Tensor],
                   grasps: Sequence[Grasp], kind: FeatureKind = 'rotated_crop',
                   layers: Sequence[str] | None = None, reduction: Reduction = 'sum') -> Features:
    """
    Describe grasps of a picture by some layers, N x D for each, in the order of the grasps.

    ``activations`` are what the network's trunk gave for the picture, 1 x C x h x w for each of
    LAYERS, and ``layers`` some of these, by default DEFAULT_LAYERS. Crops have length 1.
    ``reduction`` is of guided features alone.
    """
    layers = DEFAULT_LAYERS[kind] if layers is None else layers
    unknown = set(layers) - set(LAYERS)
    if unknown:
        raise ValueError(f'no layer is called {sorted(unknown)[0]!r}; there are '
                         f'{", ".join(LAYERS)}')
    if kind == 'rotated_crop':
        found = {layer: _crops(activations[LAYERS.index(layer)], grasps, STRIDES[layer])
                 for layer in layers}
    else:
        found = _refined(network, activations, [grasp.anchor for grasp in grasps], layers,
                         reduction)
    return {layer: np.asarray(value.float().cpu().numpy()) for layer, value in found.items()}


def guided_forward(network: GraspNetwork, picture: Tensor) -> tuple[list[Tensor], Tensor]:
    """
    Run a network on a picture so that `guided_gradients` can be asked for.

    Return its trunk's activations and the logits of all default boxes' being grasps, 1 x N.
    One full backward pass a grasp through this gives what windows give, many times slower.
    """
    with torch.enable_grad(), guided(network):
        activations = network.trunk.activations(picture.clone().requires_grad_())
        maps = network.maps_from(activations[-1], picture.shape[-2:])
    return activations, maps.logits[..., _GRASP]


def boxes_of_4_3(network: GraspNetwork, activation: Tensor) -> int:
    """Return how many default boxes lie at the cells of 4-3; they are the first."""
    return activation.shape[-2] * activation.shape[-1] * _boxes_per_cell(network)


def _boxes_per_cell(network: GraspNetwork) -> int:
    return boxes_per_cell(network.architecture.orientations)[0]


@torch.no_grad()
def _crops(activation: Tensor, grasps: Sequence[Grasp], stride: int) -> Tensor:
    places = torch.tensor([(grasp.x, grasp.y, grasp.theta) for grasp in grasps]).reshape(-1, 3)
    crops = rotated_crops(activation, stride, places, side=CROP_SIDE, samples=CROP_SAMPLES)
    return F.normalize(crops.flatten(1))


def _refined(network: GraspNetwork, activations: Sequence[Tensor], anchors: Sequence[int],
             layers: Sequence[str], reduction: Reduction) -> dict[str, Tensor]:
    sizes = {layer: activation.shape[1:]
             for layer, activation in zip(LAYERS, activations, strict=True)}
    found = {layer: activations[-1].new_zeros(
        len(anchors), sizes[layer][0] if reduction == 'sum' else sizes[layer].numel())
        for layer in layers}
    for numbers, windows in _windows(network, activations, anchors, min(layers)):
        if windows.layer in found:
            _, rows, columns = sizes[windows.layer]
            found[windows.layer][numbers] = windows.summed() if reduction == 'sum' \
                else windows.spread(rows, columns).flatten(1)
    return found


def _windows(network: GraspNetwork, activations: Sequence[Tensor], anchors: Sequence[int],
             lowest: str) -> Iterator[tuple[list[int], RefinedWindows]]:
    """Give which of some default boxes' answers come back to which windows, layer by layer."""
    for numbers, arriving, corners in _seeds(network, activations[-1], anchors):
        for windows in refined_windows(network.trunk, activations, arriving, corners):
            yield numbers, windows
            if windows.layer == lowest:
                break


def _seeds(network: GraspNetwork, activation: Tensor, anchors: Sequence[int],
           ) -> Iterator[tuple[list[int], Tensor, list[tuple[int, int]]]]:
    """
    Give the gradients of default boxes' logits with respect to cells of 4-3.

    With each of them is told which of the default boxes they are of, and from which cells on.
    """
    first, a_cell = boxes_of_4_3(network, activation), _boxes_per_cell(network)
    near = [number for number, anchor in enumerate(anchors) if anchor < first]
    for start in range(0, len(near), _AT_ONCE):
        numbers = near[start:start + _AT_ONCE]
        cells = [divmod(anchors[number] // a_cell, activation.shape[-1]) for number in numbers]
        corners = [(row - 1, column - 1) for row, column in cells]
        boxes = [anchors[number] % a_cell for number in numbers]
        yield numbers, _arriving_near(network, cut(activation, corners, (3, 3)), boxes), corners
    for number in sorted(set(range(len(anchors))) - set(near)):
        # The other maps are seen through layers that look at all of 4-3.
        yield [number], _arriving(network, activation, anchors[number]), [(0, 0)]


def _arriving_near(network: GraspNetwork, windows: Tensor, boxes: Sequence[int]) -> Tensor:
    """Return the gradients of boxes of the first map with respect to the cells they look at."""
    with torch.inference_mode(False), torch.enable_grad():
        windows = windows.clone().requires_grad_()
        head = network.heads[0]
        assert isinstance(head, nn.Conv2d)
        weights = head.weight[[box * OUTPUTS + _GRASP for box in boxes]]
        features = F.normalize(windows) * network.scale[:, None, None]
        return torch.autograd.grad((features * weights).sum(), windows)[0]


def _arriving(network: GraspNetwork, activation: Tensor, anchor: int) -> Tensor:
    """Return the guided gradient of any default box with respect to all of 4-3."""
    with torch.inference_mode(False), torch.enable_grad(), guided(network):
        activation = activation.detach().clone().requires_grad_()
        size = activation.shape[-2] * STRIDES['4-3'], activation.shape[-1] * STRIDES['4-3']
        logits = network.maps_from(activation, size).logits
        return torch.autograd.grad(logits[0, anchor, _GRASP], activation)[0]
