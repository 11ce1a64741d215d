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

"""`mtperception evaluate shapes`: how well shapes are told after a few pictures of each."""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
import json
from pathlib import Path
from tempfile import TemporaryDirectory
import time
from typing import Any, TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mtperception.cli.evaluation_arguments import add_model_arguments, add_picture_arguments
from mtperception.cli.new_pictures import NewPictures
from mtperception.cli.progress import progress_bar
from mtperception.cli.shapes import add_shape_model_argument

if TYPE_CHECKING:
    from mtperception.grasp.shapes.examples import ShapeExamples
    from mtperception.grasp.shapes.observer import ShapeObserver
    from mtperception.sim.grasp.labels import GraspSample

Orders = Sequence[tuple[int, Sequence[str]]]

# Pictures of this kind have numbers of their own, as others have (new_pictures): the first of
# those to teach by, and that of each experiment.
FIRST_TAUGHT, FIRST_TOLD = 3_000_000_000, 4_000_000_000
_APART = 100_000_000
# The shape that no detector is trained on.
LATE = 'ring'
DRAWS = 10
# Of these many pictures of each shape, those to teach by are drawn.
POOL = 60


def add_parser(systems: Any) -> None:
    parser = systems.add_parser(
        'shapes', help='shapes taught from a few pictures',
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=f"""\
Teach the shapes from 3, 5 and 30 pictures of each, upright and turned, and tell those of the
grasps that are found in new pictures: exp2 in COUNT pictures of one object, exp3 in COUNT of four
alike, exp4 in COUNT / 4 of one of each shape, exp5 in COUNT / 4 of three of which one is a
{LATE}, a shape that no detector was trained on. The figures are shares of the grasps on objects
that are told right, the mean over {DRAWS} draws of the pictures to teach by; the worst draw is
beside it. exp5 is told by those who were taught the {LATE} as well; unknown_auroc is how well
those who were not tell it, by its strangeness, from what they were taught, and refused are the
shares of both that they refuse. late_shape teaches the {LATE} from 5 pictures to those who know
the others from 30: its accuracy, and by how much that of the others drops. teach_seconds is how
long such a lesson takes.
""")
    add_picture_arguments(parser, 'pictures of exp2 and exp3')
    add_model_arguments(parser, 'grasp', "least score of a grasp, 0 to 1 (the model's)")
    add_shape_model_argument(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    import torch

    from mtperception.grasp.descriptor.describer import Describer
    from mtperception.grasp.predictor import GraspDetector
    from mtperception.grasp.shapes.observer import ShapeObserver

    if arguments.count < 4:
        raise ValueError(f'--count is {arguments.count}; it must be at least 4')
    started = time.monotonic()
    detector = GraspDetector.load(arguments.model)
    if arguments.threshold is not None:
        detector.threshold = arguments.threshold
    describer = Describer.load(arguments.shape_model)
    observer = ShapeObserver(detector, describer=describer)
    # The workers have the other cores, and sums come out alike on all machines.
    torch.set_num_threads(1)
    with NewPictures(arguments.seed, arguments.workers) as pictures:
        figures = evaluate(observer, pictures, arguments.count, arguments.seed)
    report = {'count': arguments.count, 'seed': arguments.seed,
              'seconds': time.monotonic() - started, 'model': detector.model_name,
              'model_sha256': detector.sha256, 'shape_model': describer.model_name,
              'shape_model_sha256': describer.sha256,
              'threshold': detector.threshold, **figures}
    if arguments.json:
        print(json.dumps(report))
    else:
        print_table(report)
    return 0


def evaluate(observer: 'ShapeObserver', pictures: NewPictures, count: int,
             seed: int) -> dict[str, Any]:
    """Render, look, teach and tell; show the progress on standard error."""
    from mtperception.grasp.shapes.examples import joined
    from mtperception.grasp.shapes.experiments import LATE_PICTURES, PICTURES, run_trials
    from mtperception.grasp.shapes.learning import learn_shapes
    from mtperception.sim.grasp.scene import TRAINING_PARTS

    to_teach = {name: [(FIRST_TAUGHT + kind * _APART + number, [name]) for number in range(POOL)]
                for kind, name in enumerate((*TRAINING_PARTS, LATE))}
    to_tell = experiments(TRAINING_PARTS, count, seed)
    late_orders = [(FIRST_TAUGHT - 1 - number, [LATE]) for number in range(LATE_PICTURES)]
    with progress_bar() as progress:
        bar = progress.add_task('pictures', total=sum(
            len(orders) for orders in (*to_teach.values(), *to_tell.values())))

        def rendered(orders: Orders) -> 'Iterator[GraspSample]':
            for sample in pictures.grasps(orders):
                yield sample
                progress.advance(bar)

        pool = [seen_to_teach(observer, name, rendered(orders))
                for name, orders in to_teach.items()]
        told, on_none = {}, {}
        for name, orders in to_tell.items():
            told[name], on_none[name] = seen_to_tell(observer, rendered(orders))
        draws = (np.random.default_rng((seed, draw)) for draw in progress.track(
            range(DRAWS), description='draws'))
        trials = run_trials(
            joined(pool), told, LATE, partial(learn_shapes, kind=observer.features.kind), draws)
    late = [bgr(sample) for sample in pictures.grasps(late_orders)]
    return {
        **trials.figures(), 'grasps': {name: len(seen) for name, seen in told.items()},
        'grasps_on_no_object': on_none,
        'teach_seconds': lesson_seconds(observer, pool[:-1], max(PICTURES), late)}


def experiments(parts: Sequence[str], count: int, seed: int) -> dict[str, Orders]:
    """Order the pictures of Experiments 2 to 5: their numbers, and what to drop."""
    rng = np.random.default_rng(seed)
    kinds = [parts[number % len(parts)] for number in range(count)]
    dropped: dict[str, list[list[str]]] = {
        'exp2': [[kind] for kind in kinds],
        'exp3': [[kind] * 4 for kind in kinds],
        'exp4': [list(parts)] * (count // 4),
        'exp5': [[*map(str, rng.permutation(parts)[:2]), LATE] for _ in range(count // 4)]}
    return {name: [(FIRST_TOLD + place * _APART + number, names)
                   for number, names in enumerate(scenes)]
            for place, (name, scenes) in enumerate(dropped.items())}


def seen_to_teach(observer: 'ShapeObserver', name: str,
                  samples: 'Iterable[GraspSample]') -> 'ShapeExamples':
    """Make examples of a shape from pictures of it, as a lesson does."""
    from mtperception.grasp.shapes.examples import joined, ShapeError

    seen = [observer.examples_in(bgr(sample), name) for sample in samples]
    found = [small(examples) for examples in seen if examples is not None]
    if not found:
        raise ShapeError(f'{observer.detector.model_name} finds no grasp in {len(seen)} pictures '
                         f'of {name!r}: evaluate the detector first')
    return joined(found)


def seen_to_tell(observer: 'ShapeObserver',
                 samples: 'Iterable[GraspSample]') -> 'tuple[ShapeExamples, int]':
    """Give the grasps in pictures with the shapes they are on; and count those on none."""
    from mtperception.grasp.shapes.examples import joined, ShapeError, ShapeExamples

    found, on_none = [], 0
    for number, sample in enumerate(samples):
        grasps, rows = observer.describe(bgr(sample))
        parts = np.array([part_at(sample, grasp.x, grasp.y) for grasp in grasps], dtype=np.str_)
        on_none += int((parts == '').sum())
        if (parts != '').any():
            found.append(small(ShapeExamples(
                rows, parts, np.full(len(parts), number)).chosen(parts != '')))
    if not found:
        raise ShapeError(f'{observer.detector.model_name} finds no grasp on any part: evaluate '
                         'the detector first')
    return joined(found), on_none


def part_at(sample: 'GraspSample', x: float, y: float) -> str:
    """Return the name of the part that a picture shows at a pixel, '' where it shows none."""
    height, width = sample.depth.shape
    row, column = (int(np.clip(round(place), 0, size - 1))
                   for place, size in ((y, height), (x, width)))
    return next((part.part for part in sample.objects if part.visible_mask[row, column]), '')


def small(examples: 'ShapeExamples') -> 'ShapeExamples':
    """Halve the memory that examples take, as a library does: there are thousands."""
    from mtperception.grasp.shapes.examples import ShapeExamples, unit_rows

    return ShapeExamples({layer: rows.astype(np.float16)
                          for layer, rows in unit_rows(examples.features).items()},
                         examples.labels, examples.images)


def bgr(sample: 'GraspSample') -> npt.NDArray[np.uint8]:
    """Return a picture as detectors take it."""
    return np.ascontiguousarray(sample.image[..., ::-1])


def lesson_seconds(observer: 'ShapeObserver', taught: 'Sequence[ShapeExamples]', count: int,
                   images: Sequence[npt.NDArray[np.uint8]]) -> float:
    """Time a lesson, in a library that knows other shapes from so many pictures each."""
    from mtperception.grasp.shapes.library import ShapeLibrary
    from mtperception.grasp.shapes.taught import TaughtShapes

    with TemporaryDirectory() as folder:
        library = ShapeLibrary(Path(folder))
        for examples in taught:
            some = np.isin(examples.images, np.unique(examples.images)[:count])
            library.teach(examples.shapes[0], examples.chosen(some), observer.taught_with)
        shapes = TaughtShapes(observer, library)
        started = time.monotonic()
        shapes.teach(LATE, images)
        return time.monotonic() - started


def print_table(report: dict[str, Any]) -> None:
    """Print the figures for a person."""
    from rich.console import Console
    from rich.table import Table

    from mtperception.grasp.shapes.experiments import PICTURES

    table = Table(
        box=None, pad_edge=False, title_justify='left',
        title=f'{report["model"]} ({report["model_sha256"][:12]}), {report["shape_model"]} '
              f'({report["shape_model_sha256"][:12]}), '
              f'threshold {report["threshold"]}, seed {report["seed"]}')
    table.add_column('')
    for column in ('grasps', *(f'{count} pictures (worst)' for count in PICTURES)):
        table.add_column(column, justify='right')
    for name, grasps in report['grasps'].items():
        shares = (f'{100 * report[name][str(count)]:.1f} % '
                  f'({100 * report[name][f"{count}_worst"]:.1f})' for count in PICTURES)
        table.add_row(name, str(grasps), *shares)
    late, refused = report['late_shape'], report['refused']
    console = Console(highlight=False)
    console.print(table)
    console.print(
        f'unknown shapes: AUROC {report["unknown_auroc"]:.4f}, worst '
        f'{report["unknown_auroc_worst"]:.4f}; refused are {100 * refused["unknown"]:.1f} % of '
        f'them and {100 * refused["known"]:.1f} % of known ones')
    console.print(
        f'{LATE} taught late: {100 * late["accuracy"]:.1f} % right, the others drop by '
        f'{100 * late["drop"]:.2f} points; a lesson takes {report["teach_seconds"]:.1f} s')
    console.print(f'{report["seconds"]:.1f} s')
