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

"""`mtperception reproduce pin`: the paper's pin network with both losses, and the heat map."""

import argparse
import json
import os
from pathlib import Path
import time
from typing import Any, TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mtperception.cli.render import render_apart
from mtperception.cli.reproduction_arguments import add_arguments, command

if TYPE_CHECKING:
    from mtperception.pin.paper.crops import PaperCrops
    from mtperception.pin.paper.reproduction import Experiment, Trained
    from mtperception.pin.paper.training import Answers, History
    from mtperception.training.progress import TrainingProgress

SEEDS = 'seeds'
# A line about the validation is printed every so many epochs.
EPOCHS_A_LINE = 10
# How wide a crop is drawn.
TILE = 150


def add_parser(systems: Any) -> None:
    parser = systems.add_parser(
        'pin', help="the paper's pin network with both of its losses, and the heat map",
        description="Train the paper's pin network with both of its losses, and the heat-map "
                    'model, on the same crops of rendered pictures, and write report.md, '
                    'report.json, their pictures and the models into a folder. Pictures are '
                    'rendered into DIR/seeds first. A checkpoint is written after every epoch.')
    add_arguments(parser, 'cpu: 20 epochs; paper: its 200, which are 5,400 iterations (cpu)')
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from mtperception.nn.memory import keep_freed_memory
    from mtperception.pin.data.reading import read_pictures
    from mtperception.pin.paper.reproduction import BUDGETS, checkpoint_file, experiment, MODELS

    started = time.monotonic()
    out: Path = arguments.out
    if not arguments.resume and any(checkpoint_file(out, model).exists() for model in MODELS):
        raise ValueError(f'{out}: a reproduction was begun here; go on with --resume, or choose '
                         'another folder')
    budget = BUDGETS[arguments.budget]
    status = render_apart('pin', '--pins', '1', '--out', str(out / SEEDS),
                          '--count', str(budget.pictures), '--seed', str(arguments.seed))
    if status != 0:
        return status
    keep_freed_memory()
    console = Console(stderr=True)
    plan = experiment(read_pictures(out / SEEDS), budget, arguments.seed)
    trained = train(plan, out, console)
    report = write_report(plan, trained, out, command('pin', arguments), started)
    if arguments.json:
        print(json.dumps(report))
    else:
        console.print(f'{out / "report.md"}, {report["seconds"] / 60:.1f} min', highlight=False)
    return 0


def train(plan: 'Experiment', out: Path, console: Any) -> 'dict[str, Trained]':
    """Train all models, one after the other, and show how far they are."""
    from mtperception.pin.paper.reproduction import MODELS, train_model
    from mtperception.pin.paper.training import BATCH
    from mtperception.training.progress import TrainingProgress

    iterations = plan.epochs * -(-len(plan.training) // BATCH)
    trained = {}
    with TrainingProgress(console, len(MODELS) * iterations) as progress:
        for place, model in enumerate(MODELS):
            news = _News(progress, model, place * iterations)
            trained[model] = train_model(plan, model, out, news.step, news.epoch)
    return trained


class _News:
    """Takes what one model's training tells to the progress of all."""

    def __init__(self, progress: 'TrainingProgress', model: str, before: int) -> None:
        self._progress, self._model, self._before = progress, model, before

    def step(self, done: int, loss: float) -> None:
        self._progress.step(self._before + done, loss)

    def epoch(self, done: int, history: 'History') -> None:
        if done % EPOCHS_A_LINE == 0:
            losses = ', '.join(f'{split} {rows[-1].total:.3f}'
                               for split, rows in history.validation.items())
            self._progress.epoch(done, f'{self._model}, validation loss: {losses}')


def write_report(plan: 'Experiment', trained: 'dict[str, Trained]', out: Path, words: str,
                 started: float) -> dict[str, Any]:
    """Write models, pictures, report.json and report.md; return what report.json holds."""
    import torch

    from mtperception.cli.bench import machine
    from mtperception.pin.paper.figures import loss_chart, report as figures
    from mtperception.pin.paper.page import LOSS_CHARTS, page, SHEETS
    from mtperception.pin.paper.reproduction import file_name, save_model
    from mtperception.sim.files.writing import jpeg, write_file

    report = figures(plan, trained)
    report |= {'command': words, 'seconds': time.monotonic() - started, 'machine': {
        'cores': os.cpu_count(), 'threads': torch.get_num_threads(), **machine()}}
    hashes = {}
    for model, done in trained.items():
        validation = {split: report['crops'][split][model] for split in plan.validation}
        bundle = save_model(plan, model, done, out, words, validation)
        hashes[file_name(model)] = bundle.sha256
        if done.history is not None:
            number, figure = model.split()[1], 2 if model.endswith('1') else 4
            title = f'Loss {number} (as Figure {figure} of the paper)'
            write_file(out / LOSS_CHARTS[model], loss_chart(title, done.history).encode())
    # The paper's choice of its two is loss 2.
    report |= {'model': 'loss-2', 'model_sha256': hashes['loss-2'], 'models': hashes}
    for split, crops in plan.validation.items():
        answers = {model: done.answers[split] for model, done in trained.items()}
        write_file(out / SHEETS[split], jpeg(sheet(crops, answers, plan.seed), 88))
    write_file(out / 'report.json', (json.dumps(report, indent=1) + '\n').encode())
    write_file(out / 'report.md', page(report).encode())
    return report


def sheet(crops: 'PaperCrops', answers: 'dict[str, Answers]',
          seed: int) -> npt.NDArray[np.uint8]:
    """Draw the sample images, a row for each model: truth red, prediction blue (RGB)."""
    from mtperception.pin.paper.figures import sample_images
    from mtperception.pin.paper.reproduction import HEAT_MAP
    from mtperception.sim.files.label_drawing import BLUE, Canvas, contact_sheet, RED, YELLOW

    images = sample_images(crops, seed)
    tiles, titles = [], []
    for model, said in answers.items():
        for image in images:
            grey = np.rint(255 * crops.images[image, 0]).astype(np.uint8)
            canvas = Canvas(np.dstack([grey] * 3), TILE)
            pin, probability = crops.pins[image], said.probability[image].item()
            if pin is not None:
                cross(canvas, pin.x, pin.y, RED)
            if model != HEAT_MAP or probability > 0.5:
                x, y = said.position[image].tolist()
                cross(canvas, x, y, BLUE)
            if (pin is not None) != (probability > 0.5):
                canvas.box((0, 0, grey.shape[1] - 1, grey.shape[0] - 1), YELLOW)
            tiles.append(canvas.image)
            titles.append(f'{model} #{image}')
    return contact_sheet(tiles, titles, len(images))


def cross(canvas: Any, x: float, y: float, colour: tuple[int, int, int]) -> None:
    """Mark a place."""
    arm = 4.0
    canvas.lines([(x - arm, y), (x + arm, y)], colour, 2)
    canvas.lines([(x, y - arm), (x, y + arm)], colour, 2)
