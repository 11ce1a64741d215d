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

"""What the trained models' answers are worth, beside the paper's figures, as one JSON object."""

from collections.abc import Iterable, Mapping
import math
from typing import Any

import numpy as np
import torch

from mtperception.pin.paper.crops import PaperCrops
from mtperception.pin.paper.loss import clamped_cross_entropy, half_squared_error, LAMBDA
from mtperception.pin.paper.reproduction import (
    Experiment,
    HEAT_MAP,
    LOSS_1,
    LOSS_2,
    NEW_SEED,
    SAME_SEED,
    Trained,
)
from mtperception.pin.paper.tables import (
    ImageRow,
    TABLE_3,
    TABLE_4,
    TABLE_5,
    TABLE_6,
    TrainingTable,
)
from mtperception.pin.paper.training import Answers, BATCH, epoch_crops, History, LossRow, targets
from mtperception.report.line_chart import Axis, Line, line_chart

# What knowing nothing is worth: the mean position of the training's pins, whatever the crop.
MIDDLE = 'always the middle'
SAMPLES = 10
RED, BLUE, GREEN = '#d62728', '#1f77b4', '#2ca02c'


def report(plan: Experiment, trained: Mapping[str, Trained]) -> dict[str, Any]:
    """Put the experiment's figures together; what is not known is None."""
    first, _ = epoch_crops(plan.training, plan.seed, 0)
    return {
        'count': len(plan.training), 'seed': plan.seed, 'epochs': plan.epochs,
        'iterations': plan.epochs * -(-len(plan.training) // BATCH), 'batch': BATCH,
        'seed_images': plan.run['seed_images'], 'data_sha256': plan.run['data'],
        'crops': {
            split: {model: figures(done.answers[split], crops, model)
                    for model, done in trained.items()} | {MIDDLE: middle(first, crops)}
            for split, crops in plan.validation.items()},
        'training': {model: training_figures(done) for model, done in trained.items()},
        'paper': {LOSS_1: printed_figures(TABLE_3), LOSS_2: printed_figures(TABLE_5)},
        'images': {
            'paper': {LOSS_1: objects(TABLE_4), LOSS_2: objects(TABLE_6)},
            **{split: {model: objects(image_rows(done.answers[split], crops, model, plan.seed))
                       for model, done in trained.items()}
               for split, crops in plan.validation.items()}},
    }


def figures(said: Answers, crops: PaperCrops, model: str) -> dict[str, Any]:
    """
    Measure answers: classes, and positions in pixels.

    ``missed`` and ``false`` are counts of crops. ``half_mse`` is over all images, with (0, 0) to
    be found where there is no pin; the heat-map model says no position there and has none.
    ``pins_half_mse`` and ``error_px`` are over all images with a pin, recognised or not,
    ``recognised_error_px`` is the mean over those that are (None without any).
    """
    with_pin, positions = targets(crops)
    seen = said.probability > 0.5
    true = torch.where(with_pin, said.probability, 1 - said.probability)
    error = half_squared_error(said.position, positions)
    recognised = (2 * error[with_pin & seen]).sqrt()
    return {
        'count': len(crops), 'with_pin': int(with_pin.sum()),
        'accuracy': (seen == with_pin).double().mean().item(),
        'missed': int((with_pin & ~seen).sum()), 'false': int((~with_pin & seen).sum()),
        'cross_entropy': clamped_cross_entropy(true).mean().item(),
        'half_mse': None if model == HEAT_MAP else error.mean().item(),
        **_position_figures(error[with_pin].double().numpy()),
        'recognised_error_px': recognised.mean().item() if len(recognised) else None,
    }


def middle(training: PaperCrops, crops: PaperCrops) -> dict[str, Any]:
    """Measure what the mean position of the training's pins is worth as an answer."""
    mean = training.positions[training.with_pin].mean(axis=0)
    distance = crops.positions[crops.with_pin] - mean
    return _position_figures((distance.astype(float) ** 2).sum(axis=1) / 2)


def _position_figures(error: 'np.ndarray[Any, np.dtype[np.float64]]') -> dict[str, Any]:
    distance = np.sqrt(2 * error)
    return {'pins_half_mse': float(error.mean()), 'error_px': {
        'mean': float(distance.mean()), 'median': float(np.median(distance)),
        'p95': float(np.percentile(distance, 95)),
        'rms': float(np.sqrt((distance**2).mean()))}}


def training_figures(done: Trained) -> dict[str, Any]:
    """Give the parameters and, of the paper's network, times and losses at the end."""
    parameters = sum(value.numel() for value in done.network.parameters())
    history = done.history
    if history is None:
        return {'parameters': parameters}
    return {
        'parameters': parameters, 'seconds': history.seconds, 'cpu_seconds': history.cpu_seconds,
        'last_batch': _known(history.steps[-1]),
        'validation': {split: _known(losses[-1]) for split, losses in history.validation.items()}}


def printed_figures(table: TrainingTable) -> dict[str, Any]:
    """Give a printed table as ``training_figures`` gives ours."""
    return {'parameters': 334_400, 'seconds': table.seconds,
            'last_batch': _known(table.training),
            'validation': {SAME_SEED: _known(table.validation)}}


def _known(row: LossRow) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in row._asdict().items()}


def sample_images(crops: PaperCrops, seed: int) -> list[int]:
    """Choose the images that are shown, at random."""
    rng = np.random.default_rng((seed, SAMPLES))
    count = min(SAMPLES, len(crops))
    return sorted(rng.choice(len(crops), count, replace=False).tolist())


def objects(table: Iterable[ImageRow]) -> list[dict[str, Any]]:
    """Turn rows into JSON's objects."""
    return [row._asdict() for row in table]


def image_rows(said: Answers, crops: PaperCrops, model: str, seed: int) -> list[ImageRow]:
    """
    Give the rows of Tables 4 and 6 for the sample images.

    The heat map has no such loss, and no position where it sees no pin.
    """
    result = []
    with_pin, positions = targets(crops)
    errors = half_squared_error(said.position, positions)
    for image in sample_images(crops, seed):
        pin, probability = bool(with_pin[image]), said.probability[image]
        entropy = clamped_cross_entropy(probability if pin else 1 - probability).item()
        error, loss = errors[image].item(), None
        if model != HEAT_MAP:
            loss = entropy + (LAMBDA if model == LOSS_1 else float(pin)) * error
        x, y = positions[image].tolist()
        found_x, found_y = said.position[image].tolist()
        row = ImageRow(image, pin, probability.item(), (x, y), (found_x, found_y), loss, entropy,
                       error)
        silent = model == HEAT_MAP and probability <= 0.5
        result.append(row._replace(position=None, half_squared_error=None) if silent else row)
    return result


def loss_chart(title: str, history: History) -> str:
    """Draw a training's loss, iteration by iteration, and its validation losses, as SVG."""
    steps = len(history.steps)
    lines = [Line('training', RED, range(1, steps + 1), [row.total for row in history.steps],
                  width=0.7)]
    for split, colour in ((SAME_SEED, BLUE), (NEW_SEED, GREEN)):
        losses = history.validation[split]
        epoch = steps / len(losses)
        lines.append(Line(f'validation, {split}', colour,
                          [epoch * (number + 1) for number in range(len(losses))],
                          [row.total for row in losses]))
    return line_chart(title, Axis('iteration'), Axis('loss', logarithmic=True), lines)
