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

"""Turns the parameters of a Node action into the files and arguments that a node reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import os
from typing import Any, TYPE_CHECKING

from launch.errors import LaunchError
from launch.substitution import perform_substitutions, Substitution
from launch_ros.parameter_descriptions import (
    ParameterFile,
    ParameterValue,
    write_parameters,
)

from embedded_ros.parameter_files import file_text, InvalidParameterText, read_yaml

if TYPE_CHECKING:
    from launch.launch_context import LaunchContext


def evaluate_parameters(
    context: LaunchContext, parameters: Mapping[Any, Any], prefix: str = ''
) -> dict[str, Any]:
    """
    Return the values by name; a dictionary inside gives names joined by a dot.

    As in ROS 2, text from a substitution is read as YAML (write
    `ParameterValue(..., value_type=str)` to keep it text), text written in the launch file is
    text, and a list in which a substitution stands is text to be joined.
    """
    values: dict[str, Any] = {}
    for key, value in parameters.items():
        name = prefix + perform_substitutions(context, key)
        if isinstance(value, Mapping):
            values.update(evaluate_parameters(context, value, f'{name}.'))
        else:
            try:
                values[name] = _evaluate(context, name, value)
            except InvalidParameterText as error:
                raise LaunchError(f"parameter '{name}': {error}") from error
    return values


def _evaluate(context: LaunchContext, name: str, value: Any) -> Any:
    if isinstance(value, ParameterValue):
        return value.evaluate(context)
    if isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Substitution):
        return read_yaml(perform_substitutions(context, value))
    if isinstance(value, Sequence):
        return _evaluate_list(context, name, value)
    raise LaunchError(f"parameter '{name}' has a value that no parameter can have: {value!r}")


def _evaluate_list(context: LaunchContext, name: str, value: Sequence[Any]) -> Any:
    if any(isinstance(item, Substitution) for item in value):
        return read_yaml(perform_substitutions(context, value))
    items = [
        item if isinstance(item, (bool, int, float)) else perform_substitutions(context, item)
        for item in value
    ]
    types = {type(item) for item in items}
    if types == {int, float}:
        return [float(item) for item in items]
    if len(types) > 1:
        raise LaunchError(f"parameter '{name}' is a list of values of different types: {items}")
    return items


def parameters_file(context: LaunchContext, parameters: Any, node: str) -> str:
    """Return the path of a parameter file: the one given, or one written for a dictionary."""
    if isinstance(parameters, Mapping):
        text = file_text(node, evaluate_parameters(context, parameters))
        return str(write_parameters(context, text))
    if not isinstance(parameters, ParameterFile):
        parameters = ParameterFile(parameters)
    return str(parameters.evaluate(context))
