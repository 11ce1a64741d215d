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

"""`ros2 service`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import time

import rclpy
from rclpy.node import Node

from ros2cli.discovery import (
    absolute_topic_name,
    add_discovery_arguments,
    command_node,
    discovered_node,
    print_names_and_types,
    with_type,
)
from ros2cli.errors import CommandError
from ros2cli.message_text import message_from_yaml
from ros2cli.type_names import known_service_class
from ros2cli.verbs import Verbs

_REMINDER_SECONDS = 5.0


def main(argv: Sequence[str]) -> int | None:
    """Run `ros2 service`."""
    verbs = Verbs('service', 'Various service related sub-commands')
    parser = verbs.add('call', _call, 'Call a service')
    parser.add_argument('service_name', help='name of the service')
    parser.add_argument('service_type', help="type of the service (e.g. 'std_srvs/srv/Trigger')")
    parser.add_argument('values', nargs='?', default='{}', help='the request, as YAML')
    parser.add_argument(
        '-r', '--rate', type=float, metavar='N', help='repeat the call N times a second'
    )
    parser = verbs.add('find', _find, 'Output a list of available services of a given type')
    parser.add_argument('service_type', help="type (e.g. 'std_srvs/srv/Trigger')")
    parser.add_argument(
        '-c', '--count-services', action='store_true', help='only the number of services'
    )
    parser.add_argument(
        '--include-hidden-services', action='store_true', help='hidden services too'
    )
    add_discovery_arguments(parser)
    parser = verbs.add('info', _info, 'Print information about a service')
    parser.add_argument('service_name', help='name of the service')
    add_discovery_arguments(parser)
    parser = verbs.add('list', _list, 'Output a list of available services')
    parser.add_argument('-t', '--show-types', action='store_true', help='show the types too')
    parser.add_argument(
        '-c', '--count-services', action='store_true', help='only the number of services'
    )
    parser.add_argument(
        '--include-hidden-services', action='store_true', help='hidden services too'
    )
    add_discovery_arguments(parser)
    parser = verbs.add('type', _type, "Output a service's type")
    parser.add_argument('service_name', help='name of the service')
    add_discovery_arguments(parser)
    return verbs.run(argv)


def _list(arguments: argparse.Namespace) -> None:
    with discovered_node(arguments) as node:
        services = node.get_service_names_and_types()
    print_names_and_types(
        services, hidden=arguments.include_hidden_services, count=arguments.count_services,
        types=arguments.show_types)


def _find(arguments: argparse.Namespace) -> None:
    with discovered_node(arguments) as node:
        services = with_type(node.get_service_names_and_types(), arguments.service_type)
    print_names_and_types(
        services, hidden=arguments.include_hidden_services, count=arguments.count_services,
        types=False)


def _type(arguments: argparse.Namespace) -> None:
    with discovered_node(arguments) as node:
        _, types = _name_and_types(node, arguments)
    for type_name in types:
        print(type_name)


def _info(arguments: argparse.Namespace) -> None:
    with discovered_node(arguments) as node:
        name, types = _name_and_types(node, arguments)
        clients, servers = node.count_clients(name), node.count_services(name)
    print(f'Type: {types[0] if len(types) == 1 else types}')
    print(f'Clients count: {clients}')
    print(f'Services count: {servers}')


def _name_and_types(node: Node, arguments: argparse.Namespace) -> tuple[str, list[str]]:
    name = absolute_topic_name(node, arguments.service_name)
    types = dict(node.get_service_names_and_types()).get(name)
    if types is None:
        raise CommandError(f"Unknown service '{name}'")
    return name, types


def _call(arguments: argparse.Namespace) -> None:
    if arguments.rate is not None and arguments.rate <= 0:
        raise CommandError('--rate must be greater than zero')
    cls = known_service_class(arguments.service_type)
    request = message_from_yaml(cls.Request, arguments.values)
    with command_node() as node:
        name = absolute_topic_name(node, arguments.service_name)
        client = node.create_client(cls, name)
        while rclpy.ok() and not client.wait_for_service(timeout_sec=_REMINDER_SECONDS):
            print('waiting for service to become available...', flush=True)
        while rclpy.ok():
            called = time.monotonic()
            print(f'requester: making request: {request!r}\n', flush=True)
            future = client.call_async(request)
            rclpy.spin_until_future_complete(node, future)
            print(f'response:\n{future.result()!r}\n', flush=True)
            if arguments.rate is None:
                return
            time.sleep(max(0.0, called + 1 / arguments.rate - time.monotonic()))
