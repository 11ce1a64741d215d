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

from mtperception.grasp.shapes.classifier import fit_classifier, ShapeClassifier
from mtperception.grasp.shapes.densities import fit_densities
from mtperception.grasp.shapes.examples import ShapeExamples
from mtperception.grasp.shapes.index import ShapeFeatures
from mtperception.grasp.shapes.layer_choice import choose_layer


def learn_shapes(examples: ShapeExamples, kind: ShapeFeatures) -> ShapeClassifier:
    """
    Learn shapes from examples.

    Descriptors are near each other where shapes are alike, and are compared as they are. Of
    guided features the best layer is chosen, as the paper does; crops of the trunk are many
    numbers that mean little each, of which a machine learns what matters.
    """
    if kind == 'descriptor':
        return fit_classifier(examples, dimensions=None, fit=fit_densities)
    if kind == 'guided' and len(examples.shapes) > 1:
        choice = choose_layer(examples)
        return choice.classifiers[choice.best]
    return fit_classifier(examples)
