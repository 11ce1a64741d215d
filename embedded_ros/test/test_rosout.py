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

import signal
import threading
import time

import pytest
from rcl_interfaces.msg import Log, ParameterEvent
import rclpy
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.parameter import Parameter, ParameterType
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.signals import SignalHandlerOptions

LATE = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)


@pytest.fixture
def log_of(make_node):
    """Return a function that makes a node and collects what is on /rosout of a logger."""

    def listen(logger_name):
        listener = make_node('listener', enable_rosout=False)
        found = []
        listener.create_subscription(
            Log, '/rosout', lambda m: found.append(m) if m.name == logger_name else None, LATE)
        return listener, found

    return listen


def test_a_node_publishes_what_it_logs(make_node, log_of, spin_until):
    node = make_node('eye', namespace='/cell')
    node.get_logger().debug('below the level')
    before = time.time()
    node.get_logger().warning('dark picture')  # before anybody listens
    listener, found = log_of('cell.eye')
    assert spin_until(lambda: found, listener)
    node.get_logger().error('no picture')
    assert spin_until(lambda: len(found) == 2, listener)
    first, second = found
    assert (first.level, first.name, first.msg) == (Log.WARN, 'cell.eye', 'dark picture')
    assert (second.level, second.msg) == (Log.ERROR, 'no picture')
    assert first.file.endswith('test_rosout.py')
    assert first.function == 'test_a_node_publishes_what_it_logs'
    assert 0 < first.line < second.line
    assert before <= first.stamp.sec + first.stamp.nanosec * 1e-9 <= time.time()


def test_children_publish_through_the_node_and_strangers_do_not(make_node, log_of, spin_until):
    node = make_node('eye')
    listener, found = log_of('eye.lens')
    get_logger('eye.lens').info('a stranger of that name')
    node.get_logger().get_child('lens').info('dusty')
    assert spin_until(lambda: found, listener)
    assert [message.msg for message in found] == ['dusty']


def test_a_node_can_be_silent(make_node, spin_until):
    node = make_node('quiet', enable_rosout=False)
    assert node.count_publishers('/rosout') == 0
    node.get_logger().info('nobody hears')


def test_arguments_choose_the_places(domain, capsys):
    def published(*arguments):
        rclpy.init(
            args=['--ros-args', *arguments], signal_handler_options=SignalHandlerOptions.NO)
        node = rclpy.create_node('eye')
        node.get_logger().info('here')
        count = node.count_publishers('/rosout')
        rclpy.shutdown()
        return count, 'here' in capsys.readouterr().err

    assert published() == (1, True)
    assert published('--disable-rosout-logs') == (0, True)
    assert published('--disable-stdout-logs') == (1, False)
    assert published() == (1, True)


def test_logging_never_fails(ros, capsys):
    node = Node('eye')
    logger = node.get_logger()
    logger.info('half a character: \ud800')
    logger.info('a zero: \0')
    node.destroy_node()
    logger.info('after the node')
    other = Node('eye')
    other.get_logger().info('same name')
    rclpy.shutdown()
    other.get_logger().info('after the end')
    assert 'after the end' in capsys.readouterr().err


def test_threads_log_during_a_shutdown(ros, capfd):
    nodes = [Node(f'eye_{number}') for number in range(3)]
    stop = threading.Event()
    failed = []

    def log(node):
        try:
            while not stop.is_set():
                node.get_logger().info('still here')
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=log, args=(node,)) for node in nodes]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    nodes[0].destroy_node()
    rclpy.shutdown()
    stop.set()
    for thread in threads:
        thread.join(5)
    assert not failed
    assert not any(thread.is_alive() for thread in threads)


def test_a_frozen_reader_does_not_hold_up_logging(start, make_node, capfd):
    reader = start("""
        import rclpy
        from rcl_interfaces.msg import Log
        rclpy.init(args=[])
        node = rclpy.create_node('reader', enable_rosout=False)
        node.create_subscription(Log, '/rosout', lambda m: print('heard', flush=True), 10)
        rclpy.spin(node)
    """)
    node = make_node('eye')
    stop = threading.Event()
    thread = threading.Thread(target=lambda: _log_until(stop, node))
    thread.start()
    reader.wait_for_line('heard')
    stop.set()
    thread.join()
    reader.signal(signal.SIGSTOP)
    text = 'x' * 10_000
    longest = 0.0
    for _ in range(300):
        started = time.monotonic()
        node.get_logger().info(text)
        longest = max(longest, time.monotonic() - started)
    assert longest < 0.5
    # The same through an ordinary publisher would wait for the reader.


def _log_until(stop, node):
    while not stop.wait(0.02):
        node.get_logger().info('hello')


def test_changes_of_parameters_are_published(make_node, spin_until):
    node, listener = make_node('eye', namespace='/cell'), make_node('listener')
    events = []
    listener.create_subscription(
        ParameterEvent, '/parameter_events',
        lambda event: events.append(event) if event.node == '/cell/eye' else None, 100)
    assert spin_until(lambda: node._parameter_events.get_subscription_count() == 1)
    node.declare_parameter('score', 0.5)
    node.declare_parameter('size', Parameter.Type.INTEGER)
    node.set_parameters([Parameter('score', value=0.25), Parameter('size', value=3)])
    node.set_parameters_atomically([Parameter('score', value=0.5), Parameter('size', value=4)])
    node.set_parameters([Parameter('score', value='high')])  # refused
    node.undeclare_parameter('score')  # rclpy tells nobody of that
    assert spin_until(lambda: len(events) == 5, listener)
    assert [_summary(event) for event in events] == [
        ({'score': 0.5}, {}, []), ({'size': None}, {}, []), ({}, {'score': 0.25}, []),
        ({'size': 3}, {}, []), ({}, {'score': 0.5, 'size': 4}, [])]
    assert events[0].stamp.sec > 0


def test_the_loss_of_a_value_is_published(make_node, spin_until):
    node, listener = make_node('eye', allow_undeclared_parameters=True), make_node('listener')
    events = []
    listener.create_subscription(
        ParameterEvent, '/parameter_events',
        lambda event: events.append(event) if event.node == '/eye' else None, 100)
    assert spin_until(lambda: node._parameter_events.get_subscription_count() == 1)
    node.set_parameters([Parameter('any', value=1)])
    node.set_parameters([Parameter('any')])
    assert spin_until(lambda: len(events) == 2, listener)
    assert [_summary(event) for event in events] == [({'any': 1}, {}, []), ({}, {}, ['any'])]


def _summary(event):
    new, changed = (
        {p.name: Parameter.from_parameter_msg(p).value for p in parameters}
        for parameters in (event.new_parameters, event.changed_parameters))
    for parameter in event.deleted_parameters:
        assert parameter.value.type == ParameterType.PARAMETER_NOT_SET
    return new, changed, [parameter.name for parameter in event.deleted_parameters]
