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

"""Grasps as labels tell them, each checked as it is read."""

import numpy as np

from mtperception.datasets.errors import DatasetError
from mtperception.datasets.grasps import GraspLabel
from mtperception.geometry.camera import Floats
from mtperception.geometry.rectangle import corners, half_turn

# Labelled by hand, corners may be off by this share of the longer side.
_SKEW = 0.25


def checked(grasp: GraspLabel) -> GraspLabel:
    """Return a grasp that makes sense; raise DatasetError where it does not."""
    if not np.isfinite(grasp.rectangle).all():
        raise DatasetError('a number that is not finite')
    if grasp.opening <= 0.0 or grasp.jaw <= 0.0:
        raise DatasetError(f'a grasp of {grasp.opening:g} x {grasp.jaw:g} pixels')
    if not -np.pi / 2 < grasp.theta <= np.pi / 2:
        raise DatasetError(f'a grasp at {grasp.theta:g} rad: angles are in (-pi/2, pi/2]')
    return grasp


def grasp_from_corners(points: Floats) -> GraspLabel:
    """
    Return the grasp whose corners, 4 x 2 in pixels, are in order around it.

    The first two are the ends of a side along the opening.
    """
    x, y = points.mean(axis=0)
    along = (points[1] - points[0] + points[2] - points[3]) / 2.0
    across = (points[2] - points[1] + points[3] - points[0]) / 2.0
    grasp = checked(GraspLabel(
        float(x), float(y), float(np.linalg.norm(along)), float(np.linalg.norm(across)),
        float(half_turn(np.arctan2(-along[1], along[0])))))
    apart = np.linalg.norm(corners(grasp.rectangle)[0][:, None] - points[None], axis=2)
    if apart.min(axis=1).max() > _SKEW * max(grasp.opening, grasp.jaw):
        raise DatasetError('four corners that make no rectangle')
    return grasp
