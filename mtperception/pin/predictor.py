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

"""A picture in, pins out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import nn, Tensor

from mtperception import zoo
from mtperception.nn.folding import fold_batch_norm
from mtperception.nn.heatmap import local_maxima, soft_argmax
from mtperception.nn.picture import check_picture
from mtperception.nn.weights import restore
from mtperception.pin.data.dataset import LEAST_DISTANCE, LEAST_SIDE
from mtperception.pin.detection import DEFAULT_THRESHOLD, PinDetection
from mtperception.pin.loss import DIAMETER_UNIT, PLACE_RADIUS
from mtperception.pin.network import cells_to_pixels, PinArchitecture, PinMaps, PinNetwork
from mtperception.pin.paper.network import PaperNetwork
from mtperception.pin.paper.scan import PaperScan, pins_from_windows, WindowMaps
from mtperception.pin.second_look import look_again

Image = npt.NDArray[np.uint8]

# The architecture in the card of a model that is the paper's network.
PAPER = {'kind': 'paper'}
MOST_DETECTIONS = 100
# From this score on, or from less where that is asked for, a find is worth a second look.
_DOUBTFUL = 0.1
# So many, the best, get one: in a picture that is all noise there are a hundred finds.
_LOOKS = 24


class PinDetector:
    """
    Finds dowel pins in grey pictures.

    ``threshold`` is the score from which on its model's detections are best believed. One
    detector may be called from several threads; at a given number of PyTorch threads the same
    picture always gives the same numbers.
    """

    def __init__(self, network: PinNetwork | PaperNetwork, *, model_name: str, sha256: str,
                 threshold: float = DEFAULT_THRESHOLD, device: str = 'cpu',
                 second_look: bool = True) -> None:
        """
        Take over a trained network: it is changed to its faster, untrainable form.

        Without the ``second_look`` it is faster still, and less exact; the paper's network has
        none in any case.
        """
        network.eval().requires_grad_(False)
        self._second_look = second_look
        self._network: nn.Module
        if isinstance(network, PaperNetwork):
            self._network = PaperScan(network).to(device, torch.float32)
        else:
            fold_batch_norm(network)
            self._network = network.to(device, torch.float32).to(
                memory_format=torch.channels_last)
        self.threshold = threshold
        self.device = device
        self.model_name = model_name
        self.sha256 = sha256

    @classmethod
    def load(cls, name_or_path: str | Path = 'pin', *, device: str = 'cpu') -> PinDetector:
        """
        Read a model: a bundled one by name, or any by the path of its ``.safetensors`` file.

        zoo.ModelError says what is wrong with a model that cannot be used.
        """
        return cls.from_bundle(zoo.load(name_or_path), str(name_or_path), device=device)

    @classmethod
    def from_bundle(cls, bundle: zoo.Bundle, where: str | None = None, *,
                    device: str = 'cpu') -> PinDetector:
        """Build the detector of a model that has been read; ``where`` names it in errors."""
        where = where or bundle.name
        zoo.check_task(bundle, 'pin', where)
        network = network_from_card(bundle.card, where)
        restore(network, bundle.tensors, where)
        return cls(network, model_name=bundle.name, sha256=bundle.sha256,
                   threshold=zoo.threshold(bundle, DEFAULT_THRESHOLD, where), device=device)

    def detect(self, image: Image, score_threshold: float | None = None) -> list[PinDetection]:
        """
        Find the pins in a picture, best score first.

        ``image`` is uint8, H x W grey or H x W x 3 in OpenCV's order (BGR). Detections below
        ``score_threshold``, in [0, 1], by default the model's own, are left out. Positions are
        in pixels of the picture.
        """
        least = self.threshold if score_threshold is None else score_threshold
        if not 0 <= least <= 1:
            raise ValueError(f'score_threshold is {least}; it must be from 0 to 1')
        grey = grey_image(image)
        height, width = grey.shape
        with torch.inference_mode():
            picture = self._tensor(grey)
            maps = self._network(picture)
            if isinstance(maps, WindowMaps):
                return pins_from_windows(maps, least, width, height)[:MOST_DETECTIONS]
            if not self._second_look:
                return _detections(_finds(maps, least), least, width, height)
            finds = _finds(maps, min(least, _DOUBTFUL))
            finds = finds[_distinct(finds, width, height)]
            if len(finds):
                again = look_again(self._network, picture, finds[:_LOOKS, :2])
                finds = torch.cat((again, finds[_LOOKS:]))
            return _detections(finds, least, width, height)

    def bare_forward(self, image: Image) -> Callable[[], PinMaps | WindowMaps]:
        """Prepare a picture and give the function that runs the network alone on it."""
        picture = self._tensor(grey_image(image))

        def forward() -> PinMaps | WindowMaps:
            with torch.inference_mode():
                maps: PinMaps | WindowMaps = self._network(picture)
                return maps

        return forward

    def _tensor(self, grey: Image) -> Tensor:
        pixels = np.multiply(grey, np.float32(1 / 255), dtype=np.float32)
        return torch.from_numpy(pixels)[None, None].to(self.device)


def network_from_card(card: Mapping[str, Any], where: str) -> PinNetwork | PaperNetwork:
    """
    Build the untrained network that a card describes; ``where`` names it in errors.

    Its ``architecture`` has the numbers of a PinArchitecture, or is the paper's: PAPER.
    """
    try:
        parameters = dict(card['architecture'])
        if parameters == PAPER:
            return PaperNetwork()
        parameters['dilations'] = tuple(parameters['dilations'])
        return PinNetwork(PinArchitecture(**parameters))
    except (KeyError, TypeError, ValueError):
        raise zoo.ModelError(f'{where}: the card does not describe a pin network of this '
                             'version; train it again') from None


def grey_image(image: Image) -> Image:
    """Check a picture and turn it grey; colours are in OpenCV's order (BGR)."""
    check_picture(image, LEAST_SIDE)
    return image if image.ndim == 2 else np.asarray(
        cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def _finds(maps: PinMaps, threshold: float) -> Tensor:
    """Return N x 4: x and y in pixels, the logarithm of the diameter over 20, the logit."""
    heat = maps.heat[0]
    # Two plateau cells or two peaks of one face are told apart later, so look at more than asked.
    rows, columns = local_maxima(heat, _logit(threshold) - 1e-3, 2 * MOST_DETECTIONS)
    centre = cells_to_pixels(soft_argmax(maps.place, torch.zeros_like(rows), rows, columns,
                                         PLACE_RADIUS))
    return torch.cat([centre, maps.log_diameter[0][rows, columns, None],
                      heat[rows, columns, None]], dim=1)


def _detections(finds: Tensor, threshold: float, width: int, height: int) -> list[PinDetection]:
    finds = finds[torch.argsort(finds[:, 3], descending=True, stable=True)]
    finds = finds[torch.sigmoid(finds[:, 3]) >= threshold]
    finds = finds[_distinct(finds, width, height)]
    columns = (finds[:, 0], finds[:, 1], DIAMETER_UNIT * torch.exp(finds[:, 2]),
               torch.sigmoid(finds[:, 3]))
    return [PinDetection(*row) for row in torch.stack(columns, dim=1).tolist()]


def _distinct(finds: Tensor, width: int, height: int) -> list[int]:
    """Choose the finds, best first, that are finite, inside, and not a better one's twin."""
    kept: dict[int, tuple[float, float, float]] = {}
    for number, (x, y, log_diameter, logit) in enumerate(finds.tolist()):
        if not all(map(math.isfinite, (x, y, log_diameter, logit))):
            continue
        if not (-0.5 <= x <= width - 0.5 and -0.5 <= y <= height - 0.5):
            continue
        radius = DIAMETER_UNIT * math.exp(min(log_diameter, 10.0)) / 2
        if all(math.hypot(x - other[0], y - other[1]) >= LEAST_DISTANCE * (radius + other[2])
               for other in kept.values()):
            kept[number] = (x, y, radius)
    return list(kept)[:MOST_DETECTIONS]


def _logit(probability: float) -> float:
    if probability <= 0:
        return -math.inf
    return math.log(probability / (1 - probability)) if probability < 1 else math.inf
