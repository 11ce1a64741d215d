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
import sys
import time
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the verb `render` to the command."""
    parser = subparsers.add_parser(
        'render', help='render a labelled data set',
        description='Render a labelled data set: PNG pictures and annotations in COCO JSON.')
    parser.add_argument('system', choices=('pin',), help='what the data set is for')
    parser.add_argument('--out', required=True, metavar='DIR', help='a new folder')
    parser.add_argument('--count', required=True, type=int, metavar='N', help='pictures')
    parser.add_argument('--seed', type=int, default=0, metavar='S', help='same seed, same data')
    parser.add_argument(
        '--workers', type=int, default=os.cpu_count() or 1, metavar='W',
        help='processes, one a core by default; the data are the same')
    parser.add_argument('--json', action='store_true', help='print the figures as JSON')
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Render the data set that was asked for; return the exit status."""
    from concurrent.futures.process import BrokenProcessPool

    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from mtperception.sim.render import OutputError, render_pins
    from mtperception.sim.renderer import RenderError

    start = time.perf_counter()
    console = Console(stderr=True)
    bar = Progress(
        TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(),
        TextColumn('{task.fields[rate]:.1f}/s'), TimeRemainingColumn(), console=console)
    try:
        with bar:
            task = bar.add_task(f'rendering into {args.out}', total=args.count, rate=0.0)

            def report(done: int) -> None:
                rate = done / (time.perf_counter() - start)
                bar.update(task, completed=done, rate=rate)

            render_pins(args.out, args.count, args.seed, report, args.workers)
    except (BrokenProcessPool, OutputError, RenderError, OSError) as error:
        print(f'mtperception render: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            f'mtperception render: stopped; {args.out} is unfinished and has no labels',
            file=sys.stderr)
        return 130
    seconds = time.perf_counter() - start
    figures = {
        'count': args.count, 'seed': args.seed, 'seconds': seconds, 'rate': args.count / seconds,
    }
    if args.json:
        print(json.dumps(figures))
    else:
        console.print(
            f'{args.out}: {args.count} rendered in {seconds:.1f} s, '
            f'{figures["rate"]:.1f} a second')
    return 0
