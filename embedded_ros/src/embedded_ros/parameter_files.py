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
Parameter values in YAML, as ROS 2 reads them: on command lines and in files.

A file gives nodes their parameters: the keys above `ros__parameters` join to the node's name, in
which `*` stands for one part and `**` for any number of them, and the keys below it to the
parameter's name. Only booleans, integers, floats and strings count, and lists of one of these.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
import re
from typing import Any

import yaml

_SECTION = 'ros__parameters'
_BOOL = r'y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF'
_INT = r'[-+]?(?:0x[0-9a-fA-F]+|[0-9]+)'
_FLOAT = (
    r'[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?'
    r'|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)'
)


class InvalidParameterText(ValueError):  # noqa: N818
    """YAML that gives no parameters."""


class _Loader(yaml.SafeLoader):
    """
    YAML's safe subset with ROS 2's idea of what a plain word is.

    No dates, `1e-3` is a number, and keys are strings whatever they look like.
    """

    yaml_implicit_resolvers = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        return {
            str(self.construct_scalar(key)): self.construct_object(value, deep=True)
            for key, value in node.value
        }


def _construct_int(loader: _Loader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node))
    return int(text, 16 if 'x' in text else 10)


def _construct_bool(loader: _Loader, node: yaml.ScalarNode) -> bool:
    return str(loader.construct_scalar(node)).lower() in ('y', 'yes', 'true', 'on')


class _Dumper(yaml.SafeDumper):
    """Quotes what the loader would not read as text again."""


for _tag, _pattern in (('bool', _BOOL), ('int', _INT), ('float', _FLOAT), ('null', r'~|null|')):
    for _yaml in (_Loader, _Dumper):
        _yaml.add_implicit_resolver(
            f'tag:yaml.org,2002:{_tag}', re.compile(f'^(?:{_pattern})$'), None
        )
_Loader.add_constructor('tag:yaml.org,2002:int', _construct_int)
_Loader.add_constructor('tag:yaml.org,2002:bool', _construct_bool)


def parse_value(text: str) -> Any:
    """
    Return the parameter value that a YAML text gives: '0.5', 'true', '[1, 2]', 'some words'.

    InvalidParameterText when it gives none.
    """
    return _checked(read_yaml(text), f"'{text}'")


def read_yaml(text: str) -> Any:
    """
    Return what a YAML text holds, whether a parameter can have that value or not.

    InvalidParameterText when it is no YAML.
    """
    try:
        return _load(text)
    except yaml.YAMLError as error:
        raise InvalidParameterText(f"'{text}' is not valid YAML: {_one_line(error)}") from error


def file_text(node: str, values: Mapping[str, Any]) -> str:
    """Return the content of a parameter file for the node of that name or pattern."""
    return str(yaml.dump({node: {_SECTION: values}}, Dumper=_Dumper, sort_keys=False))


def _load(text: str) -> Any:
    return yaml.load(text, _Loader)  # noqa: S506 - a safe loader


def _one_line(error: yaml.YAMLError) -> str:
    mark = getattr(error, 'problem_mark', None)
    where = f' in line {mark.line + 1}' if mark else ''
    return f'{getattr(error, "problem", None) or "unreadable"}{where}'


def _checked(value: Any, where: str) -> Any:
    if isinstance(value, (bool, int, float, str)):
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise InvalidParameterText(f'{where}: {value} does not fit 64 bits')
        return value
    if isinstance(value, list):
        if len({type(element) for element in value}) > 1:
            raise InvalidParameterText(f'{where}: the elements of a list must be of one type')
        if any(not isinstance(element, (bool, int, float, str)) for element in value):
            raise InvalidParameterText(f'{where}: a list must hold numbers, booleans or strings')
        return [_checked(element, where) for element in value]
    if value is None:
        raise InvalidParameterText(f'{where}: there is no value')
    raise InvalidParameterText(f'{where}: a {type(value).__name__} is no parameter value')


def read_file(path: str | Path) -> list[tuple[str, str, Any]]:
    """
    Return what a parameter file gives: node name or pattern, parameter name, value.

    In the order of the file. InvalidParameterText names the file and what is wrong with it.
    """
    try:
        content = _load(Path(path).read_text(encoding='utf-8'))
    except OSError as error:
        raise InvalidParameterText(
            f"cannot read the parameter file '{path}': {error.strerror}"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = _one_line(error) if isinstance(error, yaml.YAMLError) else 'not UTF-8 text'
        raise InvalidParameterText(f"parameter file '{path}': {reason}") from error
    if content is None:
        return []
    try:
        return list(_node_sections(content, ''))
    except InvalidParameterText as error:
        raise InvalidParameterText(f"parameter file '{path}': {error}") from error


def _node_sections(content: Any, node_name: str) -> Iterator[tuple[str, str, Any]]:
    if not isinstance(content, dict):
        raise InvalidParameterText(
            f"'{node_name or content}': expected node names with '{_SECTION}' below them"
        )
    for key, below in content.items():
        if key == _SECTION:
            if not node_name:
                raise InvalidParameterText(f"'{_SECTION}' must stand below a node name")
            yield from ((node_name, *item) for item in _parameters(below, ''))
        else:
            yield from _node_sections(below, f'{node_name}/{str(key).strip("/")}')


def _parameters(content: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(content, dict):
        if prefix:
            yield prefix, _checked(content, f"parameter '{prefix}'")
        elif content is not None:
            raise InvalidParameterText(f"expected parameter names below '{_SECTION}'")
        return
    for key, below in content.items():
        yield from _parameters(below, f'{prefix}.{key}' if prefix else str(key))


def matches(pattern: str, full_node_name: str) -> bool:
    """Return whether a node name from a file, wildcards allowed, stands for a node."""
    if pattern == '/**':
        return True
    expression = re.escape(pattern).replace(r'/\*\*', r'(?:/\w+)*').replace(r'\*', r'\w+')
    return re.fullmatch(expression, full_node_name) is not None
