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

"""The exceptions of rclpy."""

# ruff: noqa: N818 - the names are rclpy's
from typing import Any


class NotInitializedException(Exception):
    """Raised when something needs rclpy.init() and it has not been called."""

    def __init__(self, *args: Any) -> None:
        """Name the remedy, and what was asked for."""
        super().__init__('rclpy.init() has not been called', *args)


class ROSInterruptException(Exception):
    """Raised when a blocking call is interrupted by a shutdown."""

    def __init__(self, message: str = 'rclpy.shutdown() has been called') -> None:
        """Say why."""
        super().__init__(message)


class InvalidHandle(Exception):
    """Raised when something is used after it was destroyed."""


class NameValidationException(Exception):
    """Raised for a name that breaks the rules; points at the first character that does."""

    def __init__(self, name_type: str, name: str, error_msg: str, invalid_index: int) -> None:
        """Describe the name, what is wrong with it, and where."""
        super().__init__(
            f"Invalid {name_type}: {error_msg}:\n  '{name}'\n   {' ' * invalid_index}^"
        )
        self.name_type = name_type
        self.name = name
        self.error_msg = error_msg
        self.invalid_index = invalid_index


class InvalidNamespaceException(NameValidationException):
    """Raised for an invalid namespace."""

    def __init__(self, name: str, error_msg: str, invalid_index: int) -> None:
        """Describe the namespace."""
        super().__init__('namespace', name, error_msg, invalid_index)


class InvalidNodeNameException(NameValidationException):
    """Raised for an invalid node name."""

    def __init__(self, name: str, error_msg: str, invalid_index: int) -> None:
        """Describe the node name."""
        super().__init__('node name', name, error_msg, invalid_index)


class InvalidTopicNameException(NameValidationException):
    """Raised for an invalid topic name."""

    def __init__(self, name: str, error_msg: str, invalid_index: int) -> None:
        """Describe the topic name."""
        super().__init__('topic name', name, error_msg, invalid_index)


class InvalidServiceNameException(NameValidationException):
    """Raised for an invalid service name."""

    def __init__(self, name: str, error_msg: str, invalid_index: int) -> None:
        """Describe the service name."""
        super().__init__('service name', name, error_msg, invalid_index)


class ParameterException(Exception):
    """Base of the exceptions about parameters; the last argument names them."""

    def __init__(self, error_msg: str, parameters: Any, *args: Any) -> None:
        """Join the message and the names."""
        super().__init__(f'{error_msg}: {parameters}', *args)


class ParameterNotDeclaredException(ParameterException):
    """Raised when a parameter is used that has not been declared."""

    def __init__(self, parameters: Any, *args: Any) -> None:
        """Name the parameters."""
        super().__init__('Invalid access to undeclared parameter(s)', parameters, *args)


class ParameterAlreadyDeclaredException(ParameterException):
    """Raised when a parameter is declared twice."""

    def __init__(self, parameters: Any, *args: Any) -> None:
        """Name the parameters."""
        super().__init__('Parameter(s) already declared', parameters, *args)


class InvalidParameterException(ParameterException):
    """Raised when a parameter has an invalid name."""

    def __init__(self, parameter: Any, *args: Any) -> None:
        """Name the parameter."""
        super().__init__('Invalid parameter name', parameter, *args)


class InvalidParameterTypeException(ParameterException):
    """Raised when a value does not have the type that its parameter was declared with."""

    def __init__(self, desired_parameter: Any, expected_type: Any, *args: Any) -> None:
        """Name the parameter, its type, and the type of the value."""
        super().__init__(
            f"Trying to set a parameter to '{desired_parameter.value}' of type "
            f"'{desired_parameter.type_.name}', expecting type '{expected_type}'",
            desired_parameter.name,
            *args,
        )


class InvalidParameterValueException(ParameterException):
    """Raised when a callback or a descriptor rejects the value of a parameter."""

    def __init__(self, parameter: Any, value: Any, reason: str = '', *args: Any) -> None:
        """Name the parameter, the value and the reason."""
        because = f' ({reason})' if reason else ''
        super().__init__(f"Invalid value '{value}'{because} for parameter", parameter, *args)


class ParameterImmutableException(ParameterException):
    """Raised when a read-only parameter is to be changed or undeclared."""

    def __init__(self, parameters: Any, *args: Any) -> None:
        """Name the parameters."""
        super().__init__('Attempted to modify read-only parameter(s)', parameters, *args)


class ParameterUninitializedException(ParameterException):
    """Raised when a declared parameter is read that has no value yet."""

    def __init__(self, parameters: Any, *args: Any) -> None:
        """Name the parameters."""
        super().__init__('The parameter(s) is/are not initialized', parameters, *args)
