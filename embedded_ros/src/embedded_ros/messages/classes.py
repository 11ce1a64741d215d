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

"""Message and service classes with the behaviour of those that rclpy's generators make."""

from collections.abc import Callable
import functools
import threading
from typing import Any, ClassVar

import numpy as np

from embedded_ros.messages.definitions import definition, REQUEST, RESPONSE, service_names
from embedded_ros.messages.fields import Field, make_field

_lock = threading.RLock()


class Message:
    """
    What all message classes have in common.

    A field `x` is stored in the slot `_x` behind a property that checks assignments.
    """

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    _ros_type: ClassVar[str]
    _ros_fields: ClassVar[dict[str, Field]]
    _fields_and_field_types: ClassVar[dict[str, str]]

    @classmethod
    def get_fields_and_field_types(cls) -> dict[str, str]:
        """Return the fields and the text of their types, in the order of the definition."""
        return dict(cls._fields_and_field_types)

    def __repr__(self) -> str:
        """Write the message as the call that makes it."""
        package, kind, short = self._ros_type.split('/')
        fields = ', '.join(f'{name}={_text(getattr(self, name))}' for name in self._ros_fields)
        return f'{package}.{kind}.{short}({fields})'

    def __eq__(self, other: object) -> bool:
        """Compare type and all fields."""
        if type(other) is not type(self):
            return NotImplemented if not isinstance(other, Message) else False
        return all(_equal(getattr(self, name), getattr(other, name)) for name in self._ros_fields)


def _text(value: Any) -> str:
    if hasattr(value, 'typecode'):
        return repr(value.tolist())
    return repr(value)


def _equal(first: Any, second: Any) -> bool:
    if isinstance(first, np.ndarray):
        return bool(np.array_equal(first, second))
    return bool(first == second)


class Service:
    """What all service classes have in common: the classes of both halves."""

    _ros_type: ClassVar[str]
    Request: ClassVar[Any]
    Response: ClassVar[Any]


def message_class(name: str) -> Any:
    """
    Return the class of a message type ('sensor_msgs/msg/Image', 'std_srvs/srv/SetBool_Request').

    The same class every time; LookupError when nobody here knows the type.
    """
    with _lock:
        return _message_class(name)


@functools.cache
def _message_class(name: str) -> type[Message]:
    parts = definition(name)
    fields = {
        key: make_field(key, description, parts.defaults.get(key), _message_class)
        for key, description in parts.fields.items()
    }
    package, kind, short = name.split('/')
    namespace: dict[str, Any] = {
        '__slots__': tuple(f'_{key}' for key in fields),
        '__module__': f'{package}.{kind}',
        '__doc__': f'Message class {short!r}.',
        '_ros_type': name,
        '_ros_fields': fields,
        '_fields_and_field_types': {key: field.type_text for key, field in fields.items()},
    }
    for key, (base, value) in parts.constants.items():
        namespace[key] = bytes((value,)) if base == 'byte' else value
    cls = type(short, (Message,), namespace)
    setters = {key: cls.__dict__[f'_{key}'].__set__ for key in fields}
    for key, field in fields.items():
        setattr(cls, key, _checked(key, field.check, setters[key], cls))
    cls.__init__ = _constructor(fields, setters)  # type: ignore[misc]
    return cls


def _checked(key: str, check: Callable[[Any], Any], set_slot: Any, cls: type) -> property:
    def assign(message: Any, value: Any) -> None:
        set_slot(message, check(value))

    return property(cls.__dict__[f'_{key}'].__get__, assign, doc=f"Message field '{key}'.")


def _constructor(
    fields: dict[str, Field], setters: dict[str, Callable[[Any, Any], None]]
) -> Callable[..., None]:
    plan = [(key, field.check, field.default, setters[key]) for key, field in fields.items()]

    def __init__(self: Any, /, **values: Any) -> None:  # noqa: N807
        """Set the given fields, and the others to their default values."""
        if not values.keys() <= fields.keys():
            unknown = ', '.join(sorted(values.keys() - fields.keys()))
            raise AssertionError(f'Invalid arguments passed to constructor: {unknown}')
        for key, check, default, set_slot in plan:
            set_slot(self, check(values[key]) if key in values else default())

    return __init__


def service_class(name: str) -> Any:
    """
    Return the class of a service type ('std_srvs/srv/Trigger') with its .Request and .Response.

    The same class every time; LookupError when nobody here knows the type.
    """
    with _lock:
        return _service_class(name)


@functools.cache
def _service_class(name: str) -> type[Service]:
    if name not in service_names():
        raise LookupError(
            f"service type '{name}' is not known here (its definition belongs under interfaces/)"
        )
    package, kind, short = name.split('/')
    namespace = {
        '__module__': f'{package}.{kind}',
        '__doc__': f'Service class {short!r}.',
        '_ros_type': name,
        'Request': _message_class(name + REQUEST),
        'Response': _message_class(name + RESPONSE),
    }
    return type(short, (Service,), namespace)


def type_name(cls: type) -> str:
    """Return the ROS name ('sensor_msgs/msg/Image') of a message or service class."""
    name = getattr(cls, '_ros_type', None)
    if not isinstance(name, str):
        raise TypeError(f'{cls!r} is no message or service class')
    return name
