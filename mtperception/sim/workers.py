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

"""Worker processes that render, and that never outlive the process which they work for."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
import multiprocessing
from multiprocessing.queues import Queue
import os
import signal
import threading
from typing import Any, TypeAlias, TypeVar

import cv2

Result = TypeVar('Result')
Orders: TypeAlias = 'Queue[tuple[Callable[..., None] | None, tuple[Any, ...]]]'


def worker_pool(
    workers: int, start: Callable[..., None] | None = None, arguments: tuple[Any, ...] = (),
) -> ProcessPoolExecutor:
    """
    Return a pool of processes, each of which calls `start`, if any, with the arguments first.

    OpenCV uses one thread in each.
    """
    # Never fork with a graphics context.
    context = multiprocessing.get_context('spawn')
    with _interrupts_held():
        # What may be larger than a pipe is told once a worker runs: one that is still starting
        # when this process ends would complain of half an order.
        orders: Orders = context.Queue()
        for _ in range(workers):
            orders.put((start, arguments))
        orders.cancel_join_thread()
        return _Pool(workers, context, _start, (orders,))


class _Pool(ProcessPoolExecutor):
    """A pool whose workers never see an interrupt: that is for the parent, which ends them."""

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:
        """Order work, for which workers may be started."""
        with _interrupts_held():
            return super().submit(fn, *args, **kwargs)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """
    Hold an interrupt back, for here until later, for processes that are started for ever.

    They inherit it as blocked: to ignore it is too late for a worker that is still importing. And
    one whose start is interrupted here would be left without its orders.
    """
    held: list[int] = []
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
    # Another thread may take what is blocked in this one; Python tells the main thread.
    in_main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, lambda *_: held.append(1)) if in_main else None
    try:
        yield
    finally:
        if in_main:
            signal.signal(signal.SIGINT, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if held:
            signal.raise_signal(signal.SIGINT)


@contextmanager
def one_thread() -> Iterator[None]:
    """Have OpenCV use no other threads: pictures are small, and other cores for other workers."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def _start(orders: Orders) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    cv2.setNumThreads(1)
    start, arguments = orders.get()
    if start is not None:
        start(*arguments)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
