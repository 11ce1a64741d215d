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
Checkpoints: everything a training run needs to go on as if it had never stopped.

One safetensors file holds the network, its running average and the optimiser's moments; its
metadata hold the epochs done and what the run was started with, so that a checkpoint is whole or
is not there.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
import json
import os
from pathlib import Path
from typing import Any

from safetensors import safe_open, SafetensorError
from safetensors.torch import save
import torch
from torch import nn, Tensor


class CheckpointError(ValueError):
    """A checkpoint cannot be continued; the message says why."""


@dataclass(frozen=True)
class Checkpoint:
    """
    A run's state: tensors by dotted name, epochs done, and the run's settings.

    ``run`` is what must be the same for a resumed run: hyper-parameters, seed, data.
    """

    tensors: Mapping[str, Tensor]
    epochs_done: int
    run: Mapping[str, Any]


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint whole or not at all."""
    metadata = {'epochs_done': str(checkpoint.epochs_done),
                'run': json.dumps(checkpoint.run, sort_keys=True)}
    tensors = {name: value.detach().cpu().contiguous().clone()
               for name, value in checkpoint.tensors.items()}
    temporary = path.with_name(f'.{path.name}.{os.getpid()}')
    try:
        temporary.write_bytes(save(tensors, metadata))
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read_checkpoint(path: Path, run: Mapping[str, Any]) -> Checkpoint:
    """Read a checkpoint of this same ``run``; CheckpointError names what differs."""
    with _named(path), safe_open(path, framework='pt') as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        done, saved = int(metadata['epochs_done']), json.loads(metadata['run'])
    wanted = json.loads(json.dumps(run))
    different = sorted(key for key in saved.keys() | wanted.keys()
                       if saved.get(key) != wanted.get(key))
    if different:
        raise CheckpointError(f'{path}: the checkpoint is of a run with another '
                              f'{", ".join(different)}; resume with the same, or start afresh')
    return Checkpoint(tensors, done, saved)


def epochs_done(path: Path) -> int:
    """Tell after how many epochs a checkpoint was written."""
    with _named(path), safe_open(path, framework='pt') as file:
        return int(file.metadata()['epochs_done'])


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Turn what goes wrong in reading a checkpoint into a CheckpointError."""
    try:
        yield
    except FileNotFoundError:
        raise CheckpointError(f'{path}: there is no checkpoint to resume from') from None
    except (SafetensorError, KeyError, TypeError, ValueError, OSError) as error:
        raise CheckpointError(f'{path}: the checkpoint is damaged ({error}); delete it to start '
                              'afresh') from None


def network_tensors(network: nn.Module, prefix: str) -> dict[str, Tensor]:
    """Name a network's tensors with a prefix."""
    return {f'{prefix}.{name}': value for name, value in network.state_dict().items()}


def optimiser_tensors(optimiser: torch.optim.Optimizer, prefix: str) -> dict[str, Tensor]:
    """Name the optimiser's moments by a prefix and the parameter's number."""
    return {f'{prefix}.{index}.{name}': value
            for index, moments in optimiser.state_dict()['state'].items()
            for name, value in moments.items()}


def restore_network(network: nn.Module, tensors: Mapping[str, Tensor], prefix: str) -> None:
    """Undo network_tensors."""
    network.load_state_dict({name.removeprefix(prefix + '.'): value
                             for name, value in tensors.items()
                             if name.startswith(prefix + '.')})


def restore_optimiser(optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor],
                      prefix: str) -> None:
    """Undo optimiser_tensors."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith(prefix + '.'):
            index, moment = name.removeprefix(prefix + '.').split('.')
            state.setdefault(int(index), {})[moment] = value
    optimiser.load_state_dict({'state': state,
                               'param_groups': optimiser.state_dict()['param_groups']})
