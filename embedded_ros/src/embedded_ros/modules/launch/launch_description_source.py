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

"""Where a launch description comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from launch.substitution import (
    normalize_to_list_of_substitutions,
    perform_substitutions,
    SomeSubstitutionsType,
)

if TYPE_CHECKING:
    from launch.launch_context import LaunchContext
    from launch.launch_description import LaunchDescription


class LaunchDescriptionSource:
    """A launch description, or a launch file that is read when it is first asked for."""

    def __init__(
        self,
        launch_description: LaunchDescription | None = None,
        location: SomeSubstitutionsType = '<script>',
    ) -> None:
        self._description = launch_description
        self._location = normalize_to_list_of_substitutions(location)
        self.path: str | None = None

    def describe(self) -> str:
        """Return where it comes from."""
        return ' + '.join(piece.describe() for piece in self._location)

    def read(self, path: str) -> LaunchDescription:
        """Read a launch file."""
        raise NotImplementedError

    def get_launch_description(self, context: LaunchContext) -> LaunchDescription:
        """Return the launch description, reading its file the first time."""
        if self._description is None:
            self.path = perform_substitutions(context, self._location)
            self._description = self.read(self.path)
        return self._description

    def try_get_launch_description_without_context(self) -> LaunchDescription | None:
        """Return the launch description if its place is known without any launch argument."""
        from launch.launch_context import LaunchContext

        try:
            return self.get_launch_description(LaunchContext())
        except (LookupError, RuntimeError):
            return None
