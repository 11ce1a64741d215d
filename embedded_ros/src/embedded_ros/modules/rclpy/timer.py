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
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.clock import Clock, ClockChange, JumpThreshold, ROSClock, TimeJump
from rclpy.clock_type import ClockType
from rclpy.duration import Duration
from rclpy.exceptions import ROSInterruptException

_EVERY_JUMP = JumpThreshold(
    min_forward=Duration(nanoseconds=1), min_backward=Duration(nanoseconds=-1))


class Timer:
    """
    Calls back every `timer_period_ns`: of simulated time where its clock shows that.

    A call that comes late does not shift the next ones; missed ones are left out. Simulated time
    that goes back, or that begins or ends, does not make up for calls: what was left of the
    period, or a whole one, passes on the new time.
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
        self._last = clock._timer_ns()
        self._next = self._last + self._period
        self._left = self._period
        self._awaits_clock = False
        self._canceled = not autostart
        self._jumps = None if clock.clock_type is not ClockType.ROS_TIME else (
            clock.create_jump_callback(
                _EVERY_JUMP, pre_callback=self._before_jump, post_callback=self._after_jump))

    @property
    def clock(self) -> Clock:
        return self._clock

    @property
    def timer_period_ns(self) -> int:
        return self._period

    @timer_period_ns.setter
    def timer_period_ns(self, period: int) -> None:
        """Set the period from the next call on; `reset` brings that forward."""
        self._period = int(period)

    def is_ready(self) -> bool:
        return not self._canceled and self._clock._timer_ns() >= self._next

    def is_canceled(self) -> bool:
        return self._canceled

    def cancel(self) -> None:
        self._canceled = True

    def reset(self) -> None:
        """Start again, a whole period from now."""
        with self._lock:
            self._canceled = False
            self._next = self._clock._timer_ns() + self._period
        self._changed()

    def time_since_last_call(self) -> int:
        """Return nanoseconds."""
        return self._clock._timer_ns() - self._last

    def time_until_next_call(self) -> int | None:
        """Return nanoseconds, negative when late; None for a cancelled timer."""
        return None if self._canceled else self._next - self._clock._timer_ns()

    def _time_to_wait(self) -> int | None:
        """Return nanoseconds of the system, None where it is not known when the time comes."""
        left = self.time_until_next_call()
        simulated = isinstance(self._clock, ROSClock) and self._clock.ros_time_is_active
        return None if simulated and left is not None and left > 0 else left

    def _before_jump(self) -> None:
        with self._lock:
            if not self._awaits_clock:
                self._left = self._next - self._clock._timer_ns()

    def _after_jump(self, jump: TimeJump) -> None:
        with self._lock:
            now = self._clock._timer_ns()
            other_time = (
                self._awaits_clock or jump.clock_change != ClockChange.ROS_TIME_NO_CHANGE)
            if other_time:
                # Simulated time is zero until its first message, which may show any time.
                self._awaits_clock = now == 0
                self._next = now + max(1, self._left)
                self._last = self._next - self._period
            elif now < self._last:
                self._last = now
                self._next = now + self._period
            if not other_time and now < self._next:
                return
        self._changed()

    def _take(self) -> Callable[[], Any] | None:
        with self._lock:
            now = self._clock._timer_ns()
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
        if self._jumps is not None:
            self._jumps.unregister()


class Rate:
    """
    Sleeps through the rest of each period; spin in another thread meanwhile.

    A period that is over already does not make it sleep.
    """

    def __init__(self, timer: Timer, *, context: Any) -> None:
        self._timer = timer
        self._lock = threading.Lock()
        self._sleepers = 0
        self._over = threading.Event()
        self._is_shutdown = False
        self._is_destroyed = False
        timer.callback = self._over.set
        context.on_shutdown(self._shut_down)

    def sleep(self) -> None:
        """
        Wait for the end of the period.

        ROSInterruptException at a shutdown, RuntimeError where the rate was destroyed before.
        """
        if self._is_shutdown:
            raise ROSInterruptException
        if self._is_destroyed:
            raise RuntimeError('Rate cannot sleep because it has been destroyed')
        with self._lock:
            self._sleepers += 1
        self._over.wait()
        with self._lock:
            self._sleepers -= 1
            if self._sleepers == 0 and not self._is_destroyed:
                self._over.clear()
        if self._is_shutdown:
            raise ROSInterruptException

    def destroy(self) -> None:
        self._is_destroyed = True
        self._timer.cancel()
        self._over.set()

    def _shut_down(self) -> None:
        self._is_shutdown = True
        self.destroy()
