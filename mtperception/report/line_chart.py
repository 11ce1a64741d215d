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

"""Line charts as SVG, which browsers and GitHub show."""

from collections.abc import Sequence
from dataclasses import dataclass
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 820, 440
LEFT, TOP, RIGHT, BOTTOM = 70, 40, 20, 60
# Ticks are such multiples of a power of ten.
STEPS = (1, 2, 5, 10)
INK, GRID = '#333', '#ddd'


@dataclass(frozen=True)
class Line:
    """One line of a chart, its points in order; a point that is not finite breaks it."""

    name: str
    colour: str
    x: Sequence[float]
    y: Sequence[float]
    width: float = 1.5


@dataclass(frozen=True)
class Axis:
    """What an axis shows: its name, and whether it is logarithmic."""

    name: str
    logarithmic: bool = False


def line_chart(title: str, x: Axis, y: Axis, lines: Sequence[Line]) -> str:
    """Draw lines into one chart with a legend; points that a logarithm has not are left out."""
    across = _Scale.around([value for line in lines for value in line.x], x, LEFT, WIDTH - RIGHT)
    up = _Scale.around([value for line in lines for value in line.y], y, HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="13" '
        f'fill="{INK}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(WIDTH / 2, 24, title, 'middle', 'font-size="16"'),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 34 + 8, x.name, 'middle'),
        _text(0, 0, y.name, 'middle',
              f'transform="translate(18 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)"'),
    ]
    for value in across.ticks():
        place = across.place(value)
        parts.append(_rule(place, TOP, place, HEIGHT - BOTTOM))
        parts.append(_text(place, HEIGHT - BOTTOM + 16, f'{value:g}', 'middle'))
    for value in up.ticks():
        place = up.place(value)
        parts.append(_rule(LEFT, place, WIDTH - RIGHT, place))
        parts.append(_text(LEFT - 6, place + 4, f'{value:g}', 'end'))
    parts += [f'<path d="{path}" fill="none" stroke="{line.colour}" '
              f'stroke-width="{line.width}" stroke-linejoin="round"/>'
              for line in lines if (path := _path(line, across, up))]
    place = float(LEFT)
    for line in lines:
        parts.append(f'<rect x="{place:.0f}" y="{HEIGHT - 16}" width="18" height="4" '
                     f'fill="{line.colour}"/>')
        parts.append(_text(place + 24, HEIGHT - 9, line.name, 'start'))
        place += 44 + 7.5 * len(line.name)
    return '\n'.join([*parts, '</svg>', ''])


@dataclass(frozen=True)
class _Scale:
    """Values to places on the chart; ``low`` and ``high`` are logarithms on such an axis."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool

    @classmethod
    def around(cls, values: Sequence[float], axis: Axis, start: float, end: float) -> '_Scale':
        """Make a scale that holds all values."""
        known = [value for value in values
                 if math.isfinite(value) and (value > 0 or not axis.logarithmic)]
        low, high = (min(known), max(known)) if known else (1.0, 10.0)
        if axis.logarithmic:
            low, high = math.log10(low), math.log10(high)
        if high - low < 1e-9:
            low, high = low - 0.5, high + 0.5
        return cls(low, high, start, end, axis.logarithmic)

    def place(self, value: float) -> float:
        """Give the place of a value; NaN for one that has none."""
        if self.logarithmic:
            value = math.log10(value) if value > 0 else math.nan
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Choose round values to be marked."""
        if self.logarithmic:
            few = self.high - self.low > 3
            decades = range(math.floor(self.low), math.ceil(self.high) + 1)
            values = [step * 10.0**decade for decade in decades
                      for step in (STEPS[:1] if few else STEPS[:3])]
            return [value for value in values
                    if self.low - 1e-9 <= math.log10(value) <= self.high + 1e-9]
        rough = (self.high - self.low) / 6
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(step * power for step in STEPS if step * power >= rough * (1 - 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]


def _path(line: Line, across: _Scale, up: _Scale) -> str:
    words, pen_down = [], False
    for x, y in zip(line.x, line.y, strict=True):
        place = across.place(x), up.place(y)
        if not all(map(math.isfinite, place)):
            pen_down = False
            continue
        words.append(f'{"L" if pen_down else "M"}{place[0]:.1f} {place[1]:.1f}')
        pen_down = True
    return ''.join(words)


def _rule(x0: float, y0: float, x1: float, y1: float) -> str:
    return (f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" '
            f'stroke="{GRID}"/>')


def _text(x: float, y: float, words: str, anchor: str, more: str = '') -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{escape(words)}</text>'
