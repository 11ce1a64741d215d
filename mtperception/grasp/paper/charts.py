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

from mtperception.grasp.paper.plan import CROPS, Fit, REFINED, REFINED_INDUCTIVE, Way
from mtperception.grasp.paper.results import fitted
from mtperception.grasp.paper.tables import SUPPORT, TABLE_1
from mtperception.report.line_chart import Axis, Line, line_chart

# The files that they are drawn into.
BY_PICTURES, BY_DIMENSIONS, LOSS = 'accuracy.svg', 'dimensions.svg', 'loss.svg'
COLOURS = ('#333333', '#d62728', '#1f77b4', '#2ca02c', '#9467bd', '#ff7f0e')


def charts(report: Mapping[str, Any]) -> dict[str, str]:
    """Draw the curves of Experiment 1 and the training's loss, as SVG, by their files' names."""
    run = report['run']
    support, settled = run['support'], run['settled_dimensions']

    def curve(name: str, way: Way, dimensions: int, colour: str) -> Line:
        return Line(name, colour, support, [
            fitted(report, 'experiment 1', Fit(way, count, dimensions))['accuracy']
            for count in support])

    printed = [Line('paper', COLOURS[0], SUPPORT, TABLE_1[settled])] if settled in TABLE_1 else []
    by_pictures = printed + [
        curve(str(way), way, settled, colour) for way, colour in zip(
            (REFINED, REFINED_INDUCTIVE, CROPS), COLOURS[1:], strict=False)]
    by_dimensions = [
        curve(f'{dimensions} dimensions', REFINED, dimensions, colour)
        for dimensions, colour in zip(run['dimensions'], COLOURS, strict=False)]
    losses = report['detector']['losses']
    pictures, accuracy = Axis('pictures of each shape'), Axis('accuracy')
    return {
        BY_PICTURES: line_chart(f'Experiment 1 at {settled} dimensions', pictures, accuracy,
                                by_pictures),
        BY_DIMENSIONS: line_chart(f'Experiment 1, {REFINED}', pictures, accuracy, by_dimensions),
        LOSS: line_chart('Training of the detector', Axis('epoch'),
                         Axis('loss', logarithmic=True),
                         [Line('mean loss', COLOURS[2], range(1, len(losses) + 1), losses)])}
