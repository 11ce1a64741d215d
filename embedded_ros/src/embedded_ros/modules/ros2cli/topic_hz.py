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

import rclpy

from ros2cli.discovery import absolute_topic_name, command_node, wait_for_discovery
from ros2cli.errors import CommandError
from ros2cli.qos_arguments import add_qos_arguments, qos_for_topic
from ros2cli.topic_subscription import wait_for_type
from ros2cli.type_names import known_message_class
from ros2cli.verbs import Verbs

_DEFAULT_WINDOW = 10000
_SECONDS_BETWEEN_LINES = 1.0


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
    parser = verbs.add('hz', _hz, 'Print the average receiving rate to screen')
    parser.add_argument('topic_name', help='name of the topic')
    parser.add_argument(
        '-w', '--window', type=int, default=_DEFAULT_WINDOW, metavar='N',
        help='number of messages to average over (default: %(default)s)',
    )
    add_qos_arguments(parser, 'sensor_data')


def _hz(arguments: argparse.Namespace) -> None:
    if arguments.window < 2:
        raise CommandError('--window must be at least 2')
    times: deque[float] = deque(maxlen=arguments.window)
    with command_node() as node:
        topic = absolute_topic_name(node, arguments.topic_name)
        wait_for_discovery(node)
        cls = known_message_class(wait_for_type(node, topic))
        node.create_subscription(
            cls,
            topic,
            lambda data: times.append(time.monotonic()),
            qos_for_topic(node, topic, arguments),
            raw=True,
        )
        print(f'Subscribed to [{topic}]', flush=True)
        shown = 0.0
        next_line = time.monotonic() + _SECONDS_BETWEEN_LINES
        while rclpy.ok():
            rclpy.spin_once(node, timeout_sec=max(0.0, next_line - time.monotonic()))
            if time.monotonic() < next_line:
                continue
            next_line += _SECONDS_BETWEEN_LINES
            rate = rate_of(times)
            if rate is not None and times[-1] != shown:
                shown = times[-1]
                print(rate, flush=True)
