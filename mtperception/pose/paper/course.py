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
The loop that both of the paper's steps are trained by.

It is not the loop of the other models (training/loop.py), whose optimisers, schedule and running
average the paper has not; its checkpoints are the same kind of file.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
import math
from pathlib import Path
import time
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import nn, Tensor

from mtperception.pose.paper.pictures import ahead
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

B = TypeVar('B')


@dataclass
class History:
    """The mean loss of each epoch, all its parts by name, and how long all took."""

    losses: dict[str, list[float]] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def epochs(self) -> int:
        """How many epochs there were."""
        return max(map(len, self.losses.values()), default=0)


@dataclass(frozen=True)
class Trainee(Generic[B]):
    """
    What is trained, and how.

    ``batch`` makes mini-batch j of epoch i, the same whenever it is asked for; of ``loss`` the
    part ``total`` is made small. ``begin`` is called before each epoch.
    """

    network: nn.Module
    optimiser: torch.optim.Optimizer
    epochs: int
    steps: int
    batch: Callable[[int, int], B]
    loss: Callable[[B], Mapping[str, Tensor]]
    begin: Callable[[int], None]


def train(
    trainee: Trainee[B], *, seed: int, checkpoint: Path, run: Mapping[str, Any],
    after_step: Callable[[int, float], None] | None = None,
) -> History:
    """
    Train; the network is in evaluation mode then.

    A checkpoint is written after every epoch. Where one of the same ``run`` is there the training
    goes on from it. ``after_step`` gets the steps done and the loss. TrainingError is raised when
    the loss is not finite.
    """
    network, optimiser = trainee.network, trainee.optimiser
    history, done = History(), 0
    if checkpoint.exists():
        saved = read_checkpoint(checkpoint, run)
        restore_network(network, saved.tensors, 'network')
        restore_optimiser(optimiser, saved.tensors, 'optimiser')
        _lay_out(optimiser)
        history, done = _restored(saved.tensors), saved.epochs_done
    for epoch in range(done, trainee.epochs):
        clock = time.monotonic()
        # What the region proposal network is trained with is drawn at random.
        torch.manual_seed(1_000_003 * seed + epoch)
        network.train()
        trainee.begin(epoch)
        rows: list[dict[str, float]] = []
        for batch in ahead(lambda step, epoch=epoch: trainee.batch(epoch, step),  # type: ignore[misc]
                           trainee.steps):
            optimiser.zero_grad(set_to_none=True)
            parts = trainee.loss(batch)
            rows.append({name: value.item() for name, value in parts.items()})
            if not math.isfinite(rows[-1]['total']):
                raise TrainingError(
                    f'the loss became {rows[-1]["total"]} in epoch {epoch + 1}, step {len(rows)}: '
                    'look for a damaged picture or label, or choose a smaller rate'
                    + (f'; {checkpoint} holds the state after epoch {epoch}' if epoch else ''))
            parts['total'].backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            if after_step is not None:
                after_step(epoch * trainee.steps + len(rows), rows[-1]['total'])
        for name in rows[0]:
            history.losses.setdefault(name, []).append(float(np.mean([row[name] for row in rows])))
        history.seconds += time.monotonic() - clock
        tensors = (network_tensors(network, 'network')
                   | optimiser_tensors(optimiser, 'optimiser') | _tensors(history))
        write_checkpoint(checkpoint, Checkpoint(tensors, epoch + 1, run))
    network.eval()
    return history


def steps_per_epoch(count: int, batch: int) -> int:
    """Give the mini-batches that an epoch of so many pictures has; what is left over is not."""
    return max(1, count // batch)


def drawn(count: int, size: int, seed: int, epoch: int, step: int) -> list[int]:
    """Give the numbers of a mini-batch's pictures; in an epoch each comes once."""
    order = np.random.default_rng((seed, epoch)).permutation(count)
    return [int(number) for number in order[size * step:size * (step + 1)]]


def _lay_out(optimiser: torch.optim.Optimizer) -> None:
    """Have moments lie in memory as their weights do: fused optimisers take that for granted."""
    for weight, moments in optimiser.state.items():
        for name, value in moments.items():
            if value.shape == weight.shape:
                moments[name] = torch.empty_like(weight).copy_(value)


def _tensors(history: History) -> dict[str, Tensor]:
    rows = {f'history.losses.{name}': torch.tensor(values, dtype=torch.float64)
            for name, values in history.losses.items()}
    return rows | {'history.seconds': torch.tensor(history.seconds, dtype=torch.float64)}


def _restored(tensors: Mapping[str, Tensor]) -> History:
    prefix = 'history.losses.'
    return History({name.removeprefix(prefix): value.tolist() for name, value in tensors.items()
                    if name.startswith(prefix)}, tensors['history.seconds'].item())
