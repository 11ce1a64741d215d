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

"""`mtperception reproduce pose`: the paper's joint poses, and those of its two baselines."""

import argparse
from dataclasses import asdict
import json
import os
from pathlib import Path
import time
from typing import Any, TYPE_CHECKING

from mtperception.cli.progress import progress_bar
from mtperception.cli.reproduction_arguments import add_arguments, command
from mtperception.cli.reproduction_report import ReproductionReport

if TYPE_CHECKING:
    from mtperception.cli.measured_poses import Measurer
    from mtperception.pose.paper.autoencoder import Autoencoder
    from mtperception.pose.paper.course import History
    from mtperception.pose.paper.detector import FasterRcnn
    from mtperception.pose.paper.estimating import Estimator
    from mtperception.pose.paper.joint import JointNetwork
    from mtperception.pose.paper.pictures import PaperPictures
    from mtperception.pose.paper.plan import Budget, Method

PICTURES, REPORT = 'pictures', 'report.json'


def add_parser(systems: Any) -> None:
    parser = systems.add_parser(
        'pose', help="the paper's joint detection and poses, and its two baselines",
        description="Train the paper's joint network and both of its baselines, with 128 and with "
                    '4,096 numbers and by both schedules, estimate poses by each, and write '
                    'report.md, report.json, their pictures and the models into a folder. '
                    'Pictures are rendered into DIR/pictures first. A checkpoint is written after '
                    'every epoch, report.json after every training and every method, and '
                    'report.md with what is known then after every method.')
    add_arguments(parser, 'cpu: a quarter of the channels, 4,000 pictures, 8 epochs; paper: its '
                          'sizes, for a GPU (cpu)')
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    import mtperception
    from mtperception.cli.measured_poses import Measurer
    from mtperception.nn.memory import keep_freed_memory
    from mtperception.pose.data.reading import read_pictures
    from mtperception.pose.paper.pictures import paper_pictures
    from mtperception.pose.paper.plan import BUDGETS

    out: Path = arguments.out
    begun = (out / REPORT).exists() or any(out.glob('*.checkpoint.safetensors'))
    if begun and not arguments.resume:
        raise ValueError(f'{out}: a reproduction was begun here; go on with --resume, or choose '
                         'another folder')
    budget, words = BUDGETS[arguments.budget], command('pose', arguments)
    started = time.monotonic()
    _render_pictures(budget, arguments.seed, out / PICTURES, words)
    keep_freed_memory()
    pictures = read_pictures(out / PICTURES)
    report = ReproductionReport(
        out / REPORT, {**asdict(budget), 'seed': arguments.seed, 'data': pictures.sha256,
                       'version': mtperception.__version__},
        words, {'trainings': {}, 'rows': {}})
    report.add_seconds('pictures', time.monotonic() - started)
    tests = range(budget.training, budget.training + budget.tests)
    measurer = Measurer(paper_pictures(pictures, tests), out / PICTURES, tests, budget)
    _Reproduction(out, budget, paper_pictures(pictures, range(budget.training)), measurer,
                  arguments.seed, report).run()
    figures = report.figures
    if arguments.json:
        print(json.dumps(figures))
    else:
        Console(stderr=True).print(
            f'{out / "report.md"}, {sum(figures["stages"].values()) / 60:.1f} min',
            highlight=False)
    return 0


def _render_pictures(budget: 'Budget', seed: int, out: Path, words: str) -> None:
    """Render the pictures that are missing; worker processes do, for networks run in this one."""
    from mtperception.sim.pose.data import PoseData
    from mtperception.sim.render import render

    with progress_bar() as progress:
        bar = progress.add_task('rendering', total=None)
        render(PoseData(), out, budget.training + budget.tests, seed, max(2, os.cpu_count() or 1),
               progress=lambda made, total: progress.update(bar, completed=made, total=total),
               command=words)


