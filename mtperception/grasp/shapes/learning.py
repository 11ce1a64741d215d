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

"""What tells taught shapes apart, by the kind of the features that examples of them have."""

from __future__ import annotations

import numpy as np

from mtperception.grasp.shapes.classifier import fit_classifier, ShapeClassifier
from mtperception.grasp.shapes.components import whole_space
from mtperception.grasp.shapes.densities import fit_densities
from mtperception.grasp.shapes.examples import ShapeExamples, side_by_side
from mtperception.grasp.shapes.index import ShapeFeatures
from mtperception.grasp.shapes.layer_choice import choose_layer
from mtperception.grasp.shapes.strangeness import learn_strangeness_in_space


def learn_shapes(examples: ShapeExamples, kind: ShapeFeatures) -> ShapeClassifier:
    """
    Learn shapes from examples.

    Descriptors are near each other where shapes are alike, and are compared as they are. Of
    guided features the best layer is chosen, as the paper does; crops of the trunk are many
    numbers that mean little each, of which a machine learns what matters.
    """
    if kind == 'descriptor':
        return _compared(examples)
    if kind == 'guided' and len(examples.shapes) > 1:
        choice = choose_layer(examples)
        return choice.classifiers[choice.best]
    return fit_classifier(examples)


def _compared(examples: ShapeExamples) -> ShapeClassifier:
    layers, shapes = tuple(sorted(examples.features)), tuple(examples.shapes)
    rows = side_by_side(examples.features, layers)
    points, labels, images = rows.astype(np.float64), examples.labels, examples.images
    return ShapeClassifier(
        layers, shapes, whole_space(rows.shape[1]),
        fit_densities(points, labels, images) if len(shapes) > 1 else None,
        learn_strangeness_in_space(points, labels, images))
