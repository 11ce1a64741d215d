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

"""
The reproduction's report as a page of Markdown, the paper's figures beside ours.

It may be written at any time: what is not measured yet is not in it.
"""

from collections.abc import Mapping, Sequence
import textwrap
from typing import Any

from mtperception.pose.paper.charts import figure_3, LOSS
from mtperception.pose.paper.joint import Schedule
from mtperception.pose.paper.learnt import learnt
from mtperception.pose.paper.pictures import JITTER
from mtperception.pose.paper.plan import (
    Budget,
    Cell,
    cells,
    DETECTOR,
    file_stem,
    further,
    graphs,
    Kind,
    KINDS,
    measured,
    Method,
    methods,
)
from mtperception.pose.paper.tables import (
    BEST_LATENT,
    BEST_SCHEDULE,
    JOINT_AREA,
    printed_area,
    RATIOS,
)
from mtperception.pose.paper.training import MOMENTUM, WEIGHT_DECAY
from mtperception.report.markdown import filled, minutes, table

TRUE, ESTIMATED = 'true_translation', 'estimated'

INTRODUCTION = """\
The paper (Hayashi et al., Joint Learning of Object Detection and Pose Estimation using Augmented
Autoencoder) pre-trains an augmented autoencoder with three losses, and trains Faster R-CNN on its
encoder together with it. Here the same networks ({width:g} of VGG16's channels) are trained on
{training:,} rendered pictures of a hammer of 300 mm and asked for its pose in {count} others. Step
1 is {step1}, step 2 {step2}; every method has the same. Made by `{command}`.
"""

MEASURES = """\
AUC is the area under the number of correct poses against the threshold of VSD, of 800 pictures,
so that 800 is the most; VSD has the step cost at 20 mm and a visibility tolerance of 15 mm. With
the *true* translation only the rotation counts; *estimated* is by the projective distance of the
detected box, the rotation corrected for the direction of view. IoU is of full boxes, hidden parts
included. Beside it: the linear cost of VSD at 20 mm, the recall over BOP's tolerances and
thresholds, and ADD below a tenth of the diameter, all with the estimated translation. *Flipped*
are poses turned over about the long axis, which VSD hardly sees of a hammer.
"""

DIFFERENCES = (
    """**Pictures.** Rendered here by this package's simulator at 512 x 512, the object's visible
    share uniform from 0.4 to 1. Step 1's crops are cut from pictures that step 2 has, too. The
    detector sees them at {side} x {side}.""",
    """**Windows.** The paper resizes the detected box; here the square around it counts, 1.2
    times as large as its longer side, for what is drawn, for crops, for RoIAlign and in the
    codebook alike. Views for the joint codebook are on black, {window} pixels of the detector's
    picture large, as large as the object usually is.""",
    """**Original autoencoder.** The extended one's network without its two further losses, of
    which the paper says that they make it better; not the smaller network of Sundermeyer et
    al.""",
    """**Losses.** Equation 1 is the mean over pixels, summed over colours from 0 to 1, between
    the drawn and the true picture of the object alone. Equation 2 is the mean over all pictures,
    each with the one closest in angle (radians). Equation 3 needs a second pass of the encoder.
    The decoder ends in a sigmoid. The weight of the drawing's error in equation 5 is
    {drawing_weight:g} (the paper's 1).""",
    """**AdaBound.** The rate is {step1_rate:g} (the paper's 8e-6), the final one {final_rate:g}.
    The paper does not tell the latter, and its authors' usual one is 0.1.""",
    """**Detector.** Nothing is pre-trained on other pictures, so that {norms} and the independent
    detector starts from nothing, the joint one from step 1. SGD has a momentum of {momentum:g}
    and a weight decay of {weight_decay:g}; its rate of {step2_rate:g} is divided by ten every
    {decay_every} epochs. Anchors are of three sides and three shapes. There being one object, 100
    boxes of a picture are proposed, and 32 train the box head. Convolutions are computed in
    bfloat16.""",
    """**The box fed back** in training comes from the proposal that shares most with the true
    box, and is never the true box itself. RoIAlign gives no gradient of the box: the pose's error
    reaches the detector through the shared features alone. With the differentiable crop it
    reaches the box, too.""",
    """**T1 and T2** are schedules of the joint training. The others are the same in both columns;
    the paper does not say whether its were.""",
    """**Codebook.** {directions:,} directions x {turns} turns in the plane, without a second end
    of the circle.""",
    """**Translation.** The paper says nothing of how it is found, or whether VSD has it.""",
    """**Jitter.** In step 1 boxes are moved and scaled by up to {jitter:.0%} of their longer
    side; what is to be drawn stays the same.""",
)


