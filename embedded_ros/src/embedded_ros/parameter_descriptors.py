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

"""What a node's parameters may be: their declaration, and values against their descriptors."""

import copy
import math
from typing import Any
import warnings

from rcl_interfaces.msg import ParameterDescriptor, SetParametersResult
from rclpy.parameter import Parameter, PARAMETER_SEPARATOR_STRING
from rclpy.validate_parameter_name import validate_parameter_name

TYPE_MISMATCH = 'Wrong parameter type'
_RELATIVE_TOLERANCE = 1e-6


def declaration(
    namespace: str, name: Any, default: Any = None, descriptor: Any = None, *rest: Any
) -> tuple[str, Any, Any]:
    """
    Return the full name, default value and descriptor of a parameter to declare.

    The default is None where a type is given in its place. TypeError and ValueError for
    declarations that make no sense.
    """
    if rest:
        raise TypeError(f"Invalid declaration of parameter '{name}': expected at most 3 parts")
    if not isinstance(name, str):
        raise TypeError(f'Expected the name of a parameter, got {name!r}')
    if descriptor is not None and not isinstance(descriptor, ParameterDescriptor):
        raise TypeError(f"The descriptor of parameter '{name}' must be a ParameterDescriptor")
    if namespace:
        name = f'{namespace}{PARAMETER_SEPARATOR_STRING}{name}'
    validate_parameter_name(name)
    named_alone = default is None and descriptor is None
    descriptor = copy.deepcopy(descriptor) if descriptor is not None else ParameterDescriptor()
    descriptor.name = name
    if named_alone:
        warnings.warn(
            f"declaring parameter '{name}' by its name alone is deprecated: give a default "
            'value, a type, or a descriptor with dynamic_typing',
            stacklevel=4,
        )
        descriptor.dynamic_typing = True
    if isinstance(default, Parameter.Type):
        if descriptor.dynamic_typing or default is Parameter.Type.NOT_SET:
            raise ValueError(f"Parameter '{name}' cannot have a type and be dynamically typed")
        descriptor.type = int(default)
        return name, None, descriptor
    if not descriptor.dynamic_typing:
        if default is None:
            raise ValueError(
                f"Parameter '{name}' needs a default value, a type, or dynamic typing"
            )
        descriptor.type = int(Parameter.Type.from_parameter_value(default))
    return name, default, descriptor


def check_against_descriptor(parameter: Parameter, descriptor: Any, *, is_new: bool) -> Any:
    """Return a SetParametersResult that says whether type and range of the value are right."""
    unset = parameter.type_ is Parameter.Type.NOT_SET
    if not descriptor.dynamic_typing:
        if unset and not is_new:
            return rejected('Static parameter cannot be undeclared')
        if not unset and int(parameter.type_) != descriptor.type:
            expected = Parameter.Type(descriptor.type).name
            return rejected(
                f"{TYPE_MISMATCH}, expected '{expected}' got '{parameter.type_.name}'"
            )
    ranges = {
        Parameter.Type.INTEGER: descriptor.integer_range,
        Parameter.Type.DOUBLE: descriptor.floating_point_range,
    }.get(parameter.type_)
    if ranges:
        return _check_range(parameter, ranges[0])
    return SetParametersResult(successful=True)


def _check_range(parameter: Parameter, limits: Any) -> Any:
    low, high = sorted((limits.from_value, limits.to_value))
    value, step = parameter.value, limits.step
    if any(_close(value, edge) for edge in (low, high)):
        return SetParametersResult(successful=True)
    if not low < value < high:
        return rejected(
            f'Parameter {parameter.name} out of range. Min: {low}, Max: {high}, value: {value}'
        )
    if step and not _close(low + round((value - low) / step) * step, value):
        return rejected(
            f'The parameter value for {parameter.name} is not a valid step. '
            f'Min: {low}, max: {high}, value: {value}, step: {step}'
        )
    return SetParametersResult(successful=True)


def _close(first: float, second: float) -> bool:
    if isinstance(first, int) and isinstance(second, int):
        return first == second
    return math.isclose(first, second, rel_tol=_RELATIVE_TOLERANCE)


def rejected(reason: str) -> Any:
    """Return a SetParametersResult that says why a change is refused."""
    return SetParametersResult(successful=False, reason=reason)
