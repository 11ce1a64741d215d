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
Messages to bytes and back (CDR with its four byte header), by the code that rosbags generates.

rosbags packs any object that has the fields as attributes. Here it is given the names of the
slots, which are read without a detour through the properties, and for the fields whose value
looks different on the wire the names of properties that convert.
"""

from collections.abc import Callable
import functools
import struct
import threading
from typing import Any, NamedTuple

from rosbags.serde import SerdeError
from rosbags.serde.cdr import (
    generate_deserialize_cdr,
    generate_getsize_cdr,
    generate_serialize_cdr,
)
from rosbags.typesys.store import Typestore

from embedded_ros.messages.classes import Message, message_class
from embedded_ros.messages.definitions import Description, field_definitions, PLACEHOLDER

_lock = threading.RLock()


class SerializationError(ValueError):
    """Bytes that are no message of the type, or a message that cannot be packed."""


def serialize(message: Any) -> memoryview:
    """
    Return the CDR bytes of a message, encapsulation header included.

    SerializationError when a list in it was filled with values of a wrong type.
    """
    try:
        data: memoryview = _codec.serialize_cdr(message, message._ros_type, little_endian=True)
    except (SerdeError, struct.error, AttributeError, TypeError, ValueError) as error:
        raise SerializationError(f'cannot serialize {type(message).__name__}: {error}') from error
    return data


def deserialize(buffer: Any, cls: Any) -> Any:
    """
    Return the message of class `cls` that the CDR bytes hold; nothing in it refers to `buffer`.

    SerializationError when they do not hold one.
    """
    try:
        return _codec.deserialize_cdr(memoryview(buffer), cls._ros_type)
    except (SerdeError, struct.error, ValueError, IndexError, OverflowError) as error:
        raise SerializationError(f'cannot deserialize {cls.__name__}: {error}') from error


class _Generated(NamedTuple):
    """The code for one type, under the names by which rosbags looks it up."""

    fields: list[tuple[str, Description]]
    cls: Callable[..., Message]
    size_cdr: int
    getsize_cdr: Callable[..., int]
    serialize_cdr_le: Callable[..., int]
    deserialize_cdr_le: Callable[..., Any]
    deserialize_cdr_be: Callable[..., Any]


class _Codec(Typestore):  # type: ignore[misc]
    """A type store that knows our classes and generates no more than the two ways needed."""

    def get_msgdef(self, typename: str) -> Any:
        known = self.cache.get(typename)
        if known is None:
            with _lock:
                known = self.cache.setdefault(typename, self._make(typename))
        return known

    def _make(self, typename: str) -> Any:
        cls = message_class(typename)
        wire_fields = [
            (_wire_attribute(cls, name), description)
            for name, description in field_definitions(typename)
        ]
        getsize, size = generate_getsize_cdr(wire_fields, self)
        return _Generated(
            fields=wire_fields,
            cls=_reader(cls),
            size_cdr=size,
            getsize_cdr=getsize,
            serialize_cdr_le=generate_serialize_cdr(wire_fields, self, 'le'),
            deserialize_cdr_le=generate_deserialize_cdr(wire_fields, self, 'le'),
            deserialize_cdr_be=generate_deserialize_cdr(wire_fields, self, 'be'),
        )


def _wire_attribute(cls: type[Message], name: str) -> str:
    """Return the attribute that rosbags shall pack for a field, made where there is none."""
    if name == PLACEHOLDER:
        cls._placeholder = 0  # type: ignore[attr-defined]
        return '_placeholder'
    convert = cls._ros_fields[name].to_wire
    if convert is None:
        return f'_{name}'
    attribute = f'_{name}_on_wire'
    setattr(cls, attribute, property(functools.partial(_converted, convert, f'_{name}')))
    return attribute


def _converted(convert: Callable[[Any], Any], slot: str, message: Any) -> Any:
    return convert(getattr(message, slot))


def _reader(cls: type[Message]) -> Callable[..., Message]:
    """Return what makes a message of the values on the wire, without checking them again."""
    if not cls._ros_fields:
        return lambda placeholder: cls()
    new = cls.__new__
    setters = [cls.__dict__[f'_{name}'].__set__ for name in cls._ros_fields]
    converters = [field.from_wire for field in cls._ros_fields.values()]
    plan = list(zip(setters, converters, strict=True))

    def read_plain(*values: Any) -> Message:
        message = new(cls)
        for set_slot, value in zip(setters, values, strict=True):
            set_slot(message, value)
        return message

    def read(*values: Any) -> Message:
        message = new(cls)
        for (set_slot, convert), value in zip(plan, values, strict=True):
            set_slot(message, convert(value) if convert else value)
        return message

    return read if any(converters) else read_plain


_codec = _Codec()
