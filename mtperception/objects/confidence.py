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

"""How sure refined poses are, measured on pictures that were held out of the training."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
import itertools
from pathlib import Path
from typing import Any

import numpy as np

from mtperception import zoo
from mtperception.geometry.pose_errors import add, Pose, Symmetries
from mtperception.objects.known import equip
from mtperception.objects.meshes import part_of
from mtperception.objects.symmetry import symmetries_of
from mtperception.pose.confidence import Evidence, fit_confidence
from mtperception.pose.data.dataset import LabelledPose, PosePictures
from mtperception.pose.detection import ObjectPose
from mtperception.pose.evaluation import RIGHT
from mtperception.pose.predictor import PoseEstimator

# Pictures that are looked at, and points of the surface that are compared.
PICTURES, _POINTS = 300, 500
# Fewer pictures tell nothing: a codebook is not worth the making for them.
_FEWEST = 40
# Poses of boxes that are seldom right are to be told from others, too.
_LEAST_SCORE = 0.1


def measure_confidence(
    estimator: PoseEstimator, pictures: PosePictures, symmetries: Symmetries,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """
    Refine poses in labelled pictures, by depth and without; fit how sure each kind is.

    Returned is what a card says under 'confidence'; a kind of which too few are right, or wrong,
    is missing. DatasetError names a picture without depth.
    """
    count = min(len(pictures), PICTURES)
    seen: dict[str, tuple[list[Evidence], list[bool]]] = {'depth': ([], []), 'picture': ([], [])}
    each = zip(pictures.images, pictures.labels, strict=True)
    for number, (image, labels) in enumerate(itertools.islice(each, count)):
        if labels:
            bgr = np.ascontiguousarray(np.asarray(image)[..., ::-1])
            for depth in (labels[0].measured_depth(), None):
                for found in estimator.estimate(
                        bgr, labels[0].camera, _LEAST_SCORE, depth=depth):
                    if found.evidence is not None:
                        evidence, right = seen[found.evidence.kind]
                        evidence.append(found.evidence)
                        right.append(_is_right(found, labels, estimator, symmetries))
        progress(number + 1, count)
    fitted = {kind: fit_confidence(*rows) for kind, rows in seen.items()}
    return {kind: asdict(one) for kind, one in fitted.items() if one is not None}


def with_confidence(bundle: zoo.Bundle, path: Path, pictures: PosePictures) -> zoo.Bundle:
    """Measure how sure a model's poses are, and write it again with that in its card."""
    if len(pictures) < _FEWEST:
        return bundle
    estimator = PoseEstimator.from_bundle(bundle)
    part = part_of(estimator.label)
    equip(estimator, part)
    return zoo.save(path, bundle.tensors, {**bundle.card, 'confidence': measure_confidence(
        estimator, pictures, symmetries_of(part.mesh))})


def _is_right(found: ObjectPose, labels: Sequence[LabelledPose], estimator: PoseEstimator,
              symmetries: Symmetries) -> bool:
    """Tell whether a pose is that of any of the objects."""
    surface = estimator.surface
    assert surface is not None
    points = surface.points[::max(1, len(surface.points) // _POINTS)]
    pose = Pose(found.rotation, found.translation)
    return min(
        add(pose, Pose(label.rotation, label.translation), points, symmetries)
        for label in labels) < RIGHT * surface.diameter
