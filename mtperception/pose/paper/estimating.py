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

"""From pictures to boxes, latents and drawings, by the joint network or by two that are not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by

from mtperception.datasets.pictures import Image
from mtperception.geometry.camera import Floats
from mtperception.pose.codebook import Codebook
from mtperception.pose.paper.autoencoder import Autoencoder, shown, SIDE, STRIDE
from mtperception.pose.paper.detector import FasterRcnn
from mtperception.pose.paper.joint import JointNetwork
from mtperception.pose.paper.pictures import from_edges, shrunken, window_of

# Codebook's views are in a picture that is so much smaller.
_PICTURE_SHARE = 2
_ENTRIES_AT_ONCE = 1 << 14


@dataclass(frozen=True)
class Found:
    """
    What was found in N pictures.

    ``boxes`` (N x 4) are in the pictures' pixels, NaN where nothing was found; so are the
    ``latents`` (N x D). ``drawn`` (uint8, N x 128 x 128 x 3) is the object alone.
    """

    boxes: Floats
    scores: Floats
    latents: Tensor
    drawn: Image


class Estimator(Protocol):
    """Finds the object in square pictures, and describes views of it."""

    def find(self, images: Sequence[Image]) -> Found:
        """Look at pictures (RGB) of one size."""
        ...

    def encode(self, views: Image) -> Tensor:
        """Describe views (uint8, N x 128 x 128 x 3) as pictures are described: N x D."""
        ...


class Separate:
    """An independent detector, and an autoencoder that sees what is in its boxes."""

    def __init__(self, detector: FasterRcnn, autoencoder: Autoencoder, side: int,
                 device: str = 'cpu') -> None:
        self._detector, self._autoencoder = detector.eval(), autoencoder.eval()
        self._side, self._device = side, device

    @torch.inference_mode()
    def find(self, images: Sequence[Image]) -> Found:
        """Find boxes, and describe the windows around them."""
        with torch.autocast(self._device, torch.bfloat16):
            detected = self._detector.detect(_pictures(images, self._side, self._device))
        boxes = from_edges(detected.boxes.cpu().numpy(), self._side / images[0].shape[1])
        crops = np.zeros((len(images), SIDE, SIDE, 3), np.uint8)
        for image, box, crop in zip(images, boxes, crops, strict=True):
            if np.isfinite(box).all():
                crop[:] = window_of(image, box)
        with torch.autocast(self._device, torch.bfloat16):
            latent, drawn = self._autoencoder(shown(torch.from_numpy(crops), self._device))
        latent[~detected.boxes.isfinite().all(dim=1)] = torch.nan
        return Found(boxes, detected.scores.double().cpu().numpy(), latent.float().cpu(),
                     _bytes(drawn))

    @torch.inference_mode()
    def encode(self, views: Image) -> Tensor:
        """Describe views, which are windows already."""
        with torch.autocast(self._device, torch.bfloat16):
            return self._autoencoder.encode(
                shown(torch.from_numpy(np.ascontiguousarray(views)), self._device)).cpu()


class Joint:
    """
    The joint network.

    Views for its codebook are put in the middle of a black picture, ``window`` pixels of the
    detector's picture large, as the object usually is.
    """

    def __init__(self, network: JointNetwork, side: int, window: float,
                 device: str = 'cpu') -> None:
        self._network, self._side, self._device = network.eval(), side, device
        self._window = round(window)
        cells = -(-side // _PICTURE_SHARE // STRIDE)
        # Where an object is much smaller than the picture, the picture's rest is black anyway.
        self._canvas = STRIDE * max(cells, -(-self._window // STRIDE))

    @torch.inference_mode()
    def find(self, images: Sequence[Image]) -> Found:
        """Find boxes, and describe what is in them."""
        with torch.autocast(self._device, torch.bfloat16):
            boxes, scores, drawn = self._network.find(_pictures(images, self._side, self._device))
        return Found(
            from_edges(boxes.cpu().numpy(), self._side / images[0].shape[1]),
            scores.double().cpu().numpy(), drawn.latent.float().cpu(), _bytes(drawn.pictures))

    @torch.inference_mode()
    def encode(self, views: Image) -> Tensor:
        """Describe views by way of the detector's features."""
        start = (self._canvas - self._window) // 2
        stop = start + self._window
        canvas = np.zeros((len(views), self._canvas, self._canvas, 3), np.uint8)
        for picture, view in zip(canvas, views, strict=True):
            picture[start:stop, start:stop] = shrunken(view, self._window)
        window = torch.tensor((start, start, stop, stop), dtype=torch.float32,
                              device=self._device)
        with torch.autocast(self._device, torch.bfloat16):
            return self._network.encode(
                shown(torch.from_numpy(canvas), self._device),
                window.expand(len(views), 4)).cpu()


def nearest(codebook: Codebook, latents: Tensor) -> list[int]:
    """
    Return the entry whose cosine with each of N latents is largest.

    Cosines are compared in single precision: all of an autoencoder's are near 1, where those in
    half precision are alike for many entries.
    """
    wanted = F.normalize(latents.float(), dim=1)
    best = torch.full((len(latents),), -torch.inf)
    entries = torch.zeros(len(latents), dtype=torch.long)
    for start in range(0, len(codebook), _ENTRIES_AT_ONCE):
        some = codebook.codes[start:start + _ENTRIES_AT_ONCE].float()
        cosines, places = (wanted @ some.T).max(dim=1)
        entries = torch.where(cosines > best, places + start, entries)
        best = torch.maximum(best, cosines)
    return [int(entry) for entry in entries]


def likeness(codebook: Codebook) -> float:
    """Return the mean cosine between all entries: 1 where all poses look alike to the encoder."""
    count = len(codebook)
    total = torch.zeros(codebook.codes.shape[1], dtype=torch.float64)
    for start in range(0, count, _ENTRIES_AT_ONCE):
        total += F.normalize(
            codebook.codes[start:start + _ENTRIES_AT_ONCE].double(), dim=1).sum(dim=0)
    return float((total @ total).item()) / count**2


def _pictures(images: Sequence[Image], side: int, device: str) -> Tensor:
    return shown(torch.from_numpy(np.stack([shrunken(image, side) for image in images])), device)


def _bytes(drawn: Tensor) -> Image:
    return np.asarray((255.0 * drawn.float()).round().byte().permute(0, 2, 3, 1).cpu().numpy())
