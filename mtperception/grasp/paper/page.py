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

"""The reproduction's report as a page of Markdown, the paper's tables beside ours."""

from collections.abc import Mapping, Sequence
from typing import Any

from mtperception.grasp.paper.charts import BY_DIMENSIONS, BY_PICTURES, LOSS
from mtperception.grasp.paper.plan import (
    CROPS,
    Fit,
    NEW_SHAPE,
    REFINED,
    REFINED_INDUCTIVE,
    WAYS,
)
from mtperception.grasp.paper.results import fitted, found
from mtperception.grasp.paper.sketch import COLUMNS
from mtperception.grasp.paper.tables import CHOSEN_LAYER, SUPPORT, TABLE_1, TABLE_2, TABLE_3
from mtperception.grasp.paper.training import BATCH
from mtperception.grasp.suppression import SAME_OVERLAP
from mtperception.report.markdown import filled, minutes, table

# The sheets that the page shows, beside it.
SHEETS = {'experiment 4': 'figure-1.jpg', 'experiment 5': 'figure-4.jpg'}
LATER = tuple(TABLE_3)
# The paper's pattern: in pictures of several objects the refinement is worth at least this.
PATTERN = 0.3

INTRODUCTION = """\
The paper (Yokota et al., A Multi-task Learning Framework for Grasping-Position Detection and
Few-Shot Classification) trains SSD300 to detect grasps, and tells the shape of the object at each
by activations of the detector's layers, refined for that grasp by guided back-propagation, after
a few pictures of each shape. Here the same detector ({parameters:,} parameters, {width:g} of the
paper's channels) is trained on {training:,} rendered pictures for {epochs} epochs, and shapes are
told as in Experiments 1 to 5. Beside it are features of the same grasps that need no gradients:
rotated crops of activations. Made by `{command}`.
"""

WAYS_SAY = """\
Accuracies are shares of detected grasps whose object's shape is told right. "Refined" are the
paper's features, "whole" the activations as they are, which the paper calls not using its method.
Both are summed over space or flattened: the paper does not say which. "Transductive" has the
principal components of the pictures to teach by and of those to tell together, as the paper has,
"inductive" of the former alone, as a robot must. "Rotated crops" know nothing of the tests, too.
"""

DIFFERENCES = """\
- **Pictures.** Rendered here by this package's simulator, with other light, bench and camera in
  each; the paper's are Gazebo's. Shapes fall onto the bench and lie on any side. Those in pictures
  of several objects may touch and hide each other.
- **Detector.** SSD300 with batch norm, trained from scratch; matching and negatives as in SSD,
  no augmentation at all, which the paper does not mention. Adam's rate (1e-3) and the mini-batch
  ({batch}) are not in the paper. Convolutions are computed in bfloat16 while training. The angle
  is (sin 2t, cos 2t), and rectangles of which more than {same:.0%} is the same at nearly the same
  angle are one grasp. Grasps count from a score of {threshold:g} on.
- **Number of grasps.** The paper finds about one in each picture of one object; here objects are
  labelled with all their distinct grasps, and accuracies are of all that are found and have their
  middle on an object ("on none" counts the others).
- **Layer.** The paper chooses the layer by the accuracy for the pictures taught, which is 1 for
  most of ours; here by cross-validation that keeps grasps of a picture together.
- **Flattened maps** have up to millions of numbers. They are made short by a count sketch of
  {columns:,}, which changes inner products of rows of length 1 by about {error:.2f}.
- **Rows** are scaled to length 1 before the principal components. The grid is of the penalty
  alone for the paper's features, of the kernel's width, too, for the crops.
- **Rotated crops** of layers 3-3 and 4-1 are taught by each picture as it is and turned by 90,
  180 and 270 degrees.
"""


