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

"""Step 1, which trains autoencoders, and step 2, which trains detectors (section 4.1)."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mtperception.pose.paper.autoencoder import Autoencoder, shown
from mtperception.pose.paper.course import drawn, History, steps_per_epoch, train, Trainee
from mtperception.pose.paper.detector import FasterRcnn
from mtperception.pose.paper.joint import JointNetwork, Schedule, set_trainable
from mtperception.pose.paper.losses import extended_loss, squared_error
from mtperception.pose.paper.pictures import (
    crop_batch,
    CropBatch,
    frame_batch,
    FrameBatch,
    PaperPictures,
)
from mtperception.pose.paper.plan import Budget, Method
from mtperception.training.adabound import AdaBound

# What Faster R-CNN is usually trained with; the paper tells the rate alone.
MOMENTUM, WEIGHT_DECAY = 0.9, 5e-4

AfterStep = Callable[[int, float], None] | None


def train_autoencoder(
    network: Autoencoder, method: Method, pictures: PaperPictures, budget: Budget, *, seed: int,
    checkpoint: Path, run: Mapping[str, Any], device: str = 'cpu', after_step: AfterStep = None,
) -> History:
    """
    Train step 1 with the losses of a method: all three, or for the original one eq. 1 alone.

    Pictures to train on are the first of those given. See `course.train` for the rest.
    """
    course = budget.step1
    count = min(course.pictures, len(pictures))
    network.to(device).to(memory_format=torch.channels_last)

    def batch(epoch: int, step: int) -> CropBatch:
        shaken = np.random.default_rng((seed, epoch, step)) if method.jitter else None
        return crop_batch(pictures, drawn(count, course.batch, seed, epoch, step), shaken)

    def loss(batch: CropBatch) -> dict[str, Tensor]:
        crops, alone = shown(batch.crops, device), shown(batch.alone, device)
        with torch.autocast(device, torch.bfloat16):
            return (_original if method.kind == 'original' else _extended)(
                network, crops, alone, batch.rotations.to(device))

    return train(Trainee(
        network, AdaBound(network.parameters(), course.rate, budget.final_rate), course.epochs,
        steps_per_epoch(count, course.batch), batch, loss, lambda epoch: None),
        seed=seed, checkpoint=checkpoint, run=run, after_step=after_step)


def _original(network: Autoencoder, crops: Tensor, alone: Tensor,
              rotations: Tensor) -> dict[str, Tensor]:
    return {'total': squared_error(network(crops).pictures.float(), alone)}


def _extended(network: Autoencoder, crops: Tensor, alone: Tensor,
              rotations: Tensor) -> dict[str, Tensor]:
    # Both in one batch, so that norms take both alike, as they must when poses are looked up.
    latent, alone_latent = network.encode(torch.cat((crops, alone))).float().chunk(2)
    parts = extended_loss(network.draw(latent).float(), alone, latent, alone_latent, rotations)
    return {'total': parts.total, 'error': parts.error, 'angle': parts.angle,
            'cosine': parts.cosine}


def train_detector(
    network: FasterRcnn, pictures: PaperPictures, budget: Budget, *, seed: int, checkpoint: Path,
    run: Mapping[str, Any], device: str = 'cpu', after_step: AfterStep = None,
) -> History:
    """Train the independent detector, as step 2 trains the joint one."""
    def loss(batch: FrameBatch) -> dict[str, Tensor]:
        with torch.autocast(device, torch.bfloat16):
            parts = network.losses(
                shown(batch.pictures, device), batch.boxes.to(device)).loss
        return {'total': parts.total, **parts._asdict()}

    return _step2(network, pictures, budget, loss, lambda epoch: None, seed=seed,
                  checkpoint=checkpoint, run=run, device=device, after_step=after_step)


def train_joint(
    network: JointNetwork, schedule: Schedule, pictures: PaperPictures, budget: Budget, *,
    seed: int, checkpoint: Path, run: Mapping[str, Any], device: str = 'cpu',
    after_step: AfterStep = None,
) -> History:
    """Train step 2: detector and pose estimator together, by equation 5."""
    def loss(batch: FrameBatch) -> dict[str, Tensor]:
        with torch.autocast(device, torch.bfloat16):
            parts = network.losses(shown(batch.pictures, device), batch.boxes.to(device),
                                   shown(batch.alone, device))
        return {'total': parts.total(budget.drawing_weight), 'error': parts.error,
                'faster': parts.faster.total, **parts.faster._asdict()}

    return _step2(
        network, pictures, budget, loss, lambda epoch: set_trainable(network, schedule, epoch),
        seed=seed, checkpoint=checkpoint, run=run, device=device, after_step=after_step)


def _step2(
    network: FasterRcnn | JointNetwork, pictures: PaperPictures, budget: Budget,
    loss: Callable[[FrameBatch], dict[str, Tensor]], begin: Callable[[int], None], *, seed: int,
    checkpoint: Path, run: Mapping[str, Any], device: str, after_step: AfterStep,
) -> History:
    course = budget.step2
    count = min(course.pictures, len(pictures))
    network.to(device).to(memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(network.parameters(), course.rate, momentum=MOMENTUM,
                                weight_decay=WEIGHT_DECAY, fused=True)

    def start(epoch: int) -> None:
        for group in optimiser.param_groups:
            group['lr'] = course.rate * 0.1 ** (epoch // budget.decay_every)
        begin(epoch)

    return train(Trainee(
        network, optimiser, course.epochs, steps_per_epoch(count, course.batch),
        lambda epoch, step: frame_batch(
            pictures, drawn(count, course.batch, seed, epoch, step), budget.side),
        loss, start), seed=seed, checkpoint=checkpoint, run=run, after_step=after_step)
