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

"""`mtperception watch`: a calm display of a running cell."""

import argparse
from collections.abc import Callable, Iterator
import contextlib
import json
from pathlib import Path
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any, TYPE_CHECKING

from mtperception.cli.arguments import seconds

if TYPE_CHECKING:
    from mtperception.nodes.watch import WatchNode

SHUTDOWN_TIMEOUT = 5.0  # seconds that a launch is given to end


def add_parser(verbs: Any) -> None:
    parser = verbs.add_parser(
        'watch', help='accuracy and health of a running cell, from topics alone',
        description='Show topics, rates, and detections against ground truth of a running cell, '
                    'once a second, until Ctrl-C.')
    parser.add_argument('--seconds', type=seconds, help='end after this time')
    parser.add_argument('--json', action='store_true', help='print the figures at the end as JSON')
    parser.add_argument(
        '--all-cameras', action='store_true',
        help="rates of the bench's and the tool's camera, too, which a simulator then renders")
    parser.add_argument('--namespace', default='', help='namespace of the cell')
    parser.add_argument(
        '--launch', metavar='FILE', help='start this launch file of mtperception, end it too')
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job inherits none
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    with contextlib.ExitStack() as stack:
        launch = None
        if arguments.launch:
            launch = stack.enter_context(launched(arguments.launch, arguments.namespace))
        with contextlib.suppress(KeyboardInterrupt):
            watch(arguments, launch)
    return 0


def _interrupt(number: int, _: object) -> None:
    raise KeyboardInterrupt


class LaunchError(RuntimeError):
    """The launch under the display has ended with an error."""


@contextlib.contextmanager
def launched(file: str, namespace: str) -> Iterator[subprocess.Popen[bytes]]:
    """
    Run a launch file beside the display, its output in a file; end it at the end.

    The file is left where the launch has failed.
    """
    log = Path(tempfile.mkdtemp(prefix='mtperception_')) / 'launch.log'
    command = ['ros2', 'launch', 'mtperception', file]
    if namespace:
        command.append(f'namespace:={namespace}')
    beside = Path(sys.executable).with_name('ros2')
    if beside.exists():
        command[0] = str(beside)
    print(f'{" ".join(command[1:])}, log in {log}', file=sys.stderr)
    with log.open('wb') as output:
        # a session of its own: Ctrl-C reaches the launch once, from here
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            status = process.wait(SHUTDOWN_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        if status:
            tail = log.read_text(errors='replace').splitlines()[-5:]
            raise LaunchError(
                '\n  '.join([f'the launch ended with status {status}; the end of {log}:', *tail]))
        shutil.rmtree(log.parent, ignore_errors=True)


def watch(arguments: argparse.Namespace, launch: subprocess.Popen[bytes] | None) -> None:
    """Show the cell once a second until Ctrl-C, the time is up or its launch has ended."""
    from mtperception.cli.watch_page import silence
    from mtperception.nodes.watch import watching

    start = time.monotonic()
    until = start + arguments.seconds if arguments.seconds else float('inf')
    watched = watching(arguments.namespace, arguments.all_cameras)
    with watched as (node, listen), display(arguments.json) as show:
        try:
            shown = start
            while time.monotonic() < until and (launch is None or launch.poll() is None):
                listen(0.1)
                if time.monotonic() - shown >= 1.0:
                    shown += 1.0
                    show(node, shown - start)
        finally:
            if arguments.json:
                figures = {'seconds': time.monotonic() - start, 'pin_detector': node.figures(),
                           'grasp_detector': node.grasp_figures(),
                           'pose_estimator': node.pose_figures()}
                if arguments.all_cameras:
                    figures['rates'] = {name: rate.value() for name, rate in node.rates.items()}
                print(json.dumps(figures))
        if node.silent:
            raise RuntimeError(silence(node))


@contextlib.contextmanager
def display(quiet: bool) -> Iterator[Callable[['WatchNode', float], None]]:
    """Give a function that shows the cell: on a terminal a page of its own, else a line."""
    from rich.console import Console
    from rich.live import Live

    from mtperception.cli.watch_page import line, page

    if quiet:
        yield lambda node, elapsed: None
    elif not sys.stdout.isatty():
        yield lambda node, elapsed: print(line(node, elapsed), flush=True)
    else:
        last = ''

        def show(node: 'WatchNode', elapsed: float) -> None:
            nonlocal last
            last = line(node, elapsed)
            live.update(page(node, elapsed), refresh=True)

        try:
            with Live(console=Console(), auto_refresh=False, screen=True) as live:
                yield show
        finally:
            print(last)
