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
Faster R-CNN on the autoencoder's encoder (Ren et al., NIPS 2015), of torchvision's parts.

Pictures are B x 3 x S x S from 0 to 1. Boxes are in their pixels, 0 at the edge of the first, as
torchvision has them. There is one class, and one object to a picture.
"""

from typing import NamedTuple

import torch
from torch import nn, Tensor
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.roi_heads import fastrcnn_loss, RoIHeads
from torchvision.models.detection.rpn import RegionProposalNetwork, RPNHead
from torchvision.ops import box_iou, clip_boxes_to_image, MultiScaleRoIAlign

from mtperception.nn.vgg import scaled
from mtperception.pose.paper.autoencoder import Encoder

# Anchors' sides, in shares of the picture's: the object is about a quarter of it.
ANCHOR_SIDES = (1 / 8, 1 / 4, 3 / 8)
ANCHOR_SHAPES = (0.5, 1.0, 2.0)
# The box head sees 7 x 7 cells, and has layers of so many numbers at full width.
_HEAD_CELLS, _HEAD_NUMBERS = 7, 1024
_MAP = 'encoder'
# Proposals by picture: before and after those that overlap are dropped, and those the box head
# is trained with.
_BEFORE, _AFTER, _TRAINED = 500, 100, 32


class FasterLoss(NamedTuple):
    """The parts of Faster R-CNN's loss, scalars."""

    objectness: Tensor
    proposal: Tensor
    classification: Tensor
    box: Tensor

    @property
    def total(self) -> Tensor:
        """L_faster of equation 5."""
        return self.objectness + self.proposal + self.classification + self.box


class Trained(NamedTuple):
    """
    What a training step of the detector gives.

    ``features`` are the encoder's, ``boxes`` (B x 4) the detected boxes, each from the proposal
    that shares most with the true one; their gradient is known.
    """

    loss: FasterLoss
    features: Tensor
    boxes: Tensor


class Detected(NamedTuple):
    """The best box (B x 4) of each picture and its score (B); NaN and 0 where there is none."""

    boxes: Tensor
    scores: Tensor
    features: Tensor


class FasterRcnn(nn.Module):
    """Encoder, region proposal network, and box head, for pictures of a side."""

    def __init__(self, width: float = 1.0, side: int = 512, batch_norm: bool = True) -> None:
        super().__init__()
        self.encoder = Encoder(width, batch_norm)
        channels = self.encoder.channels
        anchors = AnchorGenerator((tuple(round(share * side) for share in ANCHOR_SIDES),),
                                  (ANCHOR_SHAPES,))
        few = {'training': _AFTER, 'testing': _AFTER}
        self.rpn = RegionProposalNetwork(
            anchors, RPNHead(channels, anchors.num_anchors_per_location()[0]), 0.7, 0.3, 256, 0.5,
            {'training': _BEFORE, 'testing': _BEFORE}, few, 0.7)
        numbers = scaled(_HEAD_NUMBERS, width)
        self.heads = RoIHeads(
            MultiScaleRoIAlign([_MAP], _HEAD_CELLS, 2),
            TwoMLPHead(channels * _HEAD_CELLS**2, numbers), FastRCNNPredictor(numbers, 2),
            0.5, 0.5, _TRAINED, 0.25, None, 0.05, 0.5, 1)

    def features(self, pictures: Tensor) -> Tensor:
        """Map pictures to the encoder's last map; in half precision where autocast is on."""
        maps: Tensor = self.encoder(pictures)
        return maps.float()

    def losses(self, pictures: Tensor, boxes: Tensor) -> Trained:
        """Compare with the true boxes, one a picture; the network is in training mode."""
        features = self.features(pictures)
        with torch.autocast(pictures.device.type, enabled=False):
            return self._compared(features, pictures, boxes)

    def _compared(self, features: Tensor, pictures: Tensor, boxes: Tensor) -> Trained:
        sizes, targets = _sizes(pictures), [
            {'boxes': box[None], 'labels': torch.ones(1, dtype=torch.long, device=box.device)}
            for box in boxes]
        proposals, rpn = self.rpn(ImageList(pictures, sizes), {_MAP: features}, targets)
        best = [some[box_iou(some, box[None]).argmax()][None]
                for some, box in zip(proposals, boxes, strict=True)]
        drawn, _, labels, deltas = self.heads.select_training_samples(proposals, targets)
        logits, found = self._head(features, drawn, sizes)
        classification, box_loss = fastrcnn_loss(logits, found, labels, deltas)
        _, refined = self._head(features, best, sizes)
        detected = self.heads.box_coder.decode(refined, best)[:, 1]
        loss = FasterLoss(rpn['loss_objectness'], rpn['loss_rpn_box_reg'], classification,
                          box_loss)
        return Trained(loss, features, clip_boxes_to_image(detected, sizes[0]))

    def detect(self, pictures: Tensor) -> Detected:
        """Find the object; the network is in evaluation mode."""
        features = self.features(pictures)
        # Half precision knows places in a picture to a pixel or two.
        with torch.autocast(pictures.device.type, enabled=False):
            return self._detected(features, pictures)

    def _detected(self, features: Tensor, pictures: Tensor) -> Detected:
        sizes = _sizes(pictures)
        proposals, _ = self.rpn(ImageList(pictures, sizes), {_MAP: features})
        logits, deltas = self._head(features, proposals, sizes)
        found, scores, _ = self.heads.postprocess_detections(logits, deltas, proposals, sizes)
        boxes = pictures.new_full((len(pictures), 4), torch.nan)
        best = pictures.new_zeros(len(pictures))
        for number, (some, score) in enumerate(zip(found, scores, strict=True)):
            if len(some):
                boxes[number], best[number] = some[0], score[0]
        return Detected(boxes, best, features)

    def _head(self, features: Tensor, boxes: list[Tensor],
              sizes: list[tuple[int, int]]) -> tuple[Tensor, Tensor]:
        regions = self.heads.box_roi_pool({_MAP: features}, boxes, sizes)
        logits, deltas = self.heads.box_predictor(self.heads.box_head(regions))
        return logits, deltas


def _sizes(pictures: Tensor) -> list[tuple[int, int]]:
    height, width = pictures.shape[-2:]
    return [(height, width)] * len(pictures)
