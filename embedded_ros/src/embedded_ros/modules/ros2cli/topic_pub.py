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

"""`ros2 topic pub`."""

from __future__ import annotations

import argparse
import time

import rclpy

from ros2cli.discovery import absolute_topic_name, command_node
from ros2cli.errors import CommandError
from ros2cli.message_text import message_from_yaml
from ros2cli.qos_arguments import add_qos_arguments, qos_from_arguments
from ros2cli.type_names import known_message_class
from ros2cli.verbs import Verbs

_STEP = 0.05
_KEEP_ALIVE = 0.1  # seconds; a reliable message may still have to be sent again
_SECONDS_BETWEEN_REMINDERS = 1.0


def add_verb(verbs: Verbs) -> None:
    """Add the verb to `ros2 topic`."""
    parser = verbs.add('pub', _pub, 'Publish a message to a topic')
    parser.add_argument('topic_name', help='name of the topic')
    parser.add_argument('message_type', help="type of the message (e.g. 'std_msgs/msg/String')")
    parser.add_argument('values', nargs='?', default='{}', help="YAML (e.g. '{data: hello}')")
    parser.add_argument(
        '-r', '--rate', type=float, default=1.0, metavar='N',
        help='messages a second (default: %(default)s)',
    )
    parser.add_argument(
        '-p', '--print', type=int, default=1, metavar='N', help='print every N-th message only'
    )
    times = parser.add_mutually_exclusive_group()
    times.add_argument('-1', '--once', action='store_true', help='publish one message and end')
    times.add_argument(
        '-t', '--times', type=int, default=0, metavar='N', help='publish N messages and end'
    )
    parser.add_argument(
        '-w', '--wait-matching-subscriptions', type=int, metavar='N',
        help='subscriptions to wait for (default: 1 with --once and --times, otherwise 0)',
    )
    add_qos_arguments(parser, 'default')


def _pub(arguments: argparse.Namespace) -> None:
    if arguments.rate <= 0:
        raise CommandError('--rate must be greater than zero')
    cls = known_message_class(arguments.message_type)
    message = message_from_yaml(cls, arguments.values)
    count = 1 if arguments.once else arguments.times
    wanted = arguments.wait_matching_subscriptions
    if wanted is None:
        wanted = 1 if count else 0
    with command_node() as node:
        topic = absolute_topic_name(node, arguments.topic_name)
        publisher = node.create_publisher(cls, topic, qos_from_arguments(arguments))
        next_reminder = 0.0
        while rclpy.ok() and publisher.get_subscription_count() < wanted:
            if time.monotonic() >= next_reminder:
                print(f'Waiting for at least {wanted} matching subscription(s)...', flush=True)
                next_reminder = time.monotonic() + _SECONDS_BETWEEN_REMINDERS
            time.sleep(_STEP)
        print('publisher: beginning loop', flush=True)
        next_time = time.monotonic()
        published = 0
        while rclpy.ok():
            publisher.publish(message)
            published += 1
            if arguments.print and published % arguments.print == 0:
                print(f'publishing #{published}: {message!r}\n', flush=True)
            if published == count:
                break
            next_time += 1.0 / arguments.rate
            time.sleep(max(0.0, next_time - time.monotonic()))
        time.sleep(_KEEP_ALIVE)
