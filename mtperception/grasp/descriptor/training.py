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

"""Train the descriptor network on labelled pictures, and write it as a model with its card."""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn, Tensor

import mtperception
from mtperception import zoo
from mtperception.datasets.held_out import split
from mtperception.grasp.descriptor.batches import Pairs, random_pairs
from mtperception.grasp.descriptor.crops import SAMPLES, STEP
from mtperception.grasp.descriptor.data import PlacesOfParts, ShapePictures
from mtperception.grasp.descriptor.describer import network_from_card
from mtperception.grasp.descriptor.hyper_parameters import HyperParameters
from mtperception.grasp.descriptor.loss import descriptor_loss, found_share, overlap
from mtperception.grasp.descriptor.network import (
    Described,
    DescriptorArchitecture,
    DescriptorNetwork,
)
from mtperception.nn.weights import half_precision, restore
from mtperception.training import processes
from mtperception.training.loop import CHECKPOINT, fit, Schedule, Task

# Pairs of views in pictures that are held out, to see how it goes.
_VALIDATION_PAIRS, _BATCHES = 64, 8
# Descriptors are whitened by so many batches of pairs of views that were trained on; this share
# of the mean spread is added along each axis.
_WHITENING_BATCHES, _LEAST_SPREAD = 64, 0.05


def train(pictures: ShapePictures, out: Path, settings: HyperParameters, *, seed: int,
          command: str, start: zoo.Bundle | None = None, resume: bool = False,
          after_step: Callable[[int, float], None] | None = None,
          after_epoch: Callable[[int, str], None] | None = None) -> zoo.Bundle | None:
    """
    Train on ``pictures`` and write ``shape.safetensors`` and its card into ``out``.

    ``start`` is a model to begin with; its architecture is kept. The same pictures, settings and
    seed give the same model on the same machine at the same number of threads and processes. Of
    several processes each trains on its share; the first alone writes, reports and returns the
    model, the others return None. ``after_step`` gets the steps done and the loss,
    ``after_epoch`` the epochs done and a line about the pictures held out.
    """
    training, validation = split(pictures, settings.validation_share)
    if start is not None:
        architecture = network_from_card(start.card, start.name).architecture
        settings = replace(settings, **asdict(architecture))
    architecture = DescriptorArchitecture.of(
        settings.widths, settings.outline_width, settings.size)
    torch.manual_seed(seed)
    network = DescriptorNetwork(architecture).to(memory_format=torch.channels_last)
    if start is not None:
        restore(network, start.tensors, start.name)
        network.forget_whitening()
    places = PlacesOfParts(training)
    held_out = PlacesOfParts(
        validation, f'among the {len(validation)} pictures held out (more pictures or a larger '
                    'validation_share make them more) ')

    def batch(epoch: int, step: int) -> Pairs:
        rng = np.random.default_rng((seed, epoch, step, processes.rank()))
        return random_pairs(training, places, settings.batch, rng)

    def loss(model: nn.Module, pairs: Pairs) -> Tensor:
        with torch.autocast('cpu', torch.bfloat16, enabled=settings.bfloat16):
            described: Described = model(pairs.views)
        return descriptor_loss(described, pairs.outlines, settings.temperature)

    def epoch_done(epoch: int, average: nn.Module) -> None:
        if after_epoch is not None:
            after_epoch(epoch, describe(validate(average, validation, held_out)))

    run = {**asdict(settings), 'seed': seed, 'data': pictures.sha256,
           'start': start.sha256 if start else None, 'processes': processes.count()}
    out.mkdir(parents=True, exist_ok=True)
    average = fit(
        Task(network, batch, loss), Schedule.of(settings), checkpoint=out / CHECKPOINT, run=run,
        resume=resume, after_step=after_step, after_epoch=epoch_done)
    if processes.rank() > 0:
        return None
    assert isinstance(average, DescriptorNetwork)
    whiten(average, training, places)
    card: dict[str, Any] = {
        'task': 'shape', 'architecture': asdict(architecture),
        'input': f'views of {round(SAMPLES * STEP)} x {round(SAMPLES * STEP)} pixels around '
                 'grasps, in colour, 8 bits',
        'training': {'command': command, **run},
        'data': {'sha256': pictures.sha256, 'sets': list(pictures.sets), 'parts': len(places),
                 'training_pictures': len(training), 'validation_pictures': len(validation)},
        'validation': validate(average, validation, held_out),
        'code_version': mtperception.__version__,
    }
    return zoo.save(out / 'shape.safetensors', half_precision(average), card)


@torch.no_grad()
def whiten(network: DescriptorNetwork, pictures: ShapePictures, places: PlacesOfParts) -> None:
    """
    Make descriptors differ alike in all directions among views of one thing.

    What differs little there, and much among things, then counts for more: the nearest mean of
    few examples is the likeliest shape (Fisher's discriminant, its within-class scatter learned
    from other things than those that are taught).
    """
    network.eval()
    network.forget_whitening()
    one, other = [], []
    for number in range(_WHITENING_BATCHES):
        pairs = random_pairs(pictures, places, _VALIDATION_PAIRS, np.random.default_rng(number))
        first, second = network(pairs.views).descriptors.double().chunk(2)
        one.append(first)
        other.append(second)
    first, second = torch.cat(one), torch.cat(other)
    apart = (first - second) / 2**0.5
    values, vectors = torch.linalg.eigh(apart.T @ apart / len(apart))
    values = values + _LEAST_SPREAD * values.mean()
    network.mean.copy_(torch.cat((first, second)).mean(dim=0))
    network.whitening.copy_(vectors / values.sqrt() @ vectors.T / values.rsqrt().mean())


@torch.no_grad()
def validate(network: nn.Module, pictures: ShapePictures,
             places: PlacesOfParts) -> dict[str, float]:
    """
    See how well outlines and descriptors are in pictures that were held out, of the same parts.

    ``found`` is the share of 128 views of 64 parts whose nearest descriptor is that of their like,
    ``outline_iou`` the overlap of the outlines; both are means of some batches, always the same.
    """
    network = network.eval()
    figures = []
    for number in range(_BATCHES):
        pairs = random_pairs(pictures, places, _VALIDATION_PAIRS, np.random.default_rng(number))
        described: Described = network(pairs.views)
        figures.append((found_share(described.descriptors),
                        overlap(described.outlines, pairs.outlines)))
    found, outline = np.mean(figures, axis=0).tolist()
    return {'found': found, 'outline_iou': outline}


def describe(figures: dict[str, float]) -> str:
    """Say in a line how the validation pictures went."""
    return (f'{100 * figures["found"]:.1f} % of views find their like, outlines overlap by '
            f'{figures["outline_iou"]:.3f}')
