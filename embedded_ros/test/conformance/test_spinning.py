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

"""Executors: what spinning does, tasks and futures, nodes that come and go."""

import threading
import time

import pytest
import rclpy
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.executors import MultiThreadedExecutor, SingleThreadedExecutor
from rclpy.task import Future
from std_msgs.msg import Int64
from std_srvs.srv import SetBool

EXECUTORS = [SingleThreadedExecutor, MultiThreadedExecutor]


@pytest.fixture(params=EXECUTORS)
def executor(request, ros):
    executor = request.param()
    yield executor
    executor.shutdown()


def test_spin_once_waits_no_longer_than_told(make_node):
    node = make_node()
    for timeout in (0.0, 0.2):
        start = time.monotonic()
        rclpy.spin_once(node, timeout_sec=timeout)
        assert timeout * 0.95 <= time.monotonic() - start < timeout + 0.15


def test_spin_once_runs_one_callback(make_node):
    node = make_node('tested', start_parameter_services=False)
    calls = []
    for name in 'ab':
        node.create_timer(0.001, lambda name=name: calls.append(name))
    time.sleep(0.05)
    rclpy.spin_once(node, timeout_sec=1.0)
    assert len(calls) == 1


def test_node_is_added_once(make_node, executor):
    node = make_node()
    assert executor.add_node(node)
    assert not executor.add_node(node)
    assert executor.get_nodes() == [node]
    assert node.executor is executor
    executor.remove_node(node)
    assert executor.get_nodes() == []


def test_node_added_while_spinning_is_served(make_node, executor):
    executor.add_node(make_node('first'))
    spinner = threading.Thread(target=executor.spin)
    spinner.start()
    called = threading.Event()
    late = make_node('late')
    late.create_timer(0.01, called.set)
    executor.add_node(late)
    assert called.wait(5)
    executor.shutdown()
    spinner.join(5)
    assert not spinner.is_alive()


def test_future_ends_the_spin(make_node, executor):
    executor.add_node(make_node())
    future = Future()
    timer = threading.Timer(0.1, future.set_result, ['done'])
    timer.start()
    start = time.monotonic()
    executor.spin_until_future_complete(future, timeout_sec=10)
    assert future.result() == 'done'
    assert time.monotonic() - start < 5
    timer.join()


def test_future_that_never_comes_costs_its_time(make_node, executor):
    executor.add_node(make_node())
    future = Future()
    start = time.monotonic()
    executor.spin_until_future_complete(future, timeout_sec=0.2)
    assert 0.19 <= time.monotonic() - start < 2
    assert not future.done()
    assert future.result() is None


def test_future_tells_its_callbacks_and_raises_its_exception():
    future, told = Future(), []
    future.add_done_callback(told.append)
    future.set_exception(ValueError('on purpose'))
    assert told == [future]
    assert future.done()
    assert isinstance(future.exception(), ValueError)
    with pytest.raises(ValueError, match='on purpose'):
        future.result()


def test_task_is_run_with_its_arguments(make_node, executor):
    executor.add_node(make_node())
    task = executor.create_task(lambda a, b: a + b, 3, b=4)
    executor.spin_until_future_complete(task, timeout_sec=5)
    assert task.result() == 7


def test_coroutine_waits_for_a_future(make_node, executor):
    executor.add_node(make_node())
    future = Future()

    async def work():
        return 2 * await future

    task = executor.create_task(work)
    executor.spin_once(timeout_sec=0.05)
    assert not task.done()
    future.set_result(21)
    executor.spin_until_future_complete(task, timeout_sec=5)
    assert task.result() == 42


def test_exception_of_a_callback_leaves_the_spin(make_node, executor):
    node = make_node()

    def fail():
        raise ValueError('on purpose')

    node.create_timer(0.01, fail)
    executor.add_node(node)
    with pytest.raises(ValueError, match='on purpose'):
        executor.spin()


def test_guard_condition_wakes_the_spin(make_node, executor):
    node = make_node()
    called = threading.Event()
    guard = node.create_guard_condition(called.set)
    executor.add_node(node)
    spinner = threading.Thread(target=executor.spin)
    spinner.start()
    time.sleep(0.1)
    assert not called.is_set()
    guard.trigger()
    assert called.wait(5)
    executor.shutdown()
    spinner.join(5)


