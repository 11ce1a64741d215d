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
The training of the paper's detector: Adam at a constant rate, each picture once an epoch.

It is not the loop of the other models (training/loop.py), whose optimisers, schedule and running
average the paper has not; its checkpoints are the same kind of file.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
import math
from pathlib import Path
import time
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mtperception.grasp.batches import targets_from_labels
from mtperception.grasp.data.dataset import GraspPictures
from mtperception.grasp.loss import match_all, matched_loss
from mtperception.grasp.network import GraspArchitecture, GraspNetwork, normalised
from mtperception.training.checkpoint import (
    Checkpoint,
    network_tensors,
    optimiser_tensors,
    read_checkpoint,
    restore_network,
    restore_optimiser,
    write_checkpoint,
)
from mtperception.training.loop import TrainingError

# The paper names Adam alone: this is its usual rate.
RATE = 1e-3
BATCH = 16
# Boxes are matched so many pictures at a time.
_AT_ONCE = 100


@dataclass
class History:
    """The mean loss of each epoch, and how long all took."""

    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True)
class TrainingSet:
    """
    All pictures (uint8, N x 3 x H x W), their rectangles (N x G x 5), and what boxes are to find.

    ``assigned`` is that, as `loss.match_all` says it.
    """

    images: Tensor
    rectangles: Tensor
    assigned: Tensor


def train_detector(
    pictures: GraspPictures, architecture: GraspArchitecture, *, epochs: int, seed: int,
    checkpoint: Path, run: Mapping[str, Any], device: str = 'cpu',
    after_step: Callable[[int, float], None] | None = None,
    after_epoch: Callable[[int, float], None] | None = None,
) -> tuple[GraspNetwork, History]:
    """
    Train on pictures of one size; return the network in evaluation mode, on the CPU.

    A checkpoint is written after every epoch. Where one of the same ``run`` is there the training
    goes on from it. ``after_step`` gets the steps done and the loss, ``after_epoch`` the epochs
    done and the mean loss. TrainingError is raised when the loss is not finite.
    """
    torch.manual_seed(seed)
    network = GraspNetwork(architecture).to(device).to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
    history, epochs_done = History(), 0
    if checkpoint.exists():
        saved = read_checkpoint(checkpoint, run)
        restore_network(network, saved.tensors, 'network')
        restore_optimiser(optimiser, saved.tensors, 'adam')
        history = History(saved.tensors['history.losses'].tolist(),
                          saved.tensors['history.seconds'].item())
        epochs_done = saved.epochs_done
    if epochs_done < epochs:
        data = training_set(pictures, network, device)
    steps = steps_per_epoch(len(pictures))
    for epoch in range(epochs_done, epochs):
        clock, losses = time.monotonic(), []
        network.train()
        for batch in epoch_batches(len(pictures), seed, epoch):
            optimiser.zero_grad(set_to_none=True)
            with torch.autocast(device, torch.bfloat16):
                maps = network(_shown(data.images[batch]))
            loss = matched_loss(maps, data.rectangles[batch], data.assigned[batch].long()).total
            losses.append(loss.item())
            if not math.isfinite(losses[-1]):
                raise TrainingError(
                    f'the loss became {losses[-1]} in epoch {epoch + 1}, step {len(losses)}: look '
                    'for a damaged picture or label'
                    + (f'; {checkpoint} holds the state after epoch {epoch}' if epoch else ''))
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            if after_step is not None:
                after_step(epoch * steps + len(losses), losses[-1])
        history.losses.append(float(np.mean(losses)))
        history.seconds += time.monotonic() - clock
        tensors = network_tensors(network, 'network') | optimiser_tensors(optimiser, 'adam') | {
            'history.losses': torch.tensor(history.losses, dtype=torch.float64),
            'history.seconds': torch.tensor(history.seconds, dtype=torch.float64)}
        write_checkpoint(checkpoint, Checkpoint(tensors, epoch + 1, run))
        if after_epoch is not None:
            after_epoch(epoch + 1, history.losses[-1])
    return network.eval().cpu(), history


def training_set(pictures: GraspPictures, network: GraspNetwork, device: str) -> TrainingSet:
    """Put all pictures where the training is, with their labels matched once and for all."""
    images = torch.from_numpy(np.stack(list(pictures.images))).permute(0, 3, 1, 2)
    height, width = images.shape[-2:]
    labels = [rows.astype(np.float64) for rows in pictures.rectangles]
    with torch.inference_mode():
        boxes = network.eval()(_shown(images[:1].to(device))).boxes.cpu()
    rectangles, assigned = [], []
    most = max(map(len, labels))
    for start in range(0, len(labels), _AT_ONCE):
        targets = targets_from_labels(labels[start:start + _AT_ONCE], width, height)
        orientations = network.architecture.orientations
        assigned.append(match_all(targets, boxes, orientations).short())
        missing = most - targets.rectangles.shape[1]
        rectangles.append(torch.nn.functional.pad(targets.rectangles, (0, 0, 0, missing)))
    return TrainingSet(images.to(device), torch.cat(rectangles).to(device),
                       torch.cat(assigned).to(device))


def steps_per_epoch(count: int) -> int:
    """Give the mini-batches that an epoch of so many pictures has; what is left over is not."""
    return max(1, count // BATCH)


def epoch_batches(count: int, seed: int, epoch: int) -> list[Tensor]:
    """Give the numbers of the pictures of each mini-batch of an epoch, in random order."""
    order = torch.from_numpy(np.random.default_rng((seed, epoch)).permutation(count))
    return [order[BATCH * step:BATCH * (step + 1)] for step in range(steps_per_epoch(count))]


def _shown(images: Tensor) -> Tensor:
    return normalised(images).contiguous(memory_format=torch.channels_last)
