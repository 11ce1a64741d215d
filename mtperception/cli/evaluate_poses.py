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
from collections.abc import Callable
import json
import time
from typing import Any, TYPE_CHECKING

import numpy as np

from mtperception.cli.arguments import at_least_nothing, share
from mtperception.cli.evaluation_arguments import add_model_arguments, add_picture_arguments
from mtperception.cli.new_pictures import FIRST_FRAME, NewPictures
from mtperception.cli.pose_figures import print_figures
from mtperception.cli.progress import progress_bar

if TYPE_CHECKING:
    from mtperception.pose.evaluation import Model, Truth
    from mtperception.pose.predictor import Depth, Image, PoseEstimator
    from mtperception.pose.refined_evaluation import RefinedScore
    from mtperception.sim.pose.labels import PoseObject, PoseSample
    from mtperception.sim.pose.object_alone import DepthAlone
    from mtperception.sim.shapes.parts import Part

# How a picture is measured: a function of the picture and its number.
Measure = Callable[['PoseSample', int], 'Depth']


def add_parser(systems: Any) -> None:
    parser = systems.add_parser(
        'pose', help="how well a model tells an object's poses",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="""\
Render COUNT pictures of the model's object in hands that no training has seen, find the best box
in each, tell the object's pose in it in four ways, and compare with the truth:

  estimated   by the picture alone
  rgb         that, refined by the picture
  depth_z     with its distance from a depth picture
  depth       refined by the depth picture

Depth is measured with noise that grows with the square of the distance, and not at all at many
edges and in some spots; --depth-holes loses more. auc800 is the mean share of poses that are right
by the visible surface discrepancy, over all its thresholds, times 800; with the true translation
it is that of the rotation alone. auc800_linear has VSD's linear cost. add01d is the share of poses
that are off by less than a tenth of the object's diameter, by ADD-S if it has symmetries, which
are found from its mesh; mssd and mspd are the mean shares over the BOP challenge's thresholds.
flip_rate is the share of estimated poses turned over about the long axis; box_iou is of detected
and true boxes, hidden parts included; the medians are of estimated poses, those of refined ones
beside. by_visibility has all of them for thirds of the visible share. calibration: of the poses
with a score above 0.9, how many there are and the share that is right by add01d; and how far all
scores are from such a share (ece).

With --objects N there are COUNT more pictures, of N objects, --same M of them the model's own and
the others other parts. Of these, several has precision and recall of boxes that share half of
their union with a true one, at the model's own threshold, and all figures for each object that is
at least a tenth visible.

At the first use a codebook is rendered, some minutes.
""")
    add_picture_arguments(parser, 'pictures')
    parser.add_argument('--depth-noise', type=at_least_nothing, default=2.0, metavar='MM',
                        help='standard deviation of measured depth at 1 m, in millimetres (2)')
    parser.add_argument('--depth-holes', type=share, default=0.0, metavar='SHARE',
                        help='share of the depth picture that is lost besides, in blobs (0)')
    parser.add_argument('--objects', type=int, default=1, metavar='N',
                        help='evaluate pictures of so many objects, too, at most 5')
    parser.add_argument('--same', type=int, metavar='M',
                        help="of them so many are the model's own (all but one)")
    add_model_arguments(parser, 'hammer', 'least score, 0 to 1 (0.05: the best one counts; of '
                                          "--objects, the model's)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    import torch

    from mtperception.objects.meshes import part_of

    check(arguments)
    started = time.monotonic()
    estimator = opened(arguments.model)
    # The workers have the other cores, and sums come out alike on all machines.
    torch.set_num_threads(1)
    threshold = 0.05 if arguments.threshold is None else arguments.threshold
    part = part_of(estimator.label)
    measure = measured_by(arguments)
    with NewPictures(arguments.seed, arguments.workers) as pictures:
        figures = evaluate(estimator, part, threshold, pictures, arguments.count, measure)
        if arguments.objects > 1:
            least = estimator.threshold if arguments.threshold is None else threshold
            figures['several'] = evaluate_several(
                estimator, part, least, pictures, arguments.count, measure, arguments.objects,
                arguments.same)
    report = {**figures, 'count': arguments.count, 'seed': arguments.seed,
              'seconds': time.monotonic() - started, 'model': estimator.model_name,
              'model_sha256': estimator.sha256, 'threshold': threshold,
              'depth_noise_mm': arguments.depth_noise, 'depth_holes': arguments.depth_holes}
    if arguments.json:
        print(json.dumps(report))
    else:
        print_figures(report)
    return 0


def check(arguments: argparse.Namespace) -> None:
    """Refuse numbers that cannot be, before anything is loaded; fill in --same."""
    from mtperception.sim.pose.stage import MAX_OBJECTS

    if arguments.count < 1:
        raise ValueError(f'--count is {arguments.count}; it must be at least 1')
    if arguments.depth_holes == 1:
        raise ValueError('--depth-holes is 1, which leaves no depth; it must be less')
    if not 1 <= arguments.objects <= MAX_OBJECTS:
        raise ValueError(f'--objects is {arguments.objects}; it must be from 1 to {MAX_OBJECTS}')
    if arguments.same is None:
        arguments.same = max(arguments.objects - 1, 1)
    elif arguments.objects == 1:
        raise ValueError('--same is of --objects: give both')
    if not 1 <= arguments.same <= arguments.objects:
        raise ValueError(f'--same is {arguments.same}; it must be from 1 to --objects, '
                         f'{arguments.objects}')


def opened(model: str) -> 'PoseEstimator':
    """Open a model with its codebook; show the progress where that is to be made."""
    from mtperception.objects.known import open_estimator

    with progress_bar() as progress:
        # Nothing is to be seen where the codebook is kept already.
        bar = progress.add_task('codebook', total=None, visible=False)
        return open_estimator(model, progress=lambda done, total: progress.update(
            bar, completed=done, total=total, visible=True))


def measured_by(arguments: argparse.Namespace) -> Measure:
    """Return how depth is measured: with the same noise whenever it is the same picture."""
    from mtperception.sim.looks.depth_noise import measured, with_holes

    def measure(sample: 'PoseSample', number: int) -> 'Depth':
        # Other numbers than those that the picture was drawn by.
        rng = np.random.default_rng((arguments.seed, number, 1))
        depth = measured(rng, sample.depth, arguments.depth_noise / 1000.0)
        return with_holes(rng, depth, arguments.depth_holes)

    return measure


def evaluate(estimator: 'PoseEstimator', part: 'Part', threshold: float, pictures: NewPictures,
             count: int, measure: Measure) -> dict[str, Any]:
    """Estimate and compare; show the progress on standard error."""
    from mtperception.pose.refined_evaluation import estimates_in
    from mtperception.sim.pose.object_alone import DepthAlone
    from mtperception.sim.pose.scene import HEIGHT, WIDTH

    with progress_bar() as progress, DepthAlone(part, WIDTH, HEIGHT) as alone:
        score = score_of(part, alone)
        bar = progress.add_task('pictures', total=count)
        numbers = range(FIRST_FRAME, FIRST_FRAME + count)
        for number, sample in zip(numbers, pictures.poses(part.name, numbers), strict=True):
            # One object is there: of several boxes the best one counts, whatever its pose.
            found = estimator.find(bgr(sample), threshold)[:1]
            score.add(
                estimates_in(estimator, sample.image, sample.camera, found,
                             measure(sample, number)),
                truth_of(sample, sample.objects[0]))
            progress.advance(bar)
    return score.figures()


def evaluate_several(estimator: 'PoseEstimator', part: 'Part', threshold: float,
                     pictures: NewPictures, count: int, measure: Measure, objects: int,
                     same: int) -> dict[str, Any]:
    """Do as `evaluate` does with pictures of several objects, of which some are the part."""
    from mtperception.pose.refined_evaluation import estimates_in, SeveralScore
    from mtperception.sim.pose.object_alone import DepthAlone
    from mtperception.sim.pose.scene import HEIGHT, WIDTH

    with progress_bar() as progress, DepthAlone(part, WIDTH, HEIGHT) as alone:
        score = SeveralScore(score_of(part, alone))
        bar = progress.add_task('several objects', total=count)
        numbers = range(FIRST_FRAME, FIRST_FRAME + count)
        samples = pictures.several(part.name, numbers, objects, same)
        for number, sample in zip(numbers, samples, strict=True):
            found = estimator.find(bgr(sample), threshold)
            score.add(
                estimates_in(estimator, sample.image, sample.camera, found,
                             measure(sample, number)),
                [truth_of(sample, thing) for thing in sample.objects if thing.part == part.name])
            progress.advance(bar)
    return {'count': count, 'objects': objects, 'same': same, 'threshold': threshold,
            **score.figures()}


def bgr(sample: 'PoseSample') -> 'Image':
    """Return a picture as cameras' drivers give it."""
    return np.ascontiguousarray(sample.image[..., ::-1])


def score_of(part: 'Part', alone: 'DepthAlone') -> 'RefinedScore':
    """Return a score of no picture yet, for which ``alone`` draws the part."""
    from mtperception.pose.refined_evaluation import RefinedScore

    return RefinedScore(surface(part), np.asarray(part.mesh.convex_hull.vertices),
                        lambda camera, pose: alone.depth(camera, *pose))


def surface(part: 'Part') -> 'Model':
    """Return what the evaluation knows of a part's mesh."""
    import trimesh

    from mtperception.objects.symmetry import symmetries_of
    from mtperception.pose.evaluation import Model
    from mtperception.sim.pose.bop import diameter

    points, _ = trimesh.sample.sample_surface(part.mesh, 2000, seed=0)
    return Model(np.asarray(points), diameter(part.mesh),
                 np.eye(3)[int(np.argmax(part.mesh.extents))], symmetries_of(part.mesh))


def truth_of(sample: 'PoseSample', thing: 'PoseObject') -> 'Truth':
    """Return what is true of an object in a picture."""
    from mtperception.geometry.pose_errors import Pose
    from mtperception.pose.evaluation import Truth

    return Truth(Pose(thing.rotation, thing.translation), thing.box, thing.visible, sample.depth,
                 sample.camera)