@pytest.mark.parametrize(('group', 'together'), [
    (MutuallyExclusiveCallbackGroup, False), (ReentrantCallbackGroup, True)])
def test_callbacks_of_a_group(make_node, group, together):
    node, shared = make_node(), group()
    meeting = threading.Barrier(2)
    met = []

    def meet():
        try:
            meeting.wait(0.2)
            met.append(1)
        except threading.BrokenBarrierError:
            meeting.reset()

    for _ in range(2):
        node.create_timer(0.05, meet, callback_group=shared)
    executor = MultiThreadedExecutor(3)
    executor.add_node(node)
    spinner = threading.Thread(target=executor.spin)
    spinner.start()
    time.sleep(1.0)
    executor.shutdown()
    spinner.join(5)
    assert bool(met) == together


def test_service_is_called_from_a_callback_of_another_group(make_node):
    node = make_node()
    node.create_service(SetBool, 'switch', _echo, callback_group=ReentrantCallbackGroup())
    client = node.create_client(
        SetBool, 'switch', callback_group=MutuallyExclusiveCallbackGroup())
    answers = []

    def call():
        timer.cancel()
        answers.append(client.call(SetBool.Request(data=True)).message)

    timer = node.create_timer(0.01, call, callback_group=MutuallyExclusiveCallbackGroup())
    executor = MultiThreadedExecutor(3)
    executor.add_node(node)
    end = time.monotonic() + 5
    while not answers and time.monotonic() < end:
        executor.spin_once(timeout_sec=0.1)
    executor.shutdown()
    assert answers == ['True']


def _echo(request, response):
    response.success = True
    response.message = str(request.data)
    return response


def test_coroutine_callback_awaits_a_service(make_node, spin_until):
    server, caller = make_node('server'), make_node('caller')
    server.create_service(SetBool, 'switch', _echo)
    client = caller.create_client(
        SetBool, 'switch', callback_group=MutuallyExclusiveCallbackGroup())
    assert client.wait_for_service(5)
    answers = []

    async def call():
        timer.cancel()
        answers.append((await client.call_async(SetBool.Request(data=False))).message)

    timer = caller.create_timer(0.01, call)
    executor = SingleThreadedExecutor()
    executor.add_node(server)
    executor.add_node(caller)
    end = time.monotonic() + 5
    while not answers and time.monotonic() < end:
        executor.spin_once(timeout_sec=0.1)
    executor.shutdown()
    assert answers == ['False']


def test_service_comes_and_goes(make_node, spin_until):
    server, caller = make_node('server'), make_node('caller')
    client = caller.create_client(SetBool, 'switch')
    assert not client.service_is_ready()
    assert not client.wait_for_service(timeout_sec=0.1)
    service = server.create_service(SetBool, 'switch', _echo)
    assert client.wait_for_service(timeout_sec=5)
    with pytest.raises(TypeError):
        client.call_async(SetBool.Response())
    assert server.destroy_service(service)
    assert spin_until(lambda: not client.service_is_ready(), caller)


def test_answer_that_is_given_up_does_not_come(make_node):
    server, caller = make_node('server'), make_node('caller')
    server.create_service(SetBool, 'switch', _echo)
    client = caller.create_client(SetBool, 'switch')
    assert client.wait_for_service(5)
    given_up = client.call_async(SetBool.Request(data=True))
    client.remove_pending_request(given_up)
    kept = client.call_async(SetBool.Request(data=False))
    executor = SingleThreadedExecutor()
    executor.add_node(server)
    executor.add_node(caller)
    executor.spin_until_future_complete(kept, timeout_sec=5)
    executor.shutdown()
    assert kept.result().message == 'False'
    assert not given_up.done()


def test_removed_node_is_not_served(make_node):
    node = make_node()
    received = []
    node.create_subscription(Int64, 'topic', received.append, 10)
    publisher = node.create_publisher(Int64, 'topic', 10)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    publisher.publish(Int64(data=1))
    executor.remove_node(node)
    for _ in range(5):
        executor.spin_once(timeout_sec=0.02)
    executor.shutdown()
    assert received == []
