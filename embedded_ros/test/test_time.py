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

from builtin_interfaces.msg import Duration as DurationMessage, Time as TimeMessage
from hypothesis import given, strategies as st
import pytest
from rclpy.clock import Clock, ClockType, ROSClock
from rclpy.duration import Duration
from rclpy.time import Time

NANOSECONDS = st.integers(0, 2**31 * 10**9 - 1)


@given(NANOSECONDS)
def test_times_survive_as_messages(nanoseconds):
    time = Time(nanoseconds=nanoseconds, clock_type=ClockType.ROS_TIME)
    assert Time.from_msg(time.to_msg()) == time
    assert time.seconds_nanoseconds() == divmod(nanoseconds, 10**9)


@given(st.integers(-(2**31) * 10**9, 2**31 * 10**9 - 1))
def test_durations_survive_as_messages(nanoseconds):
    duration = Duration(nanoseconds=nanoseconds)
    assert Duration.from_msg(duration.to_msg()) == duration
    assert 0 <= duration.to_msg().nanosec < 10**9


@given(NANOSECONDS, NANOSECONDS)
def test_arithmetic(first, second):
    early, late = sorted((first, second))
    span = Time(nanoseconds=late) - Time(nanoseconds=early)
    assert span == Duration(nanoseconds=late - early)
    assert Time(nanoseconds=early) + span == Time(nanoseconds=late)
    assert Time(nanoseconds=late) - span == Time(nanoseconds=early)
    assert (Time(nanoseconds=early) < Time(nanoseconds=late)) == (early < late)


def test_times_of_different_clocks_do_not_meet():
    ros, system = Time(clock_type=ClockType.ROS_TIME), Time(clock_type=ClockType.SYSTEM_TIME)
    for meet in (
        lambda: ros == system, lambda: ros < system, lambda: ros >= system, lambda: ros - system
    ):
        with pytest.raises(TypeError, match='different clock types'):
            meet()


def test_limits():
    with pytest.raises(ValueError, match='negative'):
        Time(seconds=-1)
    with pytest.raises(ValueError, match='negative'):
        Time(seconds=1) - Duration(seconds=2)
    with pytest.raises(OverflowError):
        Time(nanoseconds=2**63)
    with pytest.raises(OverflowError):
        Duration(seconds=2**63)
    assert Duration(seconds=0.5).nanoseconds == 500_000_000
    assert Duration(seconds=-1).to_msg() == DurationMessage(sec=-1)
    with pytest.raises(TypeError):
        Time.from_msg(DurationMessage())
    assert Time.from_msg(TimeMessage()).clock_type is ClockType.ROS_TIME


def test_clocks():
    assert isinstance(Clock(clock_type=ClockType.ROS_TIME), ROSClock)
    assert not ROSClock().ros_time_is_active
    steady = Clock(clock_type=ClockType.STEADY_TIME)
    assert steady.now() <= steady.now()
    difference = ROSClock().now().nanoseconds - Clock().now().nanoseconds
    assert abs(difference) < 10**9
    with pytest.raises(TypeError):
        Clock(clock_type=1)


def test_sleeping_ends_in_time_or_with_the_context(ros):
    import threading
    import time

    import rclpy

    clock = Clock(clock_type=ClockType.STEADY_TIME)
    start = time.monotonic()
    assert clock.sleep_for(Duration(seconds=0.05))
    assert clock.sleep_until(clock.now() + Duration(seconds=0.05))
    assert 0.1 <= time.monotonic() - start < 2
    with pytest.raises(ValueError, match='clock type'):
        clock.sleep_until(Time(seconds=1))
    threading.Timer(0.1, rclpy.shutdown).start()
    assert not clock.sleep_for(Duration(seconds=30))
