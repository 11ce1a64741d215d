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

"""`ros2 topic echo`."""

from __future__ import annotations

import argparse
from typing import Any

import rclpy

from ros2cli.discovery import absolute_topic_name, command_node, wait_for_discovery
from ros2cli.message_text import (
    DEFAULT_TRUNCATE_LENGTH,
    field_of,
    message_to_yaml,
    Shortening,
)
from ros2cli.qos_arguments import add_qos_arguments, qos_for_topic
from ros2cli.topic_subscription import wait_for_type
from ros2cli.type_names import known_message_class
from ros2cli.verbs import Verbs


def add_verb(verbs: Verbs) -> None:
    """Add the verb to `ros2 topic`."""
    parser = verbs.add('echo', _echo, 'Output messages from a topic')
    parser.add_argument('topic_name', help="name of the topic (e.g. '/chatter')")
    parser.add_argument(
        'message_type', nargs='?',
        help="type of the message (e.g. 'std_msgs/msg/String'; default: that of the topic)",
    )
    add_qos_arguments(parser, 'sensor_data')
    parser.add_argument('--once', action='store_true', help='end after the first message')
    parser.add_argument(
        '--field', metavar='FIELD', help="only a part of the message (e.g. 'header.stamp')"
    )
    parser.add_argument(
        '-f', '--full-length', action='store_true', help='all of long arrays and text'
    )
    parser.add_argument(
        '-l', '--truncate-length', type=_length, default=DEFAULT_TRUNCATE_LENGTH, metavar='N',
        help='how much to show of arrays and text (default: %(default)s)',
    )
    parser.add_argument('--no-arr', action='store_true', help='types of arrays, not elements')
    parser.add_argument('--no-str', action='store_true', help='lengths of text, not text')


def _length(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError('negative')
    return value


def _echo(arguments: argparse.Namespace) -> None:
    shortening = Shortening(
        length=None if arguments.full_length else arguments.truncate_length,
        arrays=not arguments.no_arr,
        strings=not arguments.no_str,
    )
    received = False

    def show(message: Any) -> None:
        nonlocal received
        if received and arguments.once:
            return
        received = True
        value = field_of(message, arguments.field) if arguments.field else message
        # A part that is one number or text is shown as it is, not as a YAML document.
        text = (
            f'{value}\n' if isinstance(value, (bool, int, float, str))
            else message_to_yaml(value, shortening)
        )
        print(f'{text}---', flush=True)

    with command_node() as node:
        topic = absolute_topic_name(node, arguments.topic_name)
        wait_for_discovery(node)
        type_name = arguments.message_type or wait_for_type(node, topic)
        cls = known_message_class(type_name)
        node.create_subscription(cls, topic, show, qos_for_topic(node, topic, arguments))
        while rclpy.ok() and not (received and arguments.once):
            rclpy.spin_once(node)
