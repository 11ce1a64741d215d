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

"""Shapes taught by some pictures and told in others, as an experiment has it."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from mtperception.grasp.paper.plan import CROPS, Experiment, Fit, TAUGHT
from mtperception.grasp.paper.seeing import Seen
from mtperception.grasp.shapes.classifier import fit_classifier, ShapeClassifier
from mtperception.grasp.shapes.examples import Features, Labels, ShapeExamples
from mtperception.grasp.shapes.layer_choice import choose_layer, LayerChoice


@dataclass(frozen=True)
class Told:
    """
    The shapes that grasps were told to have, and the figures of that.

    ``figures`` are how many grasps there are and are told right, and where a layer was chosen,
    which, and what each layer is worth: ``cross_validated`` and ``training`` are its accuracies
    for the pictures that shapes were taught by, ``test`` is that for the grasps told.
    """

    shapes: Labels
    figures: dict[str, Any]


class Teacher:
    """Teaches the shapes of an experiment, and keeps what needs no tests to be learnt."""

    def __init__(self, support: Seen) -> None:
        self._support = support
        self._inductive = cache(self._learnt)

    def tell(self, experiment: Experiment, fit: Fit, tests: Seen) -> Told:
        """Teach by as many pictures as are asked for, and tell the shapes of the tests' grasps."""
        asked = tests.examples[fit.way.what, fit.way.reduction]
        learnt = self._learnt(experiment.shapes, fit, asked.features) if fit.way.transductive \
            else self._inductive(experiment.shapes, fit)
        if isinstance(learnt, ShapeClassifier):
            shapes = learnt.likeliest(asked.features)
            return Told(shapes, _counted(shapes, asked.labels))
        told = {layer: classifier.likeliest(asked.features)
                for layer, classifier in learnt.classifiers.items()}
        layers = {layer: {
            'cross_validated': learnt.cross_validated[layer], 'training': learnt.training[layer],
            'test': float((shapes == asked.labels).mean())} for layer, shapes in told.items()}
        return Told(told[learnt.best], {
            **_counted(told[learnt.best], asked.labels), 'layer': learnt.best, 'layers': layers})

    def _learnt(self, shapes: tuple[str, ...], fit: Fit,
                also: Features | None = None) -> LayerChoice | ShapeClassifier:
        examples = chosen(self._support.examples[fit.way.what, fit.way.reduction], shapes,
                          fit.support)
        if fit.way == CROPS:
            return fit_classifier(examples, dimensions=fit.dimensions)
        return choose_layer(examples, dimensions=fit.dimensions, also=also)


def chosen(examples: ShapeExamples, shapes: tuple[str, ...], pictures: int) -> ShapeExamples:
    """Take the examples of the first so many pictures of some shapes, which come in turn."""
    return examples.chosen(np.isin(examples.labels, shapes)
                           & (examples.images // len(TAUGHT) < pictures))


def _counted(told: Labels, truth: Labels) -> dict[str, Any]:
    right = int((told == truth).sum())
    return {'grasps': len(truth), 'right': right, 'accuracy': right / len(truth)}
