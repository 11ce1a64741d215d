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
The training loop.

It knows neither task nor data: batches are a pure function of epoch and step, so a resumed run
sees what an uninterrupted one sees. Of several processes (`torchrun`) each passes a function that
yields its own share of the batch, and the first writes the checkpoints.
"""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
import copy
from dataclasses import dataclass
import math
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import nn, Tensor
from torch.nn.parallel import DistributedDataParallel

from mtperception.training import processes
from mtperception.training.checkpoint import (
    Checkpoint,
    network_tensors,
    optimiser_tensors,
    read_checkpoint,
    restore_network,
    restore_optimiser,
    write_checkpoint,
)
from mtperception.training.muon import is_for_muon, Muon
from mtperception.training.one_cycle import one_cycle
from mtperception.training.settings import LoopSettings

BatchT = TypeVar('BatchT')
# The name of a training's checkpoint in its folder.
CHECKPOINT = 'checkpoint.safetensors'


class TrainingError(RuntimeError):
    """Training cannot go on; the message says where it stopped and what to do."""


@dataclass(frozen=True)
class Schedule:
    """
    How long and how fast to train.

    The kernels of hidden layers are updated by Muon, whose rate peaks at ``kernel_rate``, all
    else by AdamW, whose rate peaks at ``rate``; both follow one cycle. Gradients are cut at a
    norm of ``largest_gradient``; ``averaging`` is the decay of the running average of the
    weights, which is the result.
    """

    epochs: int
    steps_per_epoch: int
    kernel_rate: float
    rate: float
    weight_decay: float
    largest_gradient: float
    averaging: float

    @classmethod
    def of(cls, settings: LoopSettings) -> 'Schedule':
        """Make the schedule of settings, for each of the processes that train."""
        return cls(
            epochs=settings.epochs, steps_per_epoch=steps_per_epoch(settings),
            kernel_rate=settings.kernel_rate, rate=settings.learning_rate,
            weight_decay=settings.weight_decay, largest_gradient=settings.largest_gradient,
            averaging=settings.averaging)


def steps_per_epoch(settings: LoopSettings) -> int:
    """Give the steps that all processes together take in an epoch."""
    return max(1, settings.samples_per_epoch // (settings.batch * processes.count()))



@dataclass(frozen=True)
class Task(Generic[BatchT]):
    """
    What is trained.

    ``batch(epoch, step)`` gives data, and ``loss(network, batch)`` a scalar. ``prepare(epoch,
    network)`` is called before each epoch with the averaged network and may change what the
    epoch's batches will be; it must depend on its arguments alone.
    """

    network: nn.Module
    batch: Callable[[int, int], BatchT]
    loss: Callable[[nn.Module, BatchT], Tensor]
    prepare: Callable[[int, nn.Module], None] = lambda epoch, network: None


def fit(task: Task[BatchT], schedule: Schedule, *, checkpoint: Path, run: Mapping[str, Any],
        resume: bool = False, after_step: Callable[[int, float], None] | None = None,
        after_epoch: Callable[[int, nn.Module], None] | None = None) -> nn.Module:
    """
    Train ``task.network`` and return the running average of its weights.

    A checkpoint is written after every epoch; with ``resume`` the run starts from it. ``run`` is
    what a checkpoint must agree with. ``after_step`` is called with the steps done, of all
    epochs, and the loss; ``after_epoch`` with the epochs done and the averaged network.
    """
    network = task.network.train()
    average = copy.deepcopy(network)
    model = DistributedDataParallel(network) if processes.count() > 1 else network
    optimisers = _optimisers(network, schedule)
    epochs_done = 0
    if resume:
        saved = read_checkpoint(checkpoint, run)
        restore_network(network, saved.tensors, 'network')
        restore_network(average, saved.tensors, 'average')
        for name, optimiser in optimisers.items():
            restore_optimiser(optimiser, saved.tensors, name)
        epochs_done = saved.epochs_done
    steps = schedule.epochs * schedule.steps_per_epoch
    with ThreadPoolExecutor(1, 'next batch') as ahead:
        for epoch in range(epochs_done, schedule.epochs):
            task.prepare(epoch, average)
            coming = ahead.submit(task.batch, epoch, 0)
            for step in range(schedule.steps_per_epoch):
                batch = coming.result()
                if step + 1 < schedule.steps_per_epoch:
                    coming = ahead.submit(task.batch, epoch, step + 1)
                done = epoch * schedule.steps_per_epoch + step
                share = one_cycle(done, steps)
                for optimiser in optimisers.values():
                    optimiser.param_groups[0]['lr'] = share * optimiser.defaults['lr']
                loss = _step(
                    task, model, optimisers.values(), batch, schedule.largest_gradient)
                if not math.isfinite(loss):
                    raise TrainingError(_lost(loss, epoch, step, share, schedule, checkpoint))
                _average(average, network, min(schedule.averaging, (1 + done) / (10 + done)))
                if after_step is not None:
                    after_step(done + 1, loss)
            tensors = network_tensors(network, 'network') | network_tensors(average, 'average')
            for name, optimiser in optimisers.items():
                tensors |= optimiser_tensors(optimiser, name)
            if processes.rank() == 0:
                write_checkpoint(checkpoint, Checkpoint(tensors, epoch + 1, run))
                if after_epoch is not None:
                    after_epoch(epoch + 1, average)
    return average


def _lost(loss: float, epoch: int, step: int, share: float, schedule: Schedule,
          checkpoint: Path) -> str:
    """Say where a training ended that cannot go on, and what is left of it."""
    kept = f'{checkpoint} is of epoch {epoch}' if epoch else 'there is no checkpoint yet'
    return (f'the loss or its gradient became {loss} in epoch {epoch + 1}, step {step + 1}, at '
            f'learning rates of {share * schedule.rate:.2g} and, for kernels, '
            f'{share * schedule.kernel_rate:.2g}: lower them, or look for a damaged label; '
            f'{kept}')


def _optimisers(network: nn.Module, schedule: Schedule) -> dict[str, torch.optim.Optimizer]:
    kernels = [value for value in network.parameters() if is_for_muon(value)]
    others = [value for value in network.parameters() if not is_for_muon(value)]
    muon: dict[str, torch.optim.Optimizer] = {} if not kernels else {
        'muon': Muon(kernels, schedule.kernel_rate, schedule.weight_decay)}
    return muon | {'adamw': torch.optim.AdamW(
        others, lr=schedule.rate, weight_decay=schedule.weight_decay)}


def _step(task: Task[BatchT], model: nn.Module, optimisers: Collection[torch.optim.Optimizer],
          batch: BatchT, largest_gradient: float) -> float:
    for optimiser in optimisers:
        optimiser.zero_grad(set_to_none=True)
    loss = task.loss(model, batch)
    if not torch.isfinite(loss):
        return loss.item()
    loss.backward()  # type: ignore[no-untyped-call]
    norm = nn.utils.clip_grad_norm_(task.network.parameters(), largest_gradient)
    if not torch.isfinite(norm):
        return norm.item()
    for optimiser in optimisers:
        optimiser.step()
    return loss.item()


@torch.no_grad()
def _average(average: nn.Module, network: nn.Module, decay: float) -> None:
    for mean, value in zip(average.state_dict().values(), network.state_dict().values(),
                           strict=True):
        if mean.is_floating_point():
            mean.lerp_(value, 1 - decay)
        else:
            mean.copy_(value)
