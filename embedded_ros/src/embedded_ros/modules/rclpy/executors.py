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

"""Waiting for what the nodes listen to, and running their callbacks."""
from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future as PoolFuture, ThreadPoolExecutor
import contextlib
import inspect
import os
import threading
import time
from types import TracebackType
from typing import Any, Protocol, TYPE_CHECKING
import weakref

from rclpy._rclpy_pybind11 import RCLError
from rclpy.callback_groups import CallbackGroup
from rclpy.context import Context, ExternalShutdownException
from rclpy.task import Future, Task
from rclpy.utilities import get_default_context

from embedded_ros.dds.binding import DdsError
from embedded_ros.dds.waiting import Guard, WaitSet

if TYPE_CHECKING:
    from rclpy.node import Node

__all__ = [
    'ConditionReachedException',
    'Executor',
    'ExternalShutdownException',
    'MultiThreadedExecutor',
    'ShutdownException',
    'SingleThreadedExecutor',
    'TimeoutException',
]

_NS = 1_000_000_000
# An endless wait is cut into pieces of this length: no clock calculation can overflow.
_LONGEST_WAIT = 3600 * _NS


class ShutdownException(Exception):  # noqa: N818 - the name is rclpy's
    """The executor was shut down while it waited."""


class TimeoutException(Exception):  # noqa: N818 - the name is rclpy's
    """Nothing became ready in time."""


class ConditionReachedException(Exception):  # noqa: N818 - the name is rclpy's
    """What the executor waited for has come."""


class _Entity(Protocol):
    """
    What an executor waits for.

    It is ready when the middleware reports its condition, or, without one, when its time has
    come. `_take` consumes what made it ready and returns the call to make, None for nothing.
    """

    callback_group: CallbackGroup
    _condition: int

    def _take(self) -> Callable[[], Any] | None: ...


class _Deadline:
    def __init__(self, timeout_sec: float | None) -> None:
        endless = timeout_sec is None or timeout_sec < 0
        self._end = None if endless else time.monotonic_ns() + int((timeout_sec or 0) * _NS)

    def left(self) -> int:
        """Return the nanoseconds left, at least zero."""
        if self._end is None:
            return _LONGEST_WAIT
        return max(0, min(_LONGEST_WAIT, self._end - time.monotonic_ns()))

    def passed(self) -> bool:
        return self._end is not None and time.monotonic_ns() >= self._end


