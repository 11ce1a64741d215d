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
Poses refined by a depth picture.

Of the poses that an object in a box may have, each is moved until its surface lies in the measured
points, and the one that explains the depth picture best is the answer. How well it does so tells
right poses from wrong ones.
"""

from collections.abc import Sequence
import math
import time
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from mtperception.geometry.camera import Floats, PinholeCamera
from mtperception.geometry.pose_errors import Pose, visible_points
from mtperception.pose.icp import icp
from mtperception.pose.placing import Crop
from mtperception.pose.surface import agreement, Surface

# Hypotheses: so many, so far apart (radians).
HYPOTHESES, APART = 8, float(np.radians(15.0))
# Points of the scene that are enough, and those that are too few.
_MOST, _FEWEST = 500, 30
# What is likelier than this to be seen of the object is; where that is too little, than that.
_SEEN, _PERHAPS_SEEN = 0.5, 0.25
# Points farther from the median depth than so many diameters are of something else.
_NEAR = 0.55
# Points of scene and surface are seen in the same place within so many pixels.
_BESIDE = 4.0
_DEPTH_STEPS = 2
# Looks tell the distance well within this factor.
_FARTHEST = 2.0
_NOWHERE = -1e9
# How much looking alike counts beside agreeing with the depth picture.
LIKENESS_WEIGHT = 0.3


class Hypothesis(NamedTuple):
    """A pose that an object may have, and how alike the codebook's view is, -1 to 1."""

    pose: Pose
    likeness: float


class Refined(NamedTuple):
    """
    A pose, how well it explains what is seen, 0 to 1, and the likeness of its hypothesis.

    ``by_depth`` tells whether that was seen in a depth picture.
    """

    pose: Pose
    agreement: float
    likeness: float
    by_depth: bool


def refine(hypotheses: Sequence[Hypothesis], surface: Surface, scene: Floats,
           depth: NDArray[np.float32], camera: PinholeCamera,
           deadline: float = math.inf) -> Refined | None:
    """
    Return the best hypothesis, refined by points of a scene (M x 3) and its whole depth picture.

    It is tried turned over, too. None where there are too few points to tell, or no hypothesis
    agrees with them at all. After the ``deadline``, a time of `time.monotonic`, no further ones
    are tried.
    """
    if len(scene) < _FEWEST:
        return None

    def best_of(some: Sequence[Hypothesis], best: Refined | None) -> Refined | None:
        for pose, likeness in some:
            if best is not None and time.monotonic() > deadline:
                break
            moved = icp(at_depth(pose, scene, surface, camera), scene, surface, camera)
            agreed = agreement(surface, moved, scene, depth, camera)
            tried = Refined(moved, agreed, likeness, True)
            if agreed > 0.0 and (best is None or _worth(tried) > _worth(best)):
                best = tried
        return best

    best = best_of(hypotheses, None)
    if best is None:
        return None
    return best_of(
        [Hypothesis(pose, best.likeness) for pose in surface.turned_over(best.pose)], best)


def _worth(refined: Refined) -> float:
    return refined.agreement + LIKENESS_WEIGHT * refined.likeness


def at_depth(pose: Pose, scene: Floats, surface: Surface, camera: PinholeCamera) -> Pose:
    """
    Move a pose along its line of sight until its visible surface is as deep as the scene.

    They are compared where both are seen: of a long object that points at the camera, or is half
    hidden, the middle of the one is not the middle of the other. Depth that has it many times as
    far or as near as its looks say is of something else, or in other units: the pose stays.
    """
    seen = surface.points[surface.seen(pose, camera)]
    if not len(seen) or not len(scene):
        return pose
    tree = cKDTree(camera.project(scene))
    moved = pose
    for _ in range(_DEPTH_STEPS):
        there = moved.moved(seen)
        pixels = camera.project(there)
        # Points that come to lie behind the camera are seen nowhere.
        away, number = tree.query(np.where(np.isfinite(pixels), pixels, _NOWHERE),
                                  distance_upper_bound=_BESIDE)
        beside = np.isfinite(away)
        if beside.sum() >= _FEWEST:
            deeper = np.median(scene[number[beside], 2] - there[beside, 2])
        else:
            deeper = np.median(scene[:, 2]) - np.median(there[:, 2])
        farther = 1.0 + deeper / moved.translation[2]
        place = moved.translation * farther
        if not 1 / _FARTHEST < place[2] / pose.translation[2] < _FARTHEST:
            return pose
        moved = Pose(pose.rotation, place)
    return moved


def scene_points(mask: NDArray[np.float32], crop: Crop, depth: NDArray[np.float32],
                 camera: PinholeCamera, diameter: float) -> Floats:
    """
    Return points of a depth picture that are likely the object's, at most 500: M x 3, metres.

    ``mask`` (S x S) are the likelihoods, 0 to 1, that a crop's pixels show it.
    """
    into = crop.to_pixels(len(mask))
    likely = cv2.warpAffine(mask, into, (camera.width, camera.height),
                            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    points = visible_points(depth, camera, likely > _SEEN)
    if len(points) < _FEWEST:
        points = visible_points(depth, camera, likely > _PERHAPS_SEEN)
    if not len(points):
        return points
    points = points[np.abs(points[:, 2] - np.median(points[:, 2])) < _NEAR * diameter]
    if len(points) > _MOST:
        # The same picture always gives the same points.
        points = points[np.random.default_rng(0).choice(len(points), _MOST, replace=False)]
    return points
