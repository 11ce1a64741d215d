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

"""
One process of a launch: started in a session of its own, its lines logged, stopped with patience.

A session of its own keeps a Ctrl-C on the terminal away from it: the launch passes the signal on,
once. When the launch itself is killed, Linux kills the process too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
import contextlib
import ctypes
from dataclasses import dataclass
import functools
import os
from pathlib import Path
import shlex
import shutil
import signal
import sys

from launch.errors import LaunchError
from launch.logging import get_logger, log_process_output

_PR_SET_PDEATHSIG = 1
_SECONDS_FOR_LAST_LINES = 1.0
_LONGEST_LINE = 1 << 16  # bytes; what never ends a line is cut, not collected

_libc = ctypes.CDLL(None) if sys.platform == 'linux' else None


@dataclass(frozen=True)
class Destination:
    """Where a stream's lines go."""

    screen: bool
    file: bool


# As in ROS 2, "log" shows errors on the screen all the same.
OUTPUTS: Mapping[str, tuple[Destination, Destination]] = {
    'screen': (Destination(True, False), Destination(True, False)),
    'log': (Destination(False, True), Destination(True, True)),
    'both': (Destination(True, True), Destination(True, True)),
}


class ChildProcess:
    """
    A process that has not been started yet.

    `output` is one of "screen", "log" and "both". With `emulate_tty` the process sees a terminal.
    A ROS node handles SIGTERM once it is up; before that, SIGTERM ends it and SIGINT would, too,
    but not without the stack trace of an interrupted interpreter.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        cwd: str | None,
        output: str,
        emulate_tty: bool,
        is_ros_node: bool,
    ) -> None:
        if output not in OUTPUTS:
            raise LaunchError(
                f"output '{output}' of process '{name}' is not one of {sorted(OUTPUTS)}"
            )
        if not _is_program(command[0], environment.get('PATH'), cwd):
            raise LaunchError(f"process '{name}' has no program '{command[0]}' to run")
        self.name = name
        self.command = list(command)
        self.pid = 0
        self._environment = dict(environment)
        self._cwd = cwd
        self._destinations = OUTPUTS[output]
        self._emulate_tty = emulate_tty
        self._is_ros_node = is_ros_node
        self._process: asyncio.subprocess.Process | None = None
        self._started = asyncio.Event()
        self._finished = asyncio.Event()
        self._stop_signal: signal.Signals | None = None
        self._logger = get_logger(name)

    def let_go(self) -> None:
        """Let nobody wait for the process any more, started or not."""
        self._started.set()
        self._finished.set()

    async def run(
        self, *, on_start: Callable[[], None], on_output: Callable[[int, bytes], None]
    ) -> int:
        """
        Start the process, log what it writes and return its return code at the end.

        `on_output` gets the number of the stream, 1 or 2, and the bytes.
        """
        try:
            return await self._run(on_start, on_output)
        finally:
            self.let_go()

    async def _run(
        self, on_start: Callable[[], None], on_output: Callable[[int, bytes], None]
    ) -> int:
        streams = [_Stream(self._emulate_tty) for _ in self._destinations]
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=streams[0].child_end,
                stderr=streams[1].child_end,
                env=self._environment,
                cwd=self._cwd,
                start_new_session=True,
                preexec_fn=_tie_to_parent(os.getpid()),
            )
        except OSError as error:
            for stream in streams:
                os.close(stream.own_end)
            raise LaunchError(
                f"process '{self.name}' could not be started: {error.strerror}: "
                f"'{error.filename or self.command[0]}'"
            ) from error
        finally:
            for stream in streams:
                os.close(stream.child_end)
        self.pid = self._process.pid
        self._logger.info(f'process started with pid [{self.pid}]')
        self._started.set()
        on_start()
        readers = [
            await stream.connect(
                self._line_logger(destination), functools.partial(on_output, fd)
            )
            for fd, (stream, destination) in enumerate(
                zip(streams, self._destinations, strict=True), start=1
            )
        ]
        returncode = await self._process.wait()
        # What the process has left behind in its session ends with it.
        self._signal_group(signal.SIGKILL)
        await asyncio.wait(
            [asyncio.ensure_future(reader.at_end()) for reader in readers],
            timeout=_SECONDS_FOR_LAST_LINES,
        )
        for reader in readers:
            reader.close()
        self._log_end(returncode)
        return returncode

    def _line_logger(self, destination: Destination) -> Callable[[str], None]:
        def log(line: str) -> None:
            log_process_output(
                self.name, line, screen=destination.screen, file=destination.file
            )

        return log

    def _log_end(self, returncode: int) -> None:
        if returncode == 0 or (self._stop_signal and returncode == -self._stop_signal):
            self._logger.info(f'process has finished cleanly [pid {self.pid}]')
        else:
            self._logger.error(
                f'process has died [pid {self.pid}, exit code {returncode}, '
                f"cmd '{shlex.join(self.command)}']."
            )

    async def stop(self, *, sigterm_timeout: float, sigkill_timeout: float) -> None:
        """Interrupt the process; terminate it after some seconds, kill it after some more."""
        await self._started.wait()
        starting = self._is_ros_node and not _handles(self.pid, signal.SIGTERM)
        for signal_number, patience in (
            (signal.SIGTERM if starting else signal.SIGINT, sigterm_timeout),
            (signal.SIGTERM, sigkill_timeout),
            (signal.SIGKILL, None),
        ):
            if self._finished.is_set():
                return
            if self._stop_signal is not None:
                self._logger.error(
                    f'process[{self.name}] failed to terminate in time after '
                    f"'{self._stop_signal.name}', escalating to '{signal_number.name}'"
                )
            self._stop_signal = signal_number
            self._signal_group(signal_number)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._finished.wait(), patience)

    def send(self, signal_number: signal.Signals) -> None:
        """Send a signal to the process, if it runs."""
        if self._started.is_set() and not self._finished.is_set():
            self._logger.info(
                f"sending signal '{signal_number.name}' to process[{self.name}]"
            )
            self._signal_group(signal_number)

    def _signal_group(self, signal_number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal_number)


def _is_program(program: str, path: str | None, cwd: str | None) -> bool:
    if os.sep in program:
        program = os.path.join(cwd or '', program)
    return shutil.which(program, path=path) is not None


def _handles(pid: int, signal_number: signal.Signals) -> bool:
    """Tell whether a process has a handler for a signal; True where that cannot be known."""
    try:
        status = Path(f'/proc/{pid}/status').read_text(encoding='ascii', errors='replace')
        caught = int(status.partition('SigCgt:')[2].split()[0], 16)
    except (OSError, IndexError, ValueError):
        return True
    return bool(caught >> (signal_number - 1) & 1)


def _tie_to_parent(parent: int) -> Callable[[], None]:
    """Return what a child does between fork and exec."""

    def prepare() -> None:
        # A launch in the background of a shell inherits an ignored SIGINT.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)

    return prepare


class _Stream:
    """A pipe or, for a process that wants to see one, a terminal."""

    def __init__(self, terminal: bool) -> None:
        self.own_end, self.child_end = os.openpty() if terminal else os.pipe()

    async def connect(
        self, log: Callable[[str], None], on_output: Callable[[bytes], None]
    ) -> _Lines:
        _, reader = await asyncio.get_running_loop().connect_read_pipe(
            lambda: _Lines(log, on_output), os.fdopen(self.own_end, 'rb', buffering=0)
        )
        return reader


class _Lines(asyncio.Protocol):
    """Cuts what a process writes into lines."""

    def __init__(self, log: Callable[[str], None], on_output: Callable[[bytes], None]) -> None:
        self._log = log
        self._on_output = on_output
        self._rest = b''
        self._end = asyncio.Event()
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._on_output(data)
        *lines, self._rest = (self._rest + data).split(b'\n')
        if len(self._rest) > _LONGEST_LINE:
            lines.append(self._rest)
            self._rest = b''
        for line in lines:
            self._log(line.decode(errors='replace').rstrip('\r'))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._rest:
            self._log(self._rest.decode(errors='replace'))
            self._rest = b''
        self._end.set()

    async def at_end(self) -> None:
        await self._end.wait()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