class Executor:
    """
    Base of the executors: finds what is ready and hands it to `_start`.

    What may not run now, because its group is busy or because it has been handed over and is
    not taken yet, is not waited for either. A message thus stays in the middleware until its
    callback starts, and a reader that keeps the last sample keeps the newest.
    """

    def __init__(self, *, context: Context | None = None) -> None:
        self._context = get_default_context() if context is None else context
        participant = self._context.participant
        self._nodes: dict[Node, None] = {}
        self._nodes_lock = threading.RLock()
        self._tasks: deque[Task[Any]] = deque()
        self._ready: deque[_Entity | Task[Any]] = deque()
        self._started: set[_Entity] = set()
        self._is_shutdown = False
        self._guard = Guard(participant.handle)
        self._wait_set = WaitSet(participant.handle)
        # Not in `shutdown`: another thread may still wait with these then.
        weakref.finalize(self, _close, self._guard, self._wait_set).atexit = False
        self._context.on_shutdown(self.wake)

    @property
    def context(self) -> Context:
        return self._context

    def wake(self) -> None:
        """End the current wait, so that changes are seen."""
        self._guard.trigger()

    def add_node(self, node: Node) -> bool:
        """Serve the node's callbacks from now on; False where that was so already."""
        with self._nodes_lock:
            if node in self._nodes:
                return False
            self._nodes[node] = None
        node.executor = self
        self.wake()
        return True

    def remove_node(self, node: Node) -> None:
        with self._nodes_lock:
            self._nodes.pop(node, None)
        self.wake()

    def get_nodes(self) -> list[Node]:
        with self._nodes_lock:
            return list(self._nodes)

    def create_task(self, callback: Any, *args: Any, **kwargs: Any) -> Task[Any]:
        """Have a function or coroutine run by this executor; the task is its result to come."""
        task: Task[Any] = Task(callback, args, kwargs, executor=self)
        self._schedule(task)
        return task

    def shutdown(self, timeout_sec: float | None = None) -> bool:
        """Stop spinning; the nodes stay as they are."""
        self._is_shutdown = True
        self.wake()
        for node in self.get_nodes():
            self.remove_node(node)
        return True

    def spin(self) -> None:
        """Run callbacks until the context or the executor is shut down."""
        while self._context.ok() and not self._is_shutdown:
            self.spin_once()

    def spin_once(self, timeout_sec: float | None = None) -> None:
        """Run one callback, if one becomes ready in time."""
        self._spin_once(_Deadline(timeout_sec))

    def spin_until_future_complete(
        self, future: Future[Any], timeout_sec: float | None = None,
    ) -> None:
        """Run callbacks until the future is done, or for that long."""
        future._wake_when_done(self.wake)
        deadline = _Deadline(timeout_sec)
        while self._context.ok() and not self._is_shutdown and not _ended(future):
            self._spin_once(deadline, lambda: _ended(future))
            if deadline.passed():
                break

    def spin_once_until_future_complete(
        self, future: Future[Any], timeout_sec: float | None = None,
    ) -> None:
        """Run one callback, unless the future is done before."""
        future._wake_when_done(self.wake)
        self._spin_once(_Deadline(timeout_sec), lambda: _ended(future))

    def _spin_once(
        self, deadline: _Deadline, enough: Callable[[], bool] = lambda: False,
    ) -> None:
        try:
            work = self._next_work(deadline, enough)
        except (ShutdownException, TimeoutException, ConditionReachedException):
            return
        self._start(work)

    def _start(self, work: Callable[[], None]) -> None:
        raise NotImplementedError

    def _next_work(self, deadline: _Deadline, enough: Callable[[], bool]) -> Callable[[], None]:
        while not enough():
            while self._ready:
                if (work := self._claim(self._ready.popleft())) is not None:
                    return work
            self._wait(deadline)
        raise ConditionReachedException

    def _claim(self, ready: _Entity | Task[Any]) -> Callable[[], None] | None:
        """Return the work to do, None where it may not or need not be done any more."""
        if isinstance(ready, Task):
            return lambda: self._run_task(ready)
        if self._serves(ready) and ready.callback_group.beginning_execution(ready):
            self._started.add(ready)
            return lambda: self._run_entity(ready)
        return None

    def _wait(self, deadline: _Deadline) -> None:
        """Fill the queue of what is ready, or leave it empty after a wake-up."""
        if not self._context.ok():
            raise ExternalShutdownException
        if self._is_shutdown:
            raise ShutdownException
        waiting: dict[int, _Entity] = {}
        timers: list[Any] = []
        for entity in self._waited_for():
            if entity._condition:
                waiting[entity._condition] = entity
            else:
                timers.append(entity)
        timeout = deadline.left()
        left = (timer._time_to_wait() for timer in timers)
        first = min((time_ns for time_ns in left if time_ns is not None), default=timeout)
        self._wait_set.watch_exactly([*waiting, self._guard.condition])
        conditions = self._wait_set.wait(0 if self._tasks else max(0, min(first, timeout)))
        if not self._context.ok():
            raise ExternalShutdownException
        if self._guard.condition in conditions:
            self._guard.reset()
        due = [timer for timer in timers if timer.is_ready()]
        due.sort(key=lambda timer: timer.time_until_next_call() or 0)
        self._ready.extend(due)
        self._ready.extend(waiting[c] for c in conditions if c in waiting)
        # After the others: a coroutine that is never done must not keep them from running.
        while self._tasks:
            self._ready.append(self._tasks.popleft())
        if not conditions and not self._ready and deadline.passed():
            raise TimeoutException

    def _waited_for(self) -> Iterator[Any]:
        for node in self.get_nodes():
            for entity in node._entities():
                if entity not in self._started and entity.callback_group.can_execute(entity):
                    yield entity

    def _serves(self, entity: _Entity) -> bool:
        """Tell whether the entity is still there; its node may have been removed meanwhile."""
        return any(entity in node._entities() for node in self.get_nodes())

    def _run_entity(self, entity: _Entity) -> None:
        unfinished = None
        try:
            try:
                call = None if self._is_shutdown else entity._take()
            finally:
                self._started.discard(entity)
            self._may_have_changed()
            result = None if call is None else call()
            if inspect.iscoroutine(result):
                unfinished = result
        except (DdsError, RCLError):
            # A signal may end the context in the middle of a callback, which then cannot publish.
            if self._context.ok():
                raise
            raise ExternalShutdownException from None
        finally:
            if unfinished is None:
                self._finish(entity)
        if unfinished is not None:
            task: Task[Any] = Task(unfinished, executor=self)
            task._wake_when_done(lambda: self._finish(entity))
            self._run_task(task)

    def _finish(self, entity: _Entity) -> None:
        entity.callback_group.ending_execution(entity)
        self._may_have_changed()

    def _run_task(self, task: Task[Any]) -> None:
        task()
        if (error := task.exception()) is not None:
            raise error

    def _schedule(self, task: Task[Any]) -> None:
        self._tasks.append(task)
        self.wake()

    def _may_have_changed(self) -> None:
        """Let the wait begin anew with what may run now."""

    def __enter__(self) -> Executor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.shutdown()


