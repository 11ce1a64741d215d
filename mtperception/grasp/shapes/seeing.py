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

"""From pictures to the features that shapes are told by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mtperception.grasp.detection import Grasp
from mtperception.grasp.features import DEFAULT_LAYERS, FeatureKind, grasp_features
from mtperception.grasp.predictor import GraspDetector
from mtperception.grasp.shapes.examples import joined, Rows, ShapeExamples
from mtperception.grasp.shapes.index import FeatureSettings, TaughtWith
from mtperception.grasp.shapes.library import picture_number

Image = NDArray[np.uint8]
_QUARTER_TURNS = 4
# So many of the best grasps in each view are enough to learn from, and are hardly wrong ones.
_BEST = 4


def features_of_kind(kind: FeatureKind) -> FeatureSettings:
    """Name the features of a kind at its usual layers."""
    return FeatureSettings(kind, DEFAULT_LAYERS[kind])


def taught_with(detector: GraspDetector, features: FeatureSettings) -> TaughtWith:
    """Name what examples are made with."""
    return TaughtWith(detector.model_name, detector.sha256, features)


def describe(
    detector: GraspDetector, image: Image, features: FeatureSettings,
    score_threshold: float | None = None,
) -> tuple[list[Grasp], dict[str, Rows]]:
    """Find the grasps in a picture, and give the features of each as rows of each layer."""
    sight = detector.look(image, score_threshold)
    return sight.grasps, dict(grasp_features(
        detector.network, sight.activations, sight.grasps, features.kind, features.layers))


def examples_in(
    detector: GraspDetector, image: Image, name: str, features: FeatureSettings,
) -> ShapeExamples | None:
    """
    Make examples of the best grasps in a picture of one shape alone; None without a grasp.

    The picture is looked at upright and turned by 90, 180 and 270 degrees.
    """
    number = picture_number(image)
    found = []
    for turns in range(_QUARTER_TURNS):
        grasps, rows = describe(detector, np.ascontiguousarray(np.rot90(image, turns)), features)
        count = min(len(grasps), _BEST)
        if count:
            found.append(ShapeExamples(
                {layer: values[:count] for layer, values in rows.items()},
                np.full(count, name), np.full(count, number, dtype=np.int64)))
    return joined(found) if found else None
