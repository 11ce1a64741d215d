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

"""Labels drawn on pictures, and many pictures on one sheet, so that a person can check them."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from mtperception.datasets.grasps import GraspLabel
from mtperception.geometry.camera import Floats, PinholeCamera
from mtperception.geometry.rectangle import corners
from mtperception.sim.pin.labels import PinLabel

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]

GREEN, RED, BLUE, YELLOW = (60, 230, 80), (255, 70, 60), (70, 140, 255), (255, 220, 50)
CYAN, GREY = (60, 220, 230), (150, 150, 150)
_PARTS = (GREEN, YELLOW, CYAN, (255, 120, 220), (255, 160, 60), (170, 130, 255))
# OpenCV draws with this many fractional bits, so that marks show the sub-pixel position.
_SHIFT = 4
_TITLE = 16
_FONT = cv2.FONT_HERSHEY_SIMPLEX, 0.4
_HEIGHT = 10  # pixels of a capital letter


class Canvas:
    """
    A copy of a picture (RGB), or of a part of it, to be drawn on in the picture's own pixels.

    It is made `width` pixels wide. The window (x0, y0, width, height) is in whole pixels inside
    the picture.
    """

    def __init__(
        self, picture: Image, width: int, window: tuple[int, int, int, int] | None = None,
    ) -> None:
        self._left, self._up, wide, high = window or (0, 0, picture.shape[1], picture.shape[0])
        self._inside = np.s_[self._up:self._up + high, self._left:self._left + wide]
        self.scale = width / wide
        self._size = (width, round(high * self.scale))
        self._enlarged = np.array((self.scale, self._size[1] / high))
        smooth = cv2.INTER_AREA if self.scale < 1.0 else cv2.INTER_LINEAR
        self.image: Image = np.ascontiguousarray(
            cv2.resize(picture[self._inside], self._size, interpolation=smooth), dtype=np.uint8)

    def lines(
        self, points: ArrayLike, colour: Colour, thickness: int = 1, closed: bool = False,
    ) -> None:
        """Draw a line through points, N x 2."""
        cv2.polylines(
            self.image, [self._fixed(points)], closed, colour, thickness, cv2.LINE_AA, _SHIFT)

    def circle(self, x: float, y: float, diameter: float, colour: Colour) -> None:
        """Draw a circle around a point."""
        (centre,) = self._fixed([(x, y)])
        radius = round(diameter / 2 * self.scale * (1 << _SHIFT))
        cv2.circle(self.image, centre.tolist(), radius, colour, 1, cv2.LINE_AA, _SHIFT)

    def box(self, box: Sequence[float], colour: Colour) -> None:
        """Draw a box, x0, y0, x1, y1."""
        x0, y0, x1, y1 = box
        self.lines([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], colour, closed=True)

    def outline(self, mask: NDArray[np.bool_], colour: Colour) -> None:
        """Draw the outline of a mask that is as large as the picture."""
        inside = mask[self._inside].astype(np.uint8)
        self._trace(cv2.resize(inside, self._size, interpolation=cv2.INTER_NEAREST), colour)

    def silhouette(self, triangles: Floats, colour: Colour) -> None:
        """Draw the outline of triangles together, T x 3 x 2."""
        filled = np.zeros(self.image.shape[:2], dtype=np.uint8)
        for triangle in self._fixed(triangles).reshape(-1, 3, 2):
            cv2.fillConvexPoly(filled, triangle, 1, cv2.LINE_8, _SHIFT)
        self._trace(filled, colour)

    def _trace(self, mask: Image, colour: Colour) -> None:
        outlines, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.polylines(self.image, outlines, True, colour, 1, cv2.LINE_AA)

    def text(self, x: float, y: float, words: str, colour: Colour) -> None:
        """Write at a point, or beside it where the words would leave the picture."""
        (place,) = self._fixed([(x, y)]) >> _SHIFT
        left = min(int(place[0]), self._size[0] - _length(words))
        _write(self.image, (max(left, 0), max(int(place[1]), _HEIGHT)), words, colour)

    def _fixed(self, points: ArrayLike) -> NDArray[np.int32]:
        # The middle of the first pixel is at 0 here and there.
        first = np.asarray(points, dtype=np.float64).reshape(-1, 2) - (self._left, self._up)
        place = (first + 0.5) * self._enlarged - 0.5
        return np.asarray(np.rint(place.clip(-1e4, 1e4) * (1 << _SHIFT)), dtype=np.int32)


def _length(words: str) -> int:
    (length, _), _ = cv2.getTextSize(words, *_FONT, 1)
    return int(length) + 2


def _write(image: Image, place: Sequence[int], words: str, colour: Colour) -> None:
    for ink, shift in (((0, 0, 0), 1), (colour, 0)):
        cv2.putText(
            image, words, (place[0] + shift, place[1] + shift), *_FONT, ink, 1, cv2.LINE_AA)


def draw_pins(canvas: Canvas, pins: Sequence[PinLabel]) -> None:
    """Mark pins: centre, circle, box and visible share; those that are hardly seen in red."""
    for pin in pins:
        colour = GREEN if pin.visible > 0.5 else RED
        arm = 4.0 / canvas.scale
        canvas.lines([(pin.x - arm, pin.y), (pin.x + arm, pin.y)], colour)
        canvas.lines([(pin.x, pin.y - arm), (pin.x, pin.y + arm)], colour)
        canvas.circle(pin.x, pin.y, pin.diameter, colour)
        canvas.box(pin.box, BLUE)
        canvas.text(pin.box[2] + 2, pin.box[1], f'{pin.visible:.0%}', colour)


def draw_grasps(canvas: Canvas, grasps: Sequence[GraspLabel]) -> None:
    """Draw rectangles: the sides along the opening thin, the fingers thick and red."""
    for grasp in grasps:
        corner = corners(grasp.rectangle)[0]
        for start, end in ((0, 1), (2, 3)):
            canvas.lines(corner[[start, end]], YELLOW)
        for start, end in ((1, 2), (3, 0)):
            canvas.lines(corner[[start, end]], RED, 2)


def draw_object(
    canvas: Canvas, name: str, number: int, box: Sequence[float], visible: float,
    mask: NDArray[np.bool_] | None,
) -> None:
    """Draw a thing's box, the outline of what is seen of it, its name and its visible share."""
    colour = _PARTS[number % len(_PARTS)]
    if mask is not None:
        canvas.outline(mask, colour)
    canvas.box(box, GREY)
    canvas.text(box[0], box[1] - 3 / canvas.scale, f'{name} {visible:.0%}', colour)


