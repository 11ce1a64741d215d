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

"""Support vector machines with radial kernels, found by a grid search, with probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import cross_val_score
from sklearn.svm import SVC

from mtperception.grasp.shapes.examples import Labels, Numbers
from mtperception.grasp.shapes.folds import folds_by_image, twice_if_alone

Floats = NDArray[np.float64]
_FOLDS = 3


@dataclass(frozen=True)
class Grid:
    """
    What the penalty and the width of the kernel are chosen from.

    The widths (gamma) are in units of 1 / (dimensions x variance).
    """

    penalties: tuple[float, ...] = (1.0, 10.0, 100.0)
    widths: tuple[float, ...] = (0.2, 1.0, 5.0)


GRID = Grid()


@dataclass(frozen=True)
class ShapeSvm:
    """
    A machine that tells shapes apart, and another that knows how likely it is right.

    `accuracy` is by cross-validation, grouped by pictures, which also chose `penalty` and `width`.
    """

    accuracy: float
    penalty: float
    width: float
    machine: Any
    calibrated: Any

    def tell(self, points: Floats) -> tuple[Labels, Floats]:
        """Return the likeliest shapes of points, N x K, and their probabilities."""
        # Calibration on a few examples may turn the machine's answers around: it has no say here.
        told = self.machine.predict(points)
        places = np.searchsorted(self.calibrated.classes_, told)
        probabilities = self.calibrated.predict_proba(points)
        return told, probabilities[np.arange(len(told)), places]


def fit_svm(points: Floats, labels: Labels, images: Numbers, grid: Grid) -> ShapeSvm:
    """Learn to tell two shapes or more apart from their examples' points, N x K."""
    places = twice_if_alone(labels)
    points, labels, images = points[places], labels[places], images[places]
    folds = folds_by_image(labels, images, _FOLDS)
    unit = 1.0 / max(points.shape[1] * float(points.var()), np.finfo(np.float64).tiny)

    def machine(penalty: float, width: float) -> SVC:
        return SVC(C=penalty, gamma=unit * width, break_ties=True)

    accuracies = {
        choice: float(np.mean(cross_val_score(machine(*choice), points, labels, cv=folds)))
        for choice in product(grid.penalties, grid.widths)}
    best = max(accuracies, key=lambda choice: accuracies[choice])
    calibrated = CalibratedClassifierCV(machine(*best), ensemble=False, cv=folds)
    return ShapeSvm(accuracies[best], *best, machine(*best).fit(points, labels),
                    calibrated.fit(points, labels))
