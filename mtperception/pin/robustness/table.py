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

"""How a pin detector fares when pictures get worse: figures and limits of each sweep."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from mtperception.pin.detection import PinDetection
from mtperception.pin.evaluation import FrameScore
from mtperception.pin.robustness.sweeps import Frame, Image, Sweep, SWEEPS

# A value is within a sweep's limits while no larger share of the pins is missed.
MOST_MISSED = 0.05


def sweep_frames(detect: Callable[[Image], Sequence[PinDetection]], frames: Iterable[Frame],
                 seed: int, after_frame: Callable[[], None] | None = None) -> dict[str, Any]:
    """
    Give for each sweep its ``unit``, ``limits`` and ``values``, rows of FrameScore's figures.

    A row has its ``value`` and the number of ``frames`` as well. The limits, [least, most] or
    None, are the last values on both sides of the neutral one at which at most 5 % of the pins
    are missed. At all values the same random numbers make the same noise and patches.
    """
    scores = {(sweep.name, value): FrameScore() for sweep in SWEEPS for value in sweep.values}
    for number, frame in enumerate(frames):
        for kind, sweep in enumerate(SWEEPS):
            for value in sweep.values:
                worse = sweep.apply(frame, value, np.random.default_rng((seed, number, kind)))
                if worse is not None:
                    height, width = worse.image.shape
                    scores[sweep.name, value].add(
                        detect(worse.image), worse.pins, width, height)
        if after_frame is not None:
            after_frame()
    figures = {}
    for sweep in SWEEPS:
        rows = [{'value': value, 'frames': scores[sweep.name, value].frames,
                 **scores[sweep.name, value].figures()} for value in sweep.values]
        figures[sweep.name] = {'unit': sweep.unit, 'limits': limits(sweep, rows), 'values': rows}
    return figures


def limits(sweep: Sweep, rows: Sequence[dict[str, Any]]) -> list[float] | None:
    """Find how far on both sides of the neutral value nearly all pins are found."""
    good = [row['missed'] is not None and row['missed'] <= MOST_MISSED for row in rows]
    least = most = sweep.values.index(sweep.neutral)
    if not good[least]:
        return None
    while least > 0 and good[least - 1]:
        least -= 1
    while most + 1 < len(good) and good[most + 1]:
        most += 1
    return [sweep.values[least], sweep.values[most]]


def tables(figures: dict[str, Any]) -> str:
    """Write the figures as Markdown: the limits, then every row."""
    lines = ['| sweep | from | to | in |', '|---|---:|---:|---|']
    for name, sweep in figures.items():
        least, most = sweep['limits'] or ('-', '-')
        lines.append(f'| {name} | {least} | {most} | {sweep["unit"]} |')
    for name, sweep in figures.items():
        lines += ['', f'| {name} | pins | missed | error, mean | p95 | false |',
                  '|---:|---:|---:|---:|---:|---:|']
        for row in sweep['values']:
            missed = '-' if row['missed'] is None else f'{100 * row["missed"]:.1f} %'
            mean, p95 = ('-' if row['error_px'][key] is None else f'{row["error_px"][key]:.2f} px'
                         for key in ('mean', 'p95'))
            lines.append(f'| {row["value"]} | {row["pins"]} | {missed} | {mean} | {p95} | '
                         f'{row["false"]} |')
    return '\n'.join(lines) + '\n'
