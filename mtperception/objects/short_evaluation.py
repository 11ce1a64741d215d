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

"""How good a new object's model is, on a few new pictures of it."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mtperception.geometry.pose_errors import add, Pose, Symmetries
from mtperception.pose.boxes import overlap
from mtperception.pose.data.dataset import PosePictures
from mtperception.pose.evaluation import RIGHT
from mtperception.pose.predictor import PoseEstimator

# Points of the surface that are compared.
_POINTS = 500
# It is found where its box shares so much of its union with the true one.
_FOUND = 0.5


def short_evaluation(
    estimator: PoseEstimator, pictures: PosePictures, symmetries: Symmetries,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """
    Estimate poses in labelled pictures, with depth and without, at the model's own threshold.

    The best pose of each picture is compared with its first object. ``add01d`` are shares of
    poses whose points are off by less than a tenth of the diameter on average, after whichever of
    the `symmetries` fits best; ``translation_mm`` are medians of how far the middle is off.
    """
    assert estimator.surface is not None
    every, limit = estimator.surface.points, RIGHT * estimator.surface.diameter
    points = every[::max(1, len(every) // _POINTS)]
    middle = points.mean(axis=0)[None]
    overlaps: list[float] = []
    right: dict[str, list[bool]] = {'rgb': [], 'depth': []}
    away: dict[str, list[float]] = {'rgb': [], 'depth': []}
    each = zip(pictures.images, pictures.labels, strict=True)
    for number, (image, (label, *_)) in enumerate(each):
        bgr = np.ascontiguousarray(np.asarray(image)[..., ::-1])
        truth = Pose(label.rotation, label.translation)
        for kind, depth in (('rgb', None), ('depth', label.measured_depth())):
            found = estimator.estimate(bgr, label.camera, depth=depth)[:1]
            poses = [Pose(one.rotation, one.translation) for one in found]
            right[kind].append(any(add(pose, truth, points, symmetries) < limit
                                   for pose in poses))
            away[kind] += [1000.0 * float(np.linalg.norm(
                pose.moved(middle) - truth.moved(middle))) for pose in poses]
            if kind == 'rgb':
                overlaps.append(overlap(found[0].box, label.box) if found else 0.0)
        progress(number + 1, len(pictures))
    return {
        'count': len(pictures),
        'found': float(np.mean(np.array(overlaps) > _FOUND)),
        'box_iou': {'mean': float(np.mean(overlaps))},
        'add01d': {kind: float(np.mean(rows)) for kind, rows in right.items()},
        'translation_mm': {'median': {kind: _median(rows) for kind, rows in away.items()}}}


def _median(values: Sequence[float]) -> float | None:
    return float(np.median(values)) if values else None
