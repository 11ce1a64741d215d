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

"""`mtperception onboard`: a new object for poses, from its CAD file alone."""

import argparse
from dataclasses import asdict, replace
import json
from pathlib import Path
import shlex
import time
from typing import Any, TYPE_CHECKING

from mtperception.objects.onboarding_plan import FULL, Plan, QUICK, SECONDS

if TYPE_CHECKING:
    from mtperception.objects.mesh_check import CheckedMesh
    from mtperception.objects.onboarding import Onboarded
    from mtperception.zoo import Bundle

# The bundled model that is taught a new object, where it is bundled.
START = 'hammer'


def add_parser(verbs: Any) -> None:
    parser = verbs.add_parser(
        'onboard', help='a new object for poses, from its CAD file alone',
        description="Take in a new object: check its mesh, render pictures of it in hands, train "
                    "a model on them (going on from the bundled hammer's, where there is one), "
                    'measure it on new pictures, and keep it under its name, by which all verbs '
                    'and nodes then know it. That takes about a quarter of an hour on two idle '
                    'cores, --full trains eight times as long. `mtperception objects` lists what '
                    'is known and removes it.')
    parser.add_argument('mesh', type=Path, metavar='MESH', help='an STL, OBJ, PLY or GLB file')
    parser.add_argument('--name', required=True, help='what the object is called from now on')
    parser.add_argument('--units', required=True, choices=('m', 'cm', 'mm', 'inch'),
                        help='what the numbers in the file mean')
    parser.add_argument('--finish', choices=('steel', 'plastic', 'wood'), default='plastic',
                        help='what it is made of (plastic): steel shines')
    parser.add_argument('--colour', metavar='#RRGGBB',
                        help="what colour it has, all of it, instead of the file's or the "
                             "finish's own")
    parser.add_argument('--allow-open', action='store_true',
                        help='take a scan with holes that are too large to be closed')
    parser.add_argument('--full', action='store_true',
                        help='render and train more: better, and hours instead of minutes')
    parser.add_argument('--pictures', type=int, metavar='N',
                        help=f'to learn from ({QUICK.pictures}, with --full {FULL.pictures})')
    parser.add_argument('--epochs', type=int, metavar='N',
                        help=f'of the training ({QUICK.settings.epochs}, with --full '
                             f'{FULL.settings.epochs})')
    parser.add_argument('--init', metavar='NAME|PATH',
                        help=f'a model of another object to go on from ({START}, where it is '
                             'bundled)')
    parser.add_argument('--seed', type=int, default=0,
                        help='of the rendering and of the training (0)')
    parser.add_argument('--work', type=Path, metavar='DIR',
                        help='where pictures and checkpoints are on the way, to be kept (the '
                             'cache, until it is done)')
    parser.add_argument('--resume', action='store_true',
                        help='go on where the same command was interrupted')
    parser.add_argument('--json', action='store_true',
                        help='print one JSON object at the end')
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from mtperception.objects.mesh_check import checked_mesh, size_text
    from mtperception.objects.registry import check_name
    from mtperception.objects.work_folder import default_work_folder, WorkFolder

    started = time.monotonic()
    # What is wrong with these is told before anything is rendered, and before torch is loaded,
    # which takes seconds.
    check_name(arguments.name)
    if arguments.seed < 0:
        raise ValueError(f'--seed is {arguments.seed}; it must be 0 or more')
    plan = _plan(arguments)
    start = _start(arguments.init)
    work = WorkFolder(arguments.work or default_work_folder(arguments.name), arguments.name)
    checked = checked_mesh(arguments.mesh, arguments.units, allow_open=arguments.allow_open,
                           colour=arguments.colour)
    work.begin(checked, _as_begun(arguments, plan, start, checked), arguments.resume)
    arguments.stopped = (f'onboard: stopped; {work.root} has what is done, the same command with '
                         '--resume goes on')

    from rich.console import Console

    from mtperception.cli.stage_progress import StageProgress
    from mtperception.nn.memory import keep_freed_memory
    from mtperception.objects.onboarding import Looks, onboard

    keep_freed_memory()
    console = Console(stderr=True)
    size = f'{size_text(checked.mesh)}, {len(checked.mesh.faces):,} faces'
    for line in (f'{arguments.mesh}: {size}', *checked.notes):
        console.print(line, highlight=False, soft_wrap=True)
    with StageProgress(console, plan.amounts(), SECONDS) as progress:
        done = onboard(
            work, checked, Looks(arguments.units, arguments.finish, arguments.colour), plan,
            start=start, seed=arguments.seed, command=command(arguments),
            report=progress.report, tell=progress.tell)
    if arguments.work is None:
        work.discard()
    seconds = time.monotonic() - started
    if arguments.json:
        print(json.dumps({
            'name': done.about.name, 'folder': str(done.folder), **done.figures,
            'seed': arguments.seed, 'seconds': seconds, 'object': asdict(done.about),
            'model': done.model.name, 'model_sha256': done.model.sha256,
            'card': dict(done.model.card)}))
    else:
        for line in summary(done, seconds):
            console.print(line, highlight=False, soft_wrap=True)
    return 0


