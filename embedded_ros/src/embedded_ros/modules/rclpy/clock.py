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

"""Clocks: system time, steady time, and ROS time, which shows system time until overridden."""
from __future__ import annotations

from collections.abc import Callable, Iterator
import contextlib
from dataclasses import dataclass
from enum import IntEnum
import threading
import time
from types import TracebackType
from typing import Any

from rclpy.clock_type import ClockType
from rclpy.duration import Duration
from rclpy.exceptions import NotInitializedException
from rclpy.time import Time
from rclpy.utilities import get_default_context

__all__ = [
    'Clock',
    'ClockChange',
    'ClockType',
    'JumpHandle',
    'JumpThreshold',
    'ROSClock',
    'TimeJump',
]


class ClockChange(IntEnum):
    """Whether ROS time came to be overridden, or ceased to be, at a jump."""

    ROS_TIME_NO_CHANGE = 1
    ROS_TIME_ACTIVATED = 2
    ROS_TIME_DEACTIVATED = 3
    SYSTEM_TIME_NO_CHANGE = 4


class JumpThreshold:
    """Which jumps of a clock matter: from these lengths on, and changes of its source."""

    def __init__(
        self, *, min_forward: Duration | None, min_backward: Duration | None,
        on_clock_change: bool = True,
    ) -> None:
        """Take a positive and a negative duration; None for jumps that do not matter."""
        if min_forward is not None and min_forward.nanoseconds <= 0:
            raise ValueError('min_forward must be a positive non-zero duration')
        if min_backward is not None and min_backward.nanoseconds >= 0:
            raise ValueError('min_backward must be a negative non-zero duration')
        if min_forward is None and min_backward is None and not on_clock_change:
            raise ValueError('At least one jump threshold must be enabled')
        self.min_forward = min_forward
        self.min_backward = min_backward
        self.on_clock_change = on_clock_change

    def is_exceeded_by(self, jump: TimeJump) -> bool:
        if jump.clock_change != ClockChange.ROS_TIME_NO_CHANGE:
            return self.on_clock_change
        forward, backward = self.min_forward, self.min_backward
        return (forward is not None and jump.delta >= forward) or (
            backward is not None and jump.delta <= backward)


@dataclass(frozen=True)
class TimeJump:
    """A jump of a clock; the delta is zero where its source changed."""

    clock_change: ClockChange
    delta: Duration


class JumpHandle:
    """Made by `Clock.create_jump_callback`; the callbacks are called until `unregister`."""

    def __init__(
        self, clock: Clock, threshold: JumpThreshold, pre_callback: Callable[[], None] | None,
        post_callback: Callable[[TimeJump], None] | None,
    ) -> None:
        if pre_callback is None and post_callback is None:
            raise ValueError('One of pre_callback or post_callback must be callable')
        for name, callback in (('pre', pre_callback), ('post', post_callback)):
            if callback is not None and not callable(callback):
                raise ValueError(f'{name}_callback must be callable if given')
        self._clock = clock
        self.threshold = threshold
        self.pre_callback = pre_callback
        self.post_callback = post_callback
        clock._jump_handles.append(self)

    def unregister(self) -> None:
        if self in self._clock._jump_handles:
            self._clock._jump_handles.remove(self)

    def __enter__(self) -> JumpHandle:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.unregister()


