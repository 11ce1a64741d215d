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

import threading
import time
from typing import Any

from rclpy.clock_type import ClockType
from rclpy.duration import Duration
from rclpy.time import Time
from rclpy.utilities import get_default_context

__all__ = ['Clock', 'ClockType', 'ROSClock']


class Clock:
    """A source of time; `Clock(clock_type=ClockType.ROS_TIME)` makes a ROSClock."""

    def __new__(cls, *, clock_type: ClockType = ClockType.SYSTEM_TIME) -> 'Clock':
        """Choose the class by the kind of clock."""
        if not isinstance(clock_type, ClockType):
            raise TypeError('Clock type must be a ClockType enum')
        return super().__new__(ROSClock if clock_type is ClockType.ROS_TIME else cls)

    def __init__(self, *, clock_type: ClockType = ClockType.SYSTEM_TIME) -> None:
        """Show the given kind of time."""
        self._clock_type = clock_type

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

    def sleep_until(self, until: Time, context: Any = None) -> bool:
        """
        Block until the clock shows `until` or the context is shut down.

        True when the time was reached. ValueError when `until` belongs to another kind of clock.
        """
        if until.clock_type != self._clock_type:
            raise ValueError("until's clock type does not match this clock's type")
        return self.sleep_for(until - self.now(), context)

    def sleep_for(self, rel_time: Duration, context: Any = None) -> bool:
        """Block for a length of time; False when the context was shut down before its end."""
        if context is None:
            context = get_default_context()
        stopped = threading.Event()
        context.on_shutdown(stopped.set)
        if not context.ok():
            return False
        return not stopped.wait(max(0, rel_time.nanoseconds) * 1e-9)


class ROSClock(Clock):
    """The clock of nodes."""

    def __new__(cls) -> 'ROSClock':
        """Make a clock of ROS time."""
        clock = super().__new__(cls, clock_type=ClockType.ROS_TIME)
        assert isinstance(clock, ROSClock)
        return clock

    def __init__(self, *, clock_type: ClockType = ClockType.ROS_TIME) -> None:
        """Show system time."""
        super().__init__(clock_type=ClockType.ROS_TIME)

    @property
    def ros_time_is_active(self) -> bool:
        """Return whether the time comes from a simulation."""
        return False
