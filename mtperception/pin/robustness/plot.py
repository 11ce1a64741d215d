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

"""A sheet of curves, as SVG: misses, false detections and error over the values of each sweep."""

from collections.abc import Callable, Sequence
from typing import Any
from xml.sax.saxutils import escape

# Of a panel: its size, and the margins on its left and right, above and below.
WIDTH, HEIGHT = 400, 270
SIDE, ABOVE, BELOW = 46, 40, 44
COLUMNS, LEGEND = 3, 48
# The scale of the error, in pixels; all shares go up to 100 %.
MOST_ERROR = 2.4
MISSED, FALSE, ERROR, WITHIN = '#b2182b', '#999999', '#2166ac', '#e6f2e6'
FONT = 'font-family="sans-serif" font-size="12"'

Point = tuple[float, float]


def robustness_svg(figures: dict[str, Any], title: str) -> str:
    """Draw the figures of `sweep_frames`; limits are the shaded range."""
    rows = -(-len(figures) // COLUMNS)
    width, height = COLUMNS * WIDTH, rows * HEIGHT + LEGEND
    panels = [
        f'<g transform="translate({WIDTH * (number % COLUMNS)} '
        f'{LEGEND + HEIGHT * (number // COLUMNS)})">{_panel(name, sweep)}</g>'
        for number, (name, sweep) in enumerate(figures.items())]
    legend = [
        _text(SIDE, 20, title, 'start', 'font-weight="bold"'),
        _text(SIDE, 38, 'red: pins missed; grey: false detections in 100 pictures; blue: mean '
              'error (scale on the right); green: at most 5 % missed', 'start', '')]
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" {FONT}>\n<rect width="100%" height="100%" '
            'fill="white"/>\n' + '\n'.join(legend + panels) + '\n</svg>\n')


def _panel(name: str, sweep: dict[str, Any]) -> str:
    rows = sweep['values']
    # Values are as far apart as their order says: they are chosen where something happens.
    places = {row['value']: _between(SIDE, WIDTH - SIDE, number / max(1, len(rows) - 1))
              for number, row in enumerate(rows)}

    def heights(share: float) -> float:
        return _between(HEIGHT - BELOW, ABOVE, min(share, 1))

    drawn = []
    if sweep['limits'] is not None:
        least, most = (places[value] for value in sweep['limits'])
        drawn.append(f'<rect x="{least - 3:.1f}" y="{ABOVE}" width="{most - least + 6:.1f}" '
                     f'height="{HEIGHT - BELOW - ABOVE}" fill="{WITHIN}"/>')
    for tick in range(0, 101, 25):
        y = heights(tick / 100)
        drawn += [f'<path d="M{SIDE} {y:.1f}H{WIDTH - SIDE}" stroke="#dddddd"/>',
                  _text(SIDE - 5, y + 4, f'{tick} %', 'end', ''),
                  _text(WIDTH - SIDE + 5, y + 4, f'{tick / 100 * MOST_ERROR:.1f} px', 'start',
                        f'fill="{ERROR}"')]
    for value, x in places.items():
        drawn.append(_text(x, HEIGHT - BELOW + 15, f'{value:g}', 'middle', 'font-size="10"'))
    drawn += [
        _curve(rows, places, heights, lambda row: row['false'] / max(1, row['frames']), FALSE),
        _curve(rows, places, heights, lambda row: _over(row['error_px']['mean']), ERROR),
        _curve(rows, places, heights, lambda row: row['missed'], MISSED),
        _text(WIDTH / 2, ABOVE - 12, name, 'middle', 'font-weight="bold"'),
        _text(WIDTH / 2, HEIGHT - 10, sweep['unit'], 'middle', '')]
    return '\n'.join(drawn)


def _curve(rows: Sequence[dict[str, Any]], places: dict[float, float],
           heights: Callable[[float], float],
           share: Callable[[dict[str, Any]], float | None], colour: str) -> str:
    points: list[Point] = []
    for row in rows:
        value = share(row)
        if value is not None:
            points.append((places[row['value']], heights(value)))
    line = ' '.join(f'{x:.1f},{y:.1f}' for x, y in points)
    dots = ''.join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>'
                   for x, y in points)
    return f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.8"/>{dots}'


def _over(error: float | None) -> float | None:
    return None if error is None else error / MOST_ERROR


def _text(x: float, y: float, text: str, anchor: str, more: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{escape(text)}</text>'


def _between(first: float, last: float, share: float) -> float:
    return first + (last - first) * share
