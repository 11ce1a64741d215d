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

import threading
import time

import pytest
import rclpy
from rclpy._rclpy_pybind11 import RCLError
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.exceptions import NotInitializedException, ROSInterruptException
from rclpy.executors import (
    ExternalShutdownException,
    MultiThreadedExecutor,
    SingleThreadedExecutor,
)
from rclpy.node import Node
from rclpy.task import Future
from std_msgs.msg import Int64
from std_srvs.srv import Empty

EXECUTORS = [SingleThreadedExecutor, MultiThreadedExecutor]


def test_timer_keeps_its_rate(make_node):
    node = make_node()
    calls = []
    node.create_timer(0.02, lambda: calls.append(time.monotonic()))
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        rclpy.spin_once(node, timeout_sec=0.1)
    assert 35 <= len(calls) <= 50  # a busy machine may miss some


def test_late_timer_leaves_missed_calls_out(make_node):
    node = make_node()
    calls = []
    timer = node.create_timer(0.01, lambda: calls.append(timer.time_since_last_call()))
    time.sleep(0.2)
    assert timer.is_ready()
    assert timer.time_until_next_call() < 0
    end = time.monotonic() + 0.055
    while time.monotonic() < end:
        rclpy.spin_once(node, timeout_sec=0)
    assert 1 <= len(calls) <= 7  # not the twenty that were missed


def test_cancelled_timer_rests_until_reset(make_node):
    node = make_node()
    calls = []
    timer = node.create_timer(0.01, lambda: calls.append(1), autostart=False)
    assert timer.is_canceled()
    assert timer.time_until_next_call() is None
    rclpy.spin_once(node, timeout_sec=0.05)
    assert calls == []
    timer.reset()
    rclpy.spin_once(node, timeout_sec=0.5)
    assert calls == [1]
    timer.cancel()
    rclpy.spin_once(node, timeout_sec=0.05)
    assert calls == [1]
    assert timer.timer_period_ns == 10_000_000


def test_spin_once_returns_after_its_time(make_node):
    node = make_node()
    started = time.monotonic()
    rclpy.spin_once(node, timeout_sec=0.1)
    assert 0.09 <= time.monotonic() - started < 0.5


def test_idle_spin_sleeps(make_node):
    node = make_node()
    executor = MultiThreadedExecutor(2)
    executor.add_node(node)
    stop = threading.Timer(1.0, executor.shutdown)
    used = time.thread_time()
    stop.start()
    executor.spin()
    assert time.thread_time() - used < 0.05
    stop.join()


@pytest.mark.parametrize('executor_class', EXECUTORS)
def test_exception_of_a_callback_leaves_spin(make_node, executor_class):
    node = make_node()

    def fail():
        raise ValueError('on purpose')

    node.create_timer(0.01, fail)
    executor = executor_class()
    executor.add_node(node)
    with pytest.raises(ValueError, match='on purpose'):
        executor.spin()
    executor.shutdown()


@pytest.mark.parametrize('executor_class', EXECUTORS)
def test_shutdown_in_a_callback_ends_spin(make_node, executor_class):
    node = make_node()
    node.create_timer(0.01, rclpy.shutdown)
    executor = executor_class()
    executor.add_node(node)
    try:
        executor.spin()
    except ExternalShutdownException:
        # The several threads' spin may wait already when the callback shuts down.
        assert executor_class is MultiThreadedExecutor
    assert not rclpy.ok()


def _most_at_once(node, groups):
    """Run two subscriptions and return the largest number of callbacks that overlapped."""
    lock, running, most, done = threading.Lock(), [0], [0], []

    def callback(message):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.02)
        with lock:
            running[0] -= 1
            done.append(message.data)

    for group in groups:
        node.create_subscription(Int64, 'numbers', callback, 10, callback_group=group)
    publisher = node.create_publisher(Int64, 'numbers', 10)
    executor = MultiThreadedExecutor(4)
    executor.add_node(node)
    spinner = threading.Thread(target=executor.spin)
    spinner.start()
    for number in range(5):
        publisher.publish(Int64(data=number))
    end = time.monotonic() + 5
    while len(done) < 5 * len(groups) and time.monotonic() < end:
        time.sleep(0.01)
    executor.shutdown()
    spinner.join()
    assert sorted(done) == sorted(list(range(5)) * len(groups))
    return most[0]


