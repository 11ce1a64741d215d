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
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import Floats, PinholeCamera
from mtperception.geometry.pose_errors import (
    add,
    add_s,
    correct_share,
    Cost,
    mspd,
    mssd,
    Pose,
    Symmetries,
    vsd,
)
from mtperception.geometry.rotations import allocentric, angle_between, egocentric
from mtperception.pose.boxes import overlap
from mtperception.pose.detection import Box, ObjectPose

# The paper tests so many pictures: its figure is the area for that many.
PICTURES = 800
BINS = ((0.4, 0.6), (0.6, 0.8), (0.8, 1.0))
# The BOP challenge's thresholds of MSSD, in diameters, and of MSPD, in pixels of a picture that is
# so wide.
MSSD_THRESHOLDS: Floats = np.linspace(0.05, 0.5, 10)
MSPD_THRESHOLDS: Floats = np.linspace(5.0, 50.0, 10)
_BOP_WIDTH = 640
# A pose is right by ADD where it is off by less than this share of the diameter.
RIGHT = 0.1
# Turned over: farther from the truth than this, but near it after half a turn about the long
# axis (radians).
_FLIPPED, _NEAR = np.radians(90.0), np.radians(40.0)
# Pixels around what is compared of a picture.
_MARGIN = 2

DepthOf = Callable[[PinholeCamera, Pose], NDArray[np.float32]]
Row = dict[str, float]


@dataclass(frozen=True)
class Model:
    """
    What is known of an object's mesh: points on its surface (N x 3), and its diameter.

    All is in metres. ``long_axis`` (3) is that of its greatest length; ``symmetries`` are the
    motions after which it looks the same.
    """

    points: Floats
    diameter: float
    long_axis: Floats
    symmetries: Symmetries = field(default_factory=Symmetries.none)


@dataclass(frozen=True)
class Truth:
    """What there is: the pose, the box, the visible share, and the scene's depth picture."""

    pose: Pose
    box: Box
    visible: float
    depth: NDArray[np.float32]
    camera: PinholeCamera


@dataclass
class PoseScore:
    """
    Adds up pictures.

    ``corners`` (N x 3, metres) are those of the mesh's convex hull; ``depth_of`` draws the
    object's depth at a pose before a camera.
    """

    model: Model
    corners: Floats
    depth_of: DepthOf
    rows: list[Row] = field(default_factory=list)

    def add(self, found: Sequence[ObjectPose], truth: Truth) -> Row:
        """Add a picture with what was found in it, the best first."""
        row = {'visible': truth.visible, 'vsd': 1.0, 'vsd_linear': 1.0, 'vsd_turned': 1.0,
               'vsd_turned_linear': 1.0, 'mssd': np.inf, 'mspd': np.inf, 'iou': 0.0, 'right': 0.0,
               'flipped': 0.0, 'rotation': np.nan, 'translation': np.nan, 'score': np.nan}
        if found:
            best = found[0]
            pose = Pose(best.rotation, best.translation)
            row |= self._discrepancies(pose, truth) | self._distances(pose, truth)
            row |= {'iou': overlap(best.box, truth.box), 'score': best.score}
        self.rows.append(row)
        return row

    def _discrepancies(self, pose: Pose, truth: Truth) -> Row:
        """Compare what depth pictures show, with the estimated and with the true translation."""
        # With the true translation the object looks turned as it was found to.
        looks = allocentric(pose.rotation, pose.translation)
        turned = Pose(egocentric(looks, truth.pose.translation), truth.pose.translation)
        seen = windowed(truth, self.corners, (truth.pose, pose, turned))
        true, *drawn = (self.depth_of(seen.camera, one) for one in (truth.pose, pose, turned))
        costs: tuple[tuple[str, Cost], ...] = (('', 'step'), ('_linear', 'linear'))
        return {name + ending: float(vsd(one, true, seen.depth, seen.camera, cost=cost))
                for name, one in zip(('vsd', 'vsd_turned'), drawn, strict=True)
                for ending, cost in costs}

    def _distances(self, pose: Pose, truth: Truth) -> Row:
        """Compare where the poses take the surface, and the poses themselves."""
        model, symmetries = self.model, self.model.symmetries
        off = float(angle_between(pose.rotation, truth.pose.rotation))
        over = pose.rotation @ _half_turn(model.long_axis)
        flipped = off > _FLIPPED and float(
            angle_between(over, truth.pose.rotation)) < _NEAR
        apart = add_s if len(symmetries) > 1 else add
        # No point of a rigid body is farther off than the farthest corner of its convex hull.
        corners = self.corners
        return {
            'mssd': mssd(pose, truth.pose, corners, symmetries) / model.diameter,
            'mspd': mspd(pose, truth.pose, corners, truth.camera, symmetries)
            * _BOP_WIDTH / truth.camera.width,
            'right': float(
                apart(pose, truth.pose, model.points) < RIGHT * model.diameter),
            'flipped': float(flipped), 'rotation': float(np.degrees(off)),
            'translation': 1000.0 * float(
                np.linalg.norm(pose.translation - truth.pose.translation))}

    def figures(self) -> dict[str, Any]:
        """
        Give the figures of all pictures and, under ``by_visibility``, of thirds of them.

        ``auc800`` is the mean correct share over all thresholds of VSD, times 800, with the true
        translation and with the estimated one, ``auc800_linear`` the same with the linear cost;
        ``mssd`` and ``mspd`` are the mean shares over the BOP challenge's thresholds. ``add01d``
        is of ADD-S where the object has symmetries. Angles are in degrees, translations in
        millimetres; a figure of nothing is None.
        """
        return {**figures_of(self.rows), 'by_visibility': {
            name: figures_of([self.rows[number] for number in numbers])
            for name, numbers in by_visibility(self.rows).items()}}


