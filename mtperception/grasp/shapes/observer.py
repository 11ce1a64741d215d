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

from typing import cast, Literal

import numpy as np
from numpy.typing import NDArray

from mtperception.grasp.descriptor.describer import Describer
from mtperception.grasp.detection import Grasp
from mtperception.grasp.features import DEFAULT_LAYERS, FeatureKind, grasp_features
from mtperception.grasp.predictor import GraspDetector
from mtperception.grasp.shapes.examples import joined, Rows, ShapeError, ShapeExamples
from mtperception.grasp.shapes.index import FeatureSettings, ShapeFeatures, TaughtWith
from mtperception.grasp.shapes.library import picture_number

Image = NDArray[np.uint8]
_QUARTER_TURNS = 4
# So many of the best grasps in each view are enough to learn from, and are hardly wrong ones.
_BEST = 4
# What the describer's features are called among layers.
DESCRIPTOR: Literal['descriptor'] = 'descriptor'


class ShapeObserver:
    """
    Finds grasps in pictures, and gives the features of what each is on.

    Those are the descriptors of a network of its own, ``describer``, by default the bundled one;
    or, by the ``kind`` of features, what the detector's trunk sees there (grasp.features), for
    which no describer is needed. It sees that in one look at a picture: ShapeError is raised where
    the detector takes more.
    """

    def __init__(self, detector: GraspDetector, kind: ShapeFeatures = DESCRIPTOR,
                 describer: Describer | None = None) -> None:
        self.detector = detector
        self._describer: Describer | None = None
        if kind == DESCRIPTOR:
            self._describer = describer or Describer.load()
            self.features = FeatureSettings(kind, (DESCRIPTOR,), self._describer.sha256)
        else:
            if detector.looks != 1:
                raise ShapeError(f'{kind} features are of one look at a picture, and the detector '
                                 f'takes {detector.looks}: set looks to 1')
            self.features = FeatureSettings(kind, DEFAULT_LAYERS[kind])

    @property
    def taught_with(self) -> TaughtWith:
        """What examples are made with."""
        return TaughtWith(self.detector.model_name, self.detector.sha256, self.features)

    def describe(self, image: Image, score_threshold: float | None = None,
                 ) -> tuple[list[Grasp], dict[str, Rows]]:
        """Find the grasps in a picture, and give the features of each as rows of each layer."""
        if self._describer is not None:
            grasps = self.detector.detect(image, score_threshold)
            return grasps, {DESCRIPTOR: self._describer(image, grasps)}
        sight = self.detector.look(image, score_threshold)
        return sight.grasps, dict(grasp_features(
            self.detector.network, sight.activations, sight.grasps,
            cast('FeatureKind', self.features.kind), self.features.layers))

    def examples_in(self, image: Image, name: str) -> ShapeExamples | None:
        """
        Make examples of the best grasps in a picture of one shape alone; None without a grasp.

        The picture is looked at upright and turned by 90, 180 and 270 degrees.
        """
        number = picture_number(image)
        found = []
        for turns in range(_QUARTER_TURNS):
            grasps, rows = self.describe(np.ascontiguousarray(np.rot90(image, turns)))
            count = min(len(grasps), _BEST)
            if count:
                found.append(ShapeExamples(
                    {layer: values[:count] for layer, values in rows.items()},
                    np.full(count, name), np.full(count, number, dtype=np.int64)))
        return joined(found) if found else None
