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

"""What `mtperception watch` shows: a page on a terminal, a line elsewhere."""

from collections.abc import Mapping
import math
from typing import Any, TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from mtperception.nodes.watch import Sighting, WatchNode


PATIENCE = 5.0  # seconds until a word about a cell of which nothing is heard


def silence(node: 'WatchNode') -> str:
    """Say that nothing is heard of a cell, and where it was listened for."""
    return (f"nothing arrives on {node.topics['pin_camera/camera_info']} and "
            f"{node.topics['pin_detector/detections']}: does a cell run in this namespace and "
            'ROS_DOMAIN_ID?')


def line(node: 'WatchNode', elapsed: float) -> str:
    """Say in one line what the page shows."""
    if node.silent and elapsed >= PATIENCE:
        return f'{elapsed:5.0f} s  {silence(node)}'
    figures = node.figures()
    text = f"{elapsed:5.0f} s  camera {node.camera_rate.value():4.1f} Hz  " \
           f"detections {figures['rate']:4.1f} Hz"
    if 'latency_ms' in figures:
        text += f"  latency {figures['latency_ms']['p50']:.0f} ms"
    text += f"  pins {figures['pins']}  missed {percent(figures['missed'])}" \
            f"  false {figures['false']}  error {pixels(figures['error_px']['mean'])}"
    text += f'  grasps {node.grasps.rate.value():4.1f} Hz  poses {node.poses.rate.value():4.1f} Hz'
    poses = node.pose_figures()
    if poses['translation_error_mm']['p50'] is not None:
        text += f", off {unit(poses['translation_error_mm']['p50'], 'mm')}" \
                f", {unit(poses['rotation_error_deg']['p50'], 'deg')}"
    return text


def latency(figures: Mapping[str, Any]) -> str:
    if 'latency_ms' not in figures:
        return ''
    return f"{figures['latency_ms']['p50']:.0f} ms, p95 {figures['latency_ms']['p95']:.0f} ms"


def percent(share: float | None) -> str:
    return '-' if share is None else f'{100 * share:.1f} %'


def pixels(length: float | None) -> str:
    return '-' if length is None else f'{length:.2f} px'


def unit(value: float | None, name: str) -> str:
    return '-' if value is None else f'{value:.1f} {name}'


def page(node: 'WatchNode', elapsed: float) -> Group:
    """Lay out topics and rates, accuracy since the start, and the newest detections."""
    figures, poses = node.figures(), node.pose_figures()
    topics = Table(box=None, pad_edge=False, title='topics', title_justify='left')
    topics.add_column('', min_width=34)
    topics.add_column('rate', justify='right', min_width=9)
    topics.add_column('latency', justify='right', min_width=22)
    for name, rate, note in (
        ('pin_camera/camera_info', node.camera_rate, ''),
        ('ground_truth/pins', node.truth_rate, ''),
        ('pin_detector/detections', node.detections.rate, latency(figures)),
        ('grasp_detector/grasps', node.grasps.rate, latency(node.grasp_figures())),
        ('pose_estimator/detections', node.poses.rate, latency(poses)),
        *((name, rate, '') for name, rate in node.rates.items()),
    ):
        topics.add_row(node.topics[name], f'{rate.value():.1f} Hz', note)

    accuracy = counts('since the start', {
        'frames': figures['frames'],
        'dropped': figures.get('dropped', '-'),
        'true pins': figures['pins'],
        'missed': percent(figures['missed']),
        'false': figures['false'],
        'error mean': pixels(figures['error_px']['mean']),
        'p95': pixels(figures['error_px']['p95']),
    })
    distance, angle = poses['translation_error_mm'], poses['rotation_error_deg']
    of_poses = counts('poses since the start', {
        'frames': poses['frames'],
        'dropped': poses.get('dropped', '-'),
        'objects': poses['objects'],
        'missed': percent(poses['missed']),
        'false': poses['false'],
        'place p50': unit(distance['p50'], 'mm'), 'p95': unit(distance['p95'], 'mm'),
        'turn p50': unit(angle['p50'], 'deg'), 'turn p95': unit(angle['p95'], 'deg'),
    })
    pins = Table(box=None, pad_edge=False, title='newest frame', title_justify='left')
    for head in ('found x', 'y', 'diameter', 'score', 'true x', 'y', 'diameter', 'error'):
        pins.add_column(head, justify='right', min_width=8)
    for sighting in (node.newest or [])[:8]:
        pins.add_row(*row(sighting))
    if not node.newest:
        pins.add_row('waiting' if node.newest is None else 'no pin')

    minutes, secs = divmod(int(elapsed), 60)
    return Group(
        Text(f'mtperception cell   {minutes:02d}:{secs:02d}   Ctrl-C ends it', style='bold'),
        Text(silence(node) if node.silent and elapsed >= PATIENCE else ''),
        topics, Text(), accuracy, Text(), of_poses, Text(), pins)


def counts(title: str, columns: Mapping[str, Any]) -> Table:
    """Lay out one row of figures under their names."""
    table = Table(box=None, pad_edge=False, title=title, title_justify='left')
    for head in columns:
        table.add_column(head, justify='right', min_width=8)
    table.add_row(*map(str, columns.values()))
    return table


def row(sighting: 'Sighting') -> list[str]:
    """Lay out what was found, what is there, and the distance between the two."""
    found, truth = sighting
    cells = ['-'] * 8
    if found:
        cells[:4] = [f'{found.x:.2f}', f'{found.y:.2f}', f'{found.diameter:.1f}',
                     f'{found.score:.2f}']
    if truth:
        cells[4:7] = [f'{truth.x:.2f}', f'{truth.y:.2f}', f'{truth.diameter:.1f}']
    if found and truth:
        cells[7] = pixels(math.hypot(found.x - truth.x, found.y - truth.y))
    return cells
