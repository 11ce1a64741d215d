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

"""`mtperception train`: train a model on rendered pictures, the user's own, or both."""

import argparse
from collections.abc import Callable
import json
from pathlib import Path
import shlex
import sys
import time
from typing import Any, NamedTuple, TYPE_CHECKING

from mtperception.cli import labelled_pictures
from mtperception.cli.arguments import check_folder
from mtperception.cli.interrupts import refuse_interrupts
from mtperception.cli.render import render_apart

if TYPE_CHECKING:
    from mtperception.grasp.data.dataset import GraspPictures
    from mtperception.grasp.descriptor.data import ShapePictures
    from mtperception.pin.data.dataset import PinPictures
    from mtperception.pose.batches import PlainViews
    from mtperception.pose.data.dataset import PosePictures
    from mtperception.zoo import Bundle


def add_parser(verbs: Any) -> None:
    parser = verbs.add_parser(
        'train', help='train a model on rendered pictures or your own',
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=labelled_pictures.FORMATS,
        description="Train the detector of pins or of grasps, what tells the shapes of what is "
                    "grasped, or the\nestimator of an object's poses, and write its model, such "
                    'as pin.safetensors, and the card,\npin.json, into a folder. A checkpoint is '
                    'written after every epoch. Several processes share the\nwork under '
                    '`torchrun --nproc-per-node N -m mtperception.cli.main train ...`.')
    parser.add_argument('system', choices=['pin', 'grasp', 'shape', 'pose'], metavar='SYSTEM',
                        help='what to train: pin, grasp, shape or pose')
    parser.add_argument('--out', type=Path, required=True, metavar='DIR',
                        help='where model, card and checkpoint go')
    labelled_pictures.add_arguments(
        parser, 'labelled pictures, see below; without them some are rendered into DIR/data of '
                '--out first. Given several times, each data set is cut from as often as another')
    parser.add_argument('--count', type=int, default=3000,
                        help='pictures to render when there is no --data (3000)')
    parser.add_argument('--seed', type=int, default=0,
                        help='of the rendering and of the training (0)')
    parser.add_argument('--config', type=Path, metavar='YAML',
                        help='settings that differ from the defaults; `mtperception train SYSTEM '
                             '--settings` lists them')
    parser.add_argument('--settings', action=_ListSettings, nargs=0,
                        help='print the settings of a SYSTEM and their defaults, and end')
    parser.add_argument('--init', metavar='NAME|PATH',
                        help='a model, such as pin, to train further: fewer epochs and lower '
                             'rates unless --config says otherwise; its architecture is kept')
    parser.add_argument('--resume', action='store_true',
                        help='go on from the checkpoint in --out')
    parser.add_argument('--json', action='store_true',
                        help='print one JSON object at the end')
    parser.set_defaults(run=run)