def test_exclusive_group_runs_one_at_a_time(make_node):
    group = MutuallyExclusiveCallbackGroup()
    assert _most_at_once(make_node(), [group, group]) == 1


def test_two_exclusive_groups_run_beside_each_other(make_node):
    groups = [MutuallyExclusiveCallbackGroup(), MutuallyExclusiveCallbackGroup()]
    assert _most_at_once(make_node(), groups) == 2


def test_reentrant_group_runs_a_callback_beside_itself(make_node):
    assert _most_at_once(make_node(), [ReentrantCallbackGroup()]) > 1


@pytest.mark.parametrize('executor_class', EXECUTORS)
def test_coroutine_callback_waits_for_a_future(make_node, executor_class):
    node = make_node()
    future, results = Future(), []

    async def callback():
        timer.cancel()
        results.append(await future)

    timer = node.create_timer(0.01, callback)
    node.create_timer(0.05, lambda: future.set_result(7), ReentrantCallbackGroup())
    executor = executor_class()
    executor.add_node(node)
    end = time.monotonic() + 5
    while not results and time.monotonic() < end:
        executor.spin_once(timeout_sec=0.1)
    executor.shutdown()
    assert results == [7]


@pytest.mark.parametrize('executor_class', EXECUTORS)
def test_task_brings_its_result(ros, executor_class):
    executor = executor_class()

    async def work(number):
        return number + 1

    plain = executor.create_task(lambda number: number * 2, 21)
    coroutine = executor.create_task(work, 1)
    executor.spin_until_future_complete(plain, timeout_sec=5)
    executor.spin_until_future_complete(coroutine, timeout_sec=5)
    assert (plain.result(), coroutine.result()) == (42, 2)
    executor.shutdown()


@pytest.mark.parametrize('executor_class', EXECUTORS)
def test_task_that_is_never_done_leaves_room_for_others(make_node, executor_class):
    class Pause:
        def __await__(self):
            yield

    async def pause_again_and_again():
        while True:
            await Pause()

    node = make_node()
    calls = []
    node.create_timer(0.01, lambda: calls.append(1))
    executor = executor_class()
    executor.add_node(node)
    task = executor.create_task(pause_again_and_again)
    end = time.monotonic() + 5
    while len(calls) < 3 and time.monotonic() < end:
        executor.spin_once(timeout_sec=0.1)
    assert len(calls) >= 3
    assert not task.done()
    executor.shutdown()