class _Reproduction:
    """Goes through the trainings and methods whose figures are not in the report yet."""

    def __init__(self, out: Path, budget: 'Budget', pictures: 'PaperPictures',
                 measurer: 'Measurer', seed: int, report: ReproductionReport) -> None:
        import torch

        self._out, self._budget, self._report, self._seed = out, budget, report, seed
        self._pictures, self._measurer = pictures, measurer
        self._device = 'cuda' if torch.cuda.is_available() else 'cpu'

    def run(self) -> None:
        """Train and measure one method after another; write the page after each, and at last."""
        from rich.console import Console

        from mtperception.pose.paper.pictures import mean_picture_error, usual_window
        from mtperception.pose.paper.plan import methods

        figures, every = self._report.figures, methods(self._budget)
        figures['device'] = self._device
        figures['window'] = usual_window(self._pictures, self._budget.side)
        figures['mean_picture_error'] = mean_picture_error(self._pictures)
        if 'chance' not in figures:
            with self._report.stage('chance'):
                figures['chance'] = self._measurer.by_chance(self._seed)
        for number, method in enumerate(every, 1):
            if str(method) in figures['rows']:
                continue
            Console(stderr=True).print(f'{method} ({number} of {len(every)})', highlight=False)
            estimator = self._estimator(method)
            self._measurer.render_views(self._report)
            with self._report.stage(f'{method}: measuring'):
                figures['rows'][str(method)] = self._measurer.measure(
                    estimator, method, self._out)
            self._write_page()
        self._write_page()

    def _estimator(self, method: 'Method') -> 'Estimator':
        from mtperception.pose.paper.estimating import Joint, Separate

        side = self._budget.side
        if method.kind == 'joint':
            return Joint(self._joint(method), side, self._report.figures['window'], self._device)
        return Separate(self._detector(), self._autoencoder(method), side, self._device)

    def _detector(self) -> 'FasterRcnn':
        import torch

        from mtperception.pose.paper.detector import FasterRcnn
        from mtperception.pose.paper.plan import DETECTOR
        from mtperception.pose.paper.training import train_detector

        torch.manual_seed(self._seed)
        network = FasterRcnn(self._budget.width, self._budget.side, self._budget.batch_norm)
        self._trained(DETECTOR, network, self._budget.step2, lambda **more: train_detector(
            network, self._pictures, self._budget, **more))
        return network

    def _autoencoder(self, method: 'Method') -> 'Autoencoder':
        import torch

        from mtperception.pose.paper.autoencoder import Autoencoder
        from mtperception.pose.paper.training import train_autoencoder

        torch.manual_seed(self._seed)
        network = Autoencoder(self._budget.width, method.latent, self._budget.batch_norm)
        self._trained(str(method), network, self._budget.step1, lambda **more: train_autoencoder(
            network, method, self._pictures, self._budget, **more))
        return network

    def _joint(self, method: 'Method') -> 'JointNetwork':
        import torch

        from mtperception.pose.paper.joint import JointNetwork
        from mtperception.pose.paper.plan import Method
        from mtperception.pose.paper.training import train_joint

        assert method.schedule is not None and method.crop is not None
        schedule = method.schedule
        torch.manual_seed(self._seed)
        network = JointNetwork(self._budget.width, method.latent, self._budget.side,
                               self._budget.batch_norm, method.crop)
        network.start_from(self._autoencoder(Method('extended', method.latent)))
        self._trained(str(method), network, self._budget.step2, lambda **more: train_joint(
            network, schedule, self._pictures, self._budget, **more))
        return network

    def _trained(self, name: str, network: Any, course: Any, train: Any) -> None:
        """Give a network its weights: those of the file of an earlier run, or by training."""
        from rich.console import Console

        from mtperception import zoo
        from mtperception.nn.weights import half_precision, restore
        from mtperception.pose.paper.course import steps_per_epoch
        from mtperception.pose.paper.plan import file_stem
        from mtperception.training.progress import TrainingProgress

        figures = self._report.figures
        stem = file_stem(name)
        file = self._out / f'{stem}.safetensors'
        checkpoint = self._out / f'{stem}.checkpoint.safetensors'
        if name not in figures['trainings']:
            count = min(course.pictures, len(self._pictures))
            steps = course.epochs * steps_per_epoch(count, course.batch)
            with self._report.stage(f'{name}: training'), \
                    TrainingProgress(Console(stderr=True), steps) as progress:
                history: History = train(
                    seed=self._seed, checkpoint=checkpoint,
                    run={**figures['run'], 'training': name}, device=self._device,
                    after_step=progress.step)
                bundle = zoo.save(file, half_precision(network.cpu()), {
                    'task': 'pose (paper)', 'architecture': name, 'input': 'RGB, 8 bits',
                    'training': {'command': figures['command'], **figures['run']},
                    'code_version': figures['run']['version']})
                figures['trainings'][name] = {
                    'parameters': sum(value.numel() for value in network.parameters()),
                    'steps': steps, 'seconds': history.seconds, 'losses': history.losses,
                    'sha256': bundle.sha256}
            checkpoint.unlink(missing_ok=True)
        # What is measured and built upon is what the file says, in this run and in later ones.
        restore(network, zoo.load(file).tensors, str(file))
        network.eval().to(self._device)

    def _write_page(self) -> None:
        import torch

        from mtperception.cli.bench import machine
        from mtperception.pose.paper.charts import charts
        from mtperception.pose.paper.page import page
        from mtperception.sim.files.writing import write_file

        figures = self._report.figures
        figures['machine'] = {
            'cores': os.cpu_count(), 'threads': torch.get_num_threads(), **machine()}
        self._report.write()
        for file, drawing in charts(figures, self._budget).items():
            write_file(self._out / file, drawing.encode())
        write_file(self._out / 'report.md', page(figures, self._budget).encode())
