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