def test_failed_task_raises_and_keeps_its_exception(ros):
    executor = SingleThreadedExecutor()
    task = executor.create_task(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        executor.spin_until_future_complete(task, timeout_sec=5)
    assert isinstance(task.exception(), ZeroDivisionError)


def test_future_from_another_thread_ends_the_spin(make_node):
    node, future = make_node(), Future()
    timer = threading.Timer(0.1, lambda: future.set_result('here'))
    timer.start()
    started = time.monotonic()
    rclpy.spin_until_future_complete(node, future, timeout_sec=10)
    assert future.result() == 'here'
    assert time.monotonic() - started < 2
    timer.join()


def test_future_that_never_comes_costs_its_time_alone(make_node):
    future = Future()
    started = time.monotonic()
    rclpy.spin_until_future_complete(make_node(), future, timeout_sec=0.1)
    assert not future.done()
    assert 0.09 < time.monotonic() - started < 1


def test_done_callbacks_and_cancelling():
    future, seen = Future(), []
    future.add_done_callback(seen.append)
    future.cancel()
    assert future.cancelled()
    assert not future.done()
    future.add_done_callback(seen.append)
    assert seen == [future, future]


def test_guard_condition_calls_back_once_a_trigger(make_node):
    node = make_node()
    calls = []
    guard = node.create_guard_condition(lambda: calls.append(1))
    rclpy.spin_once(node, timeout_sec=0.05)
    assert calls == []
    guard.trigger()
    rclpy.spin_once(node, timeout_sec=1)
    rclpy.spin_once(node, timeout_sec=0.05)
    assert calls == [1]


def test_rate_sleeps_while_another_thread_spins(make_node):
    node = make_node()
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    spinner = threading.Thread(target=executor.spin)
    spinner.start()
    rate = node.create_rate(50)
    started = time.monotonic()
    for _ in range(10):
        rate.sleep()
    assert 0.15 < time.monotonic() - started < 2
    time.sleep(0.05)
    started = time.monotonic()
    rate.sleep()  # its period is over
    assert time.monotonic() - started < 0.015
    executor.shutdown()
    spinner.join()
    rate.destroy()
    with pytest.raises(RuntimeError, match='destroyed'):
        rate.sleep()


def test_shutdown_ends_the_sleep_of_a_rate(make_node):
    rate = make_node().create_rate(0.1)
    threading.Timer(0.1, rclpy.shutdown).start()
    with pytest.raises(ROSInterruptException):
        rate.sleep()
    with pytest.raises(ROSInterruptException):
        rate.sleep()


def test_node_needs_init(domain):
    with pytest.raises(NotInitializedException):
        Node('early')


def test_publishing_into_a_shutdown_ends_the_spin_as_one(make_node):
    node = make_node()
    publisher = node.create_publisher(Int64, 'numbers', 10)

    def callback():
        rclpy.shutdown()
        publisher.publish(Int64())

    node.create_timer(0.01, callback)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    with pytest.raises(ExternalShutdownException):
        executor.spin()


def test_nothing_new_after_shutdown(make_node):
    node = make_node()
    rclpy.try_shutdown()
    with pytest.raises(ExternalShutdownException):
        node.create_publisher(Int64, 'numbers', 10)
    node.destroy_node()


def test_nobody_is_matched_after_shutdown(make_node):
    node = make_node()
    publisher = node.create_publisher(Int64, 'numbers', 10)
    subscription = node.create_subscription(Int64, 'numbers', lambda number: None, 10)
    client = node.create_client(Empty, 'nothing')
    rclpy.shutdown()
    assert publisher.get_subscription_count() == 0
    assert subscription.get_publisher_count() == 0
    assert not client.service_is_ready()
    with pytest.raises(RCLError):
        publisher.wait_for_all_acked()


def test_failing_shutdown_callback_leaves_the_domain_all_the_same(make_node, spin_until):
    node = make_node()
    context = rclpy.Context()
    context.init(args=[])
    Node('doomed', context=context)
    assert spin_until(lambda: 'doomed' in node.get_node_names())

    def fail():
        raise OSError('disk full')

    context.on_shutdown(fail)
    with pytest.raises(OSError, match='disk full'):
        context.shutdown()
    assert spin_until(lambda: node.get_node_names() == [node.get_name()])


def test_init_and_shutdown_again_and_again(domain):
    for _ in range(5):
        with rclpy.init(args=[]):
            node = Node('again')
            node.destroy_node()
            assert rclpy.ok()
        assert not rclpy.ok()
    rclpy.init(args=[])
    with pytest.raises(RuntimeError, match='once'):
        rclpy.init(args=[])
    rclpy.shutdown()
    with pytest.raises(RuntimeError):
        rclpy.shutdown()


def test_node_moves_to_the_executor_that_asked_last(make_node):
    node = make_node()
    first, second = SingleThreadedExecutor(), SingleThreadedExecutor()
    assert first.add_node(node)
    assert second.add_node(node)
    assert first.get_nodes() == []
    assert node.executor is second


def test_nothing_grows_when_entities_come_and_go(make_node):
    node = make_node()
    before = len(node.context.graph.endpoints())
    for _ in range(50):
        publisher = node.create_publisher(Int64, 'numbers', 10)
        subscription = node.create_subscription(Int64, 'numbers', print, 10)
        timer = node.create_timer(1, print)
        publisher.destroy()
        subscription.destroy()
        timer.destroy()
    rclpy.spin_once(node, timeout_sec=0)
    assert len(node.context.graph.endpoints()) == before
    assert list(node.timers) == []


def test_removed_node_is_not_called_back(make_node):
    first, second = make_node('first'), make_node('second')
    calls = []
    for number in range(3):
        first.create_timer(0.01, lambda number=number: calls.append(number))
    time.sleep(0.02)
    rclpy.spin_once(first, timeout_sec=1)
    assert len(calls) == 1
    for _ in range(3):
        rclpy.spin_once(second, timeout_sec=0.02)
    assert len(calls) == 1
    rclpy.spin_once(first, timeout_sec=1)
    rclpy.spin_once(first, timeout_sec=1)
    assert sorted(calls) == [0, 1, 2]
