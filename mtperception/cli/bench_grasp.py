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

"""`mtperception bench grasp`: the features that shapes are told by, against the network."""

from collections.abc import Sequence
from copy import copy
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mtperception.cli.bench import median_ms
from mtperception.grasp.descriptor.describer import Describer
from mtperception.grasp.detection import Grasp
from mtperception.grasp.features import boxes_of_4_3, grasp_features, guided_forward
from mtperception.grasp.looks import TURNS
from mtperception.grasp.predictor import GraspDetector, rgb_pixels
from mtperception.nn.guided_backprop import guided_gradients
from mtperception.nn.vgg import LAYERS

GRASPS = 10
# From 4-3 down to these; to the first it is the whole way.
LOWEST = ('1-1', '2-1', '3-1')


def figures(detector: GraspDetector, describer: Describer, image: npt.NDArray[np.uint8],
            large: npt.NDArray[np.uint8], seconds: float = 3.0) -> dict[str, Any]:
    """
    Time the network, and the features of ten grasps that default boxes of 4-3 tell.

    `detect_ms` are of a larger picture, by the number of looks at it. `features_ms` are the
    default ones, descriptors; `crops_ms` those of the detector's own trunk.
    `guided` compares refined features by windows with one full backward pass a grasp, ten such,
    at all ten layers; `guided_to` does so where neither goes further down than to some layer, and
    `guided_large` in a larger picture: windows are of the same size there.
    """
    network = detector.network
    picture, activations, grasps = _looked_at(detector, image)

    def forward() -> None:
        with torch.inference_mode():
            network(picture)

    def detect_ms(looks: int) -> float:
        other = copy(detector)
        other.looks = looks
        return median_ms(partial(other.detect, large), seconds)

    guided = {layer: compared(detector, image, layer, seconds) for layer in LOWEST}
    return {'grasp': {
        'forward_ms': median_ms(forward, seconds),
        'detect_ms': {str(looks): detect_ms(looks) for looks in TURNS},
        'features_ms': median_ms(partial(describer, image, grasps), seconds),
        'crops_ms': median_ms(
            partial(grasp_features, network, activations, grasps), seconds),
        'guided': guided.pop(LOWEST[0]), 'guided_to': guided,
        'guided_large': compared(detector, large, LOWEST[0], seconds)}}


def compared(detector: GraspDetector, image: npt.NDArray[np.uint8], layer: str,
             seconds: float) -> dict[str, float]:
    """Time refined features of ten grasps down to a layer, by windows and by full passes."""
    network, lowest = detector.network, LAYERS.index(layer)
    picture, activations, grasps = _looked_at(detector, image)
    guided_activations, logits = guided_forward(network, picture)
    reached = guided_activations[lowest:]

    def full_backward() -> None:
        for grasp in grasps:
            gradients = guided_gradients(logits[0, grasp.anchor], reached)
            for activation, gradient in zip(reached, gradients, strict=True):
                (activation.detach() * gradient).sum(dim=(2, 3))

    windowed_ms = median_ms(partial(
        grasp_features, network, activations, grasps, 'guided', LAYERS[lowest:]), seconds)
    full_backward_ms = median_ms(full_backward, seconds)
    return {'windowed_ms': windowed_ms, 'full_backward_ms': full_backward_ms,
            'ratio': full_backward_ms / windowed_ms}


def _looked_at(detector: GraspDetector, image: npt.NDArray[np.uint8],
               ) -> tuple[Tensor, Sequence[Tensor], list[Grasp]]:
    """Return a picture as the network takes it, its activations, and grasps all over it."""
    picture = rgb_pixels(image).to(detector.device)
    activations = detector.look(image).activations
    return picture, activations, spread_grasps(detector, picture, activations[-1])


def spread_grasps(detector: GraspDetector, picture: Tensor, activation: Tensor) -> list[Grasp]:
    """Return ten default boxes of 4-3 from all over a picture as if they were grasps."""
    anchors = torch.linspace(0, boxes_of_4_3(detector.network, activation) - 1, GRASPS).long()
    with torch.inference_mode():
        boxes = detector.network(picture).boxes[anchors]
    return [Grasp(x, y, opening, jaw, theta, 1.0, anchor) for (x, y, opening, jaw, theta), anchor
            in zip(boxes.tolist(), anchors.tolist(), strict=True)]
