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

"""The paper's way: a machine for each layer, of which the best is believed."""

from __future__ import annotations

from dataclasses import dataclass

from mtperception.grasp.shapes.classifier import DIMENSIONS, fit_classifier, ShapeClassifier
from mtperception.grasp.shapes.examples import Features, ShapeError, ShapeExamples
from mtperception.grasp.shapes.svm import Grid

# The paper searches the penalty alone.
PAPER_GRID = Grid(penalties=(0.1, 1.0, 10.0, 100.0, 1000.0), widths=(1.0,))


@dataclass(frozen=True)
class LayerChoice:
    """
    A classifier for each layer, and what is known of them from the examples.

    `cross_validated` are the accuracies for pictures held out, by which `best` is chosen;
    `training` those for the examples themselves, which tell little: nearly all are near 1.
    """

    classifiers: dict[str, ShapeClassifier]
    cross_validated: dict[str, float]
    training: dict[str, float]
    best: str


def choose_layer(examples: ShapeExamples, *, dimensions: int = DIMENSIONS,
                 also: Features | None = None) -> LayerChoice:
    """Fit a classifier on each layer of the examples, in their order; the earlier wins ties."""
    if len(examples.shapes) < 2:
        raise ShapeError('layers can be compared from two shapes on')
    classifiers = {
        layer: fit_classifier(examples, [layer], dimensions=dimensions, grid=PAPER_GRID, also=also)
        for layer in examples.features}
    cross_validated = {layer: fitted.accuracy or 0.0 for layer, fitted in classifiers.items()}
    training = {
        layer: float((fitted.likeliest(examples.features) == examples.labels).mean())
        for layer, fitted in classifiers.items()}
    best = max(cross_validated, key=lambda layer: cross_validated[layer])
    return LayerChoice(classifiers, cross_validated, training, best)
