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

"""`ros2 topic hz`."""

from __future__ import annotations

import argparse
from collections import deque
from dataclasses import dataclass
import itertools
import statistics
import time

from ros2cli.topic_subscription import add_window_verb, report_each_second
from ros2cli.verbs import Verbs

_DEFAULT_WINDOW = 10000


@dataclass(frozen=True)
class Rate:
    """The rate of messages in Hz, and what their distances in seconds are like."""

    rate: float
    shortest: float
    longest: float
    deviation: float
    count: int

    def __str__(self) -> str:
        return (
            f'average rate: {self.rate:.3f}\n'
            f'\tmin: {self.shortest:.3f}s max: {self.longest:.3f}s '
            f'std dev: {self.deviation:.5f}s window: {self.count}'
        )


def rate_of(times: deque[float]) -> Rate | None:
    """Return the rate of messages that came at these times in seconds; None for less than two."""
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    if not gaps or times[-1] <= times[0]:
        return None
    return Rate(
        rate=len(gaps) / (times[-1] - times[0]),
        shortest=min(gaps),
        longest=max(gaps),
        deviation=statistics.pstdev(gaps),
        count=len(gaps),
    )


def add_verb(verbs: Verbs) -> None:
    """Add the verb to `ros2 topic`."""
    add_window_verb(
        verbs, 'hz', _hz, 'Print the average receiving rate to screen', _DEFAULT_WINDOW
    )


def _hz(arguments: argparse.Namespace) -> None:
    times: deque[float] = deque(maxlen=arguments.window)
    report_each_second(
        arguments, lambda data: times.append(time.monotonic()), lambda: rate_of(times), raw=True
    )
