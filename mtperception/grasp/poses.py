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
From rectangles in a picture to a gripper's poses in space.

A rectangle says where both fingers are seen, not how far away they are. That is known once the
plane is in which their tips close: level with the bench, so many metres from the camera.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mtperception.datasets.grasps import Vector
from mtperception.geometry.camera import Floats, PinholeCamera
from mtperception.geometry.distortion import Distortion
from mtperception.grasp.detection import Grasp, GraspPose, rows_of

# Where the fingers' tips close, unless told otherwise: so many metres below a part's surface, and
# so many from the bench at least, however low a part is.
TIP_DEPTH, CLEAR_OF_BENCH = 0.015, 0.001
# Depth is looked at in so many places along and across the middle of a rectangle: the share of
# the opening is what a thin part fills at least, beside which the fingers have their clearance.
_PLACES, _MIDDLE = 9, 1.0 / 3.0
# At least so much of it must be known.
_KNOWN = 1.0 / 3.0


def grasp_poses(
    grasps: Sequence[Grasp], camera: PinholeCamera, lens: Distortion, approach: ArrayLike,
    reach: ArrayLike,
) -> list[GraspPose | None]:
    """
    Return the poses, in the optical frame, of grasps in a camera's picture.

    The gripper comes along `approach`, a unit vector, and its tips close where points have the
    product `reach` with it, in metres: one number, or one for each grasp. There is no pose, but
    None, where that plane is not in front of the camera, or the reach is not finite.
    """
    rectangles = rows_of(grasps)
    direction = np.asarray(approach, dtype=np.float64)
    along = np.column_stack((np.cos(rectangles[:, 4]), -np.sin(rectangles[:, 4])))
    half = 0.5 * rectangles[:, 2:3] * along
    middles = rectangles[:, :2]
    with np.errstate(all='ignore'):  # what is not finite is no pose
        rays = _rays(camera, lens, middles)
        positions = rays * (np.asarray(reach) / (rays @ direction))[:, None]
        apart = (_rays(camera, lens, middles + half) - _rays(camera, lens, middles - half))[:, :2]
        fingers = _half_openings(positions, apart, direction)
        openings = 2.0 * np.linalg.norm(fingers, axis=1)
        closings = 2.0 * fingers / openings[:, None]
    usable = np.isfinite(closings).all(axis=1) & np.isfinite(openings) & (positions[:, 2] > 0.0)
    toward = _vector(direction)
    return [
        GraspPose(_vector(position), _vector(closing), toward, float(opening)) if good else None
        for position, closing, opening, good in zip(
            positions, closings, openings, usable, strict=True)]


def poses_by_depth(
    grasps: Sequence[Grasp], depth: NDArray[np.float32], camera: PinholeCamera, lens: Distortion,
    approach: ArrayLike, tip_depth: float, deepest: float = np.inf,
) -> list[GraspPose | None]:
    """
    Return the poses of grasps whose tips close so far below the part's surface (`surface_reach`).

    They go no further along `approach` than `deepest`, in metres; see `grasp_poses`.
    """
    reach = surface_reach(grasps, depth, camera, lens, approach) + tip_depth
    return grasp_poses(grasps, camera, lens, approach, np.minimum(reach, deepest))


def surface_reach(
    grasps: Sequence[Grasp], depth: NDArray[np.float32], camera: PinholeCamera, lens: Distortion,
    approach: ArrayLike,
) -> Floats:
    """
    Return how far along `approach` the part's surface between the fingers is, for each grasp.

    `depth` (H x W) is the picture's, metres along the optical axis, not finite where nothing is
    known; the surface is at its median around the middle of a rectangle. NaN where too little is
    known there.
    """
    rectangles = rows_of(grasps)
    cosine, sine = np.cos(rectangles[:, 4, None]), np.sin(rectangles[:, 4, None])
    steps = np.linspace(-0.5, 0.5, _PLACES)
    across, down = (offsets.ravel() for offsets in np.meshgrid(_MIDDLE * steps, steps))
    x, y = across * rectangles[:, 2:3], down * rectangles[:, 3:4]
    columns = np.rint(rectangles[:, 0:1] + x * cosine + y * sine)
    rows = np.rint(rectangles[:, 1:2] - x * sine + y * cosine)
    height, width = depth.shape
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    found = np.full(columns.shape, np.nan)
    found[inside] = depth[rows[inside].astype(np.intp), columns[inside].astype(np.intp)]
    found[~(np.isfinite(found) & (found > 0.0))] = np.nan
    enough = np.isfinite(found).mean(axis=1) >= _KNOWN
    median = np.full(len(rectangles), np.nan)
    median[enough] = np.nanmedian(found[enough], axis=1)
    with np.errstate(all='ignore'):
        rays = _rays(camera, lens, rectangles[:, :2])
    return np.asarray(median * (rays @ np.asarray(approach, dtype=np.float64)))


def _half_openings(positions: Floats, apart: Floats, approach: Floats) -> Floats:
    """
    Return the vectors (N x 3, metres, square to `approach`) from the middles to one finger.

    `apart` (N x 2) is from where one finger is seen to where the other is, on the plane z = 1.
    With P the middle and u the vector, that is 2 (u_xy P_z - P_xy u_z) / (P_z^2 - u_z^2): linear
    in u but for the denominator, which only changes its length.
    """
    one = np.cross(approach, np.eye(3)[np.argmin(np.abs(approach))])
    one /= np.linalg.norm(one)
    plane = np.stack((one, np.cross(approach, one)))
    z = positions[:, 2]
    # How each of the plane's axes moves what is seen, N x 2 axes x 2.
    moves = plane[None, :, :2] * z[:, None, None] - plane[None, :, 2:] * positions[:, None, :2]
    (a, b), (c, d) = moves[:, 0].T, moves[:, 1].T
    shares = np.stack(
        (d * apart[:, 0] - c * apart[:, 1], a * apart[:, 1] - b * apart[:, 0]), axis=1)
    unscaled = (shares / (a * d - b * c)[:, None]) @ plane
    length = z * z / (1.0 + np.sqrt(1.0 + (unscaled[:, 2] * z) ** 2))
    return np.asarray(unscaled * length[:, None])


def _rays(camera: PinholeCamera, lens: Distortion, pixels: Floats) -> Floats:
    shown = camera.rays(pixels)
    shown[:, :2] = lens.undistort(shown[:, :2])
    return shown


def _vector(values: Floats) -> Vector:
    x, y, z = values.tolist()
    return x, y, z
