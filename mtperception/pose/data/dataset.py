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

"""Pictures with the objects in them, as training and evaluation know them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtperception.datasets.pictures import LabelledPictures
from mtperception.geometry.camera import Floats, PinholeCamera

# The detector takes no smaller pictures.
LEAST_SIDE = 64

Box = tuple[float, float, float, float]
Row = tuple[float, float, float]


@dataclass(frozen=True)
class LabelledPose:
    """
    An object in a picture.

    ``rows`` are those of its rotation, ``place`` its translation in metres, both to the optical
    frame of ``camera``. ``box`` (x0, y0, x1, y1, pixel edges) bounds the whole silhouette,
    ``visible`` is the share of it that can be seen. The files hold its masks, and the object alone
    on black in a square window around its box; ``measured_depth`` reads the whole picture's depth
    (H x W, metres, 0 where nothing was measured) and raises DatasetError where there is none.
    """

    rows: tuple[Row, Row, Row]
    place: Row
    box: Box
    visible: float
    camera: PinholeCamera
    mask: Path = field(repr=False, compare=False)
    visible_mask: Path = field(repr=False, compare=False)
    alone: Path = field(repr=False, compare=False)
    measured_depth: Callable[[], NDArray[np.float32]] = field(repr=False, compare=False)

    @property
    def rotation(self) -> Floats:
        """The rotation to the optical frame, 3 x 3."""
        return np.array(self.rows)

    @property
    def translation(self) -> Floats:
        """The translation to the optical frame, 3, in metres."""
        return np.array(self.place)


@dataclass(frozen=True)
class PosePictures(LabelledPictures[tuple[LabelledPose, ...]]):
    """Labelled pictures in RGB, H x W x 3; each label is of one object, whose name is ``name``."""

    name: str = ''
