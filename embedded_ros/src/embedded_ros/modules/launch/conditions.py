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

"""The conditions that launch files use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from launch.condition import Condition
from launch.errors import LaunchError
from launch.substitution import perform_substitutions, SomeSubstitutionsType

if TYPE_CHECKING:
    from launch.launch_context import LaunchContext

__all__ = [
    'IfCondition',
    'InvalidConditionExpressionError',
    'LaunchConfigurationEquals',
    'LaunchConfigurationNotEquals',
    'UnlessCondition',
    'evaluate_condition_expression',
]

_VALUES = {'true': True, '1': True, 'false': False, '0': False}


class InvalidConditionExpressionError(LaunchError):
    """A condition's text is neither true nor false."""


def evaluate_condition_expression(
    context: LaunchContext, expression: SomeSubstitutionsType
) -> bool:
    """Return the truth of "true", "1", "false" or "0", in any case; other text is an error."""
    text = perform_substitutions(context, expression)
    try:
        return _VALUES[text.strip().lower()]
    except KeyError:
        raise InvalidConditionExpressionError(
            f"condition '{text}' is not one of {', '.join(_VALUES)}"
        ) from None


class IfCondition(Condition):
    """Holds if the text is true."""

    def __init__(self, predicate_expression: SomeSubstitutionsType) -> None:
        super().__init__(
            predicate=lambda context: evaluate_condition_expression(context, predicate_expression)
        )


class UnlessCondition(Condition):
    """Holds if the text is false."""

    def __init__(self, predicate_expression: SomeSubstitutionsType) -> None:
        super().__init__(
            predicate=lambda context: not evaluate_condition_expression(
                context, predicate_expression
            )
        )


class LaunchConfigurationEquals(Condition):
    """Holds if a launch configuration has a value; None stands for one that is not set."""

    def __init__(
        self, launch_configuration_name: str, expected_value: SomeSubstitutionsType | None
    ) -> None:
        super().__init__(
            predicate=lambda context: _equals(context, launch_configuration_name, expected_value)
        )


class LaunchConfigurationNotEquals(Condition):
    """Holds if a launch configuration has another value; None stands for one that is not set."""

    def __init__(
        self, launch_configuration_name: str, expected_value: SomeSubstitutionsType | None
    ) -> None:
        super().__init__(
            predicate=lambda context: not _equals(
                context, launch_configuration_name, expected_value
            )
        )


def _equals(context: LaunchContext, name: str, expected: SomeSubstitutionsType | None) -> bool:
    text = None if expected is None else perform_substitutions(context, expected)
    return bool(context.launch_configurations.get(name) == text)
