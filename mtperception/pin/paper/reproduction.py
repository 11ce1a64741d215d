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
The paper's experiment: its network with both losses, and the heat-map model, on the same crops.

All are asked about two sets of validation crops. Those of the paper, ``same-seed``, are cut of
the seed images that the training crops are cut of, under other lights; those of ``new-seed`` are
of seed images that no training has seen.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

import mtperception
from mtperception import zoo
from mtperception.pin.data.dataset import PinPictures
from mtperception.pin.network import PinNetwork
from mtperception.pin.paper.crops import Copies, copies, cut_crops, PaperCrops, seed_images
from mtperception.pin.paper.heat_map import heat_map_answers, train_heat_map
from mtperception.pin.paper.training import Answers, answers, History, train_paper
from mtperception.pin.predictor import PAPER

TRAINING_COPIES, VALIDATION_COPIES = 5, 3
SAME_SEED, NEW_SEED = 'same-seed', 'new-seed'
LOSS_1, LOSS_2, HEAT_MAP = MODELS = ('loss 1', 'loss 2', 'heat map')


@dataclass(frozen=True)
class Budget:
    """
    How many seed images, of training and of new ones each, and how long to train.

    ``pictures`` are rendered to choose them from: in a fifth of them the pin is at the border,
    or hidden.
    """

    seed_images: int
    pictures: int
    epochs: int


BUDGETS = {'paper': Budget(seed_images=324, pictures=900, epochs=200),
           'cpu': Budget(seed_images=324, pictures=900, epochs=20)}


@dataclass(frozen=True)
class Experiment:
    """
    What is trained on and asked about, and what a checkpoint must agree with.

    Of the training's copies other crops are cut in each epoch; validation crops stay the same.
    """

    training: Copies
    validation: Mapping[str, PaperCrops]
    epochs: int
    seed: int
    run: Mapping[str, Any]


@dataclass(frozen=True)
class Trained:
    """
    A trained model, its answers to each set of validation crops, and what it went through.

    The heat-map model has no history.
    """

    network: nn.Module
    answers: Mapping[str, Answers]
    history: History | None


def experiment(pictures: PinPictures, budget: Budget, seed: int) -> Experiment:
    """Choose the seed images and copy them; DatasetError says why that cannot be done."""
    chosen = seed_images(pictures, 2 * budget.seed_images)
    seeds, new_seeds = chosen[:budget.seed_images], chosen[budget.seed_images:]
    training, new, same = (np.random.default_rng((seed, part, 1)) for part in range(3))
    return Experiment(
        training=copies(pictures, seeds, TRAINING_COPIES, training),
        validation={
            NEW_SEED: cut_crops(copies(pictures, new_seeds, VALIDATION_COPIES, new), new),
            SAME_SEED: cut_crops(copies(pictures, seeds, VALIDATION_COPIES, same), same)},
        epochs=budget.epochs, seed=seed,
        run={**asdict(budget), 'seed': seed, 'data': pictures.sha256,
             'version': mtperception.__version__})


def checkpoint_file(out: Path, model: str) -> Path:
    """Give the place of a model's checkpoint."""
    return out / f'{file_name(model)}.checkpoint.safetensors'


def file_name(model: str) -> str:
    """Give what a model's files are called, without the ending."""
    return model.replace(' ', '-')


def train_model(plan: Experiment, model: str, out: Path,
                after_step: Callable[[int, float], None] | None = None,
                after_epoch: Callable[[int, History], None] | None = None) -> Trained:
    """Train one of the models, or go on where its checkpoint was written, and ask it."""
    checkpoint = checkpoint_file(out, model)
    resume = checkpoint.exists()
    run = {**plan.run, 'model': model}
    if model == HEAT_MAP:
        heat_map = train_heat_map(
            plan.training, epochs=plan.epochs, seed=plan.seed, checkpoint=checkpoint, run=run,
            resume=resume, after_step=after_step)
        return Trained(
            heat_map,
            {name: heat_map_answers(heat_map, crops) for name, crops in plan.validation.items()},
            None)
    network, history = train_paper(
        plan.training, plan.validation, 1 if model == LOSS_1 else 2, epochs=plan.epochs,
        seed=plan.seed, checkpoint=checkpoint, run=run, resume=resume, after_step=after_step,
        after_epoch=after_epoch)
    return Trained(
        network, {name: answers(network, crops) for name, crops in plan.validation.items()},
        history)


def save_model(plan: Experiment, model: str, done: Trained, out: Path, command: str,
               validation: Mapping[str, Any]) -> zoo.Bundle:
    """Write a trained model and its card, so that the detector can load it."""
    architecture = asdict(done.network.architecture) if isinstance(done.network, PinNetwork) \
        else PAPER
    tensors = {name: value.numpy() for name, value in done.network.state_dict().items()
               if value.is_floating_point()}
    card = {'task': 'pin', 'architecture': architecture, 'input': 'grey pictures, 8 bits',
            'training': {'command': command, **plan.run}, 'code_version': mtperception.__version__,
            'validation': validation}
    return zoo.save(out / f'{file_name(model)}.safetensors', tensors, card)
