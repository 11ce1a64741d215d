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

"""`ros2 topic bw`."""

from __future__ import annotations

import argparse
from collections import deque
from dataclasses import dataclass
import time

from ros2cli.topic_subscription import add_window_verb, report_each_second
from ros2cli.verbs import Verbs

_DEFAULT_WINDOW = 100


@dataclass(frozen=True)
class Bandwidth:
    """The bytes per second of a topic, and the sizes of its messages in bytes."""

    rate: float
    mean: float
    smallest: int
    largest: int
    count: int

    def __str__(self) -> str:
        # All in the unit that suits the rate.
        if self.rate < 1e3:
            form = '{:.0f} B', 1.0
        elif self.rate < 1e6:
            form = '{:.2f} KB', 1e3
        else:
            form = '{:.2f} MB', 1e6
        rate, mean, smallest, largest = (
            form[0].format(value / form[1])
            for value in (self.rate, self.mean, self.smallest, self.largest)
        )
        return (
            f'{rate}/s from {self.count} messages\n'
            f'\tMessage size mean: {mean} min: {smallest} max: {largest}'
        )


def bandwidth_of(arrivals: deque[tuple[float, int]], now: float) -> Bandwidth | None:
    """Return the bandwidth of messages by times in seconds and sizes; None for less than two."""
    if len(arrivals) < 2 or now <= arrivals[0][0]:
        return None
    sizes = [size for _, size in arrivals]
    return Bandwidth(
        rate=sum(sizes) / (now - arrivals[0][0]),
        mean=sum(sizes) / len(sizes),
        smallest=min(sizes),
        largest=max(sizes),
        count=len(sizes),
    )


def add_verb(verbs: Verbs) -> None:
    """Add the verb to `ros2 topic`."""
    add_window_verb(verbs, 'bw', _bw, 'Display bandwidth used by topic', _DEFAULT_WINDOW)


def _bw(arguments: argparse.Namespace) -> None:
    arrivals: deque[tuple[float, int]] = deque(maxlen=arguments.window)
    report_each_second(
        arguments,
        lambda data: arrivals.append((time.monotonic(), len(data))),
        lambda: bandwidth_of(arrivals, time.monotonic()),
        raw=True,
    )
