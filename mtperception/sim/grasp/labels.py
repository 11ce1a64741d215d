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

"""What a picture of parts on a bench is labelled with."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtperception.datasets.grasps import Box, GraspLabel
from mtperception.geometry.camera import Floats, PosedCamera


@dataclass(frozen=True)
class GraspObject:
    """
    A part in a picture.

    `rotation` (3 x 3) and `translation` (3, in metres) take points of the part's mesh to the
    camera's optical frame. `box` (x0, y0, x1, y1) in pixels bounds the whole part, hidden and
    outside parts included. `mask` (height x width, bool) is where the picture would show the part
    were it alone, `visible_mask` where it does. `visible` is the share of the whole silhouette
    that can be seen; what lies outside the picture counts as hidden. `grasps` are a few good ones,
    `others` samples of all further ways to grasp the part, right as well.
    """

    part: str
    rotation: Floats
    translation: Floats
    box: Box
    mask: NDArray[np.bool_]
    visible_mask: NDArray[np.bool_]
    visible: float
    grasps: tuple[GraspLabel, ...]
    others: tuple[GraspLabel, ...] = ()


@dataclass(frozen=True)
class Clutter:
    """A thing on the bench that is no part; its pose as a GraspObject's."""

    name: str
    rotation: Floats
    translation: Floats


@dataclass(frozen=True)
class GraspSample:
    """
    A picture of parts on a bench, uint8 in RGB (height x width x 3), and what is in it.

    `depth` is float32, in metres along the optical axis, infinite where nothing is. The bench is
    the plane z = 0 of the world that `view` stands in.
    """

    image: NDArray[np.uint8]
    depth: NDArray[np.float32]
    objects: tuple[GraspObject, ...]
    view: PosedCamera
    clutter: tuple[Clutter, ...] = ()

    @property
    def grasps(self) -> tuple[GraspLabel, ...]:
        """The grasps of all parts."""
        return tuple(grasp for part in self.objects for grasp in part.grasps)
