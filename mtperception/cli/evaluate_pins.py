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

"""`mtperception evaluate pin`: how good a model is, on new rendered pictures or one's own."""

import argparse
from collections.abc import Sequence
import json
from pathlib import Path
import time
from typing import Any, TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mtperception.cli import evaluate_robustness, labelled_pictures
from mtperception.cli.arguments import check_folder
from mtperception.cli.evaluation_arguments import (
    add_data_arguments,
    add_model_arguments,
    add_picture_arguments,
)
from mtperception.cli.new_pictures import FIRST_EMPTY_FRAME, FIRST_FRAME, labelled, NewPictures
from mtperception.cli.progress import progress_bar

if TYPE_CHECKING:
    from mtperception.pin.calibration import ScoredDetections
    from mtperception.pin.data.dataset import LabelledPin, PinPictures
    from mtperception.pin.evaluation import CropScore, FrameScore
    from mtperception.pin.predictor import PinDetector
    from mtperception.zoo import Bundle


def add_parser(systems: Any) -> None:
    parser = systems.add_parser(
        'pin', help='how well a model finds pins',
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=labelled_pictures.PIN_FORMATS,
        description="""\
Render pictures that no training has seen, look for pins in them, and compare with the truth. COUNT
full frames with 0 to 6 pins, COUNT crops of 100 x 100 of which half have a pin, COUNT / 2 frames
without a pin. frames.missed is a share of frames.pins; frames.false and empty_frames.false count
detections. calibration.ece is how far the scores of all detections in the full frames, from 0.05
on, are from the share of them that are true.

With --robustness the pictures are made worse step by step instead, by blur, noise, brightness,
rotation, size and occlusion: misses, false detections and errors at each step, and the limits
within which at most 5 % of the pins are missed.

With --data the frames are your own labelled pictures, of which those without a label are the empty
frames, and one crop is cut of each picture that is large enough.
""")
    add_picture_arguments(parser, 'frames, and crops')
    add_data_arguments(parser)
    add_model_arguments(parser, 'pin', "least score of all figures but calibration, 0 to 1 (the "
                                       "model's)")
    parser.add_argument('--robustness', action='store_true',
                        help='make COUNT pictures worse until the detector fails')
    parser.add_argument('--out', type=Path, metavar='DIR',
                        help='where --robustness writes robustness.json, .md and .svg')
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    import torch

    from mtperception import zoo
    from mtperception.pin.predictor import PinDetector

    if arguments.count < 2:
        raise ValueError(f'--count is {arguments.count}; it must be at least 2')
    if arguments.out is not None and not arguments.robustness:
        raise ValueError('--out is where --robustness writes: give both')
    if arguments.out is not None:
        check_folder(arguments.out)
    started = time.monotonic()
    bundle = zoo.load(arguments.model)
    detector = PinDetector.from_bundle(bundle, str(arguments.model))
    # The workers have the other cores, and sums come out alike on all machines.
    torch.set_num_threads(1)
    threshold = detector.threshold if arguments.threshold is None else arguments.threshold
    count, figures = measured(arguments, bundle, detector, threshold)
    report = {'count': count, 'seed': arguments.seed,
              'seconds': time.monotonic() - started, 'model': detector.model_name,
              'model_sha256': detector.sha256, 'threshold': threshold, **figures}
    if arguments.out is not None:
        evaluate_robustness.write_report(arguments.out, report)
    if arguments.json:
        print(json.dumps(report))
    elif arguments.robustness:
        evaluate_robustness.print_tables(report)
    else:
        print_table(report)
    return 0


def measured(arguments: argparse.Namespace, bundle: 'Bundle', detector: 'PinDetector',
             threshold: float) -> tuple[int, dict[str, Any]]:
    """Measure what was asked for; give the number of pictures and the figures."""
    seed, count = arguments.seed, arguments.count
    if arguments.data:
        own = own_pictures(arguments, bundle)
        if not arguments.robustness:
            return len(own), evaluate_own(detector, threshold, own, seed)
        frames = zip(own.images, own.pins, strict=True)
        return len(own), evaluate_robustness.sweep(detector, threshold, frames, len(own), seed)
    with NewPictures(seed, arguments.workers) as pictures:
        if not arguments.robustness:
            return count, evaluate(detector, threshold, pictures, count, seed)
        new = ((frame.image, labelled(frame)) for frame in pictures.frames(count))
        return count, evaluate_robustness.sweep(detector, threshold, new, count, seed)


