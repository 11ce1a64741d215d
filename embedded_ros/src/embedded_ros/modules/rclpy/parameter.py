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

"""Parameters: a name, a type and a value."""

import array
from enum import IntEnum
from typing import Any

from rcl_interfaces.msg import Parameter as ParameterMessage, ParameterType, ParameterValue

from embedded_ros.parameter_files import parse_value

PARAMETER_SEPARATOR_STRING = '.'


class Parameter:
    """
    A named value of one of ROS's parameter types.

    The type follows from the value unless it is given; ValueError when both do not agree.
    """

    class Type(IntEnum):
        NOT_SET = ParameterType.PARAMETER_NOT_SET
        BOOL = ParameterType.PARAMETER_BOOL
        INTEGER = ParameterType.PARAMETER_INTEGER
        DOUBLE = ParameterType.PARAMETER_DOUBLE
        STRING = ParameterType.PARAMETER_STRING
        BYTE_ARRAY = ParameterType.PARAMETER_BYTE_ARRAY
        BOOL_ARRAY = ParameterType.PARAMETER_BOOL_ARRAY
        INTEGER_ARRAY = ParameterType.PARAMETER_INTEGER_ARRAY
        DOUBLE_ARRAY = ParameterType.PARAMETER_DOUBLE_ARRAY
        STRING_ARRAY = ParameterType.PARAMETER_STRING_ARRAY

        @classmethod
        def from_parameter_value(cls, parameter_value: Any) -> 'Parameter.Type':
            """
            Return the type of a Python value; TypeError when no type has such values.

            An empty list counts as an array of bytes, as in rclpy.
            """
            if parameter_value is None:
                return cls.NOT_SET
            # bool before int, which it is as well.
            for kind, python_type in _SCALARS:
                if isinstance(parameter_value, python_type):
                    return kind
            if isinstance(parameter_value, array.array):
                if parameter_value.typecode in _ARRAY_CODES:
                    return _ARRAY_CODES[parameter_value.typecode]
            elif isinstance(parameter_value, (list, tuple)):
                for kind, element_type in _ARRAYS:
                    if all(isinstance(element, element_type) for element in parameter_value):
                        return kind
            raise TypeError(
                'The given value is not one of the allowed types of a parameter: '
                f'{parameter_value!r}'
            )

        def check(self, parameter_value: Any) -> bool:
            """Return whether a Python value is of this type."""
            if self is Parameter.Type.NOT_SET:
                return parameter_value is None
            for kind, python_type in _SCALARS:
                if self is kind:
                    return isinstance(parameter_value, python_type)
            if isinstance(parameter_value, array.array):
                return _ARRAY_CODES.get(parameter_value.typecode) is self
            element_type = dict(_ARRAYS)[self]
            return isinstance(parameter_value, (list, tuple)) and all(
                isinstance(element, element_type) for element in parameter_value
            )

    def __init__(self, name: str, type_: 'Parameter.Type | None' = None, value: Any = None):
        """Name a value."""
        if type_ is None:
            type_ = Parameter.Type.from_parameter_value(value)
        if not isinstance(type_, Parameter.Type):
            raise TypeError(f"type must be an instance of '{Parameter.Type!r}'")
        if not type_.check(value):
            raise ValueError(f"Type '{type_.name}' and value '{value}' do not agree")
        self._name = name
        self._type = type_
        self._value = value

    @property
    def name(self) -> str:
        return self._name

    @property
    def type_(self) -> 'Parameter.Type':
        return self._type

    @property
    def value(self) -> Any:
        return self._value

    def __eq__(self, other: object) -> bool:
        """Compare name, type and value."""
        if not isinstance(other, Parameter):
            return NotImplemented
        return (self._name, self._type, self._value) == (other._name, other._type, other._value)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f'Parameter(name={self._name!r}, type_={self._type.name}, value={self._value!r})'

    @classmethod
    def from_parameter_msg(cls, param_msg: Any) -> 'Parameter':
        """Return what an rcl_interfaces/Parameter holds."""
        return cls(
            param_msg.name,
            Parameter.Type(param_msg.value.type),
            parameter_value_to_python(param_msg.value),
        )

    def to_parameter_msg(self) -> Any:
        """Return an rcl_interfaces/Parameter."""
        return ParameterMessage(name=self._name, value=self.get_parameter_value())

    def get_parameter_value(self) -> Any:
        """Return the value as an rcl_interfaces/ParameterValue."""
        message = ParameterValue(type=int(self._type))
        if self._type is not Parameter.Type.NOT_SET:
            setattr(message, _MESSAGE_FIELDS[self._type], self._value)
        return message


_SCALARS = (
    (Parameter.Type.BOOL, bool),
    (Parameter.Type.INTEGER, int),
    (Parameter.Type.DOUBLE, float),
    (Parameter.Type.STRING, str),
)
_ARRAYS = (
    (Parameter.Type.BYTE_ARRAY, bytes),
    (Parameter.Type.BOOL_ARRAY, bool),
    (Parameter.Type.INTEGER_ARRAY, int),
    (Parameter.Type.DOUBLE_ARRAY, float),
    (Parameter.Type.STRING_ARRAY, str),
)
_ARRAY_CODES = {'q': Parameter.Type.INTEGER_ARRAY, 'd': Parameter.Type.DOUBLE_ARRAY}
_MESSAGE_FIELDS = {
    kind: f'{kind.name.lower()}_value' for kind in Parameter.Type if kind.name != 'NOT_SET'
}


def parameter_value_to_python(parameter_value: Any) -> Any:
    """Return the Python value that an rcl_interfaces/ParameterValue holds, None for none."""
    kind = Parameter.Type(parameter_value.type)
    if kind is Parameter.Type.NOT_SET:
        return None
    value = getattr(parameter_value, _MESSAGE_FIELDS[kind])
    return list(value) if kind.name.endswith('_ARRAY') else value


def get_parameter_value(string_value: str) -> Any:
    """Return an rcl_interfaces/ParameterValue of a text as YAML reads it, else of the text."""
    try:
        value = parse_value(string_value)
    except ValueError:
        value = string_value
    return Parameter('', value=value).get_parameter_value()
