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

"""Train the pin network on labelled pictures, and write it as a model with its card."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn, Tensor

import mtperception
from mtperception import zoo
from mtperception.datasets.held_out import split
from mtperception.nn.weights import half_precision, restore
from mtperception.pin.batches import CutShares, random_batch
from mtperception.pin.calibration import calibrate, validate
from mtperception.pin.data.dataset import PinPictures
from mtperception.pin.evaluation import FrameScore
from mtperception.pin.hard_places import hard_places, HardPlace
from mtperception.pin.hyper_parameters import HyperParameters
from mtperception.pin.loss import pin_loss, PinTargets
from mtperception.pin.network import PinArchitecture, PinNetwork
from mtperception.pin.predictor import network_from_card, PinDetector
from mtperception.pin.widening import widen_from
from mtperception.training import processes
from mtperception.training.loop import CHECKPOINT, fit, Schedule, Task
from mtperception.training.settings import SettingsError

# A hard place is cut at most so often in an epoch.
LARGEST_REPETITION = 15


def train(pictures: PinPictures, out: Path, settings: HyperParameters, *, seed: int,
          command: str, start: zoo.Bundle | None = None, resume: bool = False,
          after_step: Callable[[int, float], None] | None = None,
          after_epoch: Callable[[int, str], None] | None = None) -> zoo.Bundle | None:
    """
    Train on ``pictures`` and write ``pin.safetensors`` and its card into ``out``.

    ``start`` is a model whose weights to begin with, in its own architecture or, where
    ``settings.widen`` is set, grown to the settings' one. The same pictures, settings and seed
    give the same model on the same machine at the same number of threads and processes.
    Of several processes each trains on its share; the first alone writes, reports and returns the
    model, the others return None. ``after_step`` gets the steps done and the loss,
    ``after_epoch`` the epochs done and a line about the pictures held out.
    """
    training, validation = split(pictures, settings.validation_share)
    _pins_must_fit(training, settings)
    if start is not None and not settings.widen:
        settings = replace(settings, **asdict(_architecture(start)))
    torch.manual_seed(seed)
    architecture = PinArchitecture(
        settings.stem, settings.width, settings.deep, settings.dilations)
    network = PinNetwork(architecture).to(memory_format=torch.channels_last)
    if start is not None:
        (widen_from if settings.widen else restore)(network, start.tensors, start.name)
        if after_epoch is not None and processes.rank() == 0 and not resume:
            after_epoch(0, describe(validate(PinDetector.from_bundle(start), validation)[0]))

    hard: list[HardPlace] = []

    def prepare(epoch: int, average: nn.Module) -> None:
        rng = np.random.default_rng((seed, epoch))
        count = min(settings.hard_pictures, len(training)) if epoch or start else 0
        indices = rng.choice(len(training), count, replace=False).tolist()
        indices = indices[processes.rank()::processes.count()]
        # A first look tells where the network itself goes wrong.
        hard[:] = hard_places(
            _detector(average, architecture, second_look=False), training, indices)

    def batch(epoch: int, step: int) -> tuple[Tensor, PinTargets]:
        rng = np.random.default_rng((seed, epoch, step, processes.rank()))
        share = min(settings.hard_share,
                    processes.count() * len(hard) * LARGEST_REPETITION
                    / settings.samples_per_epoch)
        return random_batch(training, settings.batch, settings.cut_side, rng, hard,
                            CutShares(share, settings.mosaic_share))

    def loss(model: nn.Module, data: tuple[Tensor, PinTargets]) -> Tensor:
        with torch.autocast('cpu', torch.bfloat16, enabled=settings.bfloat16):
            maps = model(data[0])
        return pin_loss(maps, data[1]).total

    def epoch_done(epoch: int, average: nn.Module) -> None:
        if after_epoch is not None and (epoch % 5 == 0 or epoch == settings.epochs):
            score = validate(_detector(average, architecture), validation)[0]
            after_epoch(epoch, describe(score))

    run = {**asdict(settings), 'seed': seed, 'data': pictures.sha256,
           'start': start.sha256 if start else None, 'processes': processes.count()}
    out.mkdir(parents=True, exist_ok=True)
    average = fit(
        Task(network, batch, loss, prepare), Schedule.of(settings),
        checkpoint=out / CHECKPOINT, run=run, resume=resume, after_step=after_step,
        after_epoch=epoch_done)

    if processes.rank() > 0:
        return None
    card: dict[str, Any] = {
        'task': 'pin', 'architecture': asdict(architecture),
        'input': 'grey pictures of any size, 8 bits',
        'diameter_px': _range([pin.diameter for pins in training.pins for pin in pins]),
        'rotation': 'any', 'training': {'command': command, **run},
        'data': {'sha256': pictures.sha256, 'sets': list(pictures.sets),
                 'training_pictures': len(training), 'validation_pictures': len(validation)},
        'code_version': mtperception.__version__,
    }
    if start is not None:
        # It holds where the pictures held out are too few to say more.
        card['threshold'] = PinDetector.from_bundle(start).threshold
    uncalibrated = zoo.Bundle('in training', '', card, half_precision(average))
    return zoo.save(out / 'pin.safetensors', *calibrate(uncalibrated, validation))


def describe(score: FrameScore) -> str:
    """Say in a line how the validation pictures went."""
    mean = score.figures()['error_px']['mean']
    error = 'no pin found' if mean is None else f'{mean:.3f} px'
    return (f'{error}, {score.missed} of {score.pins} pins missed, '
            f'{score.false} false in {score.frames} pictures')


def _detector(network: nn.Module, architecture: PinArchitecture, *,
              second_look: bool = True) -> PinDetector:
    copy = PinNetwork(architecture)
    copy.load_state_dict(network.state_dict())
    return PinDetector(copy, model_name='in training', sha256='', second_look=second_look)


def _architecture(start: zoo.Bundle) -> PinArchitecture:
    network = network_from_card(start.card, start.name)
    if not isinstance(network, PinNetwork):
        raise zoo.ModelError(f'{start.name}: the network of the paper is not trained further '
                             'here; begin with another model')
    return network.architecture


def _pins_must_fit(pictures: PinPictures, settings: HyperParameters) -> None:
    diameters = [pin.diameter for pins in pictures.pins for pin in pins]
    if diameters and np.median(diameters) > settings.cut_side / 2:
        raise SettingsError(f'half of the pins are more than {np.median(diameters):.0f} pixels '
                            f'across, too large for cuts of {settings.cut_side}: make the '
                            'pictures smaller, and those to detect in later')


def _range(values: Sequence[float]) -> list[float]:
    return [round(min(values), 1), round(max(values), 1)] if values else []
