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

"""Messages as YAML, and YAML as messages."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
import re
from typing import Any

import numpy as np
import yaml

from embedded_ros.messages import message_class
from ros2cli.errors import CommandError

DEFAULT_TRUNCATE_LENGTH = 128


@dataclass(frozen=True)
class Shortening:
    """How much of a message is shown; `length` None shows arrays and text in full."""

    length: int | None = DEFAULT_TRUNCATE_LENGTH
    arrays: bool = True
    strings: bool = True


def message_to_yaml(message: Any, shortening: Shortening) -> str:
    """Return a message, or a part of one, as YAML in block style."""
    text: str = yaml.dump(
        to_plain(message, shortening),
        Dumper=yaml.SafeDumper,
        default_flow_style=False,
        sort_keys=False,
        allow_unicode=True,
        width=2**31,
    )
    return text


def to_plain(value: Any, shortening: Shortening, type_text: str = '') -> Any:
    """Return a message as dictionaries, lists and scalars, long ones cut."""
    if hasattr(value, 'get_fields_and_field_types'):
        return {
            name: to_plain(getattr(value, name), shortening, text)
            for name, text in value.get_fields_and_field_types().items()
        }
    if isinstance(value, bytes):
        value = value.decode('latin-1')
    if isinstance(value, str):
        return _cut_text(value, shortening)
    if isinstance(value, (list, tuple, array, np.ndarray)):
        if not shortening.arrays:
            return _array_summary(value, type_text)
        shown = value[: shortening.length]
        plain = shown.tolist() if isinstance(shown, (array, np.ndarray)) else list(shown)
        items = [to_plain(item, shortening) for item in plain]
        return [*items, '...'] if len(shown) < len(value) else items
    return value


def _cut_text(value: str, shortening: Shortening) -> str:
    if not shortening.strings:
        return f'<string length: <{len(value)}>>'
    if shortening.length is not None and len(value) > shortening.length:
        return value[: shortening.length] + '...'
    return value


def _array_summary(value: Any, type_text: str) -> str:
    sequence = re.fullmatch(r'sequence<(.*?)(?:, \d+)?>', type_text)
    if sequence:
        return f'<sequence type: {sequence[1]}, length: {len(value)}>'
    return f'<array type: {type_text}>' if type_text else f'<array length: {len(value)}>'


def field_of(message: Any, path: str) -> Any:
    """Return a part of a message: `header.stamp`, `detections[0].bbox`."""
    value = message
    for name, index in re.findall(r'([^.\[\]]+)|\[(-?\d+)\]', path):
        try:
            value = getattr(value, name) if name else value[int(index)]
        except (AttributeError, IndexError, TypeError) as error:
            raise CommandError(f"Invalid field '{path}': {error}") from error
    return value


def message_from_yaml(cls: Any, text: str) -> Any:
    """Return a message with the fields that YAML (or JSON) names; the others have defaults."""
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise CommandError(f'the message is not YAML: {" ".join(str(error).split())}') from error
    return _message(cls, {} if values is None else values, 'the message')


def _message(cls: Any, values: Any, where: str) -> Any:
    if not isinstance(values, dict):
        raise CommandError(f'{where} is not given as {{field: value, ...}}: {values!r}')
    message = cls()
    types = cls.get_fields_and_field_types()
    for name, value in values.items():
        if name not in types:
            raise CommandError(f"{where} has no field '{name}'; it has {', '.join(types)}")
        try:
            setattr(message, name, _field(types[name], getattr(message, name), value, name))
        except (AssertionError, TypeError, ValueError, OverflowError) as error:
            raise CommandError(f"field '{name}' cannot be {value!r}: {error}") from error
    return message


def _field(type_text: str, present: Any, value: Any, name: str) -> Any:
    if hasattr(present, 'get_fields_and_field_types'):
        return _message(type(present), value, f"field '{name}'")
    element = re.search(r'(\w+)/(\w+)', type_text)
    if element and isinstance(value, list):
        cls = message_class(f'{element[1]}/msg/{element[2]}')
        return [_message(cls, item, f"an item of '{name}'") for item in value]
    if isinstance(present, float) and isinstance(value, (int, str)):
        return float(value)
    if isinstance(present, (array, np.ndarray)) and np.asarray(present).dtype.kind == 'f':
        return [float(item) for item in value]
    if isinstance(present, bytes) and isinstance(value, int):
        return bytes([value])
    if isinstance(present, str) and isinstance(value, (int, float)):
        return str(value)
    return value
