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

"""`mtperception reproduce grasp`: the paper's grasp detector, and shapes told by its features."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict, replace
import json
import os
from pathlib import Path
import time
from typing import Any, TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from mtperception.cli.progress import progress_bar
from mtperception.cli.reproduction_arguments import add_arguments, command
from mtperception.cli.reproduction_report import ReproductionReport

if TYPE_CHECKING:
    from mtperception.datasets.grasps import GraspPicture
    from mtperception.grasp.data.dataset import GraspPictures
    from mtperception.grasp.paper.plan import Budget, Experiment
    from mtperception.grasp.paper.seeing import Seen
    from mtperception.grasp.predictor import GraspDetector

PICTURES, MODEL, REPORT = 'pictures', 'detector.safetensors', 'report.json'
CHECKPOINT = 'detector.checkpoint.safetensors'
# A line about the loss is printed every so many epochs.
EPOCHS_A_LINE = 10
# How many pictures a sheet shows, and how much larger than they are.
SHOWN, COLUMNS, ENLARGED = 8, 4, 1.5


def add_parser(systems: Any) -> None:
    parser = systems.add_parser(
        'grasp', help="the paper's grasp detector, and shapes told by its features",
        description="Train the paper's detector of grasps, tell shapes by its features as in "
                    'Experiments 1 to 5, and write report.md, report.json, their pictures and '
                    'the model into a folder. Pictures are rendered into DIR/pictures first. A '
                    'checkpoint is written after every epoch, report.json after every '
                    'experiment.')
    add_arguments(parser, 'cpu: 40 epochs of a quarter of the channels; paper: its 200 epochs of '
                          'all of them, for a GPU (cpu)')
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    import mtperception
    from mtperception.grasp.data.reading import read_grasps, read_pictures
    from mtperception.grasp.paper.plan import BUDGETS
    from mtperception.nn.memory import keep_freed_memory

    out: Path = arguments.out
    begun = next((name for name in (REPORT, CHECKPOINT) if (out / name).exists()), None)
    if begun and not arguments.resume:
        raise ValueError(f'{out}: a reproduction was begun here; go on with --resume, or choose '
                         'another folder')
    budget, words = BUDGETS[arguments.budget], command('grasp', arguments)
    started = time.monotonic()
    render_pictures(budget, arguments.seed, out / PICTURES, words)
    keep_freed_memory()
    images = read_pictures(out / PICTURES)
    of = {**asdict(budget), 'seed': arguments.seed, 'data': images.sha256,
          'version': mtperception.__version__}
    report = ReproductionReport(out / REPORT, of, words, {'seen': {}})
    report.add_seconds('pictures', time.monotonic() - started)
    reproduction = _Reproduction(
        out, budget, images, read_grasps(out / PICTURES), arguments.seed, report)
    reproduction.run()
    figures = report.figures
    if arguments.json:
        print(json.dumps(figures))
    else:
        Console(stderr=True).print(
            f'{out / "report.md"}, {sum(figures["stages"].values()) / 60:.1f} min',
            highlight=False)
    return 0


def render_pictures(budget: 'Budget', seed: int, out: Path, words: str) -> None:
    """Render the pictures that are missing; worker processes do, for networks run in this one."""
    from mtperception.grasp.paper.plan import pictures
    from mtperception.sim.grasp.data import GraspData
    from mtperception.sim.render import render

    dropped = tuple(names for part in pictures(budget, seed).values() for names in part)
    with progress_bar() as progress:
        bar = progress.add_task('rendering', total=None)
        render(GraspData(dropped=dropped), out, len(dropped), seed, max(2, os.cpu_count() or 1),
               progress=lambda made, total: progress.update(bar, completed=made, total=total),
               command=words)


class _Reproduction:
    """Goes through the stages whose figures are not in the report yet."""

    def __init__(self, out: Path, budget: 'Budget', images: 'GraspPictures',
                 labelled: 'Sequence[GraspPicture]', seed: int,
                 report: ReproductionReport) -> None:
        from mtperception.grasp.paper.plan import numbers, pictures

        self._out, self._budget, self._report, self._seed = out, budget, report, seed
        self._images, self._labelled = images, labelled
        self._numbers = numbers(pictures(budget, seed))

    def run(self) -> None:
        """Train, look, teach and tell, and write the page."""
        from mtperception.grasp.paper.plan import experiments

        if 'detector' not in self._report:
            with self._report.stage('detector'):
                self._train()
        left = {name: experiment for name, experiment in experiments(self._budget).items()
                if name not in self._report}
        if left:
            self._experiment(left)
        self._write_page()

    def _train(self) -> None:
        from rich.console import Console
        import torch

        from mtperception import zoo
        from mtperception.grasp.network import GraspArchitecture
        from mtperception.grasp.paper.plan import TRAINING
        from mtperception.grasp.paper.training import steps_per_epoch, train_detector
        from mtperception.nn.weights import half_precision
        from mtperception.training.progress import TrainingProgress

        figures, budget = self._report.figures, self._budget
        pictures = self._images.part(self._numbers[TRAINING])
        # The paper's default boxes know no angle.
        architecture = GraspArchitecture(budget.width, batch_norm=True, orientations=1)
        device = 'cuda' if torch.cuda.is_available() else 'cpu'
        steps = budget.epochs * steps_per_epoch(len(pictures))
        with TrainingProgress(Console(stderr=True), steps) as progress:
            def epoch(done: int, loss: float) -> None:
                if done % EPOCHS_A_LINE == 0:
                    progress.epoch(done, f'mean loss {loss:.3f}')

            network, history = train_detector(
                pictures, architecture, epochs=budget.epochs, seed=self._seed,
                checkpoint=self._out / CHECKPOINT, run=figures['run'], device=device,
                after_step=progress.step, after_epoch=epoch)
        bundle = zoo.save(self._out / MODEL, half_precision(network), {
            'task': 'grasp', 'architecture': asdict(architecture), 'threshold': budget.threshold,
            'input': 'colour pictures of any size, 8 bits',
            'training': {'command': figures['command'], **figures['run']},
            'code_version': figures['run']['version']})
        figures['detector'] = {
            'parameters': sum(value.numel() for value in network.parameters()), 'steps': steps,
            'device': device, 'seconds': history.seconds, 'losses': history.losses,
            'sha256': bundle.sha256}

    def _experiment(self, left: 'dict[str, Experiment]') -> None:
        import torch

        from mtperception.grasp.paper.page import SHEETS
        from mtperception.grasp.paper.plan import REFINED, SUPPORT
        from mtperception.grasp.paper.telling import Teacher
        from mtperception.grasp.predictor import GraspDetector
        from mtperception.sim.files.writing import jpeg, write_file

        detector = GraspDetector.load(
            self._out / MODEL, device='cuda' if torch.cuda.is_available() else 'cpu')
        seen: dict[str, Seen] = {}
        with progress_bar() as progress:
            with self._report.stage('pictures to teach by'):
                teacher = Teacher(self._see(detector, SUPPORT, progress))
            for name, experiment in left.items():
                with self._report.stage(name):
                    if experiment.tests not in seen:
                        seen = {experiment.tests: self._see(
                            detector, experiment.tests, progress)}
                    tests, rows = seen[experiment.tests], []
                    for fit in progress.track(experiment.fits, description=name):
                        told = teacher.tell(experiment, fit, tests)
                        rows.append({'way': str(fit.way), 'support': fit.support,
                                     'dimensions': fit.dimensions, **told.figures})
                        if name in SHEETS and fit.way == REFINED:
                            numbers = self._numbers[experiment.tests]
                            sheet = self._sheet(numbers, tests, told.shapes.tolist())
                            write_file(self._out / SHEETS[name], jpeg(sheet, 88))
                    self._report.figures[name] = rows

    def _see(self, detector: 'GraspDetector', purpose: str, progress: Any) -> 'Seen':
        from mtperception.grasp.paper.plan import SUPPORT
        from mtperception.grasp.paper.seeing import see, shown

        numbers = self._numbers[purpose]
        pictures = progress.track(shown(self._images, self._labelled, numbers),
                                  total=len(numbers), description=f'{purpose}: looking')
        seen = see(detector, pictures, teaching=purpose == SUPPORT)
        self._report.figures['seen'][purpose] = seen.figures()
        return seen

    def _sheet(self, numbers: range, seen: 'Seen', told: list[str]) -> npt.NDArray[np.uint8]:
        """Draw the first pictures' grasps with the shapes that they were told to have."""
        from mtperception.grasp.draw import draw_grasps
        from mtperception.grasp.paper.seeing import KINDS
        from mtperception.sim.files.label_drawing import contact_sheet

        labels = seen.examples[KINDS[0]].labels.tolist()
        words = iter([shape if shape == label else f'{shape} ({label})'
                      for shape, label in zip(told, labels, strict=True)])
        tiles, titles = [], []
        for number, grasps in zip(numbers[:SHOWN], seen.grasps, strict=False):
            named = [_enlarged(replace(grasp, shape=next(words))) for grasp in grasps]
            image = cv2.resize(self._images.images[number][..., ::-1], None, fx=ENLARGED,
                               fy=ENLARGED, interpolation=cv2.INTER_LINEAR)
            drawn = draw_grasps(np.asarray(image, dtype=np.uint8), named)
            tiles.append(np.ascontiguousarray(drawn[..., ::-1]))
            titles.append(f'{number}')
        return contact_sheet(tiles, titles, COLUMNS)

    def _write_page(self) -> None:
        import torch

        from mtperception.cli.bench import machine
        from mtperception.grasp.paper.charts import charts
        from mtperception.grasp.paper.page import page
        from mtperception.sim.files.writing import write_file

        figures = self._report.figures
        figures['machine'] = {
            'cores': os.cpu_count(), 'threads': torch.get_num_threads(), **machine()}
        self._report.write()
        for file, drawing in charts(figures).items():
            write_file(self._out / file, drawing.encode())
        write_file(self._out / 'report.md', page(figures).encode())


def _enlarged(grasp: Any) -> Any:
    # Pixel (0, 0) is the centre of the first pixel.
    return replace(grasp, x=(grasp.x + 0.5) * ENLARGED - 0.5, y=(grasp.y + 0.5) * ENLARGED - 0.5,
                   opening=grasp.opening * ENLARGED, jaw=grasp.jaw * ENLARGED)
