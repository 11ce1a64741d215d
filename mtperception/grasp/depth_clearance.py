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

"""Whether a gripper comes down freely, as far as a depth picture shows what is in its way."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import Floats, PinholeCamera
from mtperception.geometry.distortion import Distortion
from mtperception.geometry.gripper import GripperShape
from mtperception.grasp.detection import GraspPose

# What is seen is looked at in points that are about so far apart (metres): a finger is wider.
_APART = 0.002
# Depth is wrong by some millimetres, and now and then by any: what is less far above the fingers'
# tips is not in the way, nor are fewer points, or a smaller share of those where the fingers are.
_ABOVE, _POINTS, _SHARE = 0.004, 2, 0.05
# What reaches up further than this (metres) above fingers' tips is not looked for.
_TALL = 0.2


def comes_down_freely(
    poses: Sequence[GraspPose], depth: NDArray[np.float32], camera: PinholeCamera,
    lens: Distortion, gripper: GripperShape,
) -> NDArray[np.bool_]:
    """
    Tell for which of N poses nothing that is seen is where the open gripper comes down.

    `depth` (H x W) is of the camera's picture, metres along the optical axis, not finite or 0
    where nothing is known: what is not seen is not in the way. Whatever is seen reaches down to
    the bench. Between the fingers there is the part; under the fingers, from their tips up, and
    under the palm there must be nothing.
    """
    if not poses:
        return np.zeros(0, dtype=bool)
    focal = min(camera.fx, camera.fy)
    nearest = min(pose.position[2] for pose in poses)
    step = max(1, int(_APART * focal / nearest))
    points = _points(depth[::step, ::step], camera, lens, step)
    return np.array([
        _free(pose, _around(pose, points, camera, lens, gripper.reach, step), gripper)
        for pose in poses], dtype=bool)


def _free(pose: GraspPose, points: Floats, gripper: GripperShape) -> bool:
    approach, closing = np.array(pose.approach), np.array(pose.closing)
    away = points - pose.position
    above = -(away @ approach)
    along, across = abs(away @ closing), abs(away @ np.cross(approach, closing))
    half = min(pose.opening, gripper.max_opening) / 2
    at_fingers = (across <= gripper.finger_width / 2) \
        & (along >= half) & (along <= half + gripper.finger_thickness)
    hit = int((at_fingers & (above > _ABOVE)).sum())
    palm = (across <= gripper.palm_width / 2) & (along <= gripper.palm_length / 2) \
        & (above > gripper.finger_length)
    return hit < max(_POINTS, _SHARE * at_fingers.sum()) and int(palm.sum()) < _POINTS


def _points(depth: NDArray[np.float32], camera: PinholeCamera, lens: Distortion,
            step: int) -> Floats:
    """Return where what every so many pixels show is, in the optical frame, H x W x 3, or NaN."""
    rows, columns = np.mgrid[:depth.shape[0], :depth.shape[1]] * step
    rays = camera.rays(np.stack((columns.ravel(), rows.ravel()), axis=1).astype(np.float64))
    rays[:, :2] = lens.undistort(rays[:, :2])
    known = np.isfinite(depth) & (depth > 0.0)
    return np.asarray(rays.reshape(*depth.shape, 3)
                      * np.where(known, depth, np.nan)[:, :, None].astype(np.float64))


def _around(pose: GraspPose, points: Floats, camera: PinholeCamera, lens: Distortion,
            reach: float, step: int) -> Floats:
    """Take the points, H x W x 3, that may be within reach of a pose: N x 3."""
    x, y, z = pose.position
    # What is nearer to the camera than the position is seen further out.
    nearest = max(z - _TALL, 0.25 * z)
    ends = []
    for distance in (nearest, z):
        for sign in (-1.0, 1.0):
            ends.append(((x + sign * reach) / distance, (y + sign * reach) / distance))
    shown = lens.distort(np.array(ends)) * (camera.fx, camera.fy) + (camera.cx, camera.cy)
    first = np.clip(np.floor(shown.min(axis=0) / step), 0, None).astype(int)
    last = np.clip(np.ceil(shown.max(axis=0) / step), 0, None).astype(int)
    window = points[first[1]:last[1] + 1, first[0]:last[0] + 1].reshape(-1, 3)
    return np.asarray(window[np.isfinite(window[:, 2])])
