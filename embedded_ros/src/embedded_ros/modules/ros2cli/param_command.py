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

"""`ros2 param`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import sys
from typing import Any

from rcl_interfaces.msg import ParameterType
import rclpy
from rclpy.node import Node
from rclpy.parameter import Parameter, parameter_value_to_python
from rclpy.parameter_client import AsyncParameterClient
from rclpy.task import Future

from embedded_ros.parameter_files import (
    file_text,
    InvalidParameterText,
    parse_value,
    read_file,
)
from ros2cli.discovery import (
    add_discovery_arguments,
    discovered_node,
    found_node,
    node_names,
)
from ros2cli.errors import CommandError
from ros2cli.verbs import Verbs

_SECONDS_FOR_AN_ANSWER = 5.0

# type: (as in a sentence, as in a description)
_TYPES = {
    ParameterType.PARAMETER_NOT_SET: ('', 'not set'),
    ParameterType.PARAMETER_BOOL: ('Boolean value is:', 'boolean'),
    ParameterType.PARAMETER_INTEGER: ('Integer value is:', 'integer'),
    ParameterType.PARAMETER_DOUBLE: ('Double value is:', 'double'),
    ParameterType.PARAMETER_STRING: ('String value is:', 'string'),
    ParameterType.PARAMETER_BYTE_ARRAY: ('Byte values are:', 'byte array'),
    ParameterType.PARAMETER_BOOL_ARRAY: ('Boolean values are:', 'boolean array'),
    ParameterType.PARAMETER_INTEGER_ARRAY: ('Integer values are:', 'integer array'),
    ParameterType.PARAMETER_DOUBLE_ARRAY: ('Double values are:', 'double array'),
    ParameterType.PARAMETER_STRING_ARRAY: ('String values are:', 'string array'),
}


def main(argv: Sequence[str]) -> int | None:
    """Run `ros2 param`."""
    verbs = Verbs('param', 'Various param related sub-commands')

    parser = verbs.add(
        'describe', _describe, 'Show descriptive information about declared parameters'
    )
    parser.add_argument('node_name', help='name of the node')
    parser.add_argument('parameter_names', nargs='+', help='names of the parameters')
    add_discovery_arguments(parser)

    parser = verbs.add('dump', _dump, 'Show all of the parameters of a node in a YAML file format')
    parser.add_argument('node_name', help='name of the node')
    add_discovery_arguments(parser)

    parser = verbs.add('get', _get, 'Get parameter')
    parser.add_argument('node_name', help='name of the node')
    parser.add_argument('parameter_name', help='name of the parameter')
    parser.add_argument('--hide-type', action='store_true', help='only the value')
    add_discovery_arguments(parser)

    parser = verbs.add('list', _list, 'Output a list of available parameters')
    parser.add_argument('node_name', nargs='?', help='name of the node (default: all)')
    parser.add_argument('--include-hidden-nodes', action='store_true', help='hidden nodes too')
    parser.add_argument('--param-type', action='store_true', help='types of the parameters too')
    add_discovery_arguments(parser)

    parser = verbs.add('load', _load, 'Load parameter file for a node')
    parser.add_argument('node_name', help='name of the node')
    parser.add_argument('parameter_file', help='parameter file')
    parser.add_argument(
        '--no-use-wildcard', action='store_true', help="leave out what is for all nodes ('/**')"
    )
    add_discovery_arguments(parser)

    parser = verbs.add('set', _set, 'Set parameter')
    parser.add_argument('node_name', help='name of the node')
    parser.add_argument('parameter_name', help='name of the parameter')
    parser.add_argument('value', help='value, as in YAML')
    add_discovery_arguments(parser)
    return verbs.run(argv)


class _Parameters:
    """The parameters of a node, asked for over its services."""

    def __init__(self, node: Node, full_name: str) -> None:
        self._node = node
        self._full_name = full_name
        self._client = AsyncParameterClient(node, full_name)
        if not self._client.wait_for_services(_SECONDS_FOR_AN_ANSWER):
            raise CommandError(f"node '{full_name}' offers no parameter services")

    def _answer(self, future: Future[Any]) -> Any:
        rclpy.spin_until_future_complete(self._node, future, timeout_sec=_SECONDS_FOR_AN_ANSWER)
        answer = future.result() if future.done() else None
        if answer is None:
            raise CommandError(f"node '{self._full_name}' did not answer in time")
        return answer

    def names(self) -> list[str]:
        return sorted(self._answer(self._client.list_parameters()).result.names)

    def values(self, names: list[str]) -> list[Any]:
        """Return the values as messages, none at all where one of them is not declared."""
        return list(self._answer(self._client.get_parameters(names)).values)

    def descriptors(self, names: list[str]) -> list[Any]:
        return list(self._answer(self._client.describe_parameters(names)).descriptors)

    def set(self, parameters: list[Parameter]) -> list[Any]:
        return list(self._answer(self._client.set_parameters(parameters)).results)


def _list(arguments: argparse.Namespace) -> None:
    if arguments.node_name:
        with found_node(arguments) as (node, full):
            _print_names(_Parameters(node, full), with_types=arguments.param_type)
        return
    with discovered_node(arguments) as node:
        with_services = {
            name.rpartition('/')[0]
            for name, _ in node.get_service_names_and_types()
            if name.endswith('/list_parameters')
        }
        for full, _, _ in node_names(node, hidden=arguments.include_hidden_nodes):
            if full in with_services:
                print(f'{full}:')
                _print_names(_Parameters(node, full), with_types=arguments.param_type)


def _print_names(parameters: _Parameters, *, with_types: bool) -> None:
    names = parameters.names()
    if not with_types:
        for name in names:
            print(f'  {name}')
        return
    for descriptor in parameters.descriptors(names):
        print(f'  {descriptor.name} (type: {_TYPES[descriptor.type][1]})')


def _get(arguments: argparse.Namespace) -> None:
    with found_node(arguments) as (node, full):
        values = _Parameters(node, full).values([arguments.parameter_name])
    if not values or values[0].type == ParameterType.PARAMETER_NOT_SET:
        raise CommandError(f"Parameter not set: node '{full}' has no '{arguments.parameter_name}'")
    value = parameter_value_to_python(values[0])
    if arguments.hide_type:
        print(value)
    else:
        print(_TYPES[values[0].type][0], value)


def _set(arguments: argparse.Namespace) -> int:
    try:
        parameter = Parameter(arguments.parameter_name, value=parse_value(arguments.value))
    except ValueError as error:
        raise CommandError(
            f"'{arguments.value}' is no value that a parameter can have") from error
    with found_node(arguments) as (node, full):
        result = _Parameters(node, full).set([parameter])[0]
    reason = f': {result.reason}' if result.reason else ''
    if result.successful:
        print(f'Set parameter successful{reason}')
        return 0
    print(f'Setting parameter failed{reason}', file=sys.stderr)
    return 1


def _load(arguments: argparse.Namespace) -> int:
    try:
        rules = read_file(arguments.parameter_file)
    except InvalidParameterText as error:
        raise CommandError(str(error)) from error
    # What is for all nodes comes first, so that it loses.
    wildcard = [] if arguments.no_use_wildcard else [rule for rule in rules if rule[0] == '/**']
    values = {name: value for _, name, value in wildcard}
    values.update({name: value for node, name, value in rules if node != '/**'})
    if not values:
        raise CommandError(f"parameter file '{arguments.parameter_file}' gives no parameters")
    with found_node(arguments) as (node, full):
        results = _Parameters(node, full).set(
            [Parameter(name, value=value) for name, value in values.items()]
        )
    for name, result in zip(values, results, strict=True):
        reason = f': {result.reason}' if result.reason else ''
        if result.successful:
            print(f'Set parameter {name} successful{reason}')
        else:
            print(f'Set parameter {name} failed{reason}', file=sys.stderr)
    return 0 if all(result.successful for result in results) else 1


def _describe(arguments: argparse.Namespace) -> None:
    with found_node(arguments) as (node, full):
        parameters = _Parameters(node, full)
        known = set(parameters.names())
        for name in arguments.parameter_names:
            if name not in known:
                raise CommandError(f"Parameter not set: node '{full}' has no '{name}'")
        descriptors = parameters.descriptors(arguments.parameter_names)
    for descriptor in descriptors:
        _print_descriptor(descriptor)


def _print_descriptor(descriptor: Any) -> None:
    print(f'Parameter name: {descriptor.name}')
    print(f'  Type: {_TYPES[descriptor.type][1]}')
    if descriptor.description:
        print(f'  Description: {descriptor.description}')
    print('  Constraints:')
    if descriptor.read_only:
        print('    Read only: true')
    for limits in (*descriptor.floating_point_range, *descriptor.integer_range):
        print(f'    Min value: {limits.from_value}')
        print(f'    Max value: {limits.to_value}')
        if limits.step:
            print(f'    Step: {limits.step}')
    if descriptor.additional_constraints:
        print(f'    Additional constraints: {descriptor.additional_constraints}')


def _dump(arguments: argparse.Namespace) -> None:
    with found_node(arguments) as (node, full):
        parameters = _Parameters(node, full)
        names = parameters.names()
        values = parameters.values(names)
    tree: dict[str, Any] = {}
    for name, value in zip(names, values, strict=True):
        *parents, last = name.split('.')
        branch = tree
        for parent in parents:
            branch = branch.setdefault(parent, {})
        branch[last] = parameter_value_to_python(value)
    print(file_text(full, tree), end='')
