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
