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
How good is a pin detector: on 100 x 100 crops, on full frames, and on frames without a pin.

A pin counts when its centre is inside the picture and at least 60 % of it is visible; others are
neither hit nor miss, and a detection in the box of one (or within 5 pixels of its centre) is not
false. A detection matches the nearest free pin within 5 pixels; detections choose in the order of
their score, as in COCO's evaluation.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from mtperception.pin.data.dataset import LabelledPin
from mtperception.pin.detection import PinDetection

MATCH_DISTANCE = 5.0
CROP_SIDE = 100
# A pin in a crop stays this far from the crop's border.
CROP_BORDER = 25


@dataclass(frozen=True)
class Matching:
    """
    One picture's detections against its pins.

    ``hits`` pairs indices of detections and of pins; ``false`` and ``missed`` are the indices of
    detections and of counted pins left over.
    """

    hits: tuple[tuple[int, int], ...]
    false: tuple[int, ...]
    missed: tuple[int, ...]


def match(detections: Sequence[PinDetection], pins: Sequence[LabelledPin], width: int,
          height: int) -> Matching:
    """Match detections, best score first, with the pins of a picture of this size."""
    free = [index for index, pin in enumerate(pins) if pin.counts(width, height)]
    ignored = [pin for pin in pins if not pin.counts(width, height)]
    hits, false = [], []
    order = sorted(range(len(detections)), key=lambda index: -detections[index].score)
    for index in order:
        found = detections[index]
        nearest = min(free, key=lambda pin: _distance(found, pins[pin]), default=None)
        if nearest is not None and _distance(found, pins[nearest]) <= MATCH_DISTANCE:
            hits.append((index, nearest))
            free.remove(nearest)
        elif not any(_within(found, pin) for pin in ignored):
            false.append(index)
    return Matching(tuple(hits), tuple(false), tuple(free))


@dataclass
class FrameScore:
    """Adds up frames; an empty frame is just one without pins."""

    errors: list[float] = field(default_factory=list)
    diameter_errors: list[float] = field(default_factory=list)
    frames: int = 0
    pins: int = 0
    missed: int = 0
    false: int = 0

    def add(self, detections: Sequence[PinDetection], pins: Sequence[LabelledPin], width: int,
            height: int) -> Matching:
        """Add one frame of this size."""
        matching = match(detections, pins, width, height)
        for found, pin in matching.hits:
            self.errors.append(_distance(detections[found], pins[pin]))
            if detections[found].diameter > 0:  # it is told
                self.diameter_errors.append(
                    abs(detections[found].diameter - pins[pin].diameter))
        self.frames += 1
        self.pins += len(matching.hits) + len(matching.missed)
        self.missed += len(matching.missed)
        self.false += len(matching.false)
        return matching

    def figures(self) -> dict[str, Any]:
        """
        Give errors in pixels, ``missed`` as a share of ``pins``, and ``false`` as a count.

        A figure without any observation is None.
        """
        return {'error_px': _mean_and_p95(self.errors),
                'diameter_error_px': _mean_and_p95(self.diameter_errors),
                'missed': self.missed / self.pins if self.pins else None,
                'false': self.false, 'pins': self.pins}


@dataclass
class CropScore:
    """Adds up crops: is there a pin, and where."""

    errors: list[float] = field(default_factory=list)
    crops: int = 0
    with_pin: int = 0
    correct: int = 0

    def add(self, detections: Sequence[PinDetection], pins: Sequence[LabelledPin]) -> None:
        """
        Add a crop; ``pins`` are those in it, in the crop's pixels, none for a pin-free one.

        The crop is right when something is found exactly if a pin is there. The error is that of
        the best detection from the pin nearest to it, however far.
        """
        self.crops += 1
        self.with_pin += bool(pins)
        self.correct += bool(detections) == bool(pins)
        if detections and pins:
            best = max(detections, key=lambda found: found.score)
            self.errors.append(min(_distance(best, pin) for pin in pins))

    def figures(self) -> dict[str, Any]:
        """Give accuracy, a share, and the error in pixels; None without any observation."""
        return {'accuracy': self.correct / self.crops if self.crops else None,
                'error_px': _mean_and_p95(self.errors), 'count': self.crops,
                'with_pin': self.with_pin}


@dataclass(frozen=True)
class Crop:
    """A 100 x 100 cut of a frame and the pins in it, in its own pixels."""

    image: npt.NDArray[np.uint8]
    pins: tuple[LabelledPin, ...]


def cut_crop(image: npt.NDArray[np.uint8], pins: Sequence[LabelledPin], with_pin: bool,
             rng: np.random.Generator, tries: int = 50) -> Crop | None:
    """
    Cut a random crop with a pin or without one, as the paper does; None where there is none.

    In a crop with a pin each pin that reaches into it counts and its centre is at least 25 pixels
    from the border; into one without, none reaches.
    """
    height, width = image.shape
    if min(image.shape) < CROP_SIDE:
        return None
    counted = [pin for pin in pins if pin.counts(width, height)]
    if with_pin and not counted:
        return None
    for _ in range(tries):
        if with_pin:
            pin = counted[rng.integers(len(counted))]
            span = (CROP_BORDER, CROP_SIDE - 1 - CROP_BORDER)
            left, top = (round(centre - rng.uniform(*span)) for centre in (pin.x, pin.y))
        else:
            left = int(rng.integers(0, width - CROP_SIDE + 1))
            top = int(rng.integers(0, height - CROP_SIDE + 1))
        if not (0 <= left <= width - CROP_SIDE and 0 <= top <= height - CROP_SIDE):
            continue
        reaching = [_moved(pin, -left, -top) for pin in pins if _reaches(pin, left, top)]
        if bool(reaching) == with_pin and all(_well_inside(pin) for pin in reaching):
            cut = image[top:top + CROP_SIDE, left:left + CROP_SIDE]
            return Crop(np.ascontiguousarray(cut), tuple(reaching))
    return None


def _moved(pin: LabelledPin, x: float, y: float) -> LabelledPin:
    left, top, right, bottom = pin.box
    return LabelledPin(pin.x + x, pin.y + y, pin.diameter,
                       (left + x, top + y, right + x, bottom + y), pin.visible)


def _reaches(pin: LabelledPin, left: int, top: int) -> bool:
    x0, y0, x1, y1 = pin.box
    return bool(x1 >= left - 0.5 and x0 <= left + CROP_SIDE - 0.5
                and y1 >= top - 0.5 and y0 <= top + CROP_SIDE - 0.5)


def _well_inside(pin: LabelledPin) -> bool:
    least, most = CROP_BORDER - 1, CROP_SIDE - CROP_BORDER
    return (pin.counts(CROP_SIDE, CROP_SIDE)
            and least <= pin.x <= most and least <= pin.y <= most)


def _distance(found: PinDetection, pin: LabelledPin) -> float:
    return math.hypot(found.x - pin.x, found.y - pin.y)


def _within(found: PinDetection, pin: LabelledPin) -> bool:
    left, top, right, bottom = pin.box
    return ((left <= found.x <= right and top <= found.y <= bottom)
            or _distance(found, pin) <= MATCH_DISTANCE)


def _mean_and_p95(values: Sequence[float]) -> dict[str, float | None]:
    if not values:
        return {'mean': None, 'p95': None}
    return {'mean': float(np.mean(values)), 'p95': float(np.percentile(values, 95))}
