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
How far an estimated 6D pose is from the true one.

A pose is a rotation (3 x 3) and a translation (3, metres) that take points of the object's mesh
to the camera's optical frame. Points are N x 3 in the mesh's frame, in metres.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mtperception.geometry.camera import Floats, PinholeCamera
from mtperception.geometry.rotations import about_axis

# What VSD compares depth pictures by (metres): surfaces that are so much deeper than what the
# camera sees are hidden, and those that are nearer to each other than this are the same.
VISIBILITY_TOLERANCE, MISALIGNMENT_TOLERANCE = 0.015, 0.02
# Distances between so many points at once are computed by ADD-S.
_AT_ONCE = 512

Cost = Literal['step', 'linear']


class Pose(NamedTuple):
    """A rotation (3 x 3) and a translation (3, metres) to the optical frame."""

    rotation: Floats
    translation: Floats

    def moved(self, points: ArrayLike) -> Floats:
        """Take points, N x 3, to the optical frame."""
        xyz = np.asarray(points, dtype=np.float64).reshape(-1, 3)
        return np.asarray(xyz @ np.asarray(self.rotation).T + self.translation)


@dataclass(frozen=True)
class Symmetries:
    """
    Motions of an object after which it looks the same, the identity among them.

    ``rotations`` are S x 3 x 3 and ``translations`` S x 3 (metres), in the mesh's frame.
    """

    rotations: Floats
    translations: Floats

    def __len__(self) -> int:
        return len(self.rotations)

    @classmethod
    def none(cls) -> 'Symmetries':
        """Give those of an object that looks different from all sides."""
        return cls(np.eye(3)[None], np.zeros((1, 3)))

    @classmethod
    def of_axis(cls, axis: ArrayLike, through: ArrayLike, count: int) -> 'Symmetries':
        """
        Give those of an object that looks the same after each of ``count`` equal turns.

        The axis (3) goes through a point (3, metres). For a surface of revolution the count says
        how finely the circle is sampled.
        """
        if count < 1:
            raise ValueError(f'{count} turns of a circle; there must be one or more')
        point = np.asarray(through, dtype=np.float64)
        turns = np.stack([
            about_axis(axis, 2.0 * np.pi * step / count) for step in range(count)])
        return cls(turns, point - turns @ point)

    def images(self, points: ArrayLike) -> Floats:
        """Return where each motion takes points, N x 3: S x N x 3."""
        xyz = np.asarray(points, dtype=np.float64).reshape(-1, 3)
        return np.asarray(
            xyz @ np.swapaxes(self.rotations, 1, 2) + self.translations[:, None])


def vsd(
    estimated: ArrayLike, true: ArrayLike, seen: ArrayLike, camera: PinholeCamera, *,
    tolerance: float = VISIBILITY_TOLERANCE, misalignment: ArrayLike = MISALIGNMENT_TOLERANCE,
    cost: Cost = 'step',
) -> Floats:
    """
    Return the visible surface discrepancy, 0 to 1, for each misalignment tolerance (metres).

    ``estimated`` and ``true`` are depth pictures (H x W, metres along the optical axis) of the
    object alone at the two poses, ``seen`` is that of the whole scene; 0, infinity and NaN stand
    for nothing there. Where the scene's depth is not known, the object counts as visible. The
    step cost is 1 for a pixel that is misaligned by the tolerance or more and 0 otherwise, the
    linear one grows up to there. Where neither pose can be seen the result is 1.

    Hodan, Matas, Obdrzalek, "On evaluation of 6D object pose estimation", ECCVW 2016, in the form
    of the BOP challenge of 2019: distances from the optical centre are compared, not depths.
    """
    found, truth, scene = (_distances(depth, camera) for depth in (estimated, true, seen))
    unknown = scene == 0
    true_shown = (truth > 0) & (unknown | (truth - scene <= tolerance))
    # What the true pose shows the estimated one may show, too: the object does not hide itself.
    found_shown = (found > 0) & (unknown | (found - scene <= tolerance) | true_shown)
    either = np.count_nonzero(true_shown | found_shown)
    tolerances = np.asarray(misalignment, dtype=np.float64)
    if not either:
        return np.ones(tolerances.shape)
    both = true_shown & found_shown
    apart = np.abs(found[both] - truth[both])
    scaled = apart / tolerances[..., None]
    costs = scaled >= 1.0 if cost == 'step' else np.minimum(scaled, 1.0)
    alone = either - np.count_nonzero(both)
    return np.asarray((costs.sum(axis=-1) + alone) / either)