def by_visibility(rows: Sequence[Row]) -> dict[str, list[int]]:
    """Return which rows are in each third of the visible share."""
    return {f'{low:g}-{high:g}': [
        number for number, row in enumerate(rows)
        if low <= row['visible'] < high or row['visible'] == high == 1.0] for low, high in BINS}


def figures_of(rows: Sequence[Row], name: str = 'estimated') -> dict[str, Any]:
    """Return the figures of rows; those that depend on the translation are under a name."""
    if not rows:
        return {'count': 0}
    columns = {column: np.array([row[column] for row in rows]) for column in rows[0]}

    def areas(ending: str) -> dict[str, float]:
        return {'true_translation': PICTURES * correct_share(columns['vsd_turned' + ending]),
                name: PICTURES * correct_share(columns['vsd' + ending])}

    return {
        'count': len(rows),
        'auc800': areas(''),
        'auc800_linear': areas('_linear'),
        'flip_rate': float(columns['flipped'].mean()),
        'add01d': {name: float(columns['right'].mean())},
        'mssd': {name: _mean_share(columns['mssd'], MSSD_THRESHOLDS)},
        'mspd': {name: _mean_share(columns['mspd'], MSPD_THRESHOLDS)},
        'box_iou': {'mean': float(columns['iou'].mean())},
        'rotation_deg': {'median': _median(columns['rotation'])},
        'translation_mm': {'median': _median(columns['translation'])},
        'found': float(np.isfinite(columns['rotation']).mean())}


def windowed(truth: Truth, corners: Floats, poses: Sequence[Pose]) -> Truth:
    """
    Leave of a picture what an object with these corners (N x 3) may show in at some poses.

    VSD is the same in it, and is had in an eighth of the time.
    """
    camera = truth.camera
    points = camera.project(np.concatenate([pose.moved(corners) for pose in poses]))
    if not np.isfinite(points).all():
        return truth
    size = np.array((camera.width, camera.height))
    low = np.clip(np.floor(points.min(axis=0)) - _MARGIN, 0, size - 1).astype(int)
    high = np.clip(np.ceil(points.max(axis=0)) + _MARGIN + 1, low + 1, size).astype(int)
    (x0, y0), (x1, y1) = low.tolist(), high.tolist()
    return replace(truth, depth=truth.depth[y0:y1, x0:x1], camera=PinholeCamera(
        x1 - x0, y1 - y0, camera.fx, camera.fy, camera.cx - x0, camera.cy - y0))


def _mean_share(errors: Floats, thresholds: Floats) -> float:
    """Return the share of errors below a threshold, on average over some of them."""
    return float((errors[:, None] < thresholds).mean())


def _median(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else None


def _half_turn(axis: Floats) -> Floats:
    """Return the rotation by half a turn about an axis (3, of length 1)."""
    return np.asarray(2.0 * np.outer(axis, axis) - np.eye(3))
