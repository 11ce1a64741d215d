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

"""Silhouettes of a pose: how they lie over the mask that the encoder tells, and put there."""

from collections.abc import Sequence
import math
import time

import cv2
import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import Floats, PinholeCamera
from mtperception.geometry.pose_errors import Pose
from mtperception.geometry.rotations import allocentric
from mtperception.pose.depth_refinement import Hypothesis, Refined
from mtperception.pose.detection import Box
from mtperception.pose.placing import between, Crop, pose_of, seen_at, Sighting
from mtperception.pose.surface import Surface

Mask = NDArray[np.float32]

_STEPS = 2
# How much the codebook's likeness counts beside that of the masks.
LIKENESS_WEIGHT = 1.0
# A step changes the distance by no more than this factor: masks may be of something else.
_FARTHER = 1.3
# Points are put into so many cells to a pixel, and holes between them are narrower than this.
_CELLS = 3
_AROUND = np.ones((3, 3), np.uint8)
_BESIDE = np.array([(0, 1, 0), (1, 1, 1), (0, 1, 0)], np.uint8)


def silhouette(surface: Surface, pose: Pose, camera: PinholeCamera, crop: Crop,
               size: int) -> Mask:
    """Return how much of each of size x size pixels of a crop an object covers, 0 to 1."""
    there = pose.moved(surface.points)
    if (there[:, 2] <= 0).any():
        return np.zeros((size, size), np.float32)
    cells = _CELLS * size
    matrix = crop.to_pixels(cells)
    places = np.rint(camera.project(there) @ matrix[:, :2].T + matrix[:, 2])
    inside = ((places >= 0) & (places < cells)).all(axis=1)
    column, row = places[inside].astype(np.intp).T
    hit = np.zeros((cells, cells), np.uint8)
    hit[row, column] = 1
    closed = cv2.morphologyEx(hit, cv2.MORPH_CLOSE, _AROUND)
    # The outermost cells are covered by a half, on the average.
    covered = (closed + cv2.erode(closed, _BESIDE)).astype(np.float32) / 2
    return np.asarray(cv2.resize(covered, (size, size), interpolation=cv2.INTER_AREA))


def aligned(pose: Pose, mask: Mask, crop: Crop, surface: Surface, camera: PinholeCamera) -> Pose:
    """
    Move a pose until its silhouette has the area and the middle of a mask.

    ``mask`` (S x S, 0 to 1) is how likely each of a crop's pixels shows the object, hidden or not.
    What the object looks like stays: the allocentric rotation does. All pixels tell the area, so
    it tells the distance better than the few at the edges of a box.
    """
    size = len(mask)
    looks = allocentric(pose.rotation, pose.translation)
    into = crop.to_pixels(size)
    for _ in range(_STEPS):
        drawn = silhouette(surface, pose, camera, crop, size)
        if not drawn.any() or mask.sum() < 1.0:
            return pose
        farther = float(np.clip(np.sqrt(drawn.sum() / mask.sum()), 1 / _FARTHER, _FARTHER))
        (origin,) = camera.project(pose.translation[None]) @ into[:, :2].T + into[:, 2]
        origin = _middle(mask) - (_middle(drawn) - origin) / farther
        x, y = (origin - into[:, 2]) / into[0, 0]
        pose = pose_of(
            looks, Sighting(float(x), float(y), pose.translation[2] * farther), camera)
    return pose


def refine_by_mask(hypotheses: Sequence[Hypothesis], mask: Mask, crop: Crop, surface: Surface,
                   camera: PinholeCamera, deadline: float = math.inf) -> Refined | None:
    """
    Return the hypothesis whose silhouette, put over a mask (see `aligned`), is most like it.

    Its place is half way between its own and that over the mask: each errs, but not alike. After
    the ``deadline``, a time of `time.monotonic`, no further ones are tried.
    """
    best, found = 0.0, None
    for pose, likeness in hypotheses:
        if found is not None and time.monotonic() > deadline:
            break
        moved = aligned(pose, mask, crop, surface, camera)
        shared = alike(silhouette(surface, moved, camera, crop, len(mask)), mask)
        score = shared + LIKENESS_WEIGHT * likeness
        if found is None or score > best:
            best, found = score, Refined(halfway(pose, moved, camera), shared, likeness, False)
    return found


def over_box(pose: Pose, box: Box, surface: Surface, camera: PinholeCamera) -> Pose:
    """
    Move a pose until the object's box has the middle and the diagonal of another, about.

    What the object looks like stays, as in `aligned`.
    """
    own = surface.box(pose, camera)
    if own is None:
        return pose
    low, high = np.array(box).reshape(2, 2)
    own_low, own_high = np.array(own).reshape(2, 2)
    farther = float(np.linalg.norm(own_high - own_low) / np.linalg.norm(high - low))
    origin = seen_at(pose, camera)
    x, y = (low + high) / 2 - ((own_low + own_high) / 2 - origin[:2]) / farther
    return pose_of(allocentric(pose.rotation, pose.translation),
                   Sighting(float(x), float(y), origin.depth * farther), camera)


def halfway(one: Pose, other: Pose, camera: PinholeCamera) -> Pose:
    """Return a pose that looks like the second, at a place between both."""
    looks = allocentric(other.rotation, other.translation)
    return pose_of(looks, between(seen_at(one, camera), seen_at(other, camera)), camera)


def alike(drawn: Mask, mask: Mask) -> float:
    """Return what two masks share of all that either covers, 0 to 1."""
    return float(np.minimum(drawn, mask).sum() / max(np.maximum(drawn, mask).sum(), 1e-9))


def _middle(mask: Mask) -> Floats:
    """Return the middle (x, y) of what a mask covers, in its pixels."""
    places = np.arange(len(mask))
    x, y = (float(mask.sum(axis=axis) @ places) for axis in (0, 1))
    return np.array((x, y)) / float(mask.sum())
