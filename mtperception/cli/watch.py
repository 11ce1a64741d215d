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
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any, TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Group

    from mtperception.nodes.watch import WatchNode

SHUTDOWN_TIMEOUT = 5.0  # seconds that a launch is given to end


def add_parser(verbs: Any) -> None:
    parser = verbs.add_parser(
        'watch', help='accuracy and health of a running cell, from topics alone',
        description='Show topics, rates, and detections against ground truth of a running cell, '
                    'once a second, until Ctrl-C.')
    parser.add_argument('--seconds', type=float, help='end after this time')
    parser.add_argument('--json', action='store_true', help='print the figures at the end as JSON')
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
    """Run a launch file beside the display, its output in a file; end it at the end."""
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


def watch(arguments: argparse.Namespace, launch: subprocess.Popen[bytes] | None) -> None:
    """Show the cell once a second until Ctrl-C, the time is up or its launch has ended."""
    from mtperception.nodes.watch import watching

    start = time.monotonic()
    until = start + arguments.seconds if arguments.seconds else float('inf')
    with watching(arguments.namespace) as (node, listen), display(arguments.json) as show:
        try:
            shown = start
            while time.monotonic() < until and (launch is None or launch.poll() is None):
                listen(0.1)
                if time.monotonic() - shown >= 1.0:
                    shown += 1.0
                    show(node, shown - start)
        finally:
            if arguments.json:
                print(json.dumps({
                    'seconds': time.monotonic() - start, 'pin_detector': node.figures()}))


@contextlib.contextmanager
def display(quiet: bool) -> Iterator[Callable[['WatchNode', float], None]]:
    """Give a function that shows the cell: on a terminal a page of its own, else a line."""
    from rich.console import Console
    from rich.live import Live

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


def line(node: 'WatchNode', elapsed: float) -> str:
    """Say in one line what the page shows."""
    figures = node.figures()
    text = f"{elapsed:5.0f} s  camera {node.camera_rate.value():4.1f} Hz  " \
           f"detections {figures['rate']:4.1f} Hz"
    if 'latency_ms' in figures:
        text += f"  latency {figures['latency_ms']['p50']:.0f} ms"
    text += f"  pins {figures['pins']}  missed {percent(figures['missed'])}" \
            f"  false {figures['false']}  error {pixels(figures['error_px']['mean'])}"
    return text


def percent(share: float | None) -> str:
    return '-' if share is None else f'{100 * share:.1f} %'


def pixels(length: float | None) -> str:
    return '-' if length is None else f'{length:.2f} px'


def page(node: 'WatchNode', elapsed: float) -> 'Group':
    """Lay out topics and rates, accuracy since the start, and the newest detections."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    figures = node.figures()
    topics = Table(box=None, pad_edge=False, title='topics', title_justify='left')
    topics.add_column('', min_width=34)
    topics.add_column('rate', justify='right', min_width=9)
    topics.add_column('latency', justify='right', min_width=22)
    latency = figures.get('latency_ms')
    for name, rate, note in (
        ('pin_camera/camera_info', node.camera_rate, ''),
        ('ground_truth/pins', node.truth_rate, ''),
        ('pin_detector/detections', node.detection_rate,
         f"{latency['p50']:.0f} ms, p95 {latency['p95']:.0f} ms" if latency else ''),
    ):
        topics.add_row(node.topics[name], f'{rate.value():.1f} Hz', note)

    accuracy = Table(box=None, pad_edge=False, title='since the start', title_justify='left')
    columns = {
        'frames': figures['frames'],
        'dropped': figures.get('dropped', '-'),
        'true pins': figures['pins'],
        'missed': percent(figures['missed']),
        'false': figures['false'],
        'error mean': pixels(figures['error_px']['mean']),
        'p95': pixels(figures['error_px']['p95']),
    }
    for head in columns:
        accuracy.add_column(head, justify='right', min_width=8)
    accuracy.add_row(*map(str, columns.values()))

    pins = Table(box=None, pad_edge=False, title='newest frame', title_justify='left')
    for head in ('x', 'y', 'diameter', 'score'):
        pins.add_column(head, justify='right', min_width=9)
    if node.newest is None:
        pins.add_row('waiting')
    for pin in (node.newest or [])[:8]:
        pins.add_row(
            f'{pin.x:.2f}', f'{pin.y:.2f}', f'{pin.diameter:.1f} px', f'{pin.score:.2f}')
    if node.newest == []:
        pins.add_row('no pin')

    minutes, secs = divmod(int(elapsed), 60)
    return Group(
        Text(f'mtperception cell   {minutes:02d}:{secs:02d}   Ctrl-C ends it', style='bold'),
        Text(), topics, Text(), accuracy, Text(), pins)
