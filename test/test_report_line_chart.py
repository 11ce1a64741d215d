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

import math
import re
from xml.etree import ElementTree

import pytest

from mtperception.report.line_chart import Axis, Line, line_chart

SVG = '{http://www.w3.org/2000/svg}'


def points(path):
    return [tuple(map(float, pair.split())) for pair in re.split('[ML]', path.get('d'))[1:]]


def drawn(*lines, **axis):
    return ElementTree.fromstring(
        line_chart('a < b & c', Axis('n'), Axis('loss', **axis), lines))


def test_a_logarithmic_axis_puts_equal_ratios_at_equal_distances():
    chart = drawn(Line('one', 'red', [0, 1, 2], [1, 10, 100]), logarithmic=True)
    (path,) = chart.iter(f'{SVG}path')
    (x0, y0), (x1, y1), (x2, y2) = points(path)
    assert y0 - y1 == pytest.approx(y1 - y2, abs=0.11) and y0 > y1 > y2
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.11) and x0 < x1 < x2
    texts = [text.text for text in chart.iter(f'{SVG}text')]
    assert {'a < b & c', 'n', 'loss', 'one', '1', '10', '100'} <= set(texts)


def test_what_cannot_be_drawn_breaks_a_line():
    values = [1, 2, math.nan, 4, 0, 5, math.inf, 6]
    chart = drawn(Line('one', 'red', range(8), values), logarithmic=True)
    (path,) = chart.iter(f'{SVG}path')
    assert path.get('d').count('M') == 4 and path.get('d').count('L') == 1
    assert 'nan' not in path.get('d') and 'inf' not in path.get('d')


def test_lines_without_points_or_height_are_charts_too():
    assert not list(drawn(Line('one', 'red', [], [])).iter(f'{SVG}path'))
    (path,) = drawn(Line('one', 'red', [1, 2], [3, 3])).iter(f'{SVG}path')
    assert len(points(path)) == 2
