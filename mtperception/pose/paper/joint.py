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
The paper's joint network: one encoder for the detector and the pose estimator (section 3.2).

The detected box is cropped *again* from the map that the detector was given, and from that crop
the latent representation and the picture of the object alone come as in the autoencoder.
"""

from typing import Literal, NamedTuple

import torch
from torch import nn, Tensor

from mtperception.pose.paper.autoencoder import Autoencoder, Decoder, Drawn, Latent
from mtperception.pose.paper.crops import Crop, cropped, windows_around
from mtperception.pose.paper.detector import FasterLoss, FasterRcnn
from mtperception.pose.paper.losses import squared_error

# How the joint network is trained: all at once, or for two epochs some layers alone.
Schedule = Literal['T1', 'T2']


class JointLoss(NamedTuple):
    """The parts of equation 5."""

    faster: FasterLoss
    error: Tensor

    def total(self, weight: float = 1.0) -> Tensor:
        """Return equation 5; ``weight`` is its lambda, which is 1 in the paper."""
        return self.faster.total + weight * self.error


class JointFound(NamedTuple):
    """Boxes and scores as of `detector.Detected`, and what is drawn; NaN where there is no box."""

    boxes: Tensor
    scores: Tensor
    drawn: Drawn


class JointNetwork(nn.Module):
    """A detector, and an autoencoder's latent and decoder on the detector's own features."""

    def __init__(self, width: float = 1.0, latent: int = 128, side: int = 512,
                 batch_norm: bool = True, crop: Crop = 'RoIAlign') -> None:
        super().__init__()
        self.detector = FasterRcnn(width, side, batch_norm)
        self.latent = Latent(self.detector.encoder.channels, latent)
        self.decoder = Decoder(width, batch_norm)
        self.crop = crop

    def start_from(self, autoencoder: Autoencoder) -> None:
        """Take over what step 1 has trained."""
        self.detector.encoder.load_state_dict(autoencoder.encoder.state_dict())
        self.latent.load_state_dict(autoencoder.latent.state_dict())
        self.decoder.load_state_dict(autoencoder.decoder.state_dict())

    def losses(self, pictures: Tensor, boxes: Tensor, alone: Tensor) -> JointLoss:
        """Compare with the true boxes (B x 4) and the objects alone (B x 3 x 128 x 128)."""
        trained = self.detector.losses(pictures, boxes)
        drawn = self._drawn(trained.features, windows_around(trained.boxes))
        return JointLoss(trained.loss, squared_error(drawn.pictures.float(), alone))

    def find(self, pictures: Tensor) -> JointFound:
        """Find the object in each picture, describe it and draw it alone."""
        boxes, scores, features = self.detector.detect(pictures)
        return JointFound(boxes, scores, self._drawn(features, windows_around(boxes)))

    def encode(self, pictures: Tensor, windows: Tensor) -> Tensor:
        """Describe what is in known windows of pictures, by the path that `find` takes."""
        features = self.detector.features(pictures)
        latent: Tensor = self.latent(cropped(features, windows, self.crop))
        return latent

    def _drawn(self, features: Tensor, windows: Tensor) -> Drawn:
        # A picture without any box is described by no numbers.
        found = windows.isfinite().all(dim=1)
        windows = torch.where(found[:, None], windows, windows.new_tensor((0.0, 0.0, 16.0, 16.0)))
        latent = self.latent(cropped(features, windows, self.crop))
        pictures = self.decoder(self.latent.features(latent))
        return Drawn(torch.where(found[:, None], latent, torch.nan), pictures)


def set_trainable(network: JointNetwork, schedule: Schedule, epoch: int) -> None:
    """
    Let the layers learn that do in an epoch (from 0 on), and put them into training mode.

    T2 trains only the region proposal network and the fully connected layers in the first epoch
    and only encoder and decoder in the second (section 4.2). Layers that do not learn keep their
    batch norms' averages, too.
    """
    drawing = (network.detector.encoder, network.decoder)
    others = (network.detector.rpn, network.detector.heads, network.latent)
    network.train()
    for modules, resting in ((drawing, 0), (others, 1)):
        learns = schedule == 'T1' or epoch != resting
        for module in modules:
            module.requires_grad_(learns)
            if not learns:
                _freeze_averages(module)


def _freeze_averages(module: nn.Module) -> None:
    """Leave the module in training mode, but for its batch norms."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.eval()
