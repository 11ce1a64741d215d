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

"""Substitutions that are "true" or "false", and the choice between two texts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from launch.substitution import (
    normalize_to_list_of_substitutions,
    perform_bool,
    perform_substitutions,
    SomeSubstitutionsType,
    Substitution,
)

if TYPE_CHECKING:
    from launch.launch_context import LaunchContext

_TRUTH = {'true': True, '1': True, 'false': False, '0': False}


class NotSubstitution(Substitution):
    """Is true if the value is false."""

    def __init__(self, value: SomeSubstitutionsType) -> None:
        self.value = normalize_to_list_of_substitutions(value)

    def perform(self, context: LaunchContext) -> str:
        return _text(not perform_bool(context, self.value))


class AnySubstitution(Substitution):
    """Is true if one of the values is."""

    def __init__(self, *args: SomeSubstitutionsType) -> None:
        self.args = [normalize_to_list_of_substitutions(argument) for argument in args]

    def perform(self, context: LaunchContext) -> str:
        # All are performed, so that a wrong one is seen whatever the others are.
        truths = [perform_bool(context, argument) for argument in self.args]
        return _text(any(truths))


class AllSubstitution(Substitution):
    """Is true if all of the values are."""

    def __init__(self, *args: SomeSubstitutionsType) -> None:
        self.args = [normalize_to_list_of_substitutions(argument) for argument in args]

    def perform(self, context: LaunchContext) -> str:
        truths = [perform_bool(context, argument) for argument in self.args]
        return _text(all(truths))


class OrSubstitution(AnySubstitution):
    """Is true if one of two values is."""

    def __init__(self, left: SomeSubstitutionsType, right: SomeSubstitutionsType) -> None:
        super().__init__(left, right)


class AndSubstitution(AllSubstitution):
    """Is true if both values are."""

    def __init__(self, left: SomeSubstitutionsType, right: SomeSubstitutionsType) -> None:
        super().__init__(left, right)


class EqualsSubstitution(Substitution):
    """
    Is true if two values are the same.

    "True" is the same as "1", and numbers are compared as numbers. None is the empty text.
    """

    def __init__(
        self,
        left: SomeSubstitutionsType | float | None,
        right: SomeSubstitutionsType | float | None,
    ) -> None:
        self.left = normalize_to_list_of_substitutions(_as_text(left))
        self.right = normalize_to_list_of_substitutions(_as_text(right))

    def equal(self, context: LaunchContext) -> bool:
        """Tell whether the values are the same."""
        left = perform_substitutions(context, self.left)
        right = perform_substitutions(context, self.right)
        if left.lower() in _TRUTH and right.lower() in _TRUTH:
            return _TRUTH[left.lower()] == _TRUTH[right.lower()]
        try:
            return math.isclose(float(left), float(right))
        except ValueError:
            return left == right

    def perform(self, context: LaunchContext) -> str:
        return _text(self.equal(context))


class NotEqualsSubstitution(EqualsSubstitution):
    """Is true if two values are not the same."""

    def perform(self, context: LaunchContext) -> str:
        return _text(not self.equal(context))


class IfElseSubstitution(Substitution):
    """One of two texts."""

    def __init__(
        self,
        condition: SomeSubstitutionsType,
        if_value: SomeSubstitutionsType = '',
        else_value: SomeSubstitutionsType = '',
    ) -> None:
        self.condition = normalize_to_list_of_substitutions(condition)
        self.if_value = normalize_to_list_of_substitutions(if_value)
        self.else_value = normalize_to_list_of_substitutions(else_value)

    def perform(self, context: LaunchContext) -> str:
        chosen = self.if_value if perform_bool(context, self.condition) else self.else_value
        return perform_substitutions(context, chosen)


def _text(value: bool) -> str:
    return 'true' if value else 'false'


def _as_text(value: SomeSubstitutionsType | float | None) -> SomeSubstitutionsType:
    if value is None:
        return ''
    return str(value) if isinstance(value, (bool, int, float)) else value
