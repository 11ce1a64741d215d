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

"""Random cuts of labelled frames and random looks, so that a network never sees one twice."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from mtperception.pin.data.dataset import LabelledPin

Image = npt.NDArray[np.uint8]

# A cut is centred near a pin this often, otherwise anywhere.
NEAR_A_PIN = 0.6
# Scales of a cut; less than 1 makes the pins smaller.
SCALE_LEAST, SCALE_MOST = 0.85, 1.2
# A cut gets patches this often, up to so many, of so many pixels a side.
PATCHED, MOST_PATCHES, PATCH_SIDES = 0.2, 6, (4, 20)


def random_centre(image: Image, pins: Sequence[LabelledPin], side: int,
                  rng: np.random.Generator) -> tuple[float, float]:
    """Choose where to cut a square of ``side`` pixels: often so that a pin is in it."""
    height, width = image.shape
    if pins and rng.random() < NEAR_A_PIN:
        pin = pins[int(rng.integers(len(pins)))]
        x, y = np.array([pin.x, pin.y]) + rng.uniform(-side / 2, side / 2, 2)
    else:
        x, y = rng.uniform([0, 0], [width, height])
    return float(x), float(y)


def random_cut(image: Image, pins: Sequence[LabelledPin], centre_at: tuple[float, float],
               side: int, rng: np.random.Generator) -> tuple[Image, tuple[LabelledPin, ...]]:
    """
    Cut a square of ``side`` pixels, randomly turned, mirrored and scaled, with its labels.

    The key points go exactly where the picture goes; boxes become the upright boxes of the moved
    ones. The cut lies inside the frame where the frame is large enough.
    """
    height, width = image.shape
    free_turn = rng.uniform(-np.pi / 4, np.pi / 4) if rng.random() < 0.5 else 0.0
    scale = float(np.exp(rng.uniform(np.log(SCALE_LEAST), np.log(SCALE_MOST)))) \
        if rng.random() < 0.5 else 1.0
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    angle = rng.integers(4) * np.pi / 2 + free_turn
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn = turn @ np.diag([mirror, 1.0])
    reach = np.abs(np.linalg.inv(turn)) @ [side / 2, side / 2]
    centre = np.clip(centre_at, np.minimum(reach, [width / 2, height / 2]),
                     np.maximum([width - 1 - reach[0], height - 1 - reach[1]],
                                [width / 2, height / 2]))
    if free_turn == 0 and scale == 1:
        # Whole pixels: the picture is only moved, nothing is interpolated.
        centre = np.floor(centre) + (0.5 if side % 2 == 0 else 0.0)
    matrix = np.column_stack([turn, (side - 1) / 2 - turn @ centre])
    cut = cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR,
                         borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cut, dtype=np.uint8), tuple(_moved(pin, matrix, scale) for pin in pins)


def random_look(image: Image, rng: np.random.Generator) -> Image:
    """Change contrast, brightness, gamma, sharpness and noise as other cameras might."""
    grey = np.arange(256, dtype=np.float32) / 255
    grey = grey ** np.float32(np.exp(rng.uniform(-0.2, 0.2)))
    grey = grey * np.float32(rng.uniform(0.7, 1.2)) + np.float32(rng.uniform(-0.05, 0.08))
    table = np.clip(grey * 255 + 0.5, 0, 255).astype(np.uint8)
    result = np.asarray(cv2.LUT(image, table), dtype=np.uint8)
    if rng.random() < 0.15:
        result = np.asarray(cv2.GaussianBlur(result, (0, 0), rng.uniform(0.3, 0.9)),
                            dtype=np.uint8)
    if rng.random() < 0.2:
        noise = rng.standard_normal(result.shape, dtype=np.float32)
        result = np.clip(result + noise * np.float32(rng.uniform(1, 4)) + 0.5, 0, 255)
        result = result.astype(np.uint8)
    return result


def random_patches(image: Image, pins: Sequence[LabelledPin],
                   rng: np.random.Generator) -> tuple[Image, tuple[LabelledPin, ...]]:
    """
    Hide some places behind even rectangles, as chips, labels and cables may.

    What can be seen of a pin falls by the share of its face that is covered.
    """
    if rng.random() >= PATCHED:
        return image, tuple(pins)
    patched = image.copy()
    covered = np.zeros(image.shape, bool)
    height, width = image.shape
    for _ in range(int(rng.integers(1, MOST_PATCHES + 1))):
        across, down = rng.integers(*PATCH_SIDES, size=2)
        column, row = rng.integers(1 - across, width), rng.integers(1 - down, height)
        where = np.s_[max(row, 0):row + down, max(column, 0):column + across]
        patched[where], covered[where] = rng.integers(256), True
    return patched, tuple(replace(pin, visible=pin.visible * (1 - _share(covered, pin)))
                          for pin in pins)


def _share(covered: npt.NDArray[np.bool_], pin: LabelledPin) -> float:
    """Return the share of a pin's face, as far as it is in the picture, that is covered."""
    rows, columns = np.ogrid[:covered.shape[0], :covered.shape[1]]
    face = (columns - pin.x) ** 2 + (rows - pin.y) ** 2 <= (pin.diameter / 2) ** 2
    return float(covered[face].mean()) if face.any() else 0.0


def _moved(pin: LabelledPin, matrix: npt.NDArray[np.float64], scale: float) -> LabelledPin:
    left, top, right, bottom = pin.box
    corners = np.array([[left, top, 1], [right, top, 1], [left, bottom, 1], [right, bottom, 1]])
    moved = corners @ matrix.T
    (x0, y0), (x1, y1) = moved.min(axis=0), moved.max(axis=0)
    x, y = matrix @ [pin.x, pin.y, 1]
    return LabelledPin(float(x), float(y), pin.diameter * scale,
                       (float(x0), float(y0), float(x1), float(y1)), pin.visible)
