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

"""`mtperception evaluate`: how good a model is, on pictures rendered as it goes."""

import argparse
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
import itertools
import json
import multiprocessing
import signal
import time
from typing import Any, TYPE_CHECKING

import numpy as np

from mtperception.pin.detection import DEFAULT_THRESHOLD

if TYPE_CHECKING:
    from rich.progress import Progress

    from mtperception.pin.dataset import LabelledPin
    from mtperception.pin.evaluation import CropScore, FrameScore
    from mtperception.pin.predictor import PinDetector
    from mtperception.sim.labels import PinSample
    from mtperception.sim.pin_scene import PinScene

# Evaluation pictures have numbers that no training set reaches, so that they are new to every
# model, whatever its seed.
FIRST_FRAME, FIRST_EMPTY_FRAME = 1_000_000_000, 2_000_000_000
# Pictures rendered ahead of the detector.
AHEAD = 6


def add_parser(verbs: Any) -> None:
    parser = verbs.add_parser(
        'evaluate', help='how good a model is, on pictures rendered as it goes',
        description='Render pictures that no training has seen, look for pins in them, and '
                    'compare with the truth. COUNT full frames with 0 to 6 pins, COUNT crops of '
                    '100 x 100 of which half have a pin, COUNT / 2 frames without a pin. '
                    'frames.missed is a share of frames.pins; frames.false and '
                    'empty_frames.false count detections.')
    parser.add_argument('system', choices=['pin'], help='what to evaluate')
    parser.add_argument('--count', type=int, default=200, help='frames, and crops (200)')
    parser.add_argument('--seed', type=int, default=0, help='of the pictures (0)')
    parser.add_argument('--model', default='pin', metavar='NAME|PATH',
                        help='a bundled model, or a .safetensors file with its card beside it')
    parser.add_argument('--threshold', type=float, default=DEFAULT_THRESHOLD,
                        help=f'least score of all figures, 0 to 1 ({DEFAULT_THRESHOLD})')
    parser.add_argument('--json', action='store_true', help='print one JSON object')
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from mtperception.pin.predictor import PinDetector

    if arguments.count < 2:
        raise ValueError(f'--count is {arguments.count}; it must be at least 2')
    started = time.monotonic()
    detector = PinDetector.load(arguments.model)
    figures = evaluate(detector, arguments.threshold, arguments.count, arguments.seed)
    report = {'count': arguments.count, 'seed': arguments.seed,
              'seconds': time.monotonic() - started, 'model': detector.model_name,
              'model_sha256': detector.sha256, 'threshold': arguments.threshold, **figures}
    if arguments.json:
        print(json.dumps(report))
    else:
        print_table(report)
    return 0


def evaluate(detector: 'PinDetector', threshold: float, count: int,
             seed: int) -> dict[str, Any]:
    """Render, detect and compare; show the progress on standard error."""
    from mtperception.pin.evaluation import CropScore, FrameScore

    crops, frames, empty = CropScore(), FrameScore(), FrameScore()
    rng = np.random.default_rng((seed, FIRST_FRAME))
    spawn = multiprocessing.get_context('spawn')
    with ProcessPoolExecutor(1, spawn, leave_interrupts_to_the_parent) as renderer:
        try:
            with progress_bar() as progress:
                bar = progress.add_task('frames and crops', total=count)
                # Not every frame has the crop that is due: some more are rendered for crops.
                pictures = rendered(renderer, seed, FIRST_FRAME, None)
                for number, picture in enumerate(itertools.islice(pictures, 4 * count)):
                    if number < count:
                        score_frame(detector, threshold, picture, frames)
                    if crops.crops < count:
                        score_crop(detector, threshold, picture, crops, rng)
                    progress.update(bar, completed=min(frames.frames, crops.crops))
                    if frames.frames == crops.crops == count:
                        break
                bar = progress.add_task('empty frames', total=count // 2)
                pictures = rendered(renderer, seed, FIRST_EMPTY_FRAME, 0)
                for picture in itertools.islice(pictures, count // 2):
                    score_frame(detector, threshold, picture, empty)
                    progress.advance(bar)
        finally:
            renderer.shutdown(wait=False, cancel_futures=True)
    return {'crops': crops.figures(), 'frames': frames.figures(),
            'empty_frames': {'count': empty.frames, 'false': empty.false}}


def score_frame(detector: 'PinDetector', threshold: float, picture: 'PinSample',
                score: 'FrameScore') -> None:
    """Detect in a whole frame and add it to the score."""
    height, width = picture.image.shape
    score.add(detector.detect(picture.image, threshold), labelled(picture), width, height)


def score_crop(detector: 'PinDetector', threshold: float, picture: 'PinSample',
               score: 'CropScore', rng: np.random.Generator) -> None:
    """Cut the crop that keeps the two kinds balanced, where the frame has one, and add it."""
    from mtperception.pin.evaluation import cut_crop

    crop = cut_crop(picture.image, labelled(picture), 2 * score.with_pin <= score.crops, rng)
    if crop is not None:
        score.add(detector.detect(crop.image, threshold), crop.pins)


def labelled(picture: 'PinSample') -> 'tuple[LabelledPin, ...]':
    """Turn the simulator's labels into those that the evaluation knows."""
    from mtperception.pin.dataset import LabelledPin

    return tuple(LabelledPin(pin.x, pin.y, pin.diameter, pin.box, pin.visible)
                 for pin in picture.pins)


def rendered(renderer: ProcessPoolExecutor, seed: int, first: int,
             pins: int | None) -> Iterator['PinSample']:
    """Yield pictures without end, rendered ahead in another process."""
    coming: list[Future[PinSample]] = []
    for index in itertools.count(first):
        coming.append(renderer.submit(sample, seed, index, pins))
        if len(coming) > AHEAD:
            yield coming.pop(0).result()


def leave_interrupts_to_the_parent() -> None:
    """Let Ctrl-C, which reaches both processes, be the parent's business alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


_scene: 'PinScene | None' = None


def sample(seed: int, index: int, pins: int | None) -> 'PinSample':
    """Render one picture, in the renderer's process, which keeps its scene."""
    global _scene
    if _scene is None:
        from mtperception.sim.pin_scene import PinScene

        _scene = PinScene()
    return _scene.sample(seed, index, pins=pins)


def progress_bar() -> 'Progress':
    """Make the bars that are shown on standard error."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(),
                    TimeRemainingColumn(), console=Console(stderr=True))


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
    console.print(f'{report["seconds"]:.1f} s', highlight=False)


def _pixels(value: float | None) -> str:
    return '-' if value is None else f'{value:.3f} px'


def _share(value: float | None) -> str:
    return '-' if value is None else f'{100 * value:.2f} %'