def draw_axes(
    canvas: Canvas, camera: PinholeCamera, rotation: Floats, translation: Floats, length: float,
) -> None:
    """Draw the axes of a pose in the optical frame, red, green and blue, so many metres long."""
    tips = np.vstack((np.zeros(3), length * np.eye(3))) @ rotation.T + translation
    points = camera.project(tips)
    if np.isfinite(points).all():
        for tip, colour in zip(points[1:], (RED, GREEN, BLUE), strict=True):
            canvas.lines([points[0], tip], colour, 2)


def draw_silhouette(
    canvas: Canvas, camera: PinholeCamera, corner_points: Floats, colour: Colour = CYAN,
) -> None:
    """Draw the outline of a mesh by its triangles' corners, T x 3 x 3 in the optical frame."""
    points = camera.project(corner_points.reshape(-1, 3)).reshape(-1, 3, 2)
    canvas.silhouette(points[np.isfinite(points).all(axis=(1, 2))], colour)


def contact_sheet(pictures: Sequence[Image], titles: Sequence[str], columns: int) -> Image:
    """Lay pictures of one width (RGB) out in rows, each under its title."""
    high = max(picture.shape[0] for picture in pictures) + _TITLE
    wide = pictures[0].shape[1]
    rows = -(-len(pictures) // columns)
    sheet = np.zeros((rows * high, min(columns, len(pictures)) * wide, 3), dtype=np.uint8)
    for index, (picture, title) in enumerate(zip(pictures, titles, strict=True)):
        y, x = index // columns * high, index % columns * wide
        sheet[y + _TITLE:y + _TITLE + picture.shape[0], x:x + wide] = picture
        while _length(title) > wide - 3:
            title = title[:-1]
        _write(sheet, (x + 3, y + _TITLE - 4), title, (230, 230, 230))
    return sheet
