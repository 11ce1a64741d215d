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

"""Parameters as a launch file gives them to a node."""

from __future__ import annotations

from pathlib import Path
import tempfile
from typing import Any, get_args, get_origin, TYPE_CHECKING

from launch.errors import LaunchError
from launch.substitution import perform_bool, perform_substitutions, SomeSubstitutionsType
from launch_ros.substituted_text import substitute

from embedded_ros.parameter_files import InvalidParameterText, read_yaml

if TYPE_CHECKING:
    from launch.launch_context import LaunchContext

__all__ = ['ParameterFile', 'ParameterValue']


class ParameterValue:
    """
    A parameter's value, of a given type where one is given.

    Without a type, text from substitutions is read as YAML: "0.5" is a number. The type is bool,
    int, float, str or a list of one of these.
    """

    def __init__(self, value: Any, *, value_type: Any = None) -> None:
        self.value = value
        self.value_type = value_type

    def evaluate(self, context: LaunchContext) -> Any:
        """Return the value that the node gets."""
        if isinstance(self.value, (bool, int, float)):
            value: Any = self.value
        else:
            value = perform_substitutions(context, _as_text(self.value))
            if self.value_type is str:
                return value
            value = read_yaml(value)
        if self.value_type is None:
            return value
        if get_origin(self.value_type) is list:
            if isinstance(value, list):
                (item_type,) = get_args(self.value_type)
                return [_convert(item, item_type) for item in value]
            raise LaunchError(f'parameter value {value!r} is not a list')
        return _convert(value, self.value_type)


class ParameterFile:
    """A parameter file, with `allow_substs` one in which `$(var ...)` and the like may stand."""

    def __init__(
        self,
        param_file: SomeSubstitutionsType,
        *,
        allow_substs: bool | SomeSubstitutionsType = False,
    ) -> None:
        self.param_file = param_file
        self.allow_substs = allow_substs

    def evaluate(self, context: LaunchContext) -> Path:
        """Return the path of the file, or of one with the values, which ends with the launch."""
        path = Path(perform_substitutions(context, self.param_file))
        if not path.is_file():
            raise LaunchError(f"parameter file '{path}' does not exist")
        if not perform_bool(context, self.allow_substs):
            return path
        try:
            text = substitute(context, path.read_text(encoding='utf-8'))
            read_yaml(text)
        except (InvalidParameterText, LaunchError) as error:
            raise LaunchError(f"parameter file '{path}', substituted: {error}") from error
        return write_parameters(context, text)


def write_parameters(context: LaunchContext, text: str) -> Path:
    """Write a parameter file that ends with the launch."""
    with tempfile.NamedTemporaryFile(
        'w',
        prefix='launch_params_',
        suffix='.yaml',
        dir=context.temporary_folder(),
        encoding='utf-8',
        delete=False,
    ) as file:
        file.write(text)
    return Path(file.name)


def _as_text(value: Any) -> SomeSubstitutionsType:
    if isinstance(value, (list, tuple)) and all(
        isinstance(item, (bool, int, float)) for item in value
    ):
        return str(list(value)).replace('True', 'true').replace('False', 'false')
    text: SomeSubstitutionsType = value
    return text


def _convert(value: Any, value_type: type) -> Any:
    if value_type is float and type(value) is int:
        return float(value)
    if value_type is str and not isinstance(value, (list, dict)):
        return str(value)
    if type(value) is not value_type:
        raise LaunchError(f'parameter value {value!r} is not of type {value_type.__name__}')
    return value
