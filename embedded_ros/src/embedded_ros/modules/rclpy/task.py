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

"""Results to come, and the work that brings them about."""
from __future__ import annotations

from collections.abc import Callable, Generator
import inspect
import threading
from typing import Any, Generic, TypeVar
import warnings
import weakref

T = TypeVar('T')


class Future(Generic[T]):
    """
    A result to come; `await` it in a callback, or spin until it is done.

    Done callbacks run in the executor, where there is one, and otherwise in the thread that
    brings the result.
    """

    def __init__(self, *, executor: Any = None) -> None:
        self._lock = threading.Lock()
        self._done = False
        self._cancelled = False
        self._result: T | None = None
        self._exception: BaseException | None = None
        self._callbacks: list[Callable[[Any], Any]] = []
        self._waiters: list[Callable[[], Any]] = []
        self._executor: Callable[[], Any] = lambda: None
        if executor is not None:
            self._set_executor(executor)

    def __await__(self) -> Generator[Any, None, T | None]:
        while not self._done and not self._cancelled:
            yield self
        return self.result()

    def done(self) -> bool:
        return self._done

    def cancelled(self) -> bool:
        return self._cancelled

    def cancel(self) -> None:
        """Give up the result; nothing happens where it is there already."""
        with self._lock:
            if self._done:
                return
            self._cancelled = True
        self._run_callbacks()

    def result(self) -> T | None:
        """Return the result, None while there is none; an exception set instead is raised."""
        if self._exception is not None:
            raise self._exception
        return self._result

    def exception(self) -> BaseException | None:
        return self._exception

    def set_result(self, result: T) -> None:
        with self._lock:
            self._result = result
            self._done = True
            self._cancelled = False
        self._run_callbacks()

    def set_exception(self, exception: BaseException) -> None:
        with self._lock:
            self._exception = exception
            self._done = True
            self._cancelled = False
        self._run_callbacks()

    def add_done_callback(self, callback: Callable[[Any], Any]) -> None:
        """Call it with this future once it is done or cancelled; at once where it is."""
        with self._lock:
            if not (self._done or self._cancelled):
                self._callbacks.append(callback)
                return
        self._run_callback(callback)

    def _wake_when_done(self, wake: Callable[[], Any]) -> None:
        """Call it in the thread that ends the wait, at once where that has happened."""
        with self._lock:
            if not (self._done or self._cancelled):
                self._waiters.append(wake)
                return
        wake()

    def _set_executor(self, executor: Any) -> None:
        self._executor = weakref.ref(executor)

    def _run_callbacks(self) -> None:
        with self._lock:
            callbacks, self._callbacks = self._callbacks, []
            waiters, self._waiters = self._waiters, []
        for wake in waiters:
            wake()
        for callback in callbacks:
            self._run_callback(callback)

    def _run_callback(self, callback: Callable[[Any], Any]) -> None:
        executor = self._executor()
        if executor is not None:
            executor.create_task(callback, self)
            return
        try:
            callback(self)
        except Exception as error:
            warnings.warn(f'Unhandled exception in done callback: {error!r}', stacklevel=2)


class Task(Future[T]):
    """A function or coroutine that an executor runs, step by step, to its result."""

    def __init__(
        self, handler: Any, args: Any = None, kwargs: Any = None, executor: Any = None,
    ) -> None:
        super().__init__(executor=executor)
        if inspect.iscoroutinefunction(handler):
            handler = handler(*(args or ()), **(kwargs or {}))
            args = kwargs = None
        self._handler = handler
        self._args = args or ()
        self._kwargs = kwargs or {}
        self._step = threading.Lock()

    def __call__(self) -> None:
        """Run until the end or the next `await` of something that is not there yet."""
        with self._step:
            if self._done or self._cancelled:
                return
            try:
                if inspect.iscoroutine(self._handler):
                    self._continue_after(self._handler.send(None))
                else:
                    self.set_result(self._handler(*self._args, **self._kwargs))
            except StopIteration as end:
                self.set_result(end.value)
            except Exception as error:
                self.set_exception(error)

    def executing(self) -> bool:
        return self._step.locked()

    def _continue_after(self, awaited: Any) -> None:
        executor = self._executor()
        if executor is None:
            return
        if isinstance(awaited, Future):
            awaited._wake_when_done(lambda: executor._schedule(self))
        else:
            executor._schedule(self)
