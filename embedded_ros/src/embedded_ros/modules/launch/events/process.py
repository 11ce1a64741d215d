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

from collections.abc import Callable
import signal
from typing import Any, TYPE_CHECKING

from launch.event import Event

if TYPE_CHECKING:
    from launch.actions import ExecuteProcess

__all__ = [
    'ProcessExited',
    'ProcessIO',
    'ProcessStarted',
    'ProcessTargetedEvent',
    'RunningProcessEvent',
    'ShutdownProcess',
    'SignalProcess',
]


class RunningProcessEvent(Event):
    """Something that happened to a process."""

    def __init__(
        self, *, action: ExecuteProcess, process_name: str, pid: int, cmd: list[str]
    ) -> None:
        self.action = action
        self.process_name = process_name
        self.pid = pid
        self.cmd = cmd


class ProcessStarted(RunningProcessEvent):
    """A process runs."""


class ProcessExited(RunningProcessEvent):
    """
    A process has ended.

    The return code is its exit code, or the negative number of the signal that ended it.
    `was_stopped` tells whether the launch had asked it to end.
    """

    def __init__(self, *, returncode: int, was_stopped: bool = False, **process: Any) -> None:
        super().__init__(**process)
        self.returncode = returncode
        self.was_stopped = was_stopped


class ProcessIO(RunningProcessEvent):
    """A process has written some bytes, to its output (`fd` 1) or its errors (2)."""

    def __init__(self, *, text: bytes, fd: int, **process: Any) -> None:
        super().__init__(**process)
        self.text = text
        self.from_stdout = fd == 1
        self.from_stderr = fd == 2


class ProcessTargetedEvent(Event):
    """Something that is to happen to the processes whose actions match."""

    def __init__(self, *, process_matcher: Callable[[ExecuteProcess], bool]) -> None:
        self.process_matcher = process_matcher


class ShutdownProcess(ProcessTargetedEvent):
    """A process is to end, as at the end of the launch."""


class SignalProcess(ProcessTargetedEvent):
    """A process is to get a signal."""

    def __init__(
        self,
        *,
        signal_number: signal.Signals | str,
        process_matcher: Callable[[ExecuteProcess], bool],
    ) -> None:
        super().__init__(process_matcher=process_matcher)
        self.signal = (
            signal.Signals[signal_number] if isinstance(signal_number, str) else signal_number
        )
