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

"""`ros2 node`."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
import sys

from ros2cli.discovery import (
    add_discovery_arguments,
    discovered_node,
    find_node,
    is_hidden,
    node_names,
)
from ros2cli.verbs import Verbs


def main(argv: Sequence[str]) -> int | None:
    """Run `ros2 node`."""
    verbs = Verbs('node', 'Various node related sub-commands')
    parser = verbs.add('list', _list, 'Output a list of available nodes')
    parser.add_argument('-a', '--all', action='store_true', help='hidden nodes too')
    parser.add_argument(
        '-c', '--count-nodes', action='store_true', help='only the number of nodes'
    )
    add_discovery_arguments(parser)
    parser = verbs.add('info', _info, 'Output information about a node')
    parser.add_argument('node_name', help='name of the node')
    parser.add_argument(
        '--include-hidden', action='store_true', help='hidden topics and services too'
    )
    add_discovery_arguments(parser)
    return verbs.run(argv)


def _list(arguments: argparse.Namespace) -> None:
    with discovered_node(arguments) as node:
        names = [full for full, _, _ in node_names(node, hidden=arguments.all)]
    if arguments.count_nodes:
        print(len(names))
        return
    if any(count > 1 for count in Counter(names).values()):
        print(
            'WARNING: Be aware that there are nodes in the graph that share an exact name, '
            'which can have unintended side effects.',
            file=sys.stderr,
        )
    for name in names:
        print(name)


def _info(arguments: argparse.Namespace) -> None:
    with discovered_node(arguments) as node:
        full, name, namespace = find_node(node, arguments.node_name)
        sections = {
            'Subscribers': node.get_subscriber_names_and_types_by_node(name, namespace),
            'Publishers': node.get_publisher_names_and_types_by_node(name, namespace),
            'Service Servers': node.get_service_names_and_types_by_node(name, namespace),
            'Service Clients': node.get_client_names_and_types_by_node(name, namespace),
            'Action Servers': [],
            'Action Clients': [],
        }
    print(full)
    for title, entries in sections.items():
        print(f'  {title}:')
        shown = [
            (topic, types)
            for topic, types in sorted(entries)
            if arguments.include_hidden or not is_hidden(topic)
        ]
        for topic, types in shown:
            print(f'    {topic}: {", ".join(types)}')
        if not shown:
            print()
