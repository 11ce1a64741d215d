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

"""`mtperception evaluate pose`: how well a model tells an object's poses, on new pictures."""

import argparse
import json
import time
from typing import Any, TYPE_CHECKING

import numpy as np

from mtperception.cli.evaluation_arguments import add_model_arguments, add_picture_arguments
from mtperception.cli.new_pictures import FIRST_FRAME, NewPictures
from mtperception.cli.progress import progress_bar

if TYPE_CHECKING:
    from mtperception.pose.evaluation import Model, Truth
    from mtperception.pose.predictor import PoseEstimator
    from mtperception.sim.pose.labels import PoseSample
    from mtperception.sim.shapes.parts import Part


def add_parser(systems: Any) -> None:
    parser = systems.add_parser(
        'pose', help="how well a model tells an object's poses",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="""\
Render COUNT pictures of the model's object in hands that no training has seen, estimate its pose,
and compare with the truth. auc800 is the mean share of poses that are right by the visible surface
discrepancy, over all its thresholds, times 800: with the true translation (the rotation alone),
and with the estimated one. auc800_linear has VSD's linear cost. add01d is the share of poses that
are off by less than a tenth of the object's diameter, flip_rate that of poses turned over about
the long axis; box_iou is of detected and true boxes, hidden parts included. by_visibility has all
of them for thirds of the visible share. At the first use a codebook is rendered, some minutes.
""")
    add_picture_arguments(parser, 'pictures')
    add_model_arguments(parser, 'hammer', 'least score, 0 to 1 (0.05: the best one counts)')
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    import torch

    from mtperception.objects.meshes import part_of

    if arguments.count < 1:
        raise ValueError(f'--count is {arguments.count}; it must be at least 1')
    started = time.monotonic()
    estimator = opened(arguments.model)
    # The workers have the other cores, and sums come out alike on all machines.
    torch.set_num_threads(1)
    threshold = 0.05 if arguments.threshold is None else arguments.threshold
    part = part_of(estimator.label)
    with NewPictures(arguments.seed, arguments.workers) as pictures:
        figures = evaluate(estimator, part, threshold, pictures, arguments.count)
    report = {**figures, 'count': arguments.count, 'seed': arguments.seed,
              'seconds': time.monotonic() - started, 'model': estimator.model_name,
              'model_sha256': estimator.sha256, 'threshold': threshold}
    if arguments.json:
        print(json.dumps(report))
    else:
        print_figures(report)
    return 0


def opened(model: str) -> 'PoseEstimator':
    """Open a model with its codebook; show the progress where that is to be made."""
    from mtperception.objects.known import open_estimator

    with progress_bar() as progress:
        # Nothing is to be seen where the codebook is kept already.
        bar = progress.add_task('codebook', total=None, visible=False)
        return open_estimator(model, progress=lambda done, total: progress.update(
            bar, completed=done, total=total, visible=True))


def evaluate(estimator: 'PoseEstimator', part: 'Part', threshold: float, pictures: NewPictures,
             count: int) -> dict[str, Any]:
    """Estimate and compare; show the progress on standard error."""
    from mtperception.pose.evaluation import PoseScore
    from mtperception.sim.pose.object_alone import DepthAlone
    from mtperception.sim.pose.scene import HEIGHT, WIDTH

    score = PoseScore(surface(part))
    with progress_bar() as progress, DepthAlone(part, WIDTH, HEIGHT) as alone:
        bar = progress.add_task('pictures', total=count)
        for sample in pictures.poses(part.name, range(FIRST_FRAME, FIRST_FRAME + count)):
            bgr = np.ascontiguousarray(sample.image[..., ::-1])
            truth = truth_of(sample)
            score.add(estimator.estimate(bgr, sample.camera, threshold), truth,
                      lambda pose: alone.depth(sample.camera, *pose))  # noqa: B023
            progress.advance(bar)
    return score.figures()


def surface(part: 'Part') -> 'Model':
    """Return what the evaluation knows of a part's mesh."""
    import trimesh

    from mtperception.pose.evaluation import Model
    from mtperception.sim.pose.bop import diameter

    points, _ = trimesh.sample.sample_surface(part.mesh, 2000, seed=0)
    return Model(np.asarray(points), diameter(part.mesh),
                 np.eye(3)[int(np.argmax(part.mesh.extents))])


def truth_of(sample: 'PoseSample') -> 'Truth':
    """Return what is true of the first object of a picture."""
    from mtperception.geometry.pose_errors import Pose
    from mtperception.pose.evaluation import Truth

    thing = sample.objects[0]
    return Truth(Pose(thing.rotation, thing.translation), thing.box, thing.visible, sample.depth,
                 sample.camera)


def print_figures(report: dict[str, Any]) -> None:
    """Print the figures for a person."""
    from rich.console import Console
    from rich.table import Table

    bins = report['by_visibility']
    table = Table(
        box=None, pad_edge=False, title_justify='left',
        title=f'{report["model"]} ({report["model_sha256"][:12]}), {report["count"]} pictures, '
              f'seed {report["seed"]}')
    for name in ('', 'all', *(f'{name} visible' for name in bins)):
        table.add_column(name)
    for label, keys, form in ROWS:
        values = [_at(figures, keys) for figures in (report, *bins.values())]
        table.add_row(label, *('-' if value is None else form.format(value) for value in values))
    console = Console()
    console.print(table)
    console.print(f'{report["seconds"]:.1f} s', highlight=False)


ROWS = (
    ('AUC of 800, true translation', ('auc800', 'true_translation'), '{:.0f}'),
    ('AUC of 800, estimated', ('auc800', 'estimated'), '{:.0f}'),
    ('AUC of 800, linear cost', ('auc800_linear', 'estimated'), '{:.0f}'),
    ('right by ADD-0.1d', ('add01d', 'estimated'), '{:.1%}'),
    ('turned over', ('flip_rate',), '{:.1%}'),
    ('box IoU', ('box_iou', 'mean'), '{:.3f}'),
    ('median angle', ('rotation_deg', 'median'), '{:.1f} degrees'),
    ('median distance', ('translation_mm', 'median'), '{:.1f} mm'),
    ('found', ('found',), '{:.1%}'))


def _at(figures: Any, keys: tuple[str, ...]) -> float | None:
    for key in keys:
        figures = None if figures is None else figures.get(key)
    return figures if figures is None else float(figures)
