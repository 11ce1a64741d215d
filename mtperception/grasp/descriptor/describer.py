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

"""What is grasped, described by its looks: one descriptor a grasp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch

from mtperception import zoo
from mtperception.geometry.camera import Floats
from mtperception.grasp.descriptor.crops import crop, normalised, SAMPLES, STEP
from mtperception.grasp.descriptor.network import (
    DescriptorArchitecture,
    DescriptorNetwork,
    OUTLINE_STRIDE,
)
from mtperception.grasp.detection import Grasp
from mtperception.nn.folding import fold_batch_norm
from mtperception.nn.picture import check_picture
from mtperception.nn.weights import restore

Image = npt.NDArray[np.uint8]
# Two grasps are on things apart below the first, on one from the second on (`on_one_thing`).
_APART, _TOGETHER = 0.3, 0.7


class Describer:
    """
    Describes the things that a picture's grasps are on; may be called from several threads.

    They may be of any shape: the network has learned from other things what makes shapes differ.
    Which shapes there are is taught (grasp.shapes).
    """

    def __init__(self, network: DescriptorNetwork, *, model_name: str, sha256: str) -> None:
        """Take over a trained network: it is changed to its faster, untrainable form."""
        network.eval().requires_grad_(False)
        fold_batch_norm(network)
        self.network = network.to(memory_format=torch.channels_last)
        self.model_name = model_name
        self.sha256 = sha256

    @classmethod
    def load(cls, name_or_path: str | Path = 'shape') -> Describer:
        """
        Read a model: a bundled one by name, or any by the path of its ``.safetensors`` file.

        zoo.ModelError says what is wrong with a model that cannot be used.
        """
        bundle, where = zoo.load(name_or_path), str(name_or_path)
        zoo.check_task(bundle, 'shape', where)
        network = network_from_card(bundle.card, where)
        restore(network, bundle.tensors, where)
        return cls(network, model_name=bundle.name, sha256=bundle.sha256)

    def __call__(self, image: Image, grasps: Sequence[Grasp]) -> npt.NDArray[np.float32]:
        """
        Describe the things that grasps are on, N x D, rows of length 1.

        ``image`` is as detectors take it, BGR or grey. Grasps on one thing have nearly the same
        descriptor: that of all the views of it together.
        """
        descriptors, outlines = self.look(image, grasps)
        together = np.clip(
            (on_one_thing(grasps, outlines) - _APART) / (_TOGETHER - _APART), 0.0, 1.0)
        np.fill_diagonal(together, 1.0)
        joint = together @ descriptors
        return np.asarray(joint / np.linalg.norm(joint, axis=1, keepdims=True), np.float32)

    def look(self, image: Image, grasps: Sequence[Grasp],
             ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """
        Return each grasp's own descriptor, N x D, and the outline of what it is on, N x n x n.

        An outline has the probability that the thing can be seen in a cell of the view.
        """
        check_picture(image, 1)
        size = SAMPLES // OUTLINE_STRIDE
        if not grasps:
            return (np.zeros((0, self.network.architecture.size), np.float32),
                    np.zeros((0, size, size), np.float32))
        rgb = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB if image.ndim == 2 else cv2.COLOR_BGR2RGB)
        views = normalised(torch.from_numpy(np.stack([
            crop(rgb, grasp.x, grasp.y, grasp.theta) for grasp in grasps])).permute(0, 3, 1, 2))
        with torch.inference_mode():
            described = self.network(views)
            return described.descriptors.numpy(), described.outlines.sigmoid().numpy()


def on_one_thing(grasps: Sequence[Grasp], outlines: npt.NDArray[np.float32]) -> Floats:
    """
    Tell how likely each two of N grasps are on the same thing, N x N.

    It is the geometric mean of the probabilities that each one's middle is inside of the other's
    outline, N x n x n.
    """
    count, size = outlines.shape[:2]
    likely = np.zeros((count, count))
    places = np.array([(grasp.x, grasp.y) for grasp in grasps]).reshape(-1, 2)
    for number, (grasp, outline) in enumerate(zip(grasps, outlines, strict=True)):
        cosine, sine = np.cos(grasp.theta), np.sin(grasp.theta)
        x, y = (places - places[number]).T / (OUTLINE_STRIDE * STEP)
        column, row = np.rint(np.stack((x * cosine - y * sine, x * sine + y * cosine))
                              + (size - 1) / 2).astype(np.intp)
        there = (column >= 0) & (column < size) & (row >= 0) & (row < size)
        likely[number, there] = outline[row[there], column[there]]
    return np.sqrt(likely * likely.T)


def network_from_card(card: Mapping[str, Any], where: str) -> DescriptorNetwork:
    """Build the untrained network that a card describes; ``where`` names it in errors."""
    try:
        entry = card['architecture']
        return DescriptorNetwork(DescriptorArchitecture.of(
            [int(width) for width in entry['widths']], int(entry['outline_width']),
            int(entry['size'])))
    except (KeyError, TypeError, ValueError, RuntimeError):
        raise zoo.ModelError(f'{where}: the card does not describe a network for shapes of this '
                             'version; train it again') from None
