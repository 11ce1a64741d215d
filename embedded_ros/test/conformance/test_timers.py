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

"""Timers: their rate, what happens when they are late, cancelling and resetting."""

import itertools
import threading
import time

import pytest
import rclpy
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.executors import MultiThreadedExecutor
from rclpy.node import Node

PERIOD = 0.05


@pytest.fixture
def node(make_node):
    return make_node('tested', start_parameter_services=False)


def spin_for(node: Node, seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        rclpy.spin_once(node, timeout_sec=left)


def test_first_call_comes_after_one_period(node):
    calls = []
    start = time.monotonic()
    node.create_timer(PERIOD, lambda: calls.append(time.monotonic() - start))
    spin_for(node, 3.5 * PERIOD)
    assert PERIOD * 0.95 <= calls[0] < 2 * PERIOD
    assert len(calls) <= 3


def test_period_does_not_grow_by_the_callback(node):
    calls = []

    def work():
        calls.append(time.monotonic())
        time.sleep(PERIOD / 2)

    node.create_timer(PERIOD, work)
    spin_for(node, 20.5 * PERIOD)
    assert 15 <= len(calls) <= 20
    # Each call is due at a multiple of the period after the first one is.
    assert min((call - calls[0]) / PERIOD - index for index, call in enumerate(calls)) > -0.9


def test_callback_slower_than_the_period_leaves_calls_out(node):
    calls = []

    def work():
        calls.append(time.monotonic())
        time.sleep(2.5 * PERIOD)

    node.create_timer(PERIOD, work)
    spin_for(node, 12 * PERIOD)
    assert 3 <= len(calls) <= 5
    # What was missed is not made up for: the next call waits for its time on the old grid.
    steps = [(later - former) / PERIOD for former, later in itertools.pairwise(calls)]
    assert all(step >= 2.4 for step in steps)


def test_backlog_of_a_blocked_executor_is_one_call(node):
    calls = []
    node.create_timer(PERIOD, lambda: calls.append(time.monotonic()))
    time.sleep(10 * PERIOD)
    start = time.monotonic()
    spin_for(node, 0.4 * PERIOD)
    assert 1 <= len(calls) <= 2
    assert calls[0] - start < PERIOD


def test_cancel_and_reset(node):
    calls = []
    timer = node.create_timer(PERIOD, lambda: calls.append(time.monotonic()))
    timer.cancel()
    assert timer.is_canceled()
    assert timer.time_until_next_call() is None
    spin_for(node, 3 * PERIOD)
    assert calls == []
    start = time.monotonic()
    timer.reset()
    assert not timer.is_canceled()
    assert 0 < timer.time_until_next_call() <= PERIOD * 1e9
    spin_for(node, 1.5 * PERIOD)
    assert calls[0] - start >= 0.95 * PERIOD


def test_reset_starts_the_period_anew(node):
    calls = []
    timer = node.create_timer(10 * PERIOD, lambda: calls.append(1))
    for _ in range(8):
        spin_for(node, 2 * PERIOD)
        timer.reset()
    assert calls == []


def test_without_autostart_a_timer_waits_for_reset(node):
    calls = []
    timer = node.create_timer(PERIOD, lambda: calls.append(1), autostart=False)
    spin_for(node, 2.5 * PERIOD)
    assert timer.is_canceled()
    assert calls == []
    timer.reset()
    spin_for(node, 1.5 * PERIOD)
    assert calls


def test_callback_may_cancel_its_timer(node):
    calls = []

    def once():
        calls.append(1)
        timer.cancel()

    timer = node.create_timer(PERIOD / 5, once)
    spin_for(node, 2 * PERIOD)
    assert calls == [1]


def test_new_period_holds_from_the_next_call_on(node):
    calls = []
    timer = node.create_timer(4 * PERIOD, lambda: calls.append(time.monotonic()))
    start = time.monotonic()
    timer.timer_period_ns = int(PERIOD * 1e9)
    assert timer.timer_period_ns == int(PERIOD * 1e9)
    spin_for(node, 6.5 * PERIOD)
    assert calls[0] - start >= 3.9 * PERIOD
    assert 2 <= len(calls) <= 3
    assert calls[1] - calls[0] < 2 * PERIOD


def test_timer_of_zero_runs_at_every_spin(node):
    calls = []
    node.create_timer(0.0, lambda: calls.append(1))
    for _ in range(5):
        rclpy.spin_once(node, timeout_sec=1.0)
    assert len(calls) == 5


def test_destroyed_timer_is_silent(node):
    calls = []
    timer = node.create_timer(PERIOD / 5, lambda: calls.append(1))
    assert node.destroy_timer(timer)
    assert not node.destroy_timer(timer)
    spin_for(node, PERIOD)
    assert calls == []
    assert list(node.timers) == []


def test_timer_made_by_a_callback_runs(node):
    calls = []

    def make():
        first.cancel()
        node.create_timer(PERIOD, lambda: calls.append(1))

    first = node.create_timer(PERIOD / 5, make)
    spin_for(node, 2.5 * PERIOD)
    assert calls


@pytest.mark.parametrize(('group', 'beside_itself'), [
    (MutuallyExclusiveCallbackGroup, False), (ReentrantCallbackGroup, True)])
def test_slow_callback_runs_beside_itself_in_a_reentrant_group_alone(node, group, beside_itself):
    running, most = [], []

    def work():
        running.append(1)
        most.append(len(running))
        time.sleep(3 * PERIOD)
        running.pop()

    node.create_timer(PERIOD, work, callback_group=group())
    executor = MultiThreadedExecutor(4)
    executor.add_node(node)
    spinner = threading.Thread(target=executor.spin)
    spinner.start()
    time.sleep(10 * PERIOD)
    executor.shutdown()
    spinner.join(5)
    assert (max(most) > 1) == beside_itself
    end = time.monotonic() + 5
    while running and time.monotonic() < end:
        time.sleep(0.01)


def test_timers_under_load_keep_their_average(node):
    calls = {'fast': 0, 'slow': 0}

    def work(name, seconds):
        calls[name] += 1
        time.sleep(seconds)

    node.create_timer(PERIOD, lambda: work('fast', PERIOD / 4))
    node.create_timer(4 * PERIOD, lambda: work('slow', PERIOD))
    spin_for(node, 20.5 * PERIOD)
    assert 14 <= calls['fast'] <= 20
    assert 4 <= calls['slow'] <= 5
