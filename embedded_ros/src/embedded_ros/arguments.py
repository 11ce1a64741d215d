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
The part of a command line that belongs to ROS: `... --ros-args ARGUMENTS [--] ...`.

It renames nodes, topics and services (-r), sets parameters (-p, --params-file) and log levels.
"""

from collections.abc import Iterator, Sequence
import dataclasses
import re
from typing import Any

from embedded_ros import console, names, parameter_files

_LEVELS = {'debug': 10, 'info': 20, 'warn': 30, 'error': 40, 'fatal': 50}
_WITH_VALUE = {
    '-r': 'remap',
    '--remap': 'remap',
    '-p': 'parameter',
    '--param': 'parameter',
    '--params-file': 'params_file',
    '--log-level': 'log_level',
    '-e': 'ignored',
    '--enclave': 'ignored',
    '--log-config-file': 'ignored',
    '--log-file-name': 'ignored',
}
# Switches for the places that log messages go to; there is no external library here.
_SINKS = {
    f'--{verb}-{sink}-logs': (sink, verb == 'enable')
    for verb in ('enable', 'disable')
    for sink in ('stdout', 'rosout', 'external-lib')
}
_NODE_RULES = ('__node', '__name')
_NAMESPACE_RULE = '__ns'
_SCHEMES = {'rostopic://': 'topic', 'rosservice://': 'service'}


class InvalidROSArgsError(RuntimeError):
    """A ROS argument that cannot be understood."""


class UnknownROSArgsError(InvalidROSArgsError):
    """Something between --ros-args and -- that is no ROS argument."""


@dataclasses.dataclass(frozen=True)
class Remapping:
    """
    One -r rule; the first that applies wins.

    `node` limits it to nodes of that name, `kind` ('topic', 'service' or '') to one kind of name.
    """

    node: str
    source: str
    target: str
    kind: str = ''

    def is_for(self, node_name: str) -> bool:
        """Return whether the rule holds for a node of that name."""
        return self.node in ('', node_name)


@dataclasses.dataclass(frozen=True)
class ParameterRule:
    """One parameter value for the nodes whose full name matches `node` ('/**' for all)."""

    node: str
    name: str
    value: Any


@dataclasses.dataclass(frozen=True)
class RosArguments:
    """
    The ROS arguments of a command line, in their order.

    `log_levels` maps logger names ('' for all) to levels. Messages go to the console unless
    `stdout_logs` says otherwise, and to /rosout unless `rosout_logs` does.
    """

    remappings: tuple[Remapping, ...] = ()
    parameters: tuple[ParameterRule, ...] = ()
    log_levels: tuple[tuple[str, int], ...] = ()
    stdout_logs: bool = True
    rosout_logs: bool = True

    def apply_to_logging(self) -> None:
        """Set up this process's loggers."""
        console.enable_streams(self.stdout_logs)
        for name, level in self.log_levels:
            console.set_level(name, level)

    @classmethod
    def combined(
        cls, own: Sequence[str] | None, process: 'RosArguments | None'
    ) -> 'RosArguments':
        """
        Return what holds for a node: its own arguments, then those of the process.

        None stands for no arguments. A node's own need no --ros-args before them.
        """
        first, then = parse(['--ros-args', *(own or ())]), process or cls()
        return cls(
            remappings=first.remappings + then.remappings,
            parameters=then.parameters + first.parameters,
            log_levels=then.log_levels + first.log_levels,
        )

    def node_name(self, default: str) -> str:
        """Return the name for a node that calls itself `default`."""
        return self._first(default, *_NODE_RULES) or default

    def namespace(self, default: str, node_name: str = '') -> str:
        """Return the namespace for a node of that (new) name that asks for `default`."""
        namespace = self._first(node_name, _NAMESPACE_RULE) or default
        return namespace if namespace.startswith('/') else f'/{namespace}'

    def _first(self, node_name: str, *sources: str) -> str | None:
        for rule in self.remappings:
            if rule.source in sources and rule.is_for(node_name):
                return rule.target
        return None

    def remap_topic(self, full_name: str, node_name: str, namespace: str = '/') -> str:
        """Return the new absolute name of a topic; `full_name` where no rule applies."""
        return self._remap('topic', full_name, node_name, namespace)

    def remap_service(self, full_name: str, node_name: str, namespace: str = '/') -> str:
        """Return the new absolute name of a service; `full_name` where no rule applies."""
        return self._remap('service', full_name, node_name, namespace)

    def _remap(self, kind: str, full_name: str, node_name: str, namespace: str) -> str:
        for rule in self.remappings:
            if (
                rule.kind in ('', kind)
                and not rule.source.startswith('__')
                and rule.is_for(node_name)
                and names.expand(rule.source, node_name, namespace) == full_name
            ):
                return names.expand(rule.target, node_name, namespace)
        return full_name

    def parameter_overrides(self, full_node_name: str) -> dict[str, Any]:
        """
        Return the parameter values for a node ('/cell/pin_detector').

        Among several for one name the last wins.
        """
        return {
            rule.name: rule.value
            for rule in self.parameters
            if rule.node == full_node_name or parameter_files.matches(rule.node, full_node_name)
        }


