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

"""`ros2 topic`, and its verbs that look at the graph alone."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from rclpy.node import Node

from ros2cli import topic_bw, topic_delay, topic_echo, topic_hz, topic_pub
from ros2cli.discovery import (
    absolute_topic_name,
    add_discovery_arguments,
    discovered_node,
    print_names_and_types,
    with_type,
)
from ros2cli.errors import CommandError
from ros2cli.verbs import Verbs


def main(argv: Sequence[str]) -> int | None:
    """Run `ros2 topic`."""
    verbs = Verbs('topic', 'Various topic related sub-commands')
    topic_bw.add_verb(verbs)
    topic_delay.add_verb(verbs)
    topic_echo.add_verb(verbs)
    parser = verbs.add('find', _find, 'Output a list of available topics of a given type')
    parser.add_argument('topic_type', help="type (e.g. 'sensor_msgs/msg/Image')")
    parser.add_argument(
        '-c', '--count-topics', action='store_true', help='only the number of topics'
    )
    parser.add_argument('--include-hidden-topics', action='store_true', help='hidden topics too')
    add_discovery_arguments(parser)
    topic_hz.add_verb(verbs)
    parser = verbs.add('info', _info, 'Print information about a topic')
    parser.add_argument('topic_name', help='name of the topic')
    parser.add_argument(
        '-v', '--verbose', action='store_true',
        help='print node, quality of service and more of each publisher and subscription',
    )
    add_discovery_arguments(parser)
    parser = verbs.add('list', _list, 'Output a list of available topics')
    parser.add_argument('-t', '--show-types', action='store_true', help='show the types too')
    parser.add_argument(
        '-c', '--count-topics', action='store_true', help='only the number of topics'
    )
    parser.add_argument('--include-hidden-topics', action='store_true', help='hidden topics too')
    add_discovery_arguments(parser)
    topic_pub.add_verb(verbs)
    parser = verbs.add('type', _type, "Print a topic's type")
    parser.add_argument('topic_name', help='name of the topic')
    add_discovery_arguments(parser)
    return verbs.run(argv)


def _list(arguments: argparse.Namespace) -> None:
    with discovered_node(arguments) as node:
        topics = node.get_topic_names_and_types()
    print_names_and_types(
        topics, hidden=arguments.include_hidden_topics, count=arguments.count_topics,
        types=arguments.show_types)


def _find(arguments: argparse.Namespace) -> None:
    with discovered_node(arguments) as node:
        topics = with_type(node.get_topic_names_and_types(), arguments.topic_type)
    print_names_and_types(
        topics, hidden=arguments.include_hidden_topics, count=arguments.count_topics, types=False)


def _type(arguments: argparse.Namespace) -> None:
    with discovered_node(arguments) as node:
        _, types = _name_and_types(node, arguments)
    for type_name in types:
        print(type_name)


def _name_and_types(node: Node, arguments: argparse.Namespace) -> tuple[str, list[str]]:
    name = absolute_topic_name(node, arguments.topic_name)
    types = dict(node.get_topic_names_and_types()).get(name)
    if types is None:
        raise CommandError(f"Unknown topic '{name}'")
    return name, types


def _info(arguments: argparse.Namespace) -> None:
    with discovered_node(arguments) as node:
        name, types = _name_and_types(node, arguments)
        publishers = node.get_publishers_info_by_topic(name)
        subscriptions = node.get_subscriptions_info_by_topic(name)
    end = '\n\n' if arguments.verbose else '\n'
    print(f'Type: {types[0] if len(types) == 1 else types}', end=end)
    for kind, endpoints in (('Publisher', publishers), ('Subscription', subscriptions)):
        print(f'{kind} count: {len(endpoints)}', end=end)
        if arguments.verbose:
            for endpoint in endpoints:
                print(endpoint, end=end)
