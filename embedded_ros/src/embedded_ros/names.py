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

"""
The rules for names: nodes, namespaces, topics and services.

A name is relative ('image', 'camera/image'), private ('~/detections', under the node's own name)
or absolute ('/camera/image'). Expanding makes it absolute.
"""

import re
from typing import NamedTuple

_MAX_NODE_NAME = 255
# ROS 2 keeps room for prefixes and suffixes on the wire.
_MAX_TOPIC_NAME = 247
_MAX_NAMESPACE = 245
_SUBSTITUTION = re.compile(r'\{(node|ns|namespace)\}')


class Fault(NamedTuple):
    """What is wrong with a name, and at which of its characters."""

    reason: str
    position: int


def node_name_fault(name: str) -> Fault | None:
    """Return what forbids `name` as the name of a node."""
    if not name:
        return Fault('node name must not be empty', 0)
    if match := re.search(r'[^A-Za-z0-9_]', name):
        return Fault(
            "node name must not contain characters other than alphanumerics or '_'", match.start()
        )
    if name[0].isdigit():
        return Fault('node name must not start with a number', 0)
    if len(name) > _MAX_NODE_NAME:
        return Fault(f'node name must not be longer than {_MAX_NODE_NAME}', _MAX_NODE_NAME)
    return None


def namespace_fault(namespace: str) -> Fault | None:
    """Return what forbids `namespace`, which must be absolute."""
    if namespace == '/':
        return None
    return _absolute_fault('namespace', namespace, _MAX_NAMESPACE)


def full_topic_name_fault(name: str) -> Fault | None:
    """Return what forbids `name` as an expanded topic or service name."""
    return _absolute_fault('topic name', name, _MAX_TOPIC_NAME)


def _absolute_fault(kind: str, name: str, longest: int) -> Fault | None:
    if not name:
        return Fault(f'{kind} must not be empty', 0)
    if name[0] != '/':
        return Fault(f"{kind} must be absolute, it must lead with a '/'", 0)
    if fault := _path_fault(kind, name):
        return fault
    if len(name) > longest:
        return Fault(f'{kind} must not be longer than {longest}', longest)
    return None


def _path_fault(kind: str, name: str) -> Fault | None:
    if name.endswith('/'):
        return Fault(f"{kind} must not end with a '/'", len(name) - 1)
    rules = (
        (r'[^A-Za-z0-9_/]', "must not contain characters other than alphanumerics, '_', or '/'"),
        (r'//', "must not contain repeated '/'"),
        (r'(?:^|(?<=/))[0-9]', 'must not contain a token that starts with a number'),
    )
    for pattern, reason in rules:
        if match := re.search(pattern, name):
            return Fault(f'{kind} {reason}', match.start())
    return None


def topic_name_fault(name: str) -> Fault | None:
    """Return what forbids `name` as a topic or service name that is yet to be expanded."""
    if not name:
        return Fault('topic name must not be empty', 0)
    if (position := name.find('~', 1)) > 0:
        return Fault("topic name may contain '~' as its first character alone", position)
    if name[0] == '~' and len(name) > 1 and name[1] != '/':
        return Fault("topic name must have a '/' after '~'", 1)
    if name == '/':
        return Fault("topic name must not end with a '/'", 0)
    # Same length as before, so that the position of a fault holds for the given name.
    plain = _SUBSTITUTION.sub(lambda match: 'x' * len(match[0]), name)
    if match := re.search(r'[{}]', plain):
        return Fault(
            'topic name has curly braces other than {node} and {namespace}', match.start()
        )
    if plain[0] == '~':
        plain = 'x' + plain[1:]
    return _path_fault('topic name', plain)


def full_node_name(node_name: str, namespace: str) -> str:
    """Return the absolute name of a node."""
    return f'{namespace.rstrip("/")}/{node_name}'


def expand(name: str, node_name: str, namespace: str) -> str:
    """Return a valid topic or service name as an absolute one."""
    values = {'node': node_name, 'ns': namespace, 'namespace': namespace}
    if name[0] == '~':
        name = full_node_name(node_name, namespace) + name[1:]
    expanded = _SUBSTITUTION.sub(lambda match: values[match[1]], name)
    if expanded[0] != '/':
        expanded = f'{namespace.rstrip("/")}/{expanded}'
    return expanded
