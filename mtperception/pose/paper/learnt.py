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

"""What the networks of the reproduction have learnt, as far as it explains their poses."""

from collections.abc import Mapping, Sequence
from typing import Any

from scipy.stats import spearmanr

from mtperception.pose.paper.autoencoder import CELLS, SIDE, STRIDE
from mtperception.pose.paper.plan import Budget, BUDGETS, Course, measured, Method
from mtperception.report.markdown import filled, table

LEARNT = """\
Drawing is equation 1 in the last epoch of the training; to draw the mean picture of the object
alone, whatever is seen, is worth {mean_picture_error:.3f}. Likeness is the mean cosine between all
latents of the codebook: at 1 the encoder sees no difference between poses.
"""

SEEN = """\
An autoencoder sees {step1:.2g} % of the samples that the paper shows it in step 1, a detector
{step2:.2g} % of those of step 2. The joint networks see the object, usually {window:.0f} pixels
large, in {cells:.1f} cells of {stride} pixels, at the paper's {paper_side} pixels it would be
{paper_cells:.1f}; the crops of the other two, of {side} pixels, have {whole}.
"""

# Of fewer methods a rank correlation says nothing.
_FEWEST = 4


def learnt(report: Mapping[str, Any], budget: Budget) -> list[str]:
    """Say how well the measured methods draw, and how much they have seen."""
    done = measured(report['rows'], budget)
    paper, cells = BUDGETS['paper'], report['window'] / STRIDE
    seen = SEEN.format(
        step1=_percent(budget.step1, paper.step1), step2=_percent(budget.step2, paper.step2),
        window=report['window'], stride=STRIDE, side=SIDE, whole=CELLS, cells=cells,
        paper_side=paper.side, paper_cells=cells * paper.side / budget.side)
    return [filled(LEARNT.format(**report)), _table(report, done),
            filled(seen + _together(report, done))]


def _table(report: Mapping[str, Any], done: Sequence[Method]) -> str:
    return table(['', 'drawing, first epoch', 'drawing, last epoch', 'likeness'], [[
        str(method), *(f'{_drawing(report, method)[epoch]:.4f}' for epoch in (0, -1)),
        f'{report["rows"][str(method)]["likeness"]:.4f}'] for method in done])


def _together(report: Mapping[str, Any], done: Sequence[Method]) -> str:
    """Say whether what is drawn well is recognised well."""
    errors = [_drawing(report, method)[-1] for method in done]
    areas = [report['rows'][str(method)]['auc800']['true_translation'] for method in done]
    if len(done) < _FEWEST or len(set(errors)) == 1 or len(set(areas)) == 1:
        return ''
    return (f"The rank correlation between the drawing's error and the AUC, true translation, is "
            f'{spearmanr(errors, areas).statistic:.2f} over these {len(done)} methods.')


def _drawing(report: Mapping[str, Any], method: Method) -> Sequence[float]:
    losses = report['trainings'][str(method)]['losses']
    return losses.get('error', losses['total'])  # type: ignore[no-any-return]


def _percent(course: Course, paper: Course) -> float:
    return 100.0 * course.pictures * course.epochs / (paper.pictures * paper.epochs)
