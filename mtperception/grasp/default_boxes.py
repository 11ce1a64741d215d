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
Default boxes of SSD, their matching with grasps, and how a box tells a rectangle.

Rectangles and default boxes are rows (x, y, opening, jaw, theta): the centre and the sides along
and across their own x axis in pixels, that axis being at theta radians, counter-clockwise as seen
on the screen.
"""

from collections.abc import Sequence
from functools import lru_cache
import math

import torch
from torch import Tensor

# The scales and steps of SSD300, in pixels: whatever the picture's size, a part of some pixels is
# seen by the same boxes.
SCALES = (21.0, 45.0, 99.0, 153.0, 207.0, 261.0, 315.0)
_STEPS = (8, 16, 32, 64)
_RATIOS = ((2,), (2, 3), (2, 3), (2, 3), (2,), (2,))
# Where boxes are at several orientations, the opening is the longer side.
_TURNED_RATIOS = (1.0, 2.0, 4.0)
# The offsets are scaled to be of like size, as SSD has it.
_CENTRE_WEIGHT, _SIZE_WEIGHT = 10.0, 5.0
# Sizes are never taken for more than this times the default ones, as in torchvision.
_LARGEST_RATIO = 1000.0 / 16


def boxes_per_cell(orientations: int) -> list[int]:
    """Return how many default boxes each cell of the six maps has."""
    if orientations > 1:
        return [orientations * len(_TURNED_RATIOS)] * len(_RATIOS)
    return [2 + 2 * len(ratios) for ratios in _RATIOS]


def default_boxes(maps: Sequence[tuple[int, int]], size: tuple[int, int],
                  orientations: int) -> Tensor:
    """
    Lay out the default boxes, N x 5, of maps of some (rows, columns), the finest first.

    ``size`` is the picture's (height, width). They are in the order of the maps, in these row by
    row, and each cell has all its boxes in turn. Do not change the result: it is kept.
    """
    return _default_boxes(tuple(maps), size, orientations)


@lru_cache(maxsize=16)
def _default_boxes(maps: tuple[tuple[int, int], ...], size: tuple[int, int],
                   orientations: int) -> Tensor:
    height, width = size
    found = []
    for number, (rows, columns) in enumerate(maps):
        shapes = _turned_shapes(number, orientations) if orientations > 1 \
            else _shapes(number, size)
        # The last maps are too coarse for their cells' true places: SSD spreads them evenly.
        down, across = (_STEPS[number],) * 2 if number < len(_STEPS) \
            else (height / rows, width / columns)
        # Pixel (0, 0) is the centre of the first pixel.
        y = (torch.arange(rows, dtype=torch.float64) + 0.5) * down - 0.5
        x = (torch.arange(columns, dtype=torch.float64) + 0.5) * across - 0.5
        boxes = torch.empty(rows, columns, len(shapes), 5, dtype=torch.float64)
        boxes[..., 0], boxes[..., 1] = x[None, :, None], y[:, None, None]
        boxes[..., 2:] = shapes
        found.append(boxes.reshape(-1, 5))
    return torch.cat(found).float()


def _shapes(number: int, size: tuple[int, int]) -> Tensor:
    """Return (opening, jaw, 0) of the boxes of a map, in torchvision's order."""
    scale, between = SCALES[number], math.sqrt(SCALES[number] * SCALES[number + 1])
    rows = [(scale, scale), (between, between)]
    for ratio in _RATIOS[number]:
        longer, shorter = scale * math.sqrt(ratio), scale / math.sqrt(ratio)
        rows += [(longer, shorter), (shorter, longer)]
    height, width = size
    return torch.tensor([(min(a, width), min(b, height), 0.0) for a, b in rows],
                        dtype=torch.float64)


def _turned_shapes(number: int, orientations: int) -> Tensor:
    """Return (opening, jaw, theta) of the boxes of a map at several orientations."""
    scale = SCALES[number]
    return torch.tensor(
        [(scale * math.sqrt(ratio), scale / math.sqrt(ratio), math.pi * turn / orientations)
         for turn in range(orientations) for ratio in _TURNED_RATIOS], dtype=torch.float64)


def encode(rectangles: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """
    Return the offsets (... x 4) and turns (... x 2) that tell ``rectangles`` at ``boxes``.

    Both are ... x 5. The centre is told along the box's own axes, in its sides, the sides as
    logarithms of ratios. Turns are the sine and the cosine of twice the angle: a rectangle is the
    same after half a turn.
    """
    along, across = _own_axes(rectangles[..., :2] - boxes[..., :2], boxes[..., 4])
    offsets = torch.stack((
        _CENTRE_WEIGHT * along / boxes[..., 2], _CENTRE_WEIGHT * across / boxes[..., 3],
        _SIZE_WEIGHT * torch.log(rectangles[..., 2] / boxes[..., 2]),
        _SIZE_WEIGHT * torch.log(rectangles[..., 3] / boxes[..., 3])), dim=-1)
    twice = 2 * rectangles[..., 4]
    return offsets, torch.stack((torch.sin(twice), torch.cos(twice)), dim=-1)


def decode(offsets: Tensor, turns: Tensor, boxes: Tensor) -> Tensor:
    """Return the rectangles, ... x 5, that are told; the inverse of `encode`."""
    along = offsets[..., 0] / _CENTRE_WEIGHT * boxes[..., 2]
    across = offsets[..., 1] / _CENTRE_WEIGHT * boxes[..., 3]
    cosine, sine = torch.cos(boxes[..., 4]), torch.sin(boxes[..., 4])
    x = boxes[..., 0] + along * cosine + across * sine
    y = boxes[..., 1] - along * sine + across * cosine
    sizes = boxes[..., 2:4] * torch.exp(
        (offsets[..., 2:] / _SIZE_WEIGHT).clamp(max=math.log(_LARGEST_RATIO)))
    theta = torch.atan2(turns[..., 0], turns[..., 1]) / 2
    return torch.stack((x, y, sizes[..., 0], sizes[..., 1], theta), dim=-1)


def box_overlap(rectangles: Tensor, boxes: Tensor) -> Tensor:
    """
    Return the intersection over the union of rectangles with boxes, ... x 5 each, paired.

    Angles are left out but for where the boxes' own axes are: the two are laid on each other as
    if their sides were parallel. So SSD compares boxes; angles are matched by themselves.
    """
    shifts = _own_axes(rectangles[..., :2] - boxes[..., :2], boxes[..., 4])
    shared = torch.ones_like(shifts[0])
    for shift, side in zip(shifts, (2, 3), strict=True):
        one, other = rectangles[..., side], boxes[..., side]
        meeting = (one + other) / 2 - shift.abs()
        shared = shared * meeting.clamp(min=0).minimum(one).minimum(other)
    areas = rectangles[..., 2] * rectangles[..., 3] + boxes[..., 2] * boxes[..., 3]
    return shared / (areas - shared)


def angle_between(some: Tensor, others: Tensor) -> Tensor:
    """Return how far axes are apart, which are alike after half a turn: radians, 0 to pi/2."""
    apart = torch.remainder(some - others, math.pi)
    return torch.minimum(apart, math.pi - apart)


def _own_axes(shift: Tensor, theta: Tensor) -> tuple[Tensor, Tensor]:
    """Return a shift in pixels along and across axes at theta; y points down on the screen."""
    cosine, sine = torch.cos(theta), torch.sin(theta)
    return (shift[..., 0] * cosine - shift[..., 1] * sine,
            shift[..., 0] * sine + shift[..., 1] * cosine)
