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

"""A node for one command, and patience until it knows who else is there."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
import contextlib
import os
import time
from typing import Any

import rclpy
from rclpy.expand_topic_name import expand_topic_name
from rclpy.node import Node
from rclpy.validate_full_topic_name import validate_full_topic_name

from embedded_ros.graph_names import NamesAndTypes
from embedded_ros.names import full_node_name
from ros2cli.errors import CommandError

# Peers on the same network answer within some tenths of a second, one after the other.
_LEAST_SECONDS = 0.6
_QUIET_SECONDS = 0.4
_MOST_SECONDS = 3.0
_STEP = 0.05


def add_discovery_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of all commands that look at the graph."""
    parser.add_argument(
        '--spin-time',
        type=float,
        metavar='SECONDS',
        help='time to wait for discovery (default: until nothing new appears)',
    )
    parser.add_argument(
        '--no-daemon',
        action='store_true',
        help='accepted as in other installations of ROS 2: there is no daemon here',
    )


@contextlib.contextmanager
def command_node() -> Iterator[Node]:
    """Give a hidden node that is gone after the command."""
    try:
        rclpy.init(args=[])
    except (RuntimeError, ValueError) as error:  # the environment is wrong
        raise CommandError(str(error)) from error
    try:
        node = rclpy.create_node(f'_ros2cli_{os.getpid()}', start_parameter_services=False)
        try:
            yield node
        finally:
            node.destroy_node()
    finally:
        rclpy.try_shutdown()


@contextlib.contextmanager
def discovered_node(arguments: argparse.Namespace) -> Iterator[Node]:
    """Give a node that knows the graph."""
    with command_node() as node:
        wait_for_discovery(node, arguments.spin_time)
        yield node


def wait_for_discovery(
    node: Node, spin_time: float | None = None, until: Callable[[], bool] = lambda: False
) -> None:
    """Wait until nothing new appears in the graph, or for the given seconds, or until it holds."""
    start = changed = time.monotonic()
    seen: Any = None
    while not until():
        graph = (
            sorted(node.get_node_names_and_namespaces()),
            sorted(node.get_topic_names_and_types()),
            sorted(node.get_service_names_and_types()),
        )
        now = time.monotonic()
        if graph != seen:
            seen, changed = graph, now
        if spin_time is not None:
            if now - start >= spin_time:
                return
        elif now - start >= _MOST_SECONDS or (
            now - start >= _LEAST_SECONDS and now - changed >= _QUIET_SECONDS
        ):
            return
        time.sleep(_STEP)


def absolute_topic_name(node: Node, name: str) -> str:
    """Return a topic's or service's name from the root."""
    try:
        full = expand_topic_name(name, node.get_name(), node.get_namespace())
        validate_full_topic_name(full)
    except Exception as error:
        reason = ' '.join(str(error).split())
        raise CommandError(reason) from error
    return full


def is_hidden(name: str) -> bool:
    """Tell whether a part of a name begins with an underscore."""
    return any(part.startswith('_') for part in name.split('/'))


def print_names_and_types(
    entries: NamesAndTypes, *, hidden: bool, count: bool, types: bool
) -> None:
    """Print topics or services, sorted, or how many there are; hidden ones only if asked."""
    shown = sorted(entry for entry in entries if hidden or not is_hidden(entry[0]))
    if count:
        print(len(shown))
        return
    for name, type_names in shown:
        print(f'{name} [{", ".join(type_names)}]' if types else name)


def with_type(entries: NamesAndTypes, type_name: str) -> NamesAndTypes:
    """Return the topics or services of a type."""
    return [(name, types) for name, types in entries if type_name in types]


def node_names(node: Node, *, hidden: bool = False) -> list[tuple[str, str, str]]:
    """Return full name, name and namespace of all nodes, sorted; hidden ones only if asked."""
    names = [
        (full_node_name(name, namespace), name, namespace)
        for name, namespace in node.get_node_names_and_namespaces()
    ]
    return sorted(entry for entry in names if hidden or not is_hidden(entry[0]))


def find_node(node: Node, wanted: str) -> tuple[str, str, str]:
    """Return full name, name and namespace of a node."""
    full = '/' + wanted.strip('/')
    for entry in node_names(node, hidden=True):
        if entry[0] == full:
            return entry
    raise CommandError(f"Unable to find node '{full}'")


@contextlib.contextmanager
def found_node(arguments: argparse.Namespace) -> Iterator[tuple[Node, str]]:
    """Give a node, and the full name of the node that the arguments name, once it is seen."""
    full = '/' + arguments.node_name.strip('/')
    with command_node() as node:
        wait_for_discovery(
            node,
            arguments.spin_time,
            until=lambda: any(entry[0] == full for entry in node_names(node, hidden=True)),
        )
        find_node(node, full)
        yield node, full