class Clock:
    """A source of time; `Clock(clock_type=ClockType.ROS_TIME)` makes a ROSClock."""

    def __new__(cls, *, clock_type: ClockType = ClockType.SYSTEM_TIME) -> Clock:
        """Choose the class by the kind of clock."""
        if not isinstance(clock_type, ClockType):
            raise TypeError('Clock type must be a ClockType enum')
        return super().__new__(ROSClock if clock_type is ClockType.ROS_TIME else cls)

    def __init__(self, *, clock_type: ClockType = ClockType.SYSTEM_TIME) -> None:
        """Show the given kind of time."""
        self._clock_type = clock_type
        self._jump_handles: list[JumpHandle] = []

    @property
    def clock_type(self) -> ClockType:
        return self._clock_type

    def __repr__(self) -> str:
        return f'Clock(clock_type={self._clock_type.name})'

    def now(self) -> Time:
        """Return the current time of this clock."""
        steady = self._clock_type is ClockType.STEADY_TIME
        nanoseconds = time.monotonic_ns() if steady else time.time_ns()
        return Time(nanoseconds=nanoseconds, clock_type=self._clock_type)

    def create_jump_callback(
        self, threshold: JumpThreshold, *, pre_callback: Callable[[], None] | None = None,
        post_callback: Callable[[TimeJump], None] | None = None,
    ) -> JumpHandle:
        """Call back before and after jumps of simulated time; the callbacks must not wait."""
        return JumpHandle(self, threshold, pre_callback, post_callback)

    def sleep_until(self, until: Time, context: Any = None) -> bool:
        """
        Block until the clock shows `until`; True when it did.

        False when the context was shut down, or when ROS time came to be overridden or ceased to
        be. ValueError when `until` belongs to another kind of clock.
        """
        if context is None:
            context = get_default_context()
        if not context.ok():
            raise NotInitializedException
        if until.clock_type != self._clock_type:
            raise ValueError("until's clock type does not match this clock's type")
        woken = threading.Event()
        source_changed = False

        def after_jump(jump: TimeJump) -> None:
            nonlocal source_changed
            source_changed |= jump.clock_change != ClockChange.ROS_TIME_NO_CHANGE
            if source_changed or self.now() >= until:
                woken.set()

        context.on_shutdown(woken.set)
        threshold = JumpThreshold(min_forward=Duration(nanoseconds=1), min_backward=None)
        with self.create_jump_callback(threshold, post_callback=after_jump):
            while not woken.wait(self._seconds_until(until)) and self.now() < until:
                pass  # the system's time was set back, or goes slower than the wait's
        return context.ok() and not source_changed and self.now() >= until

    def sleep_for(self, rel_time: Duration, context: Any = None) -> bool:
        """Block for a length of time, as `sleep_until` does."""
        return self.sleep_until(self.now() + rel_time, context)

    def _seconds_until(self, until: Time) -> float | None:
        """Return how long to wait at most; None where only a jump can bring the time."""
        return max(0, (until - self.now()).nanoseconds) * 1e-9

    def _timer_ns(self) -> int:
        """Return the time that timers of this clock go by: one that nobody sets back."""
        return time.monotonic_ns()


class ROSClock(Clock):
    """The clock of nodes, whose time a TimeSource may override."""

    def __new__(cls) -> ROSClock:
        """Make a clock of ROS time."""
        clock = super().__new__(cls, clock_type=ClockType.ROS_TIME)
        assert isinstance(clock, ROSClock)
        return clock

    def __init__(self, *, clock_type: ClockType = ClockType.ROS_TIME) -> None:
        """Show system time."""
        super().__init__(clock_type=ClockType.ROS_TIME)
        self._overridden = False
        self._override = 0

    @property
    def ros_time_is_active(self) -> bool:
        """Return whether the time comes from a simulation."""
        return self._overridden

    def now(self) -> Time:
        """Return the simulated time where there is one, the system's otherwise."""
        nanoseconds = self._override if self._overridden else time.time_ns()
        return Time(nanoseconds=nanoseconds, clock_type=ClockType.ROS_TIME)

    def set_ros_time_override(self, time: Time) -> None:
        """Set the time that the clock shows while it is overridden."""
        if not isinstance(time, Time):
            raise TypeError(
                f'Time must be specified as rclpy.time.Time. Received type: {type(time)}')
        if not self._overridden:
            self._override = time.nanoseconds
            return
        delta = Duration(nanoseconds=time.nanoseconds - self._override)
        with self._jump(TimeJump(ClockChange.ROS_TIME_NO_CHANGE, delta)):
            self._override = time.nanoseconds

    def _set_ros_time_is_active(self, enabled: bool) -> None:
        if enabled == self._overridden:
            return
        change = ClockChange.ROS_TIME_ACTIVATED if enabled else ClockChange.ROS_TIME_DEACTIVATED
        with self._jump(TimeJump(change, Duration())):
            self._overridden = enabled

    @contextlib.contextmanager
    def _jump(self, jump: TimeJump) -> Iterator[None]:
        """Call back before and after the change made inside."""
        handles = [
            handle for handle in self._jump_handles if handle.threshold.is_exceeded_by(jump)]
        for handle in handles:
            if handle.pre_callback is not None:
                handle.pre_callback()
        yield
        for handle in handles:
            if handle.post_callback is not None:
                handle.post_callback(jump)

    def _seconds_until(self, until: Time) -> float | None:
        if not self._overridden:
            return super()._seconds_until(until)
        return 0 if self.now() >= until else None

    def _timer_ns(self) -> int:
        return self._override if self._overridden else time.monotonic_ns()
