"""Events of a launched process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from launch.event import Event

if TYPE_CHECKING:
    from launch.actions import ExecuteProcess

__all__ = ['ProcessExited']


class ProcessExited(Event):
    """
    A process has ended.

    The return code is its exit code, or the negative number of the signal that ended it.
    """

    def __init__(
        self, *, action: ExecuteProcess, process_name: str, pid: int, cmd: list[str],
        returncode: int,
    ) -> None:
        self.action = action
        self.process_name = process_name
        self.pid = pid
        self.cmd = cmd
        self.returncode = returncode