def page(report: Mapping[str, Any]) -> str:
    """Write the page."""
    run = report['run']
    words = {**run, 'command': report['command'],
             'parameters': report['detector']['parameters'], 'batch': BATCH,
             'same': SAME_OVERLAP, 'columns': COLUMNS, 'error': COLUMNS**-0.5}
    parts = [
        "# The paper's grasps and shapes, reproduced",
        filled(INTRODUCTION.format(**words)),
        filled(summary(report)),
        '## Experiments 2 to 5 (Table III)', filled(WAYS_SAY), results_table(report),
        'All ways, accuracy and chosen layer:', ways_table(report),
        '## Experiment 1: pictures and dimensions (Table I)',
        *(f'**{name}**\n\n' + dimensions_table(run['support'], rows)
          for name, rows in dimension_rows(report).items()),
        f'![accuracy by pictures]({BY_PICTURES})', f'![accuracy by dimensions]({BY_DIMENSIONS})',
        '## Layers in Experiment 2 (Table II)', layers_table(report),
        '## Detections', detections_table(report),
        filled('Precision and recall are by the usual measure: more than a quarter of the union '
               'is shared, and angles differ by less than 30 degrees. "On 4-3 boxes" is the share '
               'found by default boxes of layer 4-3, for which the refinement is fast.'),
        '## Figures 1 and 4: shapes told of detected grasps',
        filled(f'Told by {REFINED}; in brackets is what it is, where that is wrong. The detector '
               f'has never seen a {NEW_SHAPE}.'),
        *(f'{name}:\n\n![{name}]({file})' for name, file in SHEETS.items()),
        '## Where the protocol differs', DIFFERENCES.format(**words),
        '## Time', times(report), f'![loss]({LOSS})',
    ]
    return '\n\n'.join(part.strip() for part in parts) + '\n'


def summary(report: Mapping[str, Any]) -> str:
    """Say in a few lines whether the paper's pattern is there."""
    whole = REFINED._replace(what='whole')
    with_it, without = ([found(report, name, way)['accuracy']
                         for name in ('experiment 3', 'experiment 4')]
                        for way in (REFINED, whole))
    holds = all(one - other >= PATTERN for one, other in zip(with_it, without, strict=True))
    pattern = f"The paper's pattern {'holds' if holds else 'is not there'}"
    flat = [found(report, name, REFINED._replace(reduction='flatten'))['accuracy']
            for name in LATER]
    crops = [found(report, name, CROPS)['accuracy'] for name in LATER]
    return (
        f'{pattern}: with four objects in a picture, alike or different, the refinement tells '
        f'{with_it[0]:.3f} and {with_it[1]:.3f} of the grasps right (the paper .961 and .985); '
        f'without it {without[0]:.3f} and {without[1]:.3f} are (.234 and .197), where guessing is '
        f'worth .25. Flattened instead of summed, refined activations tell '
        f'{min(flat):.3f} to {max(flat):.3f} in Experiments 2 to 5; rotated crops tell '
        f'**{min(crops):.3f} to {max(crops):.3f}**, and need no gradients.')


def results_table(report: Mapping[str, Any]) -> str:
    """Set Table III beside ours."""
    ways = (REFINED, REFINED_INDUCTIVE, REFINED._replace(what='whole'), CROPS)
    body = []
    for name in LATER:
        printed = TABLE_3[name]
        without = printed.without_refinement
        rows = [found(report, name, way) for way in ways]
        body.append([
            name, str(printed.grasps), f'{printed.accuracy:.3f} ({CHOSEN_LAYER})',
            '-' if without is None else f'{without:.3f}', str(rows[0]['grasps']),
            *map(_accuracy, rows)])
    return table(['', 'grasps, paper', 'refined, paper', 'not, paper', 'grasps, ours',
                  *map(str, ways)], body)


def ways_table(report: Mapping[str, Any]) -> str:
    """Set all ways to tell shapes beside each other."""
    return table(['', *LATER], [
        [str(way), *(_accuracy(found(report, name, way)) for name in LATER)] for way in WAYS])


