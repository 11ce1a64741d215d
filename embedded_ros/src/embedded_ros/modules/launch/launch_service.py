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

"""Runs launch descriptions until all their processes have ended."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
import contextlib
import signal
import traceback

from launch.errors import one_line
from launch.event import Event
from launch.events import Shutdown
from launch.events.process import ProcessExited
from launch.launch_context import LaunchContext
from launch.launch_description import LaunchDescription
from launch.logging import get_logger, launch_config

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class LaunchService:
    """
    Runs what launch descriptions describe.

    `argv` holds the launch arguments as given on the command line. With `debug`, an error's stack
    trace is shown.
    """

    def __init__(
        self,
        *,
        argv: Iterable[str] | None = None,
        noninteractive: bool = False,
        debug: bool = False,
    ) -> None:
        self.context = LaunchContext(argv=argv, noninteractive=noninteractive)
        self._debug = debug
        self._descriptions: list[LaunchDescription] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._interrupted = False
        self._failed = False
        self._shutdown_emitted = False
        self._logger = get_logger('launch')

    def include_launch_description(self, launch_description: LaunchDescription) -> None:
        """Add a description, before the service runs."""
        self._descriptions.append(launch_description)

    def run(self, *, shutdown_when_idle: bool = True) -> int:
        """
        Run until the launch ends, and return its exit code.

        It is 0 when a signal ended the launch, and 1 when the launch ended of itself and an error
        had occurred or a process had died.
        """
        return asyncio.run(self.run_async(shutdown_when_idle=shutdown_when_idle))

    async def run_async(self, *, shutdown_when_idle: bool = True) -> int:
        """Do what `run` does, inside a running event loop."""
        self._loop = asyncio.get_running_loop()
        launch_config.start_run()
        try:
            with self._signals(self._loop):
                for description in self._descriptions:
                    try:
                        self.context.visit(description)
                    except Exception as error:
                        self._fail(error)
                        break
                await self._answer_events(shutdown_when_idle)
        finally:
            self._loop = None
            launch_config.end_run()
            self.context.close()
        return 1 if self._failed and not self._interrupted else 0

    def shutdown(self) -> None:
        """End the launch; any thread may call this."""
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(self._shutdown, 'LaunchService.shutdown() called', False)

    def _shutdown(self, reason: str, due_to_sigint: bool) -> None:
        if not self.context.is_shutdown:
            self.context.emit_event_sync(Shutdown(reason=reason, due_to_sigint=due_to_sigint))

    async def _answer_events(self, shutdown_when_idle: bool) -> None:
        context = self.context
        while True:
            context.something_happened.clear()
            while context.events:
                self._answer(context.events.popleft())
            for task in [task for task in context.tasks if task.done()]:
                context.tasks.remove(task)
                error = task.exception()
                if error is not None:
                    self._fail(error)
            if context.events:
                continue
            if not context.tasks:
                if context.is_shutdown:
                    return
                if shutdown_when_idle:
                    self._shutdown('idle', False)
                    continue
            await context.something_happened.wait()

    def _answer(self, event: Event) -> None:
        context = self.context
        if isinstance(event, Shutdown):
            # A second one would interrupt processes that are ending already.
            if self._shutdown_emitted:
                return
            self._shutdown_emitted = True
        if isinstance(event, ProcessExited) and event.returncode and not event.was_stopped:
            self._failed = self._failed or not context.is_shutdown
        for handler in tuple(context.event_handlers):
            if handler.matches(event):
                try:
                    for entity in handler.handle(event, context):
                        context.visit(entity)
                except Exception as error:
                    self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self._failed = True
        if self._debug:
            self._logger.error(''.join(traceback.format_exception(error)).rstrip())
        hint = '' if self._debug else ' (see debug for traceback)'
        self._logger.error(f'Caught exception in launch{hint}: {one_line(error)}')
        self._shutdown('an error in the launch', False)

    def _on_signal(self, signal_number: signal.Signals) -> None:
        if signal_number == signal.SIGINT:
            text = 'user interrupted with ctrl-c (SIGINT)'
        else:
            text = f'asked to end by {signal_number.name}'
        if self.context.is_shutdown:
            self._logger.warning(f'{text} again, ignoring...')
            return
        self._logger.warning(text)
        self._interrupted = True
        self._shutdown(text, signal_number == signal.SIGINT)

    @contextlib.contextmanager
    def _signals(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        """
        Let signals end the launch.

        SIGINT does so even where it was inherited as ignored, as in a shell's background job;
        SIGHUP does not, since that is what `nohup` is for.
        """
        former = {number: signal.getsignal(number) for number in _SIGNALS}
        if former[signal.SIGHUP] == signal.SIG_IGN:
            del former[signal.SIGHUP]
        try:
            for number in former:
                loop.add_signal_handler(number, self._on_signal, number)
        except (RuntimeError, ValueError):  # not in the main thread: signals are another's affair
            yield
            return
        try:
            yield
        finally:
            for number, handler in former.items():
                loop.remove_signal_handler(number)
                signal.signal(number, handler)
