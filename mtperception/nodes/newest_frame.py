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

"""Newest frame first: a one-slot mailbox and the thread that empties it."""

from collections.abc import Callable
import threading
from typing import Generic, TypeVar

T = TypeVar('T')


class NewestFrameWorker(Generic[T]):
    """
    Process items on a thread of its own, always the newest that has arrived.

    There is no queue: an item that arrives while another waits takes its place. `process` runs on
    the worker's thread; what it raises goes to `on_error`, and the next item is taken.
    """

    def __init__(
        self, process: Callable[[T], None], on_error: Callable[[Exception], None], name: str
    ) -> None:
        self._process = process
        self._on_error = on_error
        self._slot: T | None = None
        self._stopping = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, item: T) -> bool:
        """Leave an item for the worker; return whether one that nobody took was replaced."""
        with self._changed:
            replaced = self._slot is not None
            self._slot = item
            self._changed.notify()
        return replaced

    def clear(self) -> bool:
        """Drop what waits; return whether something did."""
        with self._changed:
            waited, self._slot = self._slot is not None, None
        return waited

    def stop(self, timeout: float) -> bool:
        """Drop what waits, end the thread, return whether it ended within `timeout` seconds."""
        with self._changed:
            self._stopping = True
            self._slot = None
            self._changed.notify()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _take(self) -> T | None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or self._slot is not None)
            item, self._slot = self._slot, None
        return None if self._stopping else item

    def _run(self) -> None:
        while (item := self._take()) is not None:
            try:
                self._process(item)
            except Exception as error:  # a node never dies of a message
                self._on_error(error)
