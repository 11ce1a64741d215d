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

"""The base of all launch actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from launch.condition import Condition
from launch.launch_description_entity import as_entities, LaunchDescriptionEntity, SomeEntitiesType

if TYPE_CHECKING:
    from launch.launch_context import LaunchContext


class Action(LaunchDescriptionEntity):
    """Something that a launch does, if its condition holds."""

    def __init__(self, *, condition: Condition | None = None) -> None:
        self.condition = condition

    def visit(self, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        if self.condition is not None and not self.condition.evaluate(context):
            return []
        return as_entities(self.execute(context))

    def execute(self, context: LaunchContext) -> SomeEntitiesType:
        """Do it, and return the actions to be done next."""
        raise NotImplementedError