def page(report: Mapping[str, Any], budget: Budget) -> str:
    """Write the page."""
    words = {
        **report['run'], 'command': report['command'], 'training': budget.training,
        'count': budget.tests, 'step1': _course(budget, 'step1'),
        'step2': _course(budget, 'step2'), 'step1_rate': budget.step1.rate,
        'step2_rate': budget.step2.rate, 'momentum': MOMENTUM, 'weight_decay': WEIGHT_DECAY,
        'jitter': JITTER, 'window': round(report['window']),
        'norms': 'all convolutions have batch norm' if budget.batch_norm
                 else 'there is no batch norm'}
    done = measured(report['rows'], budget)
    shown = [method for method in (Cell(budget.latents[-1], 'T1', kind).method for kind in KINDS)
             if method in done]
    parts = [
        "# The paper's joint poses, reproduced", filled(INTRODUCTION.format(**words)),
        *_unfinished(report, budget), filled(summary(report, budget)),
        '## The grid (Figure 3)', filled(MEASURES),
        grid_table(report, budget),
        *(f'![{latent} numbers, {schedule}]({figure_3(latent, schedule)})'
          for latent, schedule in graphs(report['rows'], budget)),
        '## All methods', methods_table(report, budget),
        *learnt(report, budget),
        '## The differentiable crop, and shaken boxes', further_table(report, budget),
        '## Figure 4: boxes and poses',
        filled('Grey is the true box, green the detected one, and the outline is the estimated '
               'pose. Below is what the network draws of the object alone, and beside it what it '
               'should draw.'),
        *(f'{method}:\n\n![{method}]({sheet_file(method)})' for method in shown),
        '## Where the protocol differs', _listed(DIFFERENCES, words),
        '## Time', times(report, budget),
        *([f'![loss]({LOSS})'] if any(
            name.startswith('joint') for name in report['trainings']) else []),
    ]
    return '\n\n'.join(part.strip() for part in parts) + '\n'


def _unfinished(report: Mapping[str, Any], budget: Budget) -> list[str]:
    done = measured(report['rows'], budget)
    left = [str(method) for method in methods(budget) if method not in done]
    return [filled(f'**Not finished.** {len(left)} of {len(methods(budget))} methods are not '
                   f'measured yet: {"; ".join(left)}.')] if left else []


def sheet_file(method: Method) -> str:
    """Name the sheet of a method's boxes and poses."""
    return f'figure-4-{file_stem(str(method))}.jpg'


def summary(report: Mapping[str, Any], budget: Budget) -> str:
    """Say in a few lines whether the paper's order is there."""
    done = measured(report['rows'], budget)
    ordered = []
    for latent, schedule in graphs(report['rows'], budget):
        graph = [Cell(latent, schedule, kind).method for kind in KINDS]
        if all(method in done for method in graph):
            joint, extended, original = (_area(report, method) for method in graph)
            ordered.append((joint > extended, extended > original))
    of = len(ordered)
    if not of:
        return 'No graph of the grid is complete yet.'
    joint_wins, extended_wins = (sum(wins) for wins in zip(*ordered, strict=True))
    best = max((cell for cell in cells(budget) if cell.method in done),
               key=lambda cell: _area(report, cell.method))
    area, estimated = (_area(report, best.method, name) for name in (TRUE, ESTIMATED))
    ratios = {kind: _ratio(report, budget.latents[-1], BEST_SCHEDULE, kind) for kind in KINDS[1:]}
    told = ', '.join(f'{ratio} times the {kind} one (the paper {RATIOS[kind]})'
                     for kind, ratio in ratios.items())
    compared = f'With {budget.latents[-1]:,} numbers and {BEST_SCHEDULE} the joint AUC is ' \
               f'{told}. ' if '-' not in ratios.values() else ''
    order = 'holds' if joint_wins == extended_wins == of else 'is not there in all'
    return (
        f"The paper's order {order}: with the true translation the joint method beats the "
        f'extended autoencoder in {joint_wins} of {of} graphs, and that the original one in '
        f'{extended_wins}. {compared}The best cell is {best.method} with **{area:.0f}**, '
        f"{estimated:.0f} with the estimated translation; the paper's is {JOINT_AREA} (joint, "
        f'{BEST_LATENT:,} numbers, {BEST_SCHEDULE}), and rotations drawn at random have '
        f'{report["chance"]:.0f}.')


def grid_table(report: Mapping[str, Any], budget: Budget) -> str:
    """Set the 12 cells beside the paper's."""
    body = []
    done = measured(report['rows'], budget)
    for cell in (cell for cell in cells(budget) if cell.method in done):
        row = report['rows'][str(cell.method)]
        printed = f'{printed_area(cell.kind):.0f}' if (
            cell.latent, cell.schedule) == (BEST_LATENT, BEST_SCHEDULE) else '-'
        ratio = '1' if cell.kind == 'joint' else _ratio(
            report, cell.latent, cell.schedule, cell.kind)
        paper = '-' if printed == '-' else f'{RATIOS.get(cell.kind, 1)}'
        body.append([
            cell.kind, f'{cell.latent:,}', cell.schedule, printed,
            *(f'{row["auc800"][name]:.0f}' for name in (TRUE, ESTIMATED)), paper, ratio,
            f'{row["box_iou"]["mean"]:.3f}'])
    return table(['', 'numbers', 'schedule', 'AUC, paper', 'AUC, true translation',
                  'AUC, estimated', 'joint / this, paper', 'joint / this, ours', 'mean IoU'],
                 body)


