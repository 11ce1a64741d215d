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
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.executors import (
    ExternalShutdownException,
    MultiThreadedExecutor,
    SingleThreadedExecutor,
)
from rclpy.qos import QoSProfile
from std_srvs.srv import SetBool, Trigger


def _answer(request, response):
    response.success = request.data
    response.message = f'got {request.data}'
    return response


@pytest.fixture
def spinning(make_node):
    """Make two nodes that another thread spins."""
    nodes = make_node('server'), make_node('client')
    executor = MultiThreadedExecutor(4)
    for node in nodes:
        executor.add_node(node)
    spinner = threading.Thread(target=executor.spin)
    spinner.start()
    yield nodes
    executor.shutdown()
    spinner.join()


def test_call_returns_the_answer(spinning):
    server, caller = spinning
    server.create_service(SetBool, 'switch', _answer)
    client = caller.create_client(SetBool, 'switch')
    assert client.wait_for_service(5)
    for value in (True, False):
        response = client.call(SetBool.Request(data=value), timeout_sec=5)
        assert (response.success, response.message) == (value, f'got {value}')


def test_first_request_of_a_new_client_is_answered(spinning):
    server, caller = spinning
    server.create_service(SetBool, 'switch', _answer)
    for _ in range(20):
        client = caller.create_client(SetBool, 'switch')
        assert client.wait_for_service(5)
        assert client.call(SetBool.Request(data=True), timeout_sec=5).success
        client.destroy()


def test_answers_find_their_requests(spinning):
    server, caller = spinning
    profile = QoSProfile(depth=100)
    server.create_service(
        SetBool, 'switch', _answer, qos_profile=profile, callback_group=ReentrantCallbackGroup())
    clients = [caller.create_client(SetBool, 'switch', qos_profile=profile) for _ in range(2)]
    assert all(client.wait_for_service(5) for client in clients)
    values = [number % 3 == 0 for number in range(40)]
    futures = [
        clients[number % 2].call_async(SetBool.Request(data=value))
        for number, value in enumerate(values)]
    arrived = threading.Semaphore(0)
    for future in futures:
        future.add_done_callback(lambda _: arrived.release())
    assert all(arrived.acquire(timeout=5) for _ in futures)
    assert [future.result().success for future in futures] == values


def test_call_inside_a_coroutine_callback_needs_one_thread(make_node):
    server, caller = make_node('server'), make_node('client')
    server.create_service(SetBool, 'switch', _answer)
    # The waiting callback keeps its own group busy, as in rclpy.
    client = caller.create_client(
        SetBool, 'switch', callback_group=MutuallyExclusiveCallbackGroup())
    answers = []

    async def ask():
        timer.cancel()
        answers.append(await client.call_async(SetBool.Request(data=True)))

    timer = caller.create_timer(0.01, ask)
    executor = SingleThreadedExecutor()
    executor.add_node(server)
    executor.add_node(caller)
    for _ in range(200):
        executor.spin_once(timeout_sec=0.05)
        if answers:
            break
    executor.shutdown()
    assert answers[0].success


def test_coroutine_service_answers_later(spinning):
    server, caller = spinning

    async def answer(request, response):
        response.message = 'later'
        return response

    server.create_service(Trigger, 'later', answer)
    client = caller.create_client(Trigger, 'later')
    assert client.wait_for_service(5)
    assert client.call(Trigger.Request(), timeout_sec=5).message == 'later'


def test_service_that_is_not_there(make_node):
    client = make_node().create_client(Trigger, 'nobody')
    assert not client.service_is_ready()
    assert not client.wait_for_service(0.1)
    with pytest.raises(TimeoutError):
        client.call(Trigger.Request(), timeout_sec=0.1)
    assert client._pending == {}


def test_clients_that_come_and_go_beside_a_server_that_does(spinning):
    server, caller = spinning
    failures = []

    def come_and_go():
        end = time.monotonic() + 1
        try:
            while time.monotonic() < end:
                service = server.create_service(SetBool, 'switch', _answer)
                client = caller.create_client(SetBool, 'switch')
                if client.wait_for_service(0.05):
                    client.call_async(SetBool.Request(data=True))
                server.destroy_service(service)
                caller.destroy_client(client)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=come_and_go) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    server.create_service(SetBool, 'at_last', _answer)
    client = caller.create_client(SetBool, 'at_last')
    assert client.wait_for_service(5)
    assert client.call(SetBool.Request(data=True), timeout_sec=5).success


def test_shutdown_ends_the_wait_for_an_answer(make_node):
    client = make_node().create_client(Trigger, 'nobody')
    stopper = threading.Timer(0.1, rclpy.shutdown)
    stopper.start()
    with pytest.raises(ExternalShutdownException):
        client.call(Trigger.Request())
    stopper.join()


def test_service_is_gone_once_destroyed(make_node):
    server, caller = make_node('server'), make_node('client')
    service = server.create_service(Trigger, 'short', lambda request, response: response)
    client = caller.create_client(Trigger, 'short')
    assert client.wait_for_service(5)
    service.destroy()
    assert not client.service_is_ready()


def test_wrong_types_are_refused(make_node):
    node = make_node()
    client = node.create_client(Trigger, 'trigger')
    with pytest.raises(TypeError, match='Expected'):
        client.call_async(SetBool.Request())
    node.create_service(Trigger, 'trigger', lambda request, response: None)
    assert client.wait_for_service(5)
    client.call_async(Trigger.Request())
    with pytest.raises(TypeError, match="service '/trigger'"):
        for _ in range(10):
            rclpy.spin_once(node, timeout_sec=1)


@pytest.mark.parametrize('rubbish', [b'\0\1\0\0', b'\0\1\0\0' + bytes(16), b'\0\1\0\0' + bytes(4)])
def test_undecodable_request_is_dropped_and_logged(make_node, spin_until, capfd, rubbish):
    node = make_node()
    node.create_service(SetBool, 'switch', _answer)
    client = node.create_client(SetBool, 'switch')
    assert client.wait_for_service(5)
    try:
        client._writer.write(rubbish)
    except RuntimeError:
        assert len(rubbish) == 4  # the middleware itself refuses what has no content at all
        return
    future = client.call_async(SetBool.Request(data=True))
    assert spin_until(future.done, node)
    assert future.result().success
    assert "dropped a request on '/switch'" in capfd.readouterr().err
