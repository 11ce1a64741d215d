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

"""The reproduction's curves."""

from collections.abc import Mapping
from typing import Any

from mtperception.pose.evaluation import PICTURES
from mtperception.pose.paper.plan import Budget, Cell, graphs, KINDS, Method, SCHEDULES
from mtperception.pose.paper.scoring import THRESHOLDS
from mtperception.report.line_chart import Axis, Line, line_chart

# The paper's colours: orange, green, blue.
COLOURS = dict(zip(KINDS, ('#ff7f0e', '#2ca02c', '#1f77b4'), strict=True))
LOSS = 'loss.svg'
_OTHERS = ('#333333', '#d62728', '#1f77b4', '#2ca02c', '#9467bd', '#ff7f0e', '#8c564b')


def figure_3(latent: int, schedule: str) -> str:
    """Name the file of one of the graphs of Figure 3."""
    return f'figure-3-{latent}-{schedule}.svg'


def charts(report: Mapping[str, Any], budget: Budget) -> dict[str, str]:
    """
    Draw the graphs of Figure 3 and the joint trainings' loss, as SVG, by their files' names.

    What is not measured yet has no line, and a graph without any is not drawn.
    """
    drawn, rows = {}, report['rows']
    thresholds = THRESHOLDS.tolist()
    for latent, schedule in graphs(rows, budget):
        lines = []
        for kind in KINDS:
            method = str(Cell(latent, schedule, kind).method)
            if method not in rows:
                continue
            curves = rows[method]['curve']
            for name, width in (('true_translation', 2.0), ('estimated', 0.8)):
                words = kind if name == 'true_translation' else f'{kind}, estimated'
                lines.append(Line(words, COLOURS[kind], thresholds, curves[name], width))
        drawn[figure_3(latent, schedule)] = line_chart(
            f'{latent} numbers, {schedule}', Axis('threshold of VSD'),
            Axis(f'correct poses of {PICTURES}'), lines)
    joint = [Method('joint', latent, schedule, 'RoIAlign')
             for latent in budget.latents for schedule in SCHEDULES]
    losses = {str(method): report['trainings'][str(method)]['losses']['total']
              for method in joint if str(method) in report['trainings']}
    if not losses:
        return drawn
    drawn[LOSS] = line_chart(
        'Step 2', Axis('epoch'), Axis('loss', logarithmic=True),
        [Line(name, colour, range(1, len(values) + 1), values)
         for (name, values), colour in zip(losses.items(), _OTHERS, strict=False)])
    return drawn
