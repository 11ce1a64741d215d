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
How good is a pose estimator: boxes, and poses by what their depth pictures show.

Every picture has one object, and its best estimate is compared; where there is none the error is
as large as can be. All figures are given again for thirds of the visible share.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import Floats, PinholeCamera
from mtperception.geometry.pose_errors import add, correct_share, Pose, vsd
from mtperception.geometry.rotations import allocentric, angle_between, egocentric
from mtperception.pose.detection import ObjectPose
from mtperception.pose.predictor import overlap

# The paper tests so many pictures: its figure is the area for that many.
PICTURES = 800
BINS = ((0.4, 0.6), (0.6, 0.8), (0.8, 1.0))
# A pose is right by ADD where it is off by less than this share of the diameter.
_RIGHT = 0.1
# Turned over: farther from the truth than this, but near it after half a turn about the long
# axis (radians).
_FLIPPED, _NEAR = np.radians(90.0), np.radians(40.0)

Draw = Callable[[Pose], NDArray[np.float32]]


@dataclass(frozen=True)
class Model:
    """
    What is known of an object's mesh: points on its surface (N x 3), and its diameter.

    All is in metres. ``long_axis`` (3) is that of its greatest length.
    """

    points: Floats
    diameter: float
    long_axis: Floats


@dataclass(frozen=True)
class Truth:
    """What there is: the pose, the box, the visible share, and the scene's depth picture."""

    pose: Pose
    box: tuple[float, float, float, float]
    visible: float
    depth: NDArray[np.float32]
    camera: PinholeCamera


@dataclass
class PoseScore:
    """Adds up pictures."""

    model: Model
    rows: list[dict[str, float]] = field(default_factory=list)

    def add(self, found: Sequence[ObjectPose], truth: Truth, draw: Draw) -> dict[str, float]:
        """Add a picture; ``draw`` gives the depth picture of the object alone at a pose."""
        row = {'visible': truth.visible, 'vsd': 1.0, 'vsd_linear': 1.0, 'vsd_turned': 1.0,
               'iou': 0.0, 'right': 0.0, 'flipped': 0.0, 'rotation': np.nan,
               'translation': np.nan}
        if found:
            best = found[0]
            row |= self._compared(Pose(best.rotation, best.translation), truth, draw)
            row['iou'] = overlap(best.box, truth.box)
        self.rows.append(row)
        return row

    def _compared(self, pose: Pose, truth: Truth, draw: Draw) -> dict[str, float]:
        true = draw(truth.pose)
        # With the true translation the object looks turned as it was found to.
        looks = allocentric(pose.rotation, pose.translation)
        turned = Pose(egocentric(looks, truth.pose.translation), truth.pose.translation)
        estimated = draw(pose)
        errors = {
            'vsd': vsd(estimated, true, truth.depth, truth.camera),
            'vsd_linear': vsd(estimated, true, truth.depth, truth.camera, cost='linear'),
            'vsd_turned': vsd(draw(turned), true, truth.depth, truth.camera)}
        off = float(angle_between(pose.rotation, truth.pose.rotation))
        over = pose.rotation @ _half_turn(self.model.long_axis)
        flipped = off > _FLIPPED and float(
            angle_between(over, truth.pose.rotation)) < _NEAR
        right = add(pose, truth.pose, self.model.points) < _RIGHT * self.model.diameter
        return {**{name: float(error) for name, error in errors.items()},
                'right': float(right), 'flipped': float(flipped),
                'rotation': float(np.degrees(off)),
                'translation': 1000.0 * float(
                    np.linalg.norm(pose.translation - truth.pose.translation))}

    def figures(self) -> dict[str, Any]:
        """
        Give the figures of all pictures and, under ``by_visibility``, of thirds of them.

        ``auc800`` is the mean correct share over all thresholds of VSD, times 800, with the true
        translation and with the estimated one, ``auc800_linear`` the same with the linear cost.
        Angles are in degrees, translations in millimetres; a figure of nothing is None.
        """
        def within(low: float, high: float) -> list[dict[str, float]]:
            return [row for row in self.rows
                    if low <= row['visible'] < high or row['visible'] == high == 1.0]

        return {**_figures(self.rows), 'by_visibility': {
            f'{low:g}-{high:g}': _figures(within(low, high)) for low, high in BINS}}


def _figures(rows: Sequence[dict[str, float]]) -> dict[str, Any]:
    if not rows:
        return {'count': 0}
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return {
        'count': len(rows),
        'auc800': {'true_translation': PICTURES * correct_share(columns['vsd_turned']),
                   'estimated': PICTURES * correct_share(columns['vsd'])},
        'auc800_linear': {'estimated': PICTURES * correct_share(columns['vsd_linear'])},
        'flip_rate': float(columns['flipped'].mean()),
        'add01d': {'estimated': float(columns['right'].mean())},
        'box_iou': {'mean': float(columns['iou'].mean())},
        'rotation_deg': {'median': _median(columns['rotation'])},
        'translation_mm': {'median': _median(columns['translation'])},
        'found': float(np.isfinite(columns['rotation']).mean())}


def _median(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else None


def _half_turn(axis: Floats) -> Floats:
    """Return the rotation by half a turn about an axis (3, of length 1)."""
    return np.asarray(2.0 * np.outer(axis, axis) - np.eye(3))