def evaluate(detector: 'PinDetector', threshold: float, pictures: NewPictures, count: int,
             seed: int) -> dict[str, Any]:
    """Detect and compare; show the progress on standard error."""
    from mtperception.pin.calibration import ScoredDetections
    from mtperception.pin.evaluation import CropScore, FrameScore

    crops, frames, empty, scored = CropScore(), FrameScore(), FrameScore(), ScoredDetections()
    rng = np.random.default_rng((seed, FIRST_FRAME))
    with progress_bar() as progress:
        bar = progress.add_task('pictures', total=count + count // 2)
        # Not every frame has the crop that is due: some more are rendered for crops.
        for number, picture in enumerate(pictures.frames(4 * count)):
            if number < count:
                score_frame(detector, threshold, picture.image, labelled(picture), frames, scored)
            if crops.crops < count:
                score_crop(detector, threshold, picture.image, labelled(picture), crops, rng)
            progress.update(bar, completed=min(frames.frames, crops.crops))
            if frames.frames == crops.crops == count:
                break
        for picture in pictures.frames(count // 2, FIRST_EMPTY_FRAME, pins=0):
            score_frame(detector, threshold, picture.image, (), empty)
            progress.advance(bar)
    return {'crops': crops.figures(), 'frames': frames.figures(),
            'empty_frames': {'count': empty.frames, 'false': empty.false},
            'calibration': scored.figures()}


def own_pictures(arguments: argparse.Namespace, bundle: 'Bundle') -> 'PinPictures':
    """Read --data, and leave of it the pictures that the model's training holds out."""
    from mtperception.pin.data.reading import read_pictures
    from mtperception.pin.hyper_parameters import HyperParameters

    return labelled_pictures.not_trained_on(
        read_pictures(*arguments.data, category=arguments.category, warn=labelled_pictures.warn),
        arguments, bundle.card, HyperParameters().validation_share)


def evaluate_own(detector: 'PinDetector', threshold: float, pictures: 'PinPictures',
                 seed: int) -> dict[str, Any]:
    """Detect in the user's pictures and in a crop of each, and compare; show the progress."""
    from mtperception.pin.calibration import ScoredDetections
    from mtperception.pin.evaluation import CropScore, FrameScore

    crops, frames, empty, scored = CropScore(), FrameScore(), FrameScore(), ScoredDetections()
    rng = np.random.default_rng(seed)
    with progress_bar() as progress:
        bar = progress.add_task('pictures', total=len(pictures))
        for image, pins in zip(pictures.images, pictures.pins, strict=True):
            false = frames.false
            score_frame(detector, threshold, image, pins, frames, scored)
            if not pins:
                empty.frames += 1
                empty.false += frames.false - false
            score_crop(detector, threshold, image, pins, crops, rng)
            progress.advance(bar)
    return {'crops': crops.figures(), 'frames': frames.figures(),
            'empty_frames': {'count': empty.frames, 'false': empty.false},
            'calibration': scored.figures()}


def score_frame(detector: 'PinDetector', threshold: float, image: npt.NDArray[np.uint8],
                pins: 'Sequence[LabelledPin]', score: 'FrameScore',
                scored: 'ScoredDetections | None' = None) -> None:
    """Detect in a whole frame and add it to the scores."""
    from mtperception.pin.calibration import SCORE_FLOOR

    height, width = image.shape
    found = detector.detect(image, min(threshold, SCORE_FLOOR))
    kept = [one for one in found if one.score >= threshold]
    score.add(kept, pins, width, height)
    if scored is not None:
        above = [one for one in found if one.score >= SCORE_FLOOR]
        scored.add(above, pins, width, height)


def score_crop(detector: 'PinDetector', threshold: float, image: npt.NDArray[np.uint8],
               pins: 'Sequence[LabelledPin]', score: 'CropScore',
               rng: np.random.Generator) -> None:
    """Cut the crop that keeps the two kinds balanced, where the frame has one, and add it."""
    from mtperception.pin.evaluation import cut_crop

    crop = cut_crop(image, pins, 2 * score.with_pin <= score.crops, rng)
    if crop is not None:
        score.add(detector.detect(crop.image, threshold), crop.pins)


def print_table(report: dict[str, Any]) -> None:
    """Print the figures for a person."""
    from rich.console import Console
    from rich.table import Table

    table = Table(
        box=None, pad_edge=False, title_justify='left',
        title=f'{report["model"]} ({report["model_sha256"][:12]}), '
              f'threshold {report["threshold"]}, seed {report["seed"]}')
    table.add_column('')
    for column in ('pictures', 'pins', 'error', 'p95', 'missed', 'false', 'accuracy'):
        table.add_column(column, justify='right')
    crops, frames, empty = (report[key] for key in ('crops', 'frames', 'empty_frames'))
    table.add_row('frames', str(report['count']), str(frames['pins']),
                  _pixels(frames['error_px']['mean']), _pixels(frames['error_px']['p95']),
                  _share(frames['missed']), str(frames['false']), '')
    table.add_row('crops', str(crops['count']), str(crops['with_pin']),
                  _pixels(crops['error_px']['mean']), _pixels(crops['error_px']['p95']), '', '',
                  _share(crops['accuracy']))
    table.add_row('empty frames', str(empty['count']), '0', '', '', '', str(empty['false']), '')
    console = Console()
    console.print(table)
    calibration = report['calibration']
    if calibration['ece'] is not None:
        console.print(f'calibration error of {calibration["detections"]} scores: '
                      f'{calibration["ece"]:.4f}', highlight=False)
    console.print(f'{report["seconds"]:.1f} s', highlight=False)


def _pixels(value: float | None) -> str:
    return '-' if value is None else f'{value:.3f} px'


def _share(value: float | None) -> str:
    return '-' if value is None else f'{100 * value:.2f} %'