def _plan(arguments: argparse.Namespace) -> Plan:
    plan = FULL if arguments.full else QUICK
    if arguments.pictures is not None:
        plan = replace(plan, pictures=arguments.pictures)
    if arguments.epochs is not None:
        if arguments.epochs < 1:
            raise ValueError(f'--epochs is {arguments.epochs}; it must be at least 1')
        plan = replace(plan, settings=replace(plan.settings, epochs=arguments.epochs))
    return plan


def _start(init: str | None) -> 'Bundle | None':
    """Read the model that the training goes on from; None where it begins with nothing."""
    from mtperception import zoo

    if init is None and START not in zoo.names():
        return None
    start = zoo.load(init or START)
    zoo.check_task(start, 'pose', init or START)
    return start


def _as_begun(arguments: argparse.Namespace, plan: Plan, start: 'Bundle | None',
              checked: 'CheckedMesh') -> dict[str, Any]:
    """Return what must be the same for a run to go on, by the words of the command line."""
    return {
        'name': arguments.name, 'mesh': checked.sha256, '--units': arguments.units,
        '--finish': arguments.finish, '--colour': arguments.colour,
        '--allow-open': arguments.allow_open, '--seed': arguments.seed,
        '--init': start.sha256 if start else None, '--full': arguments.full,
        '--pictures': plan.pictures, '--epochs': plan.settings.epochs}


def summary(done: 'Onboarded', seconds: float) -> list[str]:
    """Say in lines what there is now, how good it is, and what can be done with it."""
    name, figures = done.about.name, done.figures
    rgb, depth = (100.0 * figures['add01d'][kind] for kind in ('rgb', 'depth'))
    return [
        f'{name}: known from now on ({done.folder}), {seconds / 60.0:.1f} min',
        f'of {figures["count"]} new pictures it was found in {100.0 * figures["found"]:.0f} %; '
        f'its pose is right in {rgb:.0f} % from the picture alone and in {depth:.0f} % with '
        'depth (points off by less than a tenth of its size)',
        f'mtperception detect pose PICTURE --camera camera.yaml --model {name}']


def command(arguments: argparse.Namespace) -> str:
    """Give the command line that repeats this, without the folders' places."""
    words = ['mtperception', 'onboard', arguments.mesh.name, '--name', arguments.name, '--units',
             arguments.units]
    if arguments.finish != 'plastic':
        words += ['--finish', arguments.finish]
    if arguments.colour is not None:
        words += ['--colour', arguments.colour]
    words += ['--allow-open'] if arguments.allow_open else []
    words += ['--full'] if arguments.full else []
    for option in ('pictures', 'epochs'):
        if getattr(arguments, option) is not None:
            words += [f'--{option}', str(getattr(arguments, option))]
    if arguments.init is not None:
        words += ['--init', Path(arguments.init).name]
    return shlex.join([*words, '--seed', str(arguments.seed)])