def _distances(depth: ArrayLike, camera: PinholeCamera) -> Floats:
    """Turn depths along the optical axis into distances from the optical centre, 0 for none."""
    z = np.asarray(depth, dtype=np.float64)
    height, width = z.shape
    x = (np.arange(width) - camera.cx) / camera.fx
    y = (np.arange(height) - camera.cy) / camera.fy
    z = np.where(np.isfinite(z), z, 0.0)
    return np.asarray(z * np.sqrt(1.0 + x**2 + y[:, None] ** 2))


def mssd(estimated: Pose, true: Pose, points: ArrayLike,
         symmetries: Symmetries | None = None) -> float:
    """
    Return the maximum symmetry-aware surface distance, in metres.

    It is the largest distance between a point of the surface at the two poses, under the symmetry
    that makes it smallest. Hodan et al., "BOP challenge 2020", section 2.2.
    """
    shifts = estimated.moved(points) - _true_images(true, points, symmetries)
    return float(np.linalg.norm(shifts, axis=-1).max(axis=-1).min())


def mspd(estimated: Pose, true: Pose, points: ArrayLike, camera: PinholeCamera,
         symmetries: Symmetries | None = None) -> float:
    """
    Return the maximum symmetry-aware projection distance, in pixels.

    As `mssd`, of where the points are seen; infinite where one is not before the camera.
    Hodan et al., "BOP challenge 2020", section 2.2.
    """
    images = _true_images(true, points, symmetries)
    seen = camera.project(estimated.moved(points))
    truly = camera.project(images.reshape(-1, 3)).reshape(*images.shape[:2], 2)
    shifts = np.linalg.norm(seen - truly, axis=-1)
    return float(np.where(np.isnan(shifts), np.inf, shifts).max(axis=-1).min())


def add(estimated: Pose, true: Pose, points: ArrayLike,
        symmetries: Symmetries | None = None) -> float:
    """
    Return the average distance between points of the model at the two poses, in metres.

    It is that under the symmetry that makes it smallest; `add_s` is smaller still.
    Hinterstoisser et al., "Model based training, detection and pose estimation of texture-less 3D
    objects in heavily cluttered scenes", ACCV 2012.
    """
    shifts = estimated.moved(points) - _true_images(true, points, symmetries)
    return float(np.linalg.norm(shifts, axis=-1).mean(axis=-1).min())


def add_s(estimated: Pose, true: Pose, points: ArrayLike) -> float:
    """
    Return the average distance of each point at the true pose from the nearest at the other.

    In metres; for symmetric objects. The same source as `add`.
    """
    found, truth = estimated.moved(points), true.moved(points)
    nearest = [
        np.linalg.norm(some[:, None] - found, axis=2).min(axis=1)
        for some in np.split(truth, range(_AT_ONCE, len(truth), _AT_ONCE))]
    return float(np.concatenate(nearest).mean())


def _true_images(true: Pose, points: ArrayLike, symmetries: Symmetries | None) -> Floats:
    """Return points at the true pose after each symmetric motion, S x N x 3."""
    images = (symmetries or Symmetries.none()).images(points)
    return np.asarray(images @ np.asarray(true.rotation).T + true.translation)


def correct_share(errors: ArrayLike) -> float:
    """
    Return the mean share of errors (0 to 1) below a threshold, over all thresholds from 0 to 1.

    Times 800 it is the area that the paper on joint detection reports for its 800 pictures; an
    estimate that is missing counts as an error of 1.
    """
    values = np.clip(np.asarray(errors, dtype=np.float64), 0.0, 1.0)
    return float(np.mean(1.0 - values)) if values.size else 0.0


def visible_points(depth: ArrayLike, camera: PinholeCamera,
                   mask: NDArray[np.bool_] | None = None) -> Floats:
    """Return the points (N x 3, metres, optical frame) that a depth picture shows in a mask."""
    z = np.asarray(depth, dtype=np.float64)
    known = np.isfinite(z) & (z > 0.0)
    if mask is not None:
        known &= mask
    rows, columns = np.nonzero(known)
    return np.asarray(camera.rays(np.column_stack((columns, rows))) * z[known][:, None])
