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

"""Draw grasps on a copy of the picture."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from mtperception.geometry.rectangle import corners
from mtperception.grasp.detection import Grasp, rows_of

OPENING_COLOUR, JAW_COLOUR, TEXT_COLOUR = (60, 220, 255), (60, 70, 255), (255, 255, 255)
# OpenCV draws with this many fractional bits, so that marks show the sub-pixel position.
_SHIFT = 4
_FONT, _SIZE = cv2.FONT_HERSHEY_SIMPLEX, 0.3


def draw_grasps(image: npt.NDArray[np.uint8],
                grasps: Sequence[Grasp]) -> npt.NDArray[np.uint8]:
    """
    Draw each grasp: thin lines along the opening, the fingers' thick, its score in percent.

    Before the score stands the shape, where one is told. Words that would cover those of a better
    grasp are left out.

    ``image`` is uint8, H x W or H x W x 3 (BGR); the result is H x W x 3 (BGR).
    """
    drawn = np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), dtype=np.uint8) \
        if image.ndim == 2 else image.copy()
    found = corners(rows_of(grasps))
    # The best last, on top of the others.
    for points in np.rint(found * (1 << _SHIFT)).astype(int)[::-1].tolist():
        for start, end in ((0, 1), (2, 3)):
            cv2.line(drawn, points[start], points[end], OPENING_COLOUR, 1, cv2.LINE_AA, _SHIFT)
        for start, end in ((1, 2), (3, 0)):
            cv2.line(drawn, points[start], points[end], JAW_COLOUR, 2, cv2.LINE_AA, _SHIFT)
    written: list[tuple[int, int, int, int]] = []
    for grasp, rectangle in zip(grasps, found, strict=True):
        words = ' '.join(filter(None, (grasp.shape, f'{100 * grasp.score:.0f}')))
        x, y = rectangle[rectangle[:, 0].argmax()].round().astype(int).tolist()
        (width, height), _ = cv2.getTextSize(words, _FONT, _SIZE, 2)
        box = x, y, x + width, y + height
        if any(box[0] < right and left < box[2] and box[1] < low and high < box[3]
               for left, high, right, low in written):
            continue
        written.append(box)
        for ink, thickness in (((0, 0, 0), 2), (TEXT_COLOUR, 1)):
            cv2.putText(drawn, words, (x + 2, y + 3), _FONT, _SIZE, ink, thickness, cv2.LINE_AA)
    return drawn
