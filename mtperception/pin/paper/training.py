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
The paper's custom training loop: Adam at a constant rate, each copy of a seed image once an epoch.

It is not the loop of the other models (training/loop.py), whose optimisers, schedule and running
average the paper has not; its checkpoints are the same kind of file.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
import math
from pathlib import Path
import time
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from mtperception.pin.paper.crops import Copies, cut_crops, PaperCrops
from mtperception.pin.paper.loss import (
    clamped_cross_entropy,
    half_squared_error,
    paper_loss,
    PaperLoss,
)
from mtperception.pin.paper.network import PaperNetwork, PIN
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

# Table 2 of the paper.
RATE, DECAYS, EPSILON = 1e-3, (0.9, 0.999), 1e-8
BATCH = 60


class LossRow(NamedTuple):
    """
    The loss of some images, and its parts as the paper's tables have them.

    ``half_mse`` is over all images, ``pins_half_mse`` over those with a pin (NaN without any).
    """

    total: float
    cross_entropy: float
    half_mse: float
    pins_half_mse: float


@dataclass
class History:
    """
    What a training has gone through.

    ``steps`` has a row for each iteration's mini-batch, ``validation`` for each set of crops a
    row for each epoch. ``seconds`` and ``cpu_seconds`` are without validation.
    """

    steps: list[LossRow] = field(default_factory=list)
    validation: dict[str, list[LossRow]] = field(default_factory=dict)
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def tensors(self) -> dict[str, Tensor]:
        """Give the history as tensors, for a checkpoint."""
        rows = {'history.steps': self.steps} | {
            f'history.validation.{name}': rows for name, rows in self.validation.items()}
        times = torch.tensor([self.seconds, self.cpu_seconds], dtype=torch.float64)
        return {'history.times': times} | {
            name: torch.tensor(value, dtype=torch.float64) for name, value in rows.items()}

    @classmethod
    def restored(cls, tensors: Mapping[str, Tensor], names: Iterable[str]) -> 'History':
        """Undo ``tensors``; ``names`` are those of the sets of validation crops."""
        def rows(name: str) -> list[LossRow]:
            return [LossRow(*row) for row in tensors[name].tolist()]

        return cls(rows('history.steps'),
                   {name: rows(f'history.validation.{name}') for name in names},
                   *tensors['history.times'].tolist())


@dataclass(frozen=True)
class Answers:
    """What a model says of N crops: the probability of a pin, N, and its position, N x 2."""

    probability: Tensor
    position: Tensor


def train_paper(
    training: Copies, validation: Mapping[str, PaperCrops], loss: int, *, epochs: int,
    seed: int, checkpoint: Path, run: Mapping[str, Any], resume: bool = False,
    after_step: Callable[[int, float], None] | None = None,
    after_epoch: Callable[[int, History], None] | None = None,
) -> tuple[PaperNetwork, History]:
    """
    Train the paper's network with ``loss`` 1 or 2; return it in evaluation mode.

    The same seed gives the same first weights and the same mini-batches for both losses. A
    checkpoint is written after every epoch; with ``resume`` the training goes on from it, and
    ``run`` is what it must agree with. TrainingError is raised when the loss is not finite.
    """
    torch.manual_seed(seed)
    network = PaperNetwork().to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE, betas=DECAYS, eps=EPSILON)
    history, epochs_done = History(validation={name: [] for name in validation}), 0
    if resume:
        saved = read_checkpoint(checkpoint, run)
        restore_network(network, saved.tensors, 'network')
        restore_optimiser(optimiser, saved.tensors, 'adam')
        history, epochs_done = History.restored(saved.tensors, validation), saved.epochs_done
    for epoch in range(epochs_done, epochs):
        clock, processor = time.monotonic(), time.process_time()
        network.train()
        crops, batches = epoch_crops(training, seed, epoch)
        images = torch.from_numpy(crops.images)
        with_pin, positions = targets(crops)
        for batch in batches:
            optimiser.zero_grad(set_to_none=True)
            parts = paper_loss(network(images[batch]), with_pin[batch], positions[batch])
            row = loss_row(parts, loss, with_pin[batch])
            if not math.isfinite(row.total):
                raise TrainingError(
                    f'loss {loss} became {row.total} in epoch {epoch + 1}, iteration '
                    f'{len(history.steps) + 1}: look for a damaged picture or label'
                    + (f'; {checkpoint} holds the state after epoch {epoch}' if epoch else ''))
            parts.total(loss).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            history.steps.append(row)
            if after_step is not None:
                after_step(len(history.steps), row.total)
        history.seconds += time.monotonic() - clock
        history.cpu_seconds += time.process_time() - processor
        for name, others in validation.items():
            history.validation[name].append(
                validation_row(answers(network, others), others, loss))
        tensors = (network_tensors(network, 'network') | optimiser_tensors(optimiser, 'adam')
                   | history.tensors())
        write_checkpoint(checkpoint, Checkpoint(tensors, epoch + 1, run))
        if after_epoch is not None:
            after_epoch(epoch + 1, history)
    return network.eval(), history


def epoch_crops(training: Copies, seed: int, epoch: int) -> tuple[PaperCrops, list[Tensor]]:
    """Cut an epoch's crops; give them with the numbers of those of each mini-batch."""
    rng = np.random.default_rng((seed, epoch))
    crops, order = cut_crops(training, rng), torch.from_numpy(rng.permutation(len(training)))
    return crops, [order[start:start + BATCH] for start in range(0, len(order), BATCH)]


def answers(network: PaperNetwork, crops: PaperCrops) -> Answers:
    """Ask the network about crops; it is in evaluation mode afterwards."""
    network.eval()
    with torch.inference_mode():
        outputs = [network(torch.from_numpy(crops.images[start:start + BATCH]))
                   for start in range(0, len(crops), BATCH)]
    logits = torch.cat([output.logits for output in outputs]).double()
    return Answers(logits.softmax(dim=1)[:, PIN],
                   torch.cat([output.position for output in outputs]))


def targets(crops: PaperCrops) -> tuple[Tensor, Tensor]:
    """Give what the losses compare with: B booleans, and B x 2 positions."""
    return torch.from_numpy(crops.with_pin), torch.from_numpy(crops.positions)


def validation_row(said: Answers, crops: PaperCrops, loss: int) -> LossRow:
    """Give the loss of all crops, with the cross-entropy clamped as in the paper's tables."""
    with_pin, positions = targets(crops)
    true = torch.where(with_pin, said.probability, 1 - said.probability)
    error = half_squared_error(said.position, positions)
    parts = PaperLoss(
        clamped_cross_entropy(true).mean(), error.mean(), (with_pin * error).mean())
    return loss_row(parts, loss, with_pin)


def loss_row(parts: PaperLoss, loss: int, with_pin: Tensor) -> LossRow:
    """Turn the parts into numbers."""
    share = with_pin.double().mean().item()
    return LossRow(
        parts.total(loss).item(), parts.cross_entropy.item(), parts.half_mse.item(),
        parts.masked_half_mse.item() / share if share else math.nan)