def _close(guard: Guard, wait_set: WaitSet) -> None:
    wait_set.close()
    guard.close()


def _ended(future: Future[Any]) -> bool:
    return future.done() or future.cancelled()


class SingleThreadedExecutor(Executor):
    """Runs each callback in the thread that spins."""

    def _start(self, work: Callable[[], None]) -> None:
        work()


class MultiThreadedExecutor(Executor):
    """Runs callbacks in a pool of threads, as far as their groups allow."""

    def __init__(
        self, num_threads: int | None = None, *, context: Context | None = None,
    ) -> None:
        super().__init__(context=context)
        if num_threads is None:
            num_threads = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else (
                os.cpu_count() or 1)
        self._pool = ThreadPoolExecutor(max(2, num_threads), thread_name_prefix='executor')
        self._running: list[PoolFuture[None]] = []

    def shutdown(self, timeout_sec: float | None = None, *, wait_for_threads: bool = True) -> bool:
        """Stop spinning, and wait for the callbacks that run unless told otherwise."""
        super().shutdown(timeout_sec)
        self._pool.shutdown(wait=wait_for_threads)
        return True

    def _spin_once(
        self, deadline: _Deadline, enough: Callable[[], bool] = lambda: False,
    ) -> None:
        # As in rclpy: only the single-threaded executor tells of a shutdown from outside.
        with contextlib.suppress(ExternalShutdownException):
            super()._spin_once(deadline, enough)

    def _start(self, work: Callable[[], None]) -> None:
        try:
            future = self._pool.submit(work)
        except RuntimeError:
            if not self._is_shutdown:
                raise
            # Another thread has shut the pool down: this gives back what the work had claimed.
            work()
            return
        # A callback that fails must end a spin that waits for the next message.
        future.add_done_callback(lambda _: self.wake() if future.exception() else None)
        self._running.append(future)

    def _wait(self, deadline: _Deadline) -> None:
        self._raise_failures()
        super()._wait(deadline)
        self._raise_failures()

    def _raise_failures(self) -> None:
        finished = [future for future in self._running if future.done()]
        for future in finished:
            self._running.remove(future)
        for future in finished:
            future.result()

    def _may_have_changed(self) -> None:
        self.wake()
