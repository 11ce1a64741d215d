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

"""`ros2 topic delay`."""

from __future__ import annotations

import argparse
from collections import deque
from dataclasses import dataclass
import statistics
import time
from typing import Any

from ros2cli.errors import CommandError
from ros2cli.topic_subscription import add_window_verb, report_each_second
from ros2cli.verbs import Verbs

_DEFAULT_WINDOW = 10000


@dataclass(frozen=True)
class Delay:
    """How many seconds after their stamps messages arrive."""

    mean: float
    shortest: float
    longest: float
    deviation: float
    count: int

    def __str__(self) -> str:
        return (
            f'average delay: {self.mean:.3f}\n'
            f'\tmin: {self.shortest:.3f}s max: {self.longest:.3f}s '
            f'std dev: {self.deviation:.5f}s window: {self.count}'
        )


def delay_of(delays: deque[float]) -> Delay | None:
    """Return what the delays in seconds are like; None where there are none."""
    if not delays:
        return None
    return Delay(
        mean=statistics.fmean(delays),
        shortest=min(delays),
        longest=max(delays),
        deviation=statistics.pstdev(delays),
        count=len(delays),
    )


def add_verb(verbs: Verbs) -> None:
    """Add the verb to `ros2 topic`."""
    add_window_verb(
        verbs, 'delay', _delay, 'Display delay of topic from timestamp in header', _DEFAULT_WINDOW
    )


def _delay(arguments: argparse.Namespace) -> None:
    delays: deque[float] = deque(maxlen=arguments.window)

    def receive(message: Any) -> None:
        if not hasattr(message, 'header'):
            raise CommandError(f"messages of topic '{arguments.topic_name}' have no header")
        stamp = message.header.stamp
        delays.append(time.time() - (stamp.sec + stamp.nanosec * 1e-9))

    report_each_second(arguments, receive, lambda: delay_of(delays), raw=False)
