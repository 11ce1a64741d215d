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

"""`mtperception evaluate grasp`: how well a model finds grasps, on new pictures or one's own."""

import argparse
import json
import time
from typing import Any, TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mtperception.cli import labelled_pictures
from mtperception.cli.evaluation_arguments import (
    add_data_arguments,
    add_model_arguments,
    add_picture_arguments,
)
from mtperception.cli.new_pictures import FIRST_FRAME, NewPictures
from mtperception.cli.progress import progress_bar
from mtperception.grasp.looks import TURNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtperception.grasp.data.dataset import GraspPictures
    from mtperception.grasp.detection import Grasp
    from mtperception.grasp.evaluation import GraspScore
    from mtperception.grasp.predictor import GraspDetector
    from mtperception.sim.grasp.labels import GraspSample
    from mtperception.zoo import Bundle


def add_parser(systems: Any) -> None:
    parser = systems.add_parser(
        'grasp', help='how well a model finds grasps',
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=labelled_pictures.GRASP_FORMATS,
        description="""\
Render COUNT pictures of parts on benches that no training has seen, look for grasps in them, and
compare with the truth. A detection is right where it shares more than a quarter of the union with
a grasp that the parts' geometry allows, and their angles differ by less than 30 degrees.
precision is the share of detections that are right. Up to six good grasps of each part are
labelled: labelled_precision is the share of detections that are right by these alone, recall that
of labelled grasps which one finds, labels of the same grasp counting once, and objects_with_grasp
that of objects with a labelled grasp of which one is found.
angle_error_deg is of those that are right by a label. clear_share is the share of detections where
the open gripper, coming from above as deep as the nearest grasp, touches nothing. with_depth has
the same figures of those detections alone that a gripper can come down to by the depth picture.

With --data the pictures are your own labelled ones. Objects are told by JSON lines alone.
""")
    add_picture_arguments(parser, 'pictures')
    add_data_arguments(parser)
    add_model_arguments(parser, 'grasp', "least score, 0 to 1 (the model's)")
    parser.add_argument('--looks', type=int, choices=tuple(TURNS), default=1,
                        help='looks at a picture, turned by halves or quarters (1)')
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    import torch

    from mtperception import zoo
    from mtperception.grasp.predictor import GraspDetector

    if arguments.count < 1:
        raise ValueError(f'--count is {arguments.count}; it must be at least 1')
    started = time.monotonic()
    bundle = zoo.load(arguments.model)
    detector = GraspDetector.from_bundle(bundle, str(arguments.model), looks=arguments.looks)
    # The workers have the other cores, and sums come out alike on all machines.
    torch.set_num_threads(1)
    threshold = detector.threshold if arguments.threshold is None else arguments.threshold
    if arguments.data:
        own = own_pictures(arguments, bundle)
        count, figures = len(own), evaluate_own(detector, threshold, own)
    else:
        with NewPictures(arguments.seed, arguments.workers) as pictures:
            count = arguments.count
            figures = evaluate(detector, threshold, pictures, count)
    report = {'count': count, 'seed': arguments.seed, 'seconds': time.monotonic() - started,
              'model': detector.model_name, 'model_sha256': detector.sha256,
              'threshold': threshold, 'looks': detector.looks, **figures}
    if arguments.json:
        print(json.dumps(report))
    else:
        print_figures(report)
    return 0


def evaluate(detector: 'GraspDetector', threshold: float, pictures: NewPictures,
             count: int) -> dict[str, Any]:
    """Detect and compare; show the progress on standard error."""
    from mtperception.grasp.detection import rows_of
    from mtperception.grasp.evaluation import GraspScore
    from mtperception.sim.grasp.clearance import fingers_clear
    from mtperception.sim.grasp.scene import catalogue, TRAINING_PARTS
    from mtperception.sim.shapes.parts import PARTS

    meshes = {part.name: part.mesh
              for part in catalogue([PARTS[name]() for name in TRAINING_PARTS])}
    score, clear = GraspScore(), 0
    by_depth, clear_by_depth = GraspScore(), 0
    with progress_bar() as progress:
        bar = progress.add_task('pictures', total=count)
        orders = ((number, None) for number in range(FIRST_FRAME, FIRST_FRAME + count))
        for sample in pictures.grasps(orders):
            grasps = detector.detect(bgr(sample.image), threshold)
            found = rows_of(grasps)
            labels = [grasp.rectangle for grasp in sample.grasps]
            objects = np.repeat(np.arange(len(sample.objects)), [
                len(part.grasps) for part in sample.objects])
            others = [grasp.rectangle for part in sample.objects for grasp in part.others]
            touching_nothing = fingers_clear(sample, found, meshes)
            score.add(found, labels, objects, others)
            clear += int(touching_nothing.sum())
            free = free_by_depth(sample, grasps)
            by_depth.add(found[free], labels, objects, others)
            clear_by_depth += int(touching_nothing[free].sum())
            progress.advance(bar)
    return {**_figures(score, clear), 'with_depth': _figures(by_depth, clear_by_depth)}


