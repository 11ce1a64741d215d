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

"""Text that is worked out only when the launch runs, and how pieces of it join."""

from __future__ import annotations

from collections.abc import Iterable
import os
from typing import TYPE_CHECKING, Union

from launch.errors import LaunchError

if TYPE_CHECKING:
    from launch.launch_context import LaunchContext


# As in YAML, and the two digits.
_BOOLEANS = {
    '1': True, 'true': True, 'yes': True, 'on': True,
    '0': False, 'false': False, 'no': False, 'off': False,
}


class SubstitutionFailure(LaunchError):  # noqa: N818 (the name it has in ROS 2)
    """A substitution has no value."""


class Substitution:
    """A piece of text whose value is known once the launch runs."""

    def describe(self) -> str:
        """Return what is substituted, for `ros2 launch --show-args`."""
        return f'{type(self).__name__}()'

    def perform(self, context: LaunchContext) -> str:
        """Return the text."""
        raise NotImplementedError


class TextSubstitution(Substitution):
    """Plain text."""

    def __init__(self, *, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f'TextSubstitution expects text, not {text!r}')
        self.text = text

    def describe(self) -> str:
        return f"'{self.text}'"

    def perform(self, context: LaunchContext) -> str:
        return self.text


SomeSubstitutionsType = Union[
    str, 'os.PathLike[str]', Substitution, Iterable[Union[str, 'os.PathLike[str]', Substitution]]
]


def normalize_to_list_of_substitutions(value: SomeSubstitutionsType) -> list[Substitution]:
    """Return what a launch file may write as text as a list of pieces to be joined."""
    if isinstance(value, Substitution):
        return [value]
    if isinstance(value, (str, os.PathLike)):
        return [TextSubstitution(text=os.fspath(value))]
    if isinstance(value, Iterable):
        return [piece for item in value for piece in normalize_to_list_of_substitutions(item)]
    raise TypeError(f'expected text, a substitution or a list of them, not {value!r}')


def perform_substitutions(context: LaunchContext, value: SomeSubstitutionsType) -> str:
    """Return the text of all pieces, joined."""
    return ''.join(
        substitution.perform(context) for substitution in normalize_to_list_of_substitutions(value)
    )


def perform_bool(context: LaunchContext, value: bool | SomeSubstitutionsType) -> bool:
    """Return a truth value, or the one that the text stands for."""
    if isinstance(value, bool):
        return value
    text = perform_substitutions(context, value)
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise SubstitutionFailure(f"'{text}' is neither true nor false") from None


def perform_float(
    context: LaunchContext, name: str, value: float | SomeSubstitutionsType
) -> float:
    """Return a number, or the one that the text stands for; an error names what it is."""
    if isinstance(value, (int, float)):
        return float(value)
    text = perform_substitutions(context, value)
    try:
        return float(text)
    except ValueError:
        raise SubstitutionFailure(f"{name} '{text}' is not a number") from None
