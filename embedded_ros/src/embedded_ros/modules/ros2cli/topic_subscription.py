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

"""What the verbs of `ros2 topic` that receive messages have in common."""

from __future__ import annotations

import argparse
from collections.abc import Callable
import sys
import time
from typing import Any

import rclpy
from rclpy.node import Node

from ros2cli.discovery import absolute_topic_name, command_node, wait_for_discovery
from ros2cli.errors import CommandError
from ros2cli.qos_arguments import add_qos_arguments, qos_for_topic
from ros2cli.type_names import known_message_class
from ros2cli.verbs import Verbs

_STEP = 0.1
_SECONDS_BETWEEN_LINES = 1.0


def wait_for_type(node: Node, topic: str) -> str:
    """Return the type of a topic; warn and wait where the topic does not exist yet."""
    warned = False
    while rclpy.ok():
        types = dict(node.get_topic_names_and_types()).get(topic)
        if types:
            return _only(types, topic)
        if not warned:
            print(
                f'WARNING: topic [{topic}] does not appear to be published yet',
                file=sys.stderr,
                flush=True,
            )
            warned = True
        time.sleep(_STEP)
    raise CommandError(f"topic '{topic}' was not waited for any longer")


def _only(types: list[str], topic: str) -> str:
    if len(types) > 1:
        raise CommandError(
            f"topic '{topic}' has more than one type: [{', '.join(sorted(types))}]"
        )
    return types[0]


def add_window_verb(
    verbs: Verbs,
    name: str,
    run: Callable[[argparse.Namespace], None],
    description: str,
    default_window: int,
) -> None:
    """Add a verb that says something of a number of messages of a topic."""
    parser = verbs.add(name, run, description)
    parser.add_argument('topic_name', help='name of the topic')
    parser.add_argument(
        '-w', '--window', type=int, default=default_window, metavar='N',
        help='number of messages to average over (default: %(default)s)',
    )
    add_qos_arguments(parser, 'sensor_data')


def report_each_second(
    arguments: argparse.Namespace,
    receive: Callable[[Any], None],
    report: Callable[[], object | None],
    *,
    raw: bool,
) -> None:
    """
    Receive the messages of a topic, and print a report of them each second, if there are new ones.

    `raw` gives them as bytes. There is no report where it is None.
    """
    if arguments.window < 2:
        raise CommandError('--window must be at least 2')
    is_new = False

    def on_message(message: Any) -> None:
        nonlocal is_new
        is_new = True
        receive(message)

    with command_node() as node:
        topic = absolute_topic_name(node, arguments.topic_name)
        wait_for_discovery(node)
        cls = known_message_class(wait_for_type(node, topic))
        node.create_subscription(
            cls, topic, on_message, qos_for_topic(node, topic, arguments), raw=raw
        )
        print(f'Subscribed to [{topic}]', flush=True)
        next_line = time.monotonic() + _SECONDS_BETWEEN_LINES
        while rclpy.ok():
            rclpy.spin_once(node, timeout_sec=max(0.0, next_line - time.monotonic()))
            if time.monotonic() < next_line:
                continue
            next_line += _SECONDS_BETWEEN_LINES
            line = report() if is_new else None
            if line is not None:
                is_new = False
                print(line, flush=True)