def free_by_depth(sample: 'GraspSample', grasps: 'Sequence[Grasp]') -> npt.NDArray[np.bool_]:
    """Tell which grasps the node places in space, as it is by default with depth and bench."""
    from mtperception.geometry.distortion import Distortion
    from mtperception.geometry.gripper import GripperShape
    from mtperception.grasp.depth_clearance import comes_down_freely
    from mtperception.grasp.poses import CLEAR_OF_BENCH, poses_by_depth, TIP_DEPTH

    camera, lens, down = sample.view.camera, Distortion(), -sample.view.rotation[2]
    poses = poses_by_depth(grasps, sample.depth, camera, lens, down, TIP_DEPTH,
                           sample.view.position[2] - CLEAR_OF_BENCH)
    placed = np.array([pose is not None for pose in poses], dtype=bool)
    placed[placed] = comes_down_freely(
        [pose for pose in poses if pose is not None], sample.depth, camera, lens, GripperShape())
    return placed


def _figures(score: 'GraspScore', clear: int) -> dict[str, Any]:
    return {**score.figures(),
            'clear_share': clear / score.detections if score.detections else None}


def own_pictures(arguments: argparse.Namespace, bundle: 'Bundle') -> 'GraspPictures':
    """Read --data, and leave of it the pictures that the model's training holds out."""
    from mtperception.grasp.data.reading import read_pictures
    from mtperception.grasp.hyper_parameters import HyperParameters

    return labelled_pictures.not_trained_on(
        read_pictures(*arguments.data, category=arguments.category, warn=labelled_pictures.warn),
        arguments, bundle.card, HyperParameters().validation_share)


def evaluate_own(detector: 'GraspDetector', threshold: float,
                 pictures: 'GraspPictures') -> dict[str, Any]:
    """Detect in the user's pictures and compare; show the progress."""
    from mtperception.grasp.detection import rows_of
    from mtperception.grasp.evaluation import GraspScore

    score = GraspScore()
    with progress_bar() as progress:
        bar = progress.add_task('pictures', total=len(pictures))
        for number, (image, labels) in enumerate(
                zip(pictures.images, pictures.rectangles, strict=True)):
            objects = None if pictures.objects is None else pictures.objects[number]
            score.add(rows_of(detector.detect(bgr(image), threshold)), labels, objects,
                      () if pictures.others is None else pictures.others[number])
            progress.advance(bar)
    return score.figures()


def bgr(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Turn an RGB picture into OpenCV's order, which detectors take."""
    return np.ascontiguousarray(image[:, :, ::-1])


def print_figures(report: dict[str, Any]) -> None:
    """Print the figures for a person."""
    from rich.console import Console
    from rich.table import Table

    table = Table(
        box=None, pad_edge=False, show_header=False, title_justify='left',
        title=f'{report["model"]} ({report["model_sha256"][:12]}), '
              f'threshold {report["threshold"]}, {report["count"]} pictures, '
              f'seed {report["seed"]}, looks {report["looks"]}')
    angle = report['angle_error_deg']
    table.add_row('precision', _share(report['precision']),
                  f'of {report["detections"]} detections')
    if report['labelled_precision'] != report['precision']:
        table.add_row('by labels alone', _share(report['labelled_precision']), 'of them')
    table.add_row('recall', _share(report['recall']), f'of {report["grasps"]} labelled grasps')
    table.add_row('objects with a grasp', _share(report['objects_with_grasp']),
                  f'of {report["objects"]} that have a labelled one')
    table.add_row('angle error', _degrees(angle['median']), f'95 %: {_degrees(angle["p95"])}')
    if 'clear_share' in report:
        depth = report['with_depth']
        table.add_row('fingers clear', _share(report['clear_share']), 'of the detections')
        table.add_row('with depth', _share(depth['clear_share']),
                      f'of {depth["detections"]}; precision {_share(depth["precision"])}, '
                      f'recall {_share(depth["recall"])}')
    console = Console()
    console.print(table)
    console.print(f'{report["seconds"]:.1f} s', highlight=False)


def _degrees(value: float | None) -> str:
    return '-' if value is None else f'{value:.2f} degrees'


def _share(value: float | None) -> str:
    return '-' if value is None else f'{100 * value:.2f} %'
