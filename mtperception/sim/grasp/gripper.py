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

"""A parallel gripper that comes from above, and what is in its way."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import Floats
from mtperception.geometry.gripper import GripperShape
from mtperception.sim.grasp.contacts import Closings
from mtperception.sim.grasp.height_map import Grid, RESOLUTION

# How far in beside a contact the part is looked for, in metres.
_HOLLOW = 0.004


@dataclass(frozen=True)
class Gripper(GripperShape):
    """
    A parallel gripper with two fingers; lengths in metres.

    It opens by `clearance` to each side of what it is to grip. `friction` is the coefficient of
    its fingers on the parts.
    """

    clearance: float = 0.006
    friction: float = 0.5


GRIPPER = Gripper()


@dataclass(frozen=True)
class Room:
    """
    What stands where around a part: its own height map, and that of all else, widened.

    Both are in metres, over the cells of the grid.
    """

    grid: Grid
    own: NDArray[np.float32]
    others: NDArray[np.float32]
    gripper: Gripper

    def free(self, closings: Closings, tips: float) -> NDArray[np.bool_]:
        """Tell for which closings nothing else is in the open gripper's way."""
        gripper = self.gripper
        half = 0.5 * closings.widths[:, None]
        sideways = _steps(-gripper.finger_width / 2, gripper.finger_width / 2)
        out = half + gripper.clearance + gripper.finger_thickness
        # The fingers, and what would be caught between them.
        along = np.linspace(-1.0, 1.0, int(2 * out.max() / (2 * RESOLUTION)) + 2) * out
        free = np.ones(len(half), dtype=bool)
        if self.others.max() >= tips:
            fingers = self._heights(self.others, closings, along, sideways) < tips
            free = np.asarray(fingers.all(axis=(1, 2)))
        under_palm = tips + gripper.finger_length
        if self._all.max() < under_palm:
            return free
        length = np.tile(_steps(-gripper.palm_length / 2, gripper.palm_length / 2), (len(half), 1))
        breadth = _steps(-gripper.palm_width / 2, gripper.palm_width / 2)
        palm = self._heights(self._all, closings, length, breadth) < under_palm
        return np.asarray(free & palm.all(axis=(1, 2)))

    def touches(self, closings: Closings, tips: float) -> tuple[Floats, Floats]:
        """
        Return where the jaws touch first, and how much of them touches, for each closing.

        That is how far the part reaches out beyond the contacts within the jaws' width, in
        metres, and the share of the width that it reaches about as far at; the worse jaw's.
        """
        gripper = self.gripper
        out = np.arange(-_HOLLOW, gripper.clearance + gripper.finger_thickness, RESOLUTION)
        sideways = _steps(-gripper.finger_width / 2, gripper.finger_width / 2, RESOLUTION)
        half = 0.5 * closings.widths[:, None]
        reaches, shares = [], []
        both = self._heights(
            self.own, closings, np.hstack((half + out, -half - out)), sideways) >= tips
        for there in (both[:, :len(out)], both[:, len(out):]):
            outermost = len(out) - 1 - there[:, ::-1].argmax(axis=1)
            outermost[~there.any(axis=1)] = -len(out)
            first = outermost.max(axis=1)
            reaches.append(out[np.maximum(first, 0)])
            shares.append((outermost >= first[:, None] - 1).mean(axis=1))
        return np.maximum(*reaches), np.minimum(*shares)

    @cached_property
    def _all(self) -> NDArray[np.float32]:
        return np.maximum(self.own, self.others)

    def _heights(
        self, heights: NDArray[np.float32], closings: Closings, along: Floats, across: Floats,
    ) -> NDArray[np.float32]:
        """Return heights around the middles, so far along (N x A) and across (B) the closing."""
        # In cells: single precision is more than enough.
        ahead, aside = along / RESOLUTION, across / RESOLUTION
        middles = (closings.middles - (self.grid.left, self.grid.front)) / RESOLUTION
        x, y = closings.directions[:, :1], closings.directions[:, 1:]
        column = _summed(middles[:, :1] + x * ahead, -y * aside)
        row = _summed(middles[:, 1:] + y * ahead, x * aside)
        row *= self.grid.columns
        row += column
        return heights.ravel().take(row)


def _summed(along: Floats, across: Floats) -> NDArray[np.intp]:
    """Return the whole part of all sums, N x A x B."""
    sums = along.astype(np.float32)[:, :, None] + across.astype(np.float32)[:, None]
    return sums.astype(np.intp)


def _steps(low: float, high: float, step: float = 2 * RESOLUTION) -> Floats:
    """Return numbers from low to high that are at most a step apart."""
    return np.linspace(low, high, int(np.ceil((high - low) / step)) + 1)
