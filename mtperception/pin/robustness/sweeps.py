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
Sweeps of what makes pins hard to find: each makes a labelled picture worse by a known amount.

The labels stay exact. Where a sweep says nothing about a pin any more, as it is cut by the border
of what is left of the picture, the pin becomes one that is neither hit nor miss (visible is 0).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
import math
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from mtperception.pin.data.dataset import LabelledPin

Image = npt.NDArray[np.uint8]

# Of other pins in a picture of the size sweep only those count that are as large to this factor.
SAME_SIZE = 1.2
# A pin this visible is whole before the occlusion sweep hides a share of it.
WHOLE = 0.95
# The opaque patch reaches this far, in radii of the pin, from its centre.
PATCH_REACH = 1.15


class Frame(NamedTuple):
    """A grey picture and its pins."""

    image: Image
    pins: Sequence[LabelledPin]


@dataclass(frozen=True)
class Sweep:
    """
    A way to make pictures worse, and the values to try.

    ``apply`` gives the frame at a value, or None where the picture cannot show it; ``neutral`` is
    the value at which a picture is as it was, or as good. ``unit`` says what values are.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    neutral: float
    apply: Callable[[Frame, float, np.random.Generator], Frame | None]


def blurred(frame: Frame, sigma: float, rng: np.random.Generator) -> Frame:
    """Blur with a Gaussian of this standard deviation in pixels."""
    if sigma == 0:
        return frame
    return Frame(np.asarray(cv2.GaussianBlur(frame.image, (0, 0), sigma), np.uint8), frame.pins)


def noisy(frame: Frame, deviation: float, rng: np.random.Generator) -> Frame:
    """Add white noise of this standard deviation in grey levels (of 255)."""
    noise = rng.standard_normal(frame.image.shape, np.float32)
    return Frame(_bytes(frame.image + np.float32(deviation) * noise), frame.pins)


def exposed(frame: Frame, stops: float, rng: np.random.Generator) -> Frame:
    """Multiply the light by 2 to the power of so many stops; what is too bright is cut off."""
    return Frame(_bytes(frame.image * np.float32(2.0**stops)), frame.pins)


def rotated(frame: Frame, degrees: float, rng: np.random.Generator) -> Frame:
    """
    Turn about the picture's centre, counter-clockwise as seen on the screen.

    What is left is the central square that lies within the turned picture at every angle.
    """
    height, width = frame.image.shape
    side = math.floor(min(width, height) / math.sqrt(2)) - 2
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    turn[:, 2] += (side - 1) / 2 - np.array([width - 1, height - 1]) / 2
    image = np.asarray(cv2.warpAffine(frame.image, turn, (side, side), flags=cv2.INTER_CUBIC,
                                      borderMode=cv2.BORDER_REPLICATE), np.uint8)
    pins = []
    for pin in frame.pins:
        left, top, right, bottom = pin.box
        x, y = (turn @ (pin.x, pin.y, 1)).tolist()
        corners = turn @ np.array([[left, right, right, left], [top, top, bottom, bottom],
                                   [1, 1, 1, 1]])
        box = (*corners.min(axis=1).tolist(), *corners.max(axis=1).tolist())
        pins.append(replace(pin, x=x, y=y, box=box))
    return Frame(image, _whole(pins, side, side))


def resized(frame: Frame, diameter: float, rng: np.random.Generator) -> Frame | None:
    """
    Scale the picture so that a pin has this diameter in pixels; None where none counts.

    That pin is the one whose diameter is nearest already. The picture stays within its size: an
    enlarged one is cut, the pin keeping its place in it and staying whole. Pins much larger or
    smaller than asked for do not count.
    """
    height, width = frame.image.shape
    counted = [pin for pin in frame.pins if pin.counts(width, height)]
    if not counted:
        return None
    chosen = min(counted, key=lambda pin: abs(math.log(pin.diameter / diameter)))
    scale = diameter / chosen.diameter
    wide, high = (min(side, max(1, math.floor(side / scale))) for side in (width, height))
    left = _cut_start(chosen.x, chosen.diameter, width, wide)
    top = _cut_start(chosen.y, chosen.diameter, height, high)
    size = max(1, round(wide * scale)), max(1, round(high * scale))
    image = np.asarray(cv2.resize(
        frame.image[top:top + high, left:left + wide], size,
        interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC), np.uint8)
    # The scales along x and y differ by the rounding to whole pixels.
    across, down = size[0] / wide, size[1] / high
    pins = []
    for pin in frame.pins:
        new = pin.diameter * math.sqrt(across * down)
        x0, x1, x = ((value - left + 0.5) * across - 0.5
                     for value in (pin.box[0], pin.box[2], pin.x))
        y0, y1, y = ((value - top + 0.5) * down - 0.5
                     for value in (pin.box[1], pin.box[3], pin.y))
        alike = max(new / diameter, diameter / new) <= SAME_SIZE
        pins.append(LabelledPin(x, y, new, (x0, y0, x1, y1),
                                pin.visible if alike and pin.counts(width, height) else 0.0))
    return Frame(image, _whole(pins, *size))


def _cut_start(centre: float, diameter: float, whole: int, length: int) -> int:
    """Begin a cut of this length so that a pin keeps its relative place, but is not cut itself."""
    start = round(centre * (1 - length / whole))
    start = max(start, math.ceil(centre + diameter / 2 + 1 - length))
    start = min(start, math.floor(centre - diameter / 2))
    return min(max(start, 0), whole - length)


def hidden(frame: Frame, share: float, rng: np.random.Generator) -> Frame:
    """
    Cover this share of the circle of each pin by an opaque grey patch from a random side.

    Pins that something hides already do not count; those that are covered do, whatever the share.
    """
    image = frame.image.copy()
    height, width = image.shape
    pins = []
    for pin in frame.pins:
        angle, grey = rng.uniform(0, 2 * math.pi), int(rng.integers(0, 256))
        if not pin.counts(width, height) or pin.visible < WHOLE:
            pins.append(replace(pin, visible=0.0))
            continue
        pins.append(pin)
        if share > 0:
            _cover(image, pin, share, angle, grey)
    return Frame(image, _whole(pins, width, height))


def _cover(image: Image, pin: LabelledPin, share: float, angle: float, grey: int) -> None:
    """Draw the patch, its edges where they are to a fraction of a pixel."""
    radius = pin.diameter / 2
    reach = PATCH_REACH * radius
    around = math.ceil(2 * reach)
    top, left = (max(0, round(centre) - around) for centre in (pin.y, pin.x))
    part = image[top:round(pin.y) + around + 1, left:round(pin.x) + around + 1]
    rows, columns = np.mgrid[top:top + part.shape[0], left:left + part.shape[1]]
    x, y = columns - pin.x, rows - pin.y
    along = x * math.cos(angle) + y * math.sin(angle)
    across = y * math.cos(angle) - x * math.sin(angle)
    inside = np.minimum(along - chord_distance(share) * radius, reach - along)
    covered = np.clip(np.minimum(inside, reach - np.abs(across)) + 0.5, 0, 1)
    part[:] = np.rint(part + covered * (grey - part.astype(float)))


def chord_distance(share: float) -> float:
    """Give how far from the centre a chord cuts this share off a circle of radius 1, signed."""
    distance = np.linspace(1, -1, 2001)
    cut_off = (np.arccos(distance) - distance * np.sqrt(1 - distance**2)) / math.pi
    return float(np.interp(share, cut_off, distance))


SWEEPS = (
    Sweep('blur', 'standard deviation of a Gaussian, px',
          (0, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8), 0, blurred),
    Sweep('noise', 'standard deviation, grey levels',
          (0, 4, 8, 12, 16, 24, 32, 48, 64, 96), 0, noisy),
    Sweep('brightness', 'stops, factors of 2 of the light',
          (-6, -5, -4, -3, -2, -1, 0, 0.5, 1, 1.5, 2, 3), 0, exposed),
    Sweep('rotation', 'degrees about the optical axis', tuple(range(0, 360, 30)), 0, rotated),
    Sweep('size', 'diameter of the pin, px',
          (4, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 56, 64, 80, 96, 128), 24, resized),
    Sweep('occlusion', 'share of the circle',
          (0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8), 0, hidden),
)


def _whole(pins: Sequence[LabelledPin], width: int, height: int) -> tuple[LabelledPin, ...]:
    """Let pins whose circle is not in a picture of this size be neither hit nor miss."""
    kept = []
    for pin in pins:
        room = min(pin.x, pin.y, width - 1 - pin.x, height - 1 - pin.y)
        kept.append(pin if room >= pin.diameter / 2 - 0.5 else replace(pin, visible=0.0))
    return tuple(kept)


def _bytes(values: npt.NDArray[np.float32]) -> Image:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