def dimension_rows(report: Mapping[str, Any]) -> dict[str, list[list[str]]]:
    """Give the rows of Table I as printed, and as ours."""
    run = report['run']
    result = {'paper': [
        [str(dimensions), *(
            f'{TABLE_1[dimensions][SUPPORT.index(support)]:.3f}'
            if dimensions in TABLE_1 and support in SUPPORT else '-'
            for support in run['support'])]
        for dimensions in run['dimensions']]}
    for way in (REFINED, REFINED_INDUCTIVE):
        result[str(way)] = [
            [str(dimensions), *(
                _accuracy(fitted(report, 'experiment 1', Fit(way, support, dimensions)))
                for support in run['support'])] for dimensions in run['dimensions']]
    settled = run['settled_dimensions']
    result[str(CROPS)] = [[str(settled), *(
        _accuracy(fitted(report, 'experiment 1', Fit(CROPS, support, settled)))
        for support in run['support'])]]
    return result


def dimensions_table(support: Sequence[int], rows: Sequence[Sequence[str]]) -> str:
    """Set rows of Table I."""
    return table(['dimensions', *(f'{count} images' for count in support)], rows)


def layers_table(report: Mapping[str, Any]) -> str:
    """Set Table II beside ours."""
    layers = found(report, 'experiment 2', REFINED)['layers']
    names = ('cross_validated', 'training', 'test')
    ranks = {name: ranked({layer: row[name] for layer, row in layers.items()})
             for name in names}
    body = [[
        layer, f'{printed.support:.3f}', f'{printed.test:.3f}', str(printed.support_rank),
        str(printed.test_rank), *(f'{layers[layer][name]:.3f}' for name in names),
        *(str(ranks[name][layer]) for name in names)] for layer, printed in TABLE_2.items()]
    heads = ['layer', 'support, paper', 'test, paper', 'support rank', 'test rank',
             'cross-validated, ours', 'support, ours', 'test, ours', 'cross-validated rank',
             'support rank', 'test rank']
    return table(heads, body)


def ranked(accuracies: Mapping[str, float]) -> dict[str, int]:
    """Rank from 1 on, as the paper does: equal ones have the same rank."""
    return {name: 1 + sum(other > value for other in accuracies.values())
            for name, value in accuracies.items()}


def detections_table(report: Mapping[str, Any]) -> str:
    """Say what the detector found in the pictures for each purpose."""
    heads = ['pictures', 'number', 'grasps found', 'on none', 'on 4-3 boxes', 'precision',
             'recall', 'objects with a grasp', 'angle error (median)']
    body = []
    for name, seen in report['seen'].items():
        angle = seen['angle_error_deg']['median']
        body.append([
            name, str(seen['pictures']), str(seen['detections']), str(seen['on_no_object']),
            *(_share(seen[key]) for key in (
                'on_4_3_share', 'precision', 'recall', 'objects_with_grasp')),
            '-' if angle is None else f'{angle:.2f} degrees'])
    return table(heads, body)


def times(report: Mapping[str, Any]) -> str:
    """Say how long everything took, and on what."""
    machine = report['machine']
    lines = [f'- {name}: {minutes(seconds)}' for name, seconds in report['stages'].items()]
    lines += ['', filled(
        f'The training ran on {report["detector"]["device"]}, the rest with {machine["threads"]} '
        f'of {machine["cores"]} cores. When the report was written, a convolution ran at '
        f'{machine["convolution_gflops"]:.0f} GFLOP/s, and memory was copied at '
        f'{machine["copy_gb_s"]:.1f} GB/s. Other programs may have run beside.')]
    return '\n'.join(lines)


def _accuracy(row: Mapping[str, Any]) -> str:
    layer = f' ({row["layer"]})' if 'layer' in row else ''
    return f'{row["accuracy"]:.3f}{layer}'


def _share(value: float | None) -> str:
    return '-' if value is None else f'{value:.3f}'
