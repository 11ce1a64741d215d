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
"""What is known of one frame: its parent and where it stands in it, now and a while ago."""

from __future__ import annotations

import bisect
from typing import NamedTuple

from tf2_py.exceptions import ExtrapolationException
from tf2_py.rigid_transform import interpolate, RigidTransform

LATEST = 0  # a time of zero asks for the newest data there is


class Placement(NamedTuple):
    """A frame's parent, and the transform from the frame to it."""

    parent: str
    transform: RigidTransform


class TimeCache:
    """The placements of a frame that moves, over the last `length` nanoseconds."""

    is_static = False

    def __init__(self, frame: str, length: int) -> None:
        self._frame = frame
        self._length = length
        self._times: list[int] = []  # ascending
        self._placements: list[Placement] = []

    def insert(self, time: int, placement: Placement) -> bool:
        """Add what holds at a time; False where that is further back than the cache reaches."""
        oldest = self._times[-1] - self._length if self._times else time
        outdated = bisect.bisect_left(self._times, oldest)
        del self._times[:outdated], self._placements[:outdated]
        if time < oldest:
            return False
        index = bisect.bisect_left(self._times, time)
        if index < len(self._times) and self._times[index] == time:
            self._placements[index] = placement
        else:
            self._times.insert(index, time)
            self._placements.insert(index, placement)
        return True

    def at(self, time: int) -> Placement:
        """Return the placement at a time, interpolated where the parent stays the same."""
        if not self._times:
            raise ExtrapolationException(f"nothing is known of '{self._frame}' at any time")
        if time == LATEST:
            return self._placements[-1]
        if not self._times[0] <= time <= self._times[-1]:
            raise ExtrapolationException(self._out_of_range(time))
        after = bisect.bisect_left(self._times, time)
        if self._times[after] == time:
            return self._placements[after]
        first, second = self._placements[after - 1:after + 1]
        if first.parent != second.parent:
            return first
        start, end = self._times[after - 1:after + 1]
        ratio = (time - start) / (end - start)
        return Placement(first.parent, interpolate(first.transform, second.transform, ratio))

    def _out_of_range(self, time: int) -> str:
        asked = f"'{self._frame}' is asked for at {seconds(time)}"
        if len(self._times) == 1:
            return f'{asked}, but it is known at {seconds(self._times[0])} alone'
        if time > self._times[-1]:
            return f'{asked}, in the future: its latest data is of {seconds(self._times[-1])}'
        return f'{asked}, in the past: its earliest data is of {seconds(self._times[0])}'

    def latest(self) -> tuple[int, str | None]:
        """Return time and parent of the newest placement."""
        if not self._times:
            return LATEST, None
        return self._times[-1], self._placements[-1].parent

    def oldest_time(self) -> int:
        return self._times[0] if self._times else LATEST

    def clear(self) -> None:
        self._times.clear()
        self._placements.clear()

    def __len__(self) -> int:
        return len(self._times)


class StaticCache:
    """The placement of a frame that never moves."""

    is_static = True

    def __init__(self) -> None:
        self._placement: Placement | None = None

    def insert(self, time: int, placement: Placement) -> bool:
        self._placement = placement
        return True

    def at(self, time: int) -> Placement:
        assert self._placement is not None
        return self._placement

    def latest(self) -> tuple[int, str | None]:
        """Return no time of its own, since it holds at any, and the parent."""
        return LATEST, self.at(LATEST).parent

    def oldest_time(self) -> int:
        return LATEST

    def clear(self) -> None:
        """Keep the placement: it does not depend on time."""

    def __len__(self) -> int:
        return 1


def seconds(time: int) -> str:
    """Return a time in nanoseconds as text in seconds."""
    whole, rest = divmod(time, 10**9)
    return f'{whole}.{rest // 1000:06}'
