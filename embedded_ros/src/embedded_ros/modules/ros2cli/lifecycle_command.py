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

"""`ros2 lifecycle`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
import contextlib
import sys
from typing import Any

from lifecycle_msgs.srv import ChangeState, GetAvailableTransitions, GetState
import rclpy
from rclpy.node import Node

from ros2cli.discovery import (
    add_discovery_arguments,
    command_node,
    discovered_node,
    node_names,
    wait_for_discovery,
)
from ros2cli.errors import CommandError
from ros2cli.verbs import Verbs

_SECONDS_FOR_THE_SERVICE = 5.0


def main(argv: Sequence[str]) -> int | None:
    """Run `ros2 lifecycle`."""
    verbs = Verbs('lifecycle', 'Various lifecycle related sub-commands')

    parser = verbs.add('get', _get, 'Get lifecycle state for one or more nodes')
    parser.add_argument('node_name', nargs='?', help='name of the node (default: all)')
    parser.add_argument('--include-hidden-nodes', action='store_true', help='hidden nodes too')
    add_discovery_arguments(parser)

    parser = verbs.add('list', _list, 'Output a list of available transitions')
    parser.add_argument('node_name', help='name of the node')
    parser.add_argument(
        '-a', '--all', action='store_true', help='those of the other states too'
    )
    add_discovery_arguments(parser)

    parser = verbs.add('nodes', _nodes, 'Output a list of nodes with lifecycle')
    parser.add_argument('-a', '--all', action='store_true', help='hidden nodes too')
    parser.add_argument(
        '-c', '--count-nodes', action='store_true', help='only the number of nodes'
    )
    add_discovery_arguments(parser)

    parser = verbs.add('set', _set, 'Trigger lifecycle state transition')
    parser.add_argument('node_name', help='name of the node')
    parser.add_argument('transition', help='name or number of the transition')
    add_discovery_arguments(parser)
    return verbs.run(argv)


def _managed_nodes(node: Node, *, hidden: bool = False) -> list[str]:
    """Return the full names of the managed nodes, sorted; hidden ones only if asked."""
    with_state = {
        name.rpartition('/')[0]
        for name, types in node.get_service_names_and_types()
        if name.endswith('/get_state') and 'lifecycle_msgs/srv/GetState' in types
    }
    names = {full for full, _, _ in node_names(node, hidden=hidden)}
    return sorted(names & with_state)


@contextlib.contextmanager
def _found(arguments: argparse.Namespace) -> Iterator[tuple[Node, str]]:
    """Give a node, and the full name of the managed node that is meant, once it is seen."""
    full = '/' + arguments.node_name.strip('/')
    with command_node() as node:
        wait_for_discovery(
            node, arguments.spin_time, until=lambda: full in _managed_nodes(node, hidden=True)
        )
        if full not in _managed_nodes(node, hidden=True):
            raise CommandError(f"Node not found: there is no managed node '{full}'")
        yield node, full


def _answer(node: Node, service: Any, name: str, **request: Any) -> Any:
    """Return what a service of a managed node answers."""
    client = node.create_client(service, name)
    if not client.wait_for_service(timeout_sec=_SECONDS_FOR_THE_SERVICE):
        raise CommandError(f"service '{name}' is not available")
    future = client.call_async(service.Request(**request))
    # A transition may take its time, as loading a model does.
    rclpy.spin_until_future_complete(node, future)
    client.destroy()
    return future.result()


def _state(node: Node, full: str) -> str:
    state = _answer(node, GetState, f'{full}/get_state').current_state
    return f'{state.label} [{state.id}]'


def _nodes(arguments: argparse.Namespace) -> None:
    with discovered_node(arguments) as node:
        names = _managed_nodes(node, hidden=arguments.all)
    if arguments.count_nodes:
        print(len(names))
        return
    for name in names:
        print(name)


def _get(arguments: argparse.Namespace) -> None:
    if arguments.node_name:
        with _found(arguments) as (node, full):
            print(_state(node, full))
        return
    with discovered_node(arguments) as node:
        for full in _managed_nodes(node, hidden=arguments.include_hidden_nodes):
            print(f'{full}: {_state(node, full)}')


def _list(arguments: argparse.Namespace) -> None:
    service = 'get_transition_graph' if arguments.all else 'get_available_transitions'
    with _found(arguments) as (node, full):
        answer = _answer(node, GetAvailableTransitions, f'{full}/{service}')
    for description in answer.available_transitions:
        print(f'- {_named(description.transition)}')
        print(f'\tStart: {description.start_state.label}')
        print(f'\tGoal: {description.goal_state.label}')


def _named(transition: Any) -> str:
    return f'{transition.label} [{transition.id}]'


def _set(arguments: argparse.Namespace) -> int:
    with _found(arguments) as (node, full):
        answer = _answer(
            node, GetAvailableTransitions, f'{full}/get_available_transitions')
        available = [description.transition for description in answer.available_transitions]
        # A name comes before a number.
        meant = [
            *(one for one in available if one.label == arguments.transition),
            *(one for one in available if str(one.id) == arguments.transition),
        ]
        if not meant:
            raise CommandError(
                'Unknown transition requested, available ones are:'
                + ''.join(f'\n- {_named(transition)}' for transition in available)
            )
        result = _answer(node, ChangeState, f'{full}/change_state', transition=meant[0])
    if result.success:
        print('Transitioning successful')
        return 0
    print('Transitioning failed', file=sys.stderr)
    return 1
