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

"""A picture in, grasps out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mtperception import zoo
from mtperception.geometry.rectangle import half_turn
from mtperception.grasp.data.dataset import LEAST_SIDE
from mtperception.grasp.default_boxes import decode
from mtperception.grasp.detection import DEFAULT_THRESHOLD, Grasp, rows_of
from mtperception.grasp.looks import joined, turned_back, TURNS
from mtperception.grasp.network import GraspArchitecture, GraspMaps, GraspNetwork, normalised
from mtperception.grasp.suppression import distinct
from mtperception.nn.folding import fold_batch_norm
from mtperception.nn.picture import check_picture
from mtperception.nn.weights import restore

Image = npt.NDArray[np.uint8]

MOST_GRASPS = 100
# Of so many boxes, best first, the distinct ones are sought.
_CANDIDATES = 400
# What one of several looks hardly sees, others may see better.
_FAINT = 0.1


@dataclass(frozen=True)
class Sight:
    """
    What was seen in a picture.

    ``activations`` are those of the trunk's ten layers (nn.vgg.LAYERS), 1 x C x h x w each.
    """

    grasps: list[Grasp]
    activations: list[Tensor]


class GraspDetector:
    """
    Finds grasps for a parallel gripper in pictures of any size.

    ``threshold`` is the score from which on its model's detections are best believed. Fingers are
    told to be further apart than the network says, by ``opening_margin`` widths of the jaws, for
    it is that wrong now and then, and a finger that is too near hits the part. One
    detector may be called from several threads; at a given number of PyTorch threads the same
    picture always gives the same numbers.
    """

    def __init__(self, network: GraspNetwork, *, model_name: str, sha256: str,
                 threshold: float = DEFAULT_THRESHOLD, opening_margin: float = 0.0,
                 looks: int = 1, device: str = 'cpu') -> None:
        """Take over a trained network: it is changed to its faster, untrainable form."""
        if looks not in TURNS:
            raise ValueError(f'looks is {looks}; a picture is looked at once, twice or four times')
        network.eval().requires_grad_(False)
        fold_batch_norm(network)
        self.network = network.to(device, torch.float32).to(memory_format=torch.channels_last)
        self.threshold = threshold
        self.opening_margin = opening_margin
        self.looks = looks
        self.device = device
        self.model_name = model_name
        self.sha256 = sha256

    @classmethod
    def load(cls, name_or_path: str | Path = 'grasp', *, looks: int = 1,
             device: str = 'cpu') -> GraspDetector:
        """
        Read a model: a bundled one by name, or any by the path of its ``.safetensors`` file.

        zoo.ModelError says what is wrong with a model that cannot be used.
        """
        return cls.from_bundle(
            zoo.load(name_or_path), str(name_or_path), looks=looks, device=device)

    @classmethod
    def from_bundle(cls, bundle: zoo.Bundle, where: str | None = None, *, looks: int = 1,
                    device: str = 'cpu') -> GraspDetector:
        """Build the detector of a model that has been read; ``where`` names it in errors."""
        where = where or bundle.name
        zoo.check_task(bundle, 'grasp', where)
        network = network_from_card(bundle.card, where)
        restore(network, bundle.tensors, where)
        return cls(network, model_name=bundle.name, sha256=bundle.sha256,
                   threshold=zoo.threshold(bundle, DEFAULT_THRESHOLD, where),
                   opening_margin=_opening_margin(bundle, where), looks=looks, device=device)

    def detect(self, image: Image, score_threshold: float | None = None) -> list[Grasp]:
        """
        Find the grasps in a picture, best score first.

        ``image`` is uint8, H x W grey or H x W x 3 in OpenCV's order (BGR). Detections below
        ``score_threshold``, in [0, 1], by default the model's own, are left out. Positions are
        in pixels of the picture.
        """
        if self.looks == 1:
            return self.look(image, score_threshold).grasps
        least = self._least(score_threshold)
        looks = []
        for turns in TURNS[self.looks]:
            turned = np.ascontiguousarray(np.rot90(image, turns)) if turns else image
            found = self.look(turned, min(least, _FAINT)).grasps
            looks.append(turned_back(found, turns, *image.shape[:2]))
        grasps = [grasp for grasp in joined(looks) if grasp.score >= least]
        return [grasps[number] for number in distinct(rows_of(grasps), MOST_GRASPS)]

    def look(self, image: Image, score_threshold: float | None = None) -> Sight:
        """Find the grasps in a picture by one look, and keep what was seen of shapes."""
        least = self._least(score_threshold)
        pixels = rgb_pixels(image).to(self.device)
        with torch.inference_mode():
            activations = self.network.trunk.activations(pixels)
            maps = self.network.maps_from(activations[-1], pixels.shape[-2:])
            height, width = image.shape[:2]
            grasps = _grasps(maps, least, width, height)
            return Sight([replace(grasp, opening=grasp.opening + self.opening_margin * grasp.jaw)
                          for grasp in grasps], activations)

    def _least(self, score_threshold: float | None) -> float:
        least = self.threshold if score_threshold is None else score_threshold
        if not 0 <= least <= 1:
            raise ValueError(f'score_threshold is {least}; it must be from 0 to 1')
        return least


def network_from_card(card: Mapping[str, Any], where: str) -> GraspNetwork:
    """Build the untrained network that a card describes; ``where`` names it in errors."""
    try:
        return GraspNetwork(GraspArchitecture(**card['architecture']))
    except (KeyError, TypeError, ValueError, RuntimeError):
        raise zoo.ModelError(f'{where}: the card does not describe a grasp network of this '
                             'version; train it again') from None


def _opening_margin(bundle: zoo.Bundle, where: str) -> float:
    value = bundle.card.get('opening_margin', 0.0)
    if type(value) not in (int, float) or not 0 <= value <= 1:
        raise zoo.ModelError(f'{where}: the opening_margin of its card is {value!r}; it is a '
                             'number of widths of the jaws from 0 to 1')
    return float(value)


def rgb_pixels(image: Image) -> Tensor:
    """Check a picture, BGR or grey, and give it as the network takes it, 1 x 3 x H x W."""
    check_picture(image, LEAST_SIDE)
    code = cv2.COLOR_GRAY2RGB if image.ndim == 2 else cv2.COLOR_BGR2RGB
    # Colours lie next to each other, as convolutions take them fastest.
    return normalised(torch.from_numpy(cv2.cvtColor(image, code))[None].permute(0, 3, 1, 2))


def _grasps(maps: GraspMaps, threshold: float, width: int, height: int) -> list[Grasp]:
    scores = torch.softmax(maps.logits[0], dim=-1)[:, 1]
    anchors = (scores >= threshold).nonzero()[:, 0]
    anchors = anchors[torch.argsort(scores[anchors], descending=True, stable=True)]
    anchors = anchors[:_CANDIDATES]
    rectangles = decode(maps.offsets[0, anchors], maps.turns[0, anchors], maps.boxes[anchors])
    x, y = rectangles[:, 0], rectangles[:, 1]
    inside = (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
    usable = inside & torch.isfinite(rectangles).all(dim=1) & (rectangles[:, 2:4] > 0).all(dim=1)
    anchors, rectangles = anchors[usable], rectangles[usable]
    rows = rectangles.double().cpu().numpy()
    rows[:, 4] = half_turn(rows[:, 4])
    found = []
    for kept in distinct(rows, MOST_GRASPS):
        x, y, opening, jaw, theta = rows[kept].tolist()
        found.append(Grasp(x, y, opening, jaw, theta, float(scores[anchors[kept]]),
                           int(anchors[kept])))
    return found