class _ListSettings(argparse.Action):
    """Prints the settings of the system that was named before, as a file for --config."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace,
                 values: object, option: str | None = None) -> None:
        from mtperception.training.settings import settings_text

        system = getattr(namespace, 'system', None)
        if system is None:
            parser.error(f'name the system before {option}: pin, grasp, shape or pose')
        print(settings_text(*_settings(system)), end='')
        parser.exit()


class _System(NamedTuple):
    """
    What the training of a system needs; `name` is also the model's.

    `rendered` are the words that render pictures for it.
    """

    name: str
    rendered: tuple[str, ...]
    annotations: str
    read: 'Callable[..., Any]'
    describe: 'Callable[[Any], str]'
    train: 'Callable[..., Bundle | None]'


def run(arguments: argparse.Namespace) -> int:
    from mtperception.training.settings import read_settings
    from mtperception.zoo import check_task, load

    started = time.monotonic()
    # What is wrong with these is told before torch is loaded, which takes seconds.
    usual, further = _settings(arguments.system)
    settings = read_settings(arguments.config, further if arguments.init else usual)
    start = load(arguments.init) if arguments.init else None
    if start is not None:
        check_task(start, arguments.system, arguments.init)
    out: Path = arguments.out
    check_folder(out)

    from rich.console import Console

    from mtperception.nn.memory import keep_freed_memory
    from mtperception.training import processes
    from mtperception.training.checkpoint import epochs_done
    from mtperception.training.loop import CHECKPOINT, steps_per_epoch
    from mtperception.training.progress import TrainingProgress

    if (out / CHECKPOINT).exists() and not arguments.resume:
        raise ValueError(f'{out}: a training was begun here; go on with --resume, or choose '
                         'another folder')
    if arguments.resume and not (out / CHECKPOINT).exists():
        raise ValueError(f'{out}: there is no checkpoint here; leave out --resume')
    system = {'pin': _pin, 'grasp': _grasp, 'shape': _shape, 'pose': _pose}[arguments.system]()
    keep_freed_memory()
    with processes.joined_processes():
        first = processes.rank() == 0
        console = Console(stderr=True, quiet=not first)
        data: list[Path] = arguments.data or [out / 'data']
        if first and arguments.data is None and not (data[0] / system.annotations).exists():
            status = render_apart(
                *system.rendered, '--out', str(data[0]), '--count', str(arguments.count),
                '--seed', str(arguments.seed))
            if status != 0:
                return status
        processes.wait_for_all()
        pictures = system.read(*data, category=arguments.category, warn=(
            labelled_pictures.warn if first else lambda line: None))
        console.print(system.describe(pictures), highlight=False)
        steps = steps_per_epoch(settings)
        before = epochs_done(out / CHECKPOINT) if arguments.resume else 0
        console.print(f'{settings.epochs} epochs of {steps} steps'
                      f'{f", of which {before} are done" if before else ""}', highlight=False)
        try:
            with TrainingProgress(console, settings.epochs * steps, before * steps) as progress:
                bundle = system.train(
                    pictures, out, settings, seed=arguments.seed, command=command(arguments),
                    start=start, resume=arguments.resume, after_step=progress.step,
                    after_epoch=progress.epoch)
        except KeyboardInterrupt:
            refuse_interrupts()
            if first:
                print(f'mtperception train: {left(out / CHECKPOINT)}', file=sys.stderr)
            return 130
    if bundle is None:
        return 0
    seconds = time.monotonic() - started
    model = out / f'{system.name}.safetensors'
    if arguments.json:
        print(json.dumps({
            'count': len(pictures), 'seed': arguments.seed, 'seconds': seconds,
            'model': str(model), 'model_sha256': bundle.sha256,
            'best': bundle.card['validation'], 'card': bundle.card}))
    else:
        console.print(f'{model} ({bundle.sha256[:12]}), '
                      f'{seconds / 60:.1f} min', highlight=False)
    return 0


def left(checkpoint: Path) -> str:
    """Say what there is of a training that was stopped."""
    from mtperception.training.checkpoint import epochs_done

    if not checkpoint.exists():
        return 'stopped in the first epoch: nothing is kept, the same command begins again'
    return (f'stopped; {checkpoint} is of epoch {epochs_done(checkpoint)}, '
            'the same command with --resume goes on')


def _settings(system: str) -> tuple[Any, Any]:
    """Give the usual settings of a training, and those of one that goes on from a model."""
    from mtperception.grasp import hyper_parameters as grasp
    from mtperception.grasp.descriptor import hyper_parameters as shape
    from mtperception.pin import hyper_parameters as pin
    from mtperception.pose import hyper_parameters as pose

    return {'pin': (pin.HyperParameters(), pin.FURTHER),
            'grasp': (grasp.HyperParameters(), grasp.FURTHER),
            'shape': (shape.HyperParameters(), shape.FURTHER),
            'pose': (pose.HyperParameters(), pose.FURTHER)}[system]


def _pin() -> _System:
    from mtperception.pin.data.reading import ANNOTATIONS, read_pictures
    from mtperception.pin.training import train

    return _System('pin', ('pin',), ANNOTATIONS, read_pictures, describe_pins, train)


def _grasp() -> _System:
    from mtperception.datasets.grasps import GRASP_LINES
    from mtperception.grasp.data.reading import read_pictures
    from mtperception.grasp.training import train

    return _System('grasp', ('grasp',), GRASP_LINES, read_pictures, describe_grasps, train)


def _shape() -> _System:
    from mtperception.datasets.grasps import GRASP_LINES
    from mtperception.grasp.descriptor.data import read_pictures
    from mtperception.grasp.descriptor.training import train

    return _System('shape', ('grasp', '--random-parts'), GRASP_LINES, read_pictures,
                   describe_things, train)


def _pose() -> _System:
    from mtperception.datasets.held_out import split
    from mtperception.pose.data.reading import CAMERA, read_pictures
    from mtperception.pose.training import train

    def read(*sources: Path, category: str | None, warn: Callable[[str], None]) -> 'PosePictures':
        return read_pictures(*sources, part=category, warn=warn)

    def train_object(pictures: 'PosePictures', out: Path, settings: Any,
                     **more: Any) -> 'Bundle | None':
        from mtperception.objects.confidence import with_confidence

        plain, mirrored = _views_of(pictures.name)
        bundle = train(pictures, out, settings, plain=plain, mirrored=mirrored, **more)
        return None if bundle is None else with_confidence(
            bundle, out / 'pose.safetensors', split(pictures, settings.validation_share)[1])

    return _System('pose', ('pose',), CAMERA, read, describe_poses, train_object)


def _views_of(name: str) -> 'tuple[PlainViews, bool]':
    """Draw an object as its codebook does, and tell whether it is its own mirror image."""
    from mtperception.objects.meshes import part_of
    from mtperception.objects.plain_views import plain_views
    from mtperception.objects.symmetry import is_own_mirror_image

    part = part_of(name)
    return plain_views(part), is_own_mirror_image(part.mesh)


def describe_pins(pictures: 'PinPictures') -> str:
    """Say in a line what there is to train on."""
    diameters = [pin.diameter for pins in pictures.pins for pin in pins]
    of = f' of {min(diameters):.1f} to {max(diameters):.1f} pixels' if diameters else ''
    return f'{len(pictures)} pictures with {len(diameters)} pins{of}'


def describe_grasps(pictures: 'GraspPictures') -> str:
    """Say in a line what there is to train on."""
    openings = [row[2] for rows in pictures.rectangles for row in rows]
    of = f', {min(openings):.0f} to {max(openings):.0f} pixels open' if openings else ''
    return f'{len(pictures)} pictures with {len(openings)} grasps{of}'


def describe_things(pictures: 'ShapePictures') -> str:
    """Say in a line what there is to train on."""
    parts = [thing.part for things in pictures.labels for thing in things]
    return f'{len(pictures)} pictures with {len(parts)} things of {len({*parts})} shapes'


def describe_poses(pictures: 'PosePictures') -> str:
    """Say in a line what there is to train on."""
    visible = [label.visible for labels in pictures.labels for label in labels]
    of = f', {100 * min(visible):.0f} to {100 * max(visible):.0f} % of each to be seen' \
        if visible else ''
    return f'{len(pictures)} pictures with {len(visible)} times {pictures.name}{of}'


def command(arguments: argparse.Namespace) -> str:
    """Give the command line that repeats this training, without the folders' places."""
    words = ['mtperception', 'train', arguments.system, '--out', arguments.out.name]
    for data in arguments.data or ():
        words += ['--data', data.name]
    if arguments.category is not None:
        words += ['--category', arguments.category]
    if arguments.data is None:
        words += ['--count', str(arguments.count)]
    words += ['--seed', str(arguments.seed)]
    if arguments.init is not None:
        words += ['--init', Path(arguments.init).name]
    if arguments.config is not None:
        words += ['--config', arguments.config.name]
    return shlex.join(words)
