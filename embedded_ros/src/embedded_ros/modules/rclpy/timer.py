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

"""Callbacks at a regular interval."""
from __future__ import annotations

from collections.abc import Callable
import threading
import time
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.clock import Clock
from rclpy.exceptions import ROSInterruptException


class Timer:
    """
    Calls back every `timer_period_ns` of steady time.

    A call that comes late does not shift the next ones; missed ones are left out.
    """

    _condition = 0

    def __init__(
        self, callback: Callable[[], Any] | None, callback_group: CallbackGroup,
        timer_period_ns: int, clock: Clock, *, autostart: bool,
        changed: Callable[[], None], destroy: Callable[[Timer], Any],
    ) -> None:
        if timer_period_ns < 0:
            raise ValueError(f'timer period must be non-negative, got {timer_period_ns} ns')
        self.callback = callback
        self.callback_group = callback_group
        self._clock = clock
        self._period = timer_period_ns
        self._changed = changed
        self._destroy = destroy
        self._lock = threading.Lock()
        self._last = time.monotonic_ns()
        self._next = self._last + self._period
        self._canceled = not autostart

    @property
    def clock(self) -> Clock:
        return self._clock

    @property
    def timer_period_ns(self) -> int:
        return self._period

    @timer_period_ns.setter
    def timer_period_ns(self, period: int) -> None:
        with self._lock:
            self._period = int(period)
            self._next = self._last + self._period
        self._changed()

    def is_ready(self) -> bool:
        return not self._canceled and time.monotonic_ns() >= self._next

    def is_canceled(self) -> bool:
        return self._canceled

    def cancel(self) -> None:
        self._canceled = True

    def reset(self) -> None:
        """Start again, a whole period from now."""
        with self._lock:
            self._canceled = False
            self._next = time.monotonic_ns() + self._period
        self._changed()

    def time_since_last_call(self) -> int:
        """Return nanoseconds."""
        return time.monotonic_ns() - self._last

    def time_until_next_call(self) -> int | None:
        """Return nanoseconds, negative when late; None for a cancelled timer."""
        return None if self._canceled else self._next - time.monotonic_ns()

    def _take(self) -> Callable[[], Any] | None:
        with self._lock:
            now = time.monotonic_ns()
            if self._canceled or now < self._next:
                return None
            self._last = now
            self._next += self._period
            if self._next < now:
                missed = (now - self._next) // self._period + 1 if self._period else 0
                self._next = self._next + missed * self._period if self._period else now
        return self.callback

    def destroy(self) -> None:
        self._destroy(self)

    def _close(self) -> None:
        self.cancel()


class Rate:
    """Sleeps through the rest of each period; spin in another thread meanwhile."""

    def __init__(self, timer: Timer, *, context: Any) -> None:
        self._timer = timer
        self._context = context
        self._event = threading.Event()
        self._stopped = False
        timer.callback = self._event.set
        context.on_shutdown(self.destroy)

    def sleep(self) -> None:
        """Wait for the next period, or raise where the rate was destroyed."""
        if self._stopped or not self._context.ok():
            raise ROSInterruptException
        self._event.clear()
        self._event.wait()
        if self._stopped:
            raise ROSInterruptException

    def destroy(self) -> None:
        self._stopped = True
        self._timer.cancel()
        self._event.set()
