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

"""Draw poses on a copy of the picture."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from mtperception.geometry.camera import PinholeCamera
from mtperception.pose.detection import ObjectPose

BOX_COLOUR, TEXT_COLOUR = (60, 220, 255), (255, 255, 255)
# x, y and z, in the colours that everybody draws them in.
AXIS_COLOURS = ((60, 60, 255), (80, 220, 80), (255, 120, 60))
# Axes are this long, in sides of the box at the object's distance.
_LENGTH = 0.4
# OpenCV draws with this many fractional bits, so that marks show the sub-pixel position.
_SHIFT = 4


def draw_poses(image: npt.NDArray[np.uint8], poses: Sequence[ObjectPose],
               camera: PinholeCamera) -> npt.NDArray[np.uint8]:
    """
    Draw each object's box, its axes (x red, y green, z blue), its name and score in percent.

    ``image`` is uint8, H x W or H x W x 3 (BGR), without distortion, taken by ``camera``; the
    result is H x W x 3 (BGR).
    """
    drawn = np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), dtype=np.uint8) \
        if image.ndim == 2 else image.copy()
    # The best last, on top of the others.
    for pose in reversed(poses):
        x0, y0, x1, y1 = pose.box
        low, high = _point((x0, y0)), _point((x1, y1))
        cv2.rectangle(drawn, low, high, BOX_COLOUR, 1, cv2.LINE_AA, _SHIFT)
        side = max(x1 - x0, y1 - y0) * pose.translation[2] / camera.fx
        tips = pose.translation + _LENGTH * side * pose.rotation.T
        origin, *ends = camera.project(np.vstack((pose.translation, tips)))
        for end, colour in zip(ends, AXIS_COLOURS, strict=True):
            if np.isfinite((origin, end)).all():
                cv2.line(drawn, _point(origin), _point(end), colour, 2, cv2.LINE_AA, _SHIFT)
        words = f'{pose.label} {100 * pose.score:.0f}'
        for ink, thickness in (((0, 0, 0), 3), (TEXT_COLOUR, 1)):
            cv2.putText(drawn, words, (round(x0), round(y0) - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.45,
                        ink, thickness, cv2.LINE_AA)
    return drawn


def _point(pixel: npt.ArrayLike) -> tuple[int, int]:
    # What is far outside would not fit into the numbers that OpenCV draws with.
    x, y = np.clip(np.asarray(pixel, dtype=np.float64), -1e6, 1e6) * (1 << _SHIFT)
    return round(x), round(y)
