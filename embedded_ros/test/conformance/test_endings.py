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

"""How spinning and whole programs end."""

import signal
import threading
import time

import pytest
import rclpy
from rclpy.context import Context
from rclpy.exceptions import NotInitializedException
from rclpy.executors import (
    ExternalShutdownException,
    MultiThreadedExecutor,
    SingleThreadedExecutor,
)
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

EXECUTORS = [SingleThreadedExecutor, MultiThreadedExecutor]


@pytest.fixture
def context(domain):
    context = Context()
    yield context
    context.try_shutdown()


def test_life_of_a_context(context):
    assert not context.ok()
    context.try_shutdown()  # nothing to do yet
    with pytest.raises(RuntimeError):
        context.shutdown()
    rclpy.init(args=[], context=context)
    assert context.ok()
    with pytest.raises(RuntimeError):
        rclpy.init(args=[], context=context)
    rclpy.shutdown(context=context)
    assert not context.ok()
    with pytest.raises(RuntimeError):
        rclpy.shutdown(context=context)
    rclpy.try_shutdown(context=context)


def test_default_context_starts_anew(domain):
    for _ in range(3):
        rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
        assert rclpy.ok()
        rclpy.shutdown()
        assert not rclpy.ok()
    with pytest.raises(RuntimeError):
        rclpy.shutdown()
    rclpy.try_shutdown()


def test_domain_of_a_context(context, domain):
    rclpy.init(args=[], context=context, domain_id=domain + 1)
    assert context.get_domain_id() == domain + 1
    with pytest.raises(RuntimeError):
        rclpy.init(args=[], context=Context(), domain_id=-1)


def test_node_needs_a_context_in_use(context):
    with pytest.raises(NotInitializedException):
        Node('tested', context=context)
    rclpy.init(args=[], context=context)
    Node('tested', context=context).destroy_node()
    rclpy.shutdown(context=context)
    with pytest.raises(NotInitializedException):
        Node('tested', context=context)


def test_contexts_are_independent(context):
    other = Context()
    rclpy.init(args=[], context=context)
    rclpy.init(args=[], context=other)
    rclpy.shutdown(context=other)
    assert context.ok()


def test_shutdown_callbacks(context):
    called = []
    rclpy.init(args=[], context=context)
    context.on_shutdown(lambda: called.append('callback'))
    rclpy.shutdown(context=context)
    assert called == ['callback']
    context.on_shutdown(lambda: called.append('late'))
    assert called == ['callback', 'late']


def test_shutdown_callback_of_a_dead_object_is_left_out(context):
    called = []

    class Owner:
        def stop(self):
            called.append(self)

    rclpy.init(args=[], context=context)
    context.on_shutdown(Owner().stop)
    rclpy.shutdown(context=context)
    assert called == []


def test_single_threaded_spin_tells_of_a_shutdown_from_outside(make_node):
    executor = SingleThreadedExecutor()
    executor.add_node(make_node())
    stop = threading.Timer(0.2, rclpy.shutdown)
    stop.start()
    with pytest.raises(ExternalShutdownException):
        executor.spin()
    stop.join()


def test_multi_threaded_spin_returns_after_a_shutdown_from_outside(make_node):
    executor = MultiThreadedExecutor(2)
    executor.add_node(make_node())
    stop = threading.Timer(0.2, rclpy.shutdown)
    stop.start()
    executor.spin()
    stop.join()
    assert not rclpy.ok()


@pytest.mark.parametrize('executor_class', EXECUTORS)
def test_executor_shut_down_ends_its_spin(make_node, executor_class):
    executor = executor_class()
    executor.add_node(make_node())
    stop = threading.Timer(0.2, executor.shutdown)
    stop.start()
    executor.spin()
    stop.join()
    assert rclpy.ok()


def test_shutdown_by_a_callback_lets_spin_return(make_node):
    node = make_node()
    node.create_timer(0.01, rclpy.shutdown)
    rclpy.spin(node)
    assert not rclpy.ok()


def test_node_is_destroyed_after_the_shutdown(ros):
    node = Node('tested')
    node.create_timer(1.0, print)
    rclpy.shutdown()
    node.destroy_node()


SPINNING = """
    import sys
    import time
    import rclpy
    from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor

    rclpy.init()
    node = rclpy.create_node('spinning')
    executor = MultiThreadedExecutor(2) if 'many' in sys.argv else None
    if 'busy' in sys.argv:
        node.create_timer(0.001, lambda: None)

    def once():
        timer.cancel()
        print('spinning', flush=True)

    timer = node.create_timer(0.1, once)
    try:
        rclpy.spin(node, executor)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except RuntimeError:
        if rclpy.ok():  # else the shutdown came while the spin began to wait
            raise
    end = time.monotonic() + 1  # another thread shuts the context down
    while rclpy.ok() and time.monotonic() < end:
        time.sleep(0.01)
    print('ok' if rclpy.ok() else 'shut down', flush=True)
    node.destroy_node()
    rclpy.try_shutdown()
"""


@pytest.mark.parametrize('mode', [(), ('busy',), ('many',), ('many', 'busy')])
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_signals_shut_down(start, number, mode):
    program = start(SPINNING, *mode)
    program.wait_for_line('spinning')
    time.sleep(0.2)
    program.signal(number)
    if number == signal.SIGTERM:
        # Jazzy wakes the spin before it shuts down: one that waits again in between needs this.
        time.sleep(1.0)
        program.signal(number)
    code, output, errors = program.finish(timeout=5)
    assert code == 0, errors
    assert output.split('\n')[-2] == 'shut down'
    assert 'Traceback' not in errors


def test_signals_are_left_alone_where_told(start):
    program = start("""
        import time
        import rclpy
        from rclpy.signals import SignalHandlerOptions

        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        try:
            print('ready', flush=True)
            time.sleep(10)
        except KeyboardInterrupt:
            print('still ok' if rclpy.ok() else 'shut down', flush=True)
    """)
    program.wait_for_line('ready')
    program.signal(signal.SIGINT)
    code, output, errors = program.finish(timeout=5)
    assert (code, output) == (0, 'still ok\n'), errors


def test_callback_that_fails_ends_the_program(start):
    program = start("""
        import rclpy

        def fail():
            raise ValueError('on purpose')

        rclpy.init()
        node = rclpy.create_node('failing')
        node.create_timer(0.01, fail)
        rclpy.spin(node)
    """)
    code, _, errors = program.finish(timeout=10)
    assert code == 1
    assert 'ValueError: on purpose' in errors