def remove_ros_args(arguments: Sequence[str]) -> list[str]:
    """Return the arguments that are not ROS's."""
    return [text for text, is_ros in _marked(arguments) if not is_ros]


def _marked(arguments: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Tell for each argument whether it is one of ROS's; their brackets are left out."""
    inside = False
    for text in arguments:
        if text == '--ros-args':
            inside = True
        elif inside and text == '--':
            inside = False
        else:
            yield text, inside


def parse(arguments: Sequence[str]) -> RosArguments:
    """
    Return the ROS arguments of a command line.

    InvalidROSArgsError, and UnknownROSArgsError for those that nobody knows, name the argument.
    """
    remappings: list[Remapping] = []
    parameters: list[ParameterRule] = []
    levels: list[tuple[str, int]] = []
    sinks = {'stdout': True, 'rosout': True}
    ros = iter([text for text, is_ros in _marked(arguments) if is_ros])
    unknown = []
    for text in ros:
        if text in _SINKS:
            sinks.update([_SINKS[text]])
            continue
        if text not in _WITH_VALUE:
            unknown.append(text)
            continue
        value = next(ros, None)
        if value is None:
            raise InvalidROSArgsError(f"ROS argument '{text}' needs a value after it")
        kind = _WITH_VALUE[text]
        try:
            if kind == 'remap':
                remappings.append(_remapping(value))
            elif kind == 'parameter':
                parameters.append(_parameter(value))
            elif kind == 'params_file':
                parameters += [ParameterRule(*rule) for rule in parameter_files.read_file(value)]
            elif kind == 'log_level':
                levels.append(_log_level(value))
        except ValueError as error:
            raise InvalidROSArgsError(f"ROS argument '{text} {value}': {error}") from error
    if unknown:
        raise UnknownROSArgsError(
            f'found unknown ROS arguments: {unknown} (arguments for the program itself come '
            "before '--ros-args' or after '--')"
        )
    # As in rcl: what is given to a node or a pattern later joins what was given to it before.
    places = list(dict.fromkeys(rule.node for rule in parameters))
    parameters.sort(key=lambda rule: places.index(rule.node))
    return RosArguments(
        tuple(remappings), tuple(parameters), tuple(levels), sinks['stdout'], sinks['rosout']
    )


def _split_rule(text: str) -> tuple[str, str, str]:
    """Split `[node:]left:=right`."""
    left, separator, right = text.partition(':=')
    if not separator or not left:
        raise ValueError("expected 'from:=to'")
    # The colon of a scheme is none of ours.
    match = re.fullmatch(r'(\w+):(?!//)(.+)', left)
    return (match[1], match[2], right) if match else ('', left, right)


def _remapping(text: str) -> Remapping:
    node, source, target = _split_rule(text)
    kind = ''
    for scheme, scheme_kind in _SCHEMES.items():
        if source.startswith(scheme):
            source, kind = source.removeprefix(scheme), scheme_kind
        target = target.removeprefix(scheme)
    if source in _NODE_RULES:
        fault = names.node_name_fault(target)
    elif source == _NAMESPACE_RULE:
        fault = names.namespace_fault(target)
    elif source.startswith('__'):
        raise ValueError(f"'{source}' cannot be remapped; __node and __ns can")
    else:
        fault = names.topic_name_fault(source) or names.topic_name_fault(target)
    if fault:
        raise ValueError(fault.reason)
    return Remapping(node, source, target, kind)


def _parameter(text: str) -> ParameterRule:
    node, name, value = _split_rule(text)
    return ParameterRule(f'/{node}' if node else '/**', name, parameter_files.parse_value(value))


def _log_level(text: str) -> tuple[str, int]:
    name, _, level = text.rpartition(':=')
    if level.lower() not in _LEVELS:
        raise ValueError(f"'{level}' is not a log level; choose from {', '.join(_LEVELS)}")
    return name, _LEVELS[level.lower()]
