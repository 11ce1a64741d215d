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
The fields of a message class: default value, check on assignment, and the way to the wire.

In Python a sequence of numbers is an array.array, a fixed array of numbers a NumPy array, `byte`
is a bytes object of length one, and everything else a list. An assignment of another type raises
AssertionError and names the field, as rclpy's classes do.
"""

import array
from collections import UserList, UserString
from collections.abc import Callable, Sequence, Set
import copy
import math
from typing import Any, NamedTuple

import numpy as np
from rosbags.interfaces import Nodetype

from embedded_ros.messages.definitions import Description

Convert = Callable[[Any], Any]

# Type code of array.array and of NumPy for each number.
_CODES = {
    'int8': ('b', 'int8'),
    'uint8': ('B', 'uint8'),
    'int16': ('h', 'int16'),
    'uint16': ('H', 'uint16'),
    'int32': ('i', 'int32'),
    'uint32': ('I', 'uint32'),
    'int64': ('q', 'int64'),
    'uint64': ('Q', 'uint64'),
    'float32': ('f', 'float32'),
    'float64': ('d', 'float64'),
}
_IDL_NAMES = {'bool': 'boolean', 'byte': 'octet', 'float32': 'float', 'float64': 'double'}
_FLOAT32_MAX = float(np.finfo(np.float32).max)


class Field(NamedTuple):
    """
    How a message class treats one of its fields.

    `check` returns the value to store or raises AssertionError; `to_wire` and `from_wire` convert
    between that value and the one rosbags packs, None where both are the same.
    """

    type_text: str
    default: Callable[[], Any]
    check: Convert
    to_wire: Convert | None = None
    from_wire: Convert | None = None


def make_field(
    name: str, description: Description, default: Any, class_of: Callable[[str], type]
) -> Field:
    """
    Describe the field `name`.

    `default` is the definition's own default value or None, and `class_of` returns the class of a
    nested message type.
    """
    kind, content = description
    if kind in (Nodetype.BASE, Nodetype.NAME):
        field = _single(name, description, class_of)
    else:
        (element, size) = content
        number = element[1][0] if element[0] == Nodetype.BASE else ''
        if number in _CODES:
            build = _number_array if kind == Nodetype.ARRAY else _number_sequence
            field = build(name, number, size)
        else:
            field = _list(name, _single(name, element, class_of), element, kind, size)
    if default is not None:
        stored = field.check(default)
        field = field._replace(default=lambda: copy.copy(stored))
    return field


def _single(name: str, description: Description, class_of: Callable[[str], type]) -> Field:
    kind, content = description
    if kind == Nodetype.NAME:
        return _message(name, content, class_of(content))
    base, bound = content
    if base == 'string':
        return _string(name, bound)
    if base == 'bool':
        return Field('boolean', bool, _instance_check(name, bool))
    if base == 'byte':
        return Field('octet', lambda: b'\0', _byte_check(name), _byte_to_wire, _byte_from_wire)
    if base in ('float32', 'float64'):
        return Field(_IDL_NAMES[base], float, _float_check(name, base))
    return Field(base, int, _integer_check(name, base))


def _message(name: str, type_name: str, cls: type) -> Field:
    package, _, short = type_name.split('/')
    return Field(f'{package}/{short}', cls, _instance_check(name, cls))


def _fail(name: str, expected: str, value: Any) -> AssertionError:
    return AssertionError(f"The '{name}' field must be {expected}, not {_describe(value)}")


def _describe(value: Any) -> str:
    text = repr(value) if isinstance(value, (bool, int, float, str)) else ''
    kind = type(value).__name__
    return f"{text} of type '{kind}'" if 0 < len(text) <= 40 else f"of type '{kind}'"


def _instance_check(name: str, cls: type) -> Convert:
    def check(value: Any) -> Any:
        if not isinstance(value, cls):
            raise _fail(name, f"of type '{cls.__name__}'", value)
        return value

    return check


def _string(name: str, bound: int) -> Field:
    def check(value: Any) -> Any:
        if not isinstance(value, (str, UserString)) or (bound and len(value) > bound):
            limit = f' with at most {bound} characters' if bound else ''
            raise _fail(name, f"of type 'str'{limit}", value)
        return str(value)

    return Field(f'string<{bound}>' if bound else 'string', str, check)


def _byte_check(name: str) -> Convert:
    def check(value: Any) -> bytes:
        if not isinstance(value, (bytes, bytearray)) or len(value) != 1:
            raise _fail(name, "of type 'bytes' with length 1", value)
        return bytes(value)

    return check


# rosbags packs a `byte` as a signed number.


def _byte_to_wire(value: bytes) -> int:
    return int.from_bytes(value, 'little', signed=True)


def _byte_from_wire(value: int) -> bytes:
    return value.to_bytes(1, 'little', signed=True)


def _integer_range(base: str) -> tuple[int, int]:
    limits = np.iinfo(base)
    return int(limits.min), int(limits.max)


def _integer_check(name: str, base: str) -> Convert:
    low, high = _integer_range(base)

    def check(value: Any) -> Any:
        if not isinstance(value, int) or not low <= value <= high:
            raise _fail(name, f"of type 'int' in [{low}, {high}]", value)
        return value

    return check


def _fits_float(base: str, value: float) -> bool:
    return base == 'float64' or not math.isfinite(value) or abs(value) <= _FLOAT32_MAX


def _float_check(name: str, base: str) -> Convert:
    def check(value: Any) -> Any:
        if not isinstance(value, float) or not _fits_float(base, value):
            raise _fail(name, f"of type 'float' ({base})", value)
        return value

    return check


def _is_sequence(value: Any) -> bool:
    return isinstance(value, (Sequence, Set, UserList)) and not isinstance(
        value, (str, UserString)
    )


def _number_check(name: str, number: str, expected: str) -> Callable[[Any], None]:
    """Return a check that `value` is a sequence of numbers each of which fits."""
    if number.startswith('float'):

        def fits(element: Any) -> bool:
            return isinstance(element, float) and _fits_float(number, element)
    else:
        low, high = _integer_range(number)

        def fits(element: Any) -> bool:
            return isinstance(element, int) and low <= element <= high

    def check(value: Any) -> None:
        if not _is_sequence(value) or not all(map(fits, value)):
            raise _fail(name, expected, value)

    return check


def _number_sequence(name: str, number: str, bound: int) -> Field:
    code = _CODES[number][0]
    dtype = np.dtype(number)
    limit = f' with at most {bound} elements' if bound else ''
    expected = f"an array.array('{code}') or a sequence of {number}{limit}"
    check_elements = _number_check(name, number, expected)

    def check(value: Any) -> Any:
        # An array of the right code needs no look at its elements: images pass here.
        if isinstance(value, array.array):
            if value.typecode != code:
                raise _fail(name, expected, value)
        elif number == 'uint8' and isinstance(value, (bytes, bytearray)):
            value = array.array(code, bytes(value))
        else:
            check_elements(value)
            value = array.array(code, value)
        if bound and len(value) > bound:
            raise _fail(name, expected, value)
        return value

    def to_wire(value: Any) -> Any:
        return np.frombuffer(value, dtype) if len(value) else np.empty(0, dtype)

    def from_wire(value: Any) -> Any:
        stored = array.array(code)
        if len(value):
            stored.frombytes(value.view(np.uint8))
        return stored

    text = f'sequence<{_IDL_NAMES.get(number, number)}{f", {bound}" if bound else ""}>'
    return Field(text, lambda: array.array(code), check, to_wire, from_wire)


def _number_array(name: str, number: str, length: int) -> Field:
    dtype = np.dtype(_CODES[number][1])
    expected = f'a numpy array or sequence of {length} {number}'
    check_elements = _number_check(name, number, expected)

    def check(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            if value.dtype != dtype or value.size != length:
                raise _fail(name, f'{expected}, got {value.size} {value.dtype}', value)
            return value
        check_elements(value)
        if len(value) != length:
            raise _fail(name, f'{expected}, got {len(value)}', value)
        return np.array(list(value), dtype)

    text = f'{_IDL_NAMES.get(number, number)}[{length}]'
    return Field(text, lambda: np.zeros(length, dtype), check, _contiguous, np.array)


def _contiguous(value: Any) -> Any:
    return np.ascontiguousarray(value).reshape(-1)


def _list(name: str, element: Field, description: Description, kind: int, size: int) -> Field:
    """Describe a field that Python holds as a list."""
    exact = kind == Nodetype.ARRAY
    count = f' of {size}' if exact else f' of at most {size}' if size else ''
    expected = f'a sequence{count} with elements of type {element.type_text!r}'
    check_element = element.check

    def check(value: Any) -> Any:
        if not _is_sequence(value) or isinstance(value, (bytes, bytearray)):
            raise _fail(name, expected, value)
        if (exact and len(value) != size) or (size and len(value) > size):
            raise _fail(name, f'{expected}, got {len(value)}', value)
        for item in value:
            check_element(item)
        return value

    def default() -> list[Any]:
        return [element.default() for _ in range(size)] if exact else []

    text = f'{element.type_text}[{size}]'
    if not exact:
        text = f'sequence<{element.type_text}{f", {size}" if size else ""}>'
    base = description[1][0] if description[0] == Nodetype.BASE else ''
    if base == 'bool':
        return Field(text, default, check, lambda v: np.array(v, np.bool_), np.ndarray.tolist)
    if base == 'byte':
        return Field(text, default, check, _bytes_to_wire, _bytes_from_wire)
    return Field(text, default, check)


def _bytes_to_wire(value: Sequence[bytes]) -> Any:
    return np.frombuffer(b''.join(value), np.uint8)


def _bytes_from_wire(value: Any) -> list[bytes]:
    return [_byte_from_wire(number) for number in value.tolist()]
