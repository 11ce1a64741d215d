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

"""Actions that share a scope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
import os
from typing import Any, TYPE_CHECKING

from launch.action import Action
from launch.actions.control import OpaqueFunction
from launch.condition import Condition
from launch.launch_description_entity import as_entities, LaunchDescriptionEntity
from launch.substitution import perform_substitutions, SomeSubstitutionsType

if TYPE_CHECKING:
    from launch.launch_context import LaunchContext


class GroupAction(Action):
    """
    Does some actions, by default in a scope of their own.

    What they change of the launch configurations and of the environment ends with a scoped group.
    Without `forwarding` the scope begins with the given launch configurations alone, and with the
    environment of the launch itself.
    """

    def __init__(
        self,
        actions: Iterable[LaunchDescriptionEntity],
        *,
        scoped: bool = True,
        forwarding: bool = True,
        launch_configurations: (
            Mapping[SomeSubstitutionsType, SomeSubstitutionsType] | None) = None,
        condition: Condition | None = None,
    ) -> None:
        super().__init__(condition=condition)
        self._actions = as_entities(actions)
        self._scoped = scoped
        self._forwarding = forwarding
        self._launch_configurations = dict(launch_configurations or {})

    def describe_sub_entities(self) -> list[LaunchDescriptionEntity]:
        return self._actions

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        configurations, environment = context.launch_configurations, context.environment
        before = dict(configurations), dict(environment)
        given = {
            perform_substitutions(context, name): perform_substitutions(context, value)
            for name, value in self._launch_configurations.items()
        }
        if self._scoped and not self._forwarding:
            configurations.clear()
            _replace(environment, os.environ)
        configurations.update(given)
        if not self._scoped:
            return self._actions

        def leave(context: LaunchContext) -> None:
            _replace(configurations, before[0])
            _replace(environment, before[1])

        return [*self._actions, OpaqueFunction(function=leave)]


def _replace(values: dict[str, Any], by: Mapping[str, Any]) -> None:
    values.clear()
    values.update(by)
