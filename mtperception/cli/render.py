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

"""`mtperception render`: labelled data sets from the simulator."""

import argparse
import json
import os
from pathlib import Path
import signal
import subprocess
import sys
import time
from typing import Any, TYPE_CHECKING

if TYPE_CHECKING:
    from mtperception.sim.files.data_folder import DataSet
    from mtperception.sim.render import Shard

# Seconds that a render in a process of its own is given to stop by itself.
GRACE = 5.0


def add_parser(subparsers: Any) -> None:
    """Add the verb `render` to the command."""
    parser = subparsers.add_parser(
        'render', help='render a labelled data set',
        description='Render a labelled data set. An interrupted render goes on when the same '
                    'command is given again. Shards of one data set go into one folder, or are '
                    'copied into one; the last of them, or the same command without --shard, '
                    'then finishes the data set.')
    parser.add_argument(
        'system', choices=('pin', 'grasp', 'pose'), metavar='SYSTEM',
        help='what the data set is for: pin, grasp or pose')
    parser.add_argument(
        '--out', required=True, metavar='DIR', help='a new folder, or that of the same data set')
    parser.add_argument('--count', required=True, type=int, metavar='N', help='samples')
    parser.add_argument('--seed', type=int, default=0, metavar='S', help='same seed, same data')
    parser.add_argument(
        '--workers', type=int, default=os.cpu_count() or 1, metavar='W',
        help='processes, one a core by default; the data are the same')
    parser.add_argument(
        '--shard', type=_shard, metavar='I/N',
        help='make only the I-th of N equal shares of the data set, such as 1/4')
    parser.add_argument(
        '--pins', type=int, metavar='N',
        help='of pin: pins in each picture (0 to 6 at random)')
    parser.add_argument(
        '--random-parts', action='store_true',
        help='of grasp: parts of random shapes, new ones every few pictures, to train shape on')
    parser.add_argument(
        '--meshes', type=Path, metavar='DIR',
        help='of grasp and pose: OBJ, STL, PLY and GLB files of parts, instead of those of the '
             'project')
    parser.add_argument(
        '--units', choices=('m', 'cm', 'mm', 'inch'), default='mm', help='of the meshes (mm)')
    parser.add_argument(
        '--finish', choices=('steel', 'plastic', 'wood'), default='plastic',
        help='what the meshes are made of (plastic): steel shines')
    parser.add_argument(
        '--backgrounds', type=Path, metavar='DIR',
        help='of grasp and pose: JPEG and PNG files to lie under things')
    parser.add_argument('--json', action='store_true', help='print the figures as JSON')
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Render the data set that was asked for; return the exit status."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
    )

    from mtperception.sim.render import render
    from mtperception.sim.renderer import RenderError

    try:
        data_set = _data_set(args)
    except (OSError, ValueError) as error:
        print(f'mtperception render: {error}', file=sys.stderr)
        return 1
    start = time.perf_counter()
    console = Console(stderr=True)
    bar = Progress(
        TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(),
        TextColumn('{task.fields[rate]:.1f}/s'), TimeRemainingColumn(), console=console)
    try:
        with bar:
            tasks: list[TaskID] = []

            def report(made: int, total: int) -> None:
                if not tasks:  # what was asked for can be rendered
                    tasks.append(bar.add_task(f'rendering into {args.out}', rate=0.0))
                rate = made / (time.perf_counter() - start)
                bar.update(tasks[0], completed=made, total=total, rate=rate)

            rendered = render(
                data_set, args.out, args.count, args.seed, args.workers, args.shard, report)
    except (OSError, RenderError, ValueError) as error:
        print(f'mtperception render: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            f'mtperception render: stopped; {args.out} is unfinished, the same command goes on',
            file=sys.stderr)
        return 130
    seconds = time.perf_counter() - start
    figures = {
        'count': args.count, 'seed': args.seed, 'seconds': seconds, 'made': rendered.made,
        'missing': rendered.missing, 'rate': rendered.made / seconds, **(rendered.figures or {}),
    }
    if args.json:
        print(json.dumps(figures))
        return 0
    console.print(
        f'{args.out}: {rendered.made} rendered in {seconds:.1f} s, '
        f'{figures["rate"]:.1f} a second')
    if rendered.missing:
        console.print(f'{rendered.missing} of {args.count} are missing: render the other shards')
    return 0


def _data_set(args: argparse.Namespace) -> 'DataSet':
    from mtperception.sim.grasp.data import GraspData
    from mtperception.sim.looks.backgrounds import read_backgrounds
    from mtperception.sim.pin.data import PinData
    from mtperception.sim.pose.data import PoseData
    from mtperception.sim.shapes.user_files import UserFiles

    if args.random_parts and (args.system != 'grasp' or args.meshes is not None):
        raise ValueError('--random-parts is for pictures of grasps, without --meshes')
    if args.system == 'pin':
        if args.meshes is not None or args.backgrounds is not None:
            raise ValueError('pins are rendered without --meshes and --backgrounds')
        return PinData(args.pins)
    if args.pins is not None:
        raise ValueError('--pins is for pictures of pins')
    backgrounds = None if args.backgrounds is None else read_backgrounds(args.backgrounds)
    if backgrounds is not None and backgrounds.skipped:
        names, more = backgrounds.skipped[:5], len(backgrounds.skipped) - 5
        print(
            f'mtperception render: left out of {args.backgrounds}, not readable: '
            + ', '.join(names) + (f' and {more} more' if more > 0 else ''), file=sys.stderr)
    user = UserFiles(args.meshes, args.units, args.finish, backgrounds)
    if args.system == 'grasp':
        return GraspData(user, random_parts=args.random_parts)
    return PoseData(user)


def _shard(text: str) -> 'Shard':
    from mtperception.sim.render import Shard

    number, _, of = text.partition('/')
    if not (number.isdecimal() and of.isdecimal()):
        raise argparse.ArgumentTypeError(f"'{text}' is no share such as 1/4")
    try:
        return Shard(int(number), int(of))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def render_apart(*words: str) -> int:
    """
    Run the verb with these words in a process of its own, and return its exit status.

    That is for those who train: what was rendered leaves nothing in memory. At Ctrl-C, which
    reaches both, the process is waited for: it says what is left.
    """
    process = subprocess.Popen(
        [sys.executable, '-m', 'mtperception.cli.main', 'render', *words],
        stdout=subprocess.DEVNULL)
    try:
        return process.wait()
    except KeyboardInterrupt:
        try:
            return process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            return process.wait()
