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
The paper's Experiments 2 to 5: how well shapes are told after so many pictures of each.

Pictures for teaching are drawn from a pool again and again: with few of them, luck decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from mtperception.grasp.shapes.classifier import ShapeClassifier
from mtperception.grasp.shapes.examples import joined, ShapeError, ShapeExamples

Fit = Callable[[ShapeExamples], ShapeClassifier]
PICTURES = (3, 5, 30)
# Pictures by which another shape is taught to those who know the others well.
LATE_PICTURES = 5


@dataclass(frozen=True)
class Trials:
    """
    Figures of drawn sets of pictures for teaching, one a draw in each list.

    `accuracies` are the shares of grasps whose likeliest shape is theirs, by experiment and number
    of pictures a shape; `unknown_auroc` is how well strangeness, after most pictures, tells grasps
    of a shape that was not taught from all others, of which the shares `unknown_refused` and
    `known_refused` are refused. `late_drops` are by how much the
    accuracy for the other shapes falls when this one is taught by few pictures, and
    `late_accuracies` its own then.
    """

    accuracies: dict[str, dict[int, list[float]]] = field(default_factory=dict)
    unknown_auroc: list[float] = field(default_factory=list)
    known_refused: list[float] = field(default_factory=list)
    unknown_refused: list[float] = field(default_factory=list)
    late_drops: list[float] = field(default_factory=list)
    late_accuracies: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """Return the mean figures, and beside them the worst of the draws."""
        return {
            **{name: {key: value for count, shares in by_count.items() for key, value in (
                (str(count), float(np.mean(shares))), (f'{count}_worst', min(shares)))}
               for name, by_count in self.accuracies.items()},
            'unknown_auroc': float(np.mean(self.unknown_auroc)),
            'unknown_auroc_worst': min(self.unknown_auroc),
            'refused': {'known': float(np.mean(self.known_refused)),
                        'unknown': float(np.mean(self.unknown_refused))},
            'late_shape': {'accuracy': float(np.mean(self.late_accuracies)),
                           'drop': float(np.mean(self.late_drops)),
                           'drop_worst': max(self.late_drops)}}


def run_trials(pool: ShapeExamples, tests: Mapping[str, ShapeExamples], late: str, fit: Fit,
               draws: Iterable[np.random.Generator]) -> Trials:
    """
    Teach from drawn pictures of a pool, and tell the shapes of the tests' grasps.

    Tests with grasps of the shape `late` are told by those who were taught it too, the others by
    those who were not.
    """
    trials = Trials({name: {count: [] for count in PICTURES} for name in tests})
    first = [name for name in pool.shapes if name != late]
    truth = np.concatenate([test.labels for test in tests.values()])
    known = truth != late
    if known.all() or not known.any():
        raise ShapeError(f'there must be grasps on a {late} and on others to tell')
    for rng in draws:
        for count in PICTURES:
            some = draw_pictures(pool, dict.fromkeys(first, count), rng)
            knows_first = fit(some)
            knows_all = fit(joined([some, draw_pictures(pool, {late: count}, rng)]))
            for name, test in tests.items():
                told = (knows_all if late in test.labels else knows_first).likeliest(test.features)
                trials.accuracies[name][count].append(float((told == test.labels).mean()))
        # From here on, those who were taught by most pictures.
        knows_late = fit(joined([some, draw_pictures(pool, {late: LATE_PICTURES}, rng)]))
        strange = np.concatenate([knows_first.judge(test.features)[2] for test in tests.values()])
        before, after = (
            np.concatenate([classifier.likeliest(test.features) for test in tests.values()])
            for classifier in (knows_first, knows_late))
        trials.unknown_auroc.append(float(roc_auc_score(~known, strange)))
        trials.known_refused.append(float((strange[known] >= 1.0).mean()))
        trials.unknown_refused.append(float((strange[~known] >= 1.0).mean()))
        trials.late_drops.append(float(
            (before == truth)[known].mean() - (after == truth)[known].mean()))
        trials.late_accuracies.append(float((after == truth)[~known].mean()))
    return trials


def draw_pictures(pool: ShapeExamples, counts: Mapping[str, int],
                  rng: np.random.Generator) -> ShapeExamples:
    """Return the examples in so many pictures of each shape, drawn at random."""
    drawn = np.zeros(len(pool), dtype=bool)
    for name, count in counts.items():
        own = np.unique(pool.images[pool.labels == name])
        drawn |= np.isin(pool.images, rng.permutation(own)[:count])
    return pool.chosen(drawn)