def methods_table(report: Mapping[str, Any], budget: Budget) -> str:
    """Set all figures of all methods beside each other."""
    heads = ['', 'found', 'AUC, true translation', 'AUC, estimated', 'linear cost', 'BOP recall',
             'ADD < 0.1 d', 'flipped', 'rotation (median)', 'translation (median)', 'IoU']
    return table(heads, [_row(report, method) for method in measured(report['rows'], budget)])


def further_table(report: Mapping[str, Any], budget: Budget) -> str:
    """Set the rows that the paper does not have beside those that they compare with."""
    body = []
    done = measured(report['rows'], budget)
    for method in further(budget):
        usual = Method(method.kind, method.latent, method.schedule,
                       'RoIAlign' if method.crop else None)
        if method not in done or usual not in done:
            continue
        rows = [report['rows'][str(which)] for which in (method, usual)]
        body.append([str(method), *(
            f'{row["auc800"][name]:.0f}' for name in (TRUE, ESTIMATED) for row in rows),
            *(f'{row["box_iou"]["mean"]:.3f}' for row in rows)])
    return table(['', *(f'{name}{more}' for name in (
        'AUC, true translation', 'AUC, estimated', 'IoU') for more in ('', ', without'))], body)


def times(report: Mapping[str, Any], budget: Budget) -> str:
    """Say how long everything took, and on what."""
    machine = report['machine']
    body = [[name, f'{report["trainings"][name]["parameters"]:,}',
             f'{report["trainings"][name]["steps"]:,}',
             minutes(report['trainings'][name]['seconds']),
             minutes(report['stages'].get(f'{name}: measuring', 0.0))]
            for name in (DETECTOR, *map(str, methods(budget))) if name in report['trainings']]
    others = [f'{name}: {minutes(report["stages"][name])}'
              for name in ('pictures', 'views') if name in report['stages']]
    lines = [
        table(['', 'parameters', 'steps', 'training', 'codebook and measuring'], body), '',
        filled(f'{"; ".join(others)}. The trainings ran on {report["device"]}, with '
               f'{machine["threads"]} of {machine["cores"]} cores. When the report was written, a '
               f'convolution ran at {machine["convolution_gflops"]:.0f} GFLOP/s, and memory was '
               f'copied at {machine["copy_gb_s"]:.1f} GB/s. Other programs may have run beside.')]
    return '\n'.join(lines)


def _listed(words: Sequence[str], values: Mapping[str, Any]) -> str:
    lines = (' '.join(some.format(**values).split()) for some in words)
    return '\n'.join(textwrap.fill(line, 99, initial_indent='- ', subsequent_indent='  ',
                                   break_on_hyphens=False) for line in lines)


def _course(budget: Budget, step: str) -> str:
    course = getattr(budget, step)
    words = f'{course.epochs} epochs' if course.epochs > 1 else 'one epoch'
    return (f'{words} of {course.pictures:,} pictures in batches of '
            f'{course.batch}')


def _area(report: Mapping[str, Any], method: Method, name: str = TRUE) -> float:
    return float(report['rows'][str(method)]['auc800'][name])


def _ratio(report: Mapping[str, Any], latent: int, schedule: Schedule, kind: Kind) -> str:
    pair = [Cell(latent, schedule, which).method for which in ('joint', kind)]
    if not all(str(method) in report['rows'] for method in pair):
        return '-'
    joint, other = (_area(report, method) for method in pair)
    return f'{joint / other:.2f}' if other else '-'


def _row(report: Mapping[str, Any], method: Method) -> Sequence[str]:
    row = report['rows'][str(method)]
    areas = [f'{row[name][ESTIMATED]:.0f}' for name in ('auc800', 'auc800_linear')]
    return [str(method), f'{row["found"]:.3f}', f'{row["auc800"][TRUE]:.0f}',
            *areas, *(f'{share:.3f}' for share in (
                row['bop_vsd'], row['add01d'][ESTIMATED], row['flip_rate'])),
            _number(row['rotation_deg']['median'], '.1f', ' degrees'),
            _number(row['translation_mm']['median'], '.0f', ' mm'),
            f'{row["box_iou"]["mean"]:.3f}']


def _number(value: float | None, digits: str, unit: str) -> str:
    return '-' if value is None else f'{value:{digits}}{unit}'
