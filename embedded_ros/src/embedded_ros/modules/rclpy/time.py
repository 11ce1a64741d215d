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

"""A point in time on one kind of clock."""

from typing import Any, overload

from builtin_interfaces.msg import Time as TimeMessage
from rclpy.clock_type import ClockType
from rclpy.duration import Duration, S_TO_NS

_INT64 = 2**63


class Time:
    """
    Nanoseconds since the epoch of a clock; never negative.

    Times of different kinds of clock neither compare nor subtract: TypeError.
    """

    __slots__ = ('_clock_type', '_nanoseconds')

    def __init__(
        self,
        *,
        seconds: float = 0,
        nanoseconds: int = 0,
        clock_type: ClockType = ClockType.SYSTEM_TIME,
    ) -> None:
        """Add up the seconds, which may be a fraction, and the nanoseconds."""
        if not isinstance(clock_type, ClockType):
            raise TypeError('Clock type must be a ClockType enum')
        if seconds < 0:
            raise ValueError('Seconds value must not be negative')
        if nanoseconds < 0:
            raise ValueError('Nanoseconds value must not be negative')
        total = int(seconds * S_TO_NS) + int(nanoseconds)
        if total >= _INT64:
            raise OverflowError('Total nanoseconds value is too large to store in C time point.')
        self._nanoseconds = total
        self._clock_type = clock_type

    @property
    def nanoseconds(self) -> int:
        return self._nanoseconds

    @property
    def clock_type(self) -> ClockType:
        return self._clock_type

    def seconds_nanoseconds(self) -> tuple[int, int]:
        """Return whole seconds and the nanoseconds that remain."""
        return divmod(self._nanoseconds, S_TO_NS)

    def __repr__(self) -> str:
        return f'Time(nanoseconds={self._nanoseconds}, clock_type={self._clock_type.name})'

    def __hash__(self) -> int:
        return hash((self._nanoseconds, self._clock_type))

    def __add__(self, other: Duration) -> 'Time':
        if not isinstance(other, Duration):
            return NotImplemented
        return self._moved(other.nanoseconds, 'Addition leads to overflow in C time point')

    __radd__ = __add__

    @overload
    def __sub__(self, other: Duration) -> 'Time': ...

    @overload
    def __sub__(self, other: 'Time') -> Duration: ...

    def __sub__(self, other: 'Time | Duration') -> 'Time | Duration':
        if isinstance(other, Duration):
            return self._moved(-other.nanoseconds, 'Subtraction leads to negative time')
        if isinstance(other, Time):
            self._check_same_clock(other, 'subtract')
            return Duration(nanoseconds=self._nanoseconds - other._nanoseconds)
        return NotImplemented

    def _moved(self, nanoseconds: int, failure: str) -> 'Time':
        total = self._nanoseconds + nanoseconds
        if total < 0:
            raise ValueError(failure)
        if total >= _INT64:
            raise OverflowError(failure)
        return Time(nanoseconds=total, clock_type=self._clock_type)

    def _check_same_clock(self, other: 'Time', action: str) -> None:
        if self._clock_type != other._clock_type:
            raise TypeError(f"Can't {action} times with different clock types")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Time):
            return NotImplemented
        self._check_same_clock(other, 'compare')
        return self._nanoseconds == other._nanoseconds

    def __lt__(self, other: 'Time') -> bool:
        if not isinstance(other, Time):
            return NotImplemented
        self._check_same_clock(other, 'compare')
        return self._nanoseconds < other._nanoseconds

    def __le__(self, other: 'Time') -> bool:
        if not isinstance(other, Time):
            return NotImplemented
        self._check_same_clock(other, 'compare')
        return self._nanoseconds <= other._nanoseconds

    def __gt__(self, other: 'Time') -> bool:
        if not isinstance(other, Time):
            return NotImplemented
        self._check_same_clock(other, 'compare')
        return self._nanoseconds > other._nanoseconds

    def __ge__(self, other: 'Time') -> bool:
        if not isinstance(other, Time):
            return NotImplemented
        self._check_same_clock(other, 'compare')
        return self._nanoseconds >= other._nanoseconds

    def to_msg(self) -> Any:
        """Return a builtin_interfaces/Time."""
        seconds, nanoseconds = self.seconds_nanoseconds()
        return TimeMessage(sec=seconds, nanosec=nanoseconds)

    @classmethod
    def from_msg(cls, msg: Any, clock_type: ClockType = ClockType.ROS_TIME) -> 'Time':
        """Return the time that a builtin_interfaces/Time holds."""
        if not isinstance(msg, TimeMessage):
            raise TypeError('Must pass a builtin_interfaces.msg.Time object')
        return cls(seconds=msg.sec, nanoseconds=msg.nanosec, clock_type=clock_type)
