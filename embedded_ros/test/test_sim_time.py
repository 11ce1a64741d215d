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
from rclpy.clock import Clock, ClockChange, JumpThreshold, ROSClock
from rclpy.clock_type import ClockType
from rclpy.duration import Duration
from rclpy.exceptions import InvalidParameterTypeException
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.time import Time
from rclpy.time_source import TimeSource
from rosgraph_msgs.msg import Clock as ClockMessage

SECOND = 10**9
START = 1_700_000_000  # a bag's time rather than a simulator's


def ros_time(seconds):
    return Time(nanoseconds=round(seconds * SECOND), clock_type=ClockType.ROS_TIME)


def simulated(seconds=0.0):
    clock = ROSClock()
    clock.set_ros_time_override(ros_time(seconds))
    clock._set_ros_time_is_active(True)
    return clock


class Simulation:
    """Publishes the time from a node of its own, while another thread spins both."""

    def __init__(self, node, simulator):
        self.node = node
        self._publisher = simulator.create_publisher(ClockMessage, '/clock', 10)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(node)
        self._thread = threading.Thread(target=self._executor.spin)
        self._thread.start()

    def show(self, seconds):
        """Publish until the node has the time."""
        end = time.monotonic() + 5
        while self.node.get_clock().now() != ros_time(seconds):
            assert time.monotonic() < end
            self._publisher.publish(ClockMessage(clock=ros_time(seconds).to_msg()))
            time.sleep(0.002)

    def close(self):
        self._executor.shutdown()
        self._thread.join()


@pytest.fixture
def simulation(make_node):
    node = make_node('eye', parameter_overrides=[Parameter('use_sim_time', value=True)])
    simulation = Simulation(node, make_node('simulator'))
    yield simulation
    simulation.close()


def eventually(condition, timeout=5.0):
    end = time.monotonic() + timeout
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return condition()


def stays(condition, seconds=0.15):
    end = time.monotonic() + seconds
    while condition() and time.monotonic() < end:
        time.sleep(0.005)
    return condition()


def test_without_simulation_nothing_changes(make_node):
    node = make_node()
    assert node.get_parameter('use_sim_time').value is False
    assert not node.get_clock().ros_time_is_active
    assert node.count_subscribers('/clock') == 0
    assert abs(node.get_clock().now().nanoseconds - time.time_ns()) < SECOND


def test_time_is_zero_without_a_clock(simulation):
    assert simulation.node.get_clock().ros_time_is_active
    assert simulation.node.get_clock().now() == ros_time(0)
    assert stays(lambda: simulation.node.get_clock().now() == ros_time(0))


def test_time_follows_the_topic(simulation):
    for seconds in (0.5, 0.75, 0.25, START):
        simulation.show(seconds)
    (info,) = simulation.node.get_subscriptions_info_by_topic('/clock')
    assert info.qos_profile.reliability.name == 'BEST_EFFORT'
    assert info.qos_profile.depth == 1


def test_from_the_command_line(domain, spin_until):
    rclpy.init(args=['--ros-args', '-p', 'use_sim_time:=true'])
    node = rclpy.create_node('eye')
    assert node.get_clock().ros_time_is_active
    rclpy.shutdown()
    rclpy.init(args=['--ros-args', '-p', 'use_sim_time:=soon'])
    with pytest.raises(InvalidParameterTypeException, match='use_sim_time'):
        rclpy.create_node('eye')
    other = rclpy.create_node('other', use_global_arguments=False)
    assert other.get_node_names() == ['other']  # the failed one has left nothing behind
    rclpy.shutdown()


def test_switched_on_and_off_while_running(make_node):
    node = make_node('eye')
    simulation = Simulation(node, make_node('simulator'))
    changes = []
    threshold = JumpThreshold(min_forward=None, min_backward=None, on_clock_change=True)
    node.get_clock().create_jump_callback(
        threshold, post_callback=lambda jump: changes.append(jump.clock_change))
    assert node.set_parameters([Parameter('use_sim_time', value=True)])[0].successful
    simulation.show(START)
    assert node.set_parameters([Parameter('use_sim_time', value=False)])[0].successful
    assert abs(node.get_clock().now().nanoseconds - time.time_ns()) < SECOND
    assert node.count_subscribers('/clock') == 0
    refused = node.set_parameters([Parameter('use_sim_time', value='yes')])[0]
    assert not refused.successful
    assert changes == [ClockChange.ROS_TIME_ACTIVATED, ClockChange.ROS_TIME_DEACTIVATED]
    simulation.close()


@pytest.mark.parametrize('start', [0.0, 3.0, START])
def test_timers_run_on_simulated_time(simulation, start):
    calls = []
    if start:
        simulation.show(start)
    simulation.node.create_timer(1.0, lambda: calls.append(simulation.node.get_clock().now()))
    assert stays(lambda: not calls)
    simulation.show(start + 0.9)
    assert stays(lambda: not calls)
    simulation.show(start + 1.1)
    assert eventually(lambda: len(calls) == 1)
    simulation.show(start + 1.9)
    assert stays(lambda: len(calls) == 1)
    simulation.show(start + 2.0)
    assert eventually(lambda: len(calls) == 2)
    simulation.show(start + 7.5)  # what was missed is left out
    assert eventually(lambda: len(calls) == 3)
    simulation.show(start + 8.1)
    assert eventually(lambda: len(calls) == 4)
    assert calls[-1] == ros_time(start + 8.1)


def test_a_timer_made_before_the_simulation_begins_counts_from_zero(simulation):
    calls = []
    simulation.node.create_timer(1.0, lambda: calls.append(1))
    simulation.show(START)
    assert eventually(lambda: len(calls) == 1)
    assert stays(lambda: len(calls) == 1)


def test_timers_go_on_after_a_jump_back(simulation):
    calls = []
    simulation.show(100.0)
    timer = simulation.node.create_timer(1.0, lambda: calls.append(1))
    simulation.show(101.0)
    assert eventually(lambda: len(calls) == 1)
    simulation.show(5.0)
    assert timer.time_until_next_call() == SECOND
    simulation.show(5.9)
    assert stays(lambda: len(calls) == 1)
    simulation.show(6.0)
    assert eventually(lambda: len(calls) == 2)


def test_timers_keep_the_rest_of_their_period_when_the_source_changes(make_node):
    node = make_node('eye')
    calls = []
    timer = node.create_timer(10.0, lambda: calls.append(1))
    time.sleep(0.05)
    node.set_parameters([Parameter('use_sim_time', value=True)])
    node._time_source.clock_callback(ClockMessage(clock=ros_time(START).to_msg()))
    assert 9 * SECOND < timer.time_until_next_call() < 9.96 * SECOND
    node._time_source.clock_callback(ClockMessage(clock=ros_time(START + 9).to_msg()))
    node.set_parameters([Parameter('use_sim_time', value=False)])
    assert 0 < timer.time_until_next_call() < 0.96 * SECOND
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    executor.spin_once(timeout_sec=3)
    assert calls == [1]


def test_steady_timers_ignore_simulated_time(simulation):
    calls = []
    simulation.node.create_timer(
        0.02, lambda: calls.append(1), clock=Clock(clock_type=ClockType.STEADY_TIME))
    assert eventually(lambda: len(calls) >= 3)


def test_a_node_that_waits_for_simulated_time_rests(simulation):
    simulation.show(1.0)
    simulation.node.create_timer(0.001, lambda: None)
    busy = time.process_time()
    time.sleep(0.5)
    assert time.process_time() - busy < 0.1


def test_sleep_until_simulated_time(simulation):
    clock = simulation.node.get_clock()
    simulation.show(START)
    slept = []
    thread = threading.Thread(target=lambda: slept.append(clock.sleep_for(Duration(seconds=2))))
    thread.start()
    simulation.show(START + 1)
    assert stays(lambda: not slept)
    simulation.show(START + 2)
    thread.join(5)
    assert slept == [True]
    assert clock.sleep_until(ros_time(START))  # past already


def test_sleep_ends_with_the_simulation(simulation):
    clock = simulation.node.get_clock()
    slept = []
    thread = threading.Thread(target=lambda: slept.append(clock.sleep_for(Duration(seconds=2))))
    thread.start()
    time.sleep(0.05)
    simulation.node.set_parameters([Parameter('use_sim_time', value=False)])
    thread.join(5)
    assert slept == [False]


def test_rate_on_simulated_time(simulation):
    simulation.show(1.0)
    rate = simulation.node.create_rate(2)
    rounds = []

    def work():
        for _ in range(2):
            rate.sleep()
            rounds.append(simulation.node.get_clock().now())

    thread = threading.Thread(target=work)
    thread.start()
    assert stays(lambda: not rounds)
    simulation.show(1.5)
    assert eventually(lambda: len(rounds) == 1)
    simulation.show(2.0)
    thread.join(5)
    assert rounds == [ros_time(1.5), ros_time(2.0)]


def test_jumps_are_reported_from_their_thresholds_on():
    clock = simulated(10)
    seen = []
    threshold = JumpThreshold(
        min_forward=Duration(seconds=1), min_backward=Duration(seconds=-0.5))
    handle = clock.create_jump_callback(
        threshold, pre_callback=lambda: seen.append(clock.now()),
        post_callback=lambda jump: seen.append(jump.delta.nanoseconds / SECOND))
    for seconds in (10.9, 11.9, 11.5, 11.0, 11.0):
        clock.set_ros_time_override(ros_time(seconds))
    assert seen == [ros_time(10.9), 1.0, ros_time(11.5), -0.5]
    handle.unregister()
    handle.unregister()
    clock.set_ros_time_override(ros_time(1))
    assert len(seen) == 4
    with clock.create_jump_callback(threshold, pre_callback=lambda: seen.append('again')):
        clock.set_ros_time_override(ros_time(5))
    clock.set_ros_time_override(ros_time(1))
    assert seen[4:] == ['again']


@pytest.mark.parametrize('options', [
    {'min_forward': Duration(), 'min_backward': None},
    {'min_forward': None, 'min_backward': Duration(seconds=1)},
    {'min_forward': None, 'min_backward': None, 'on_clock_change': False}])
def test_thresholds_that_make_no_sense(options):
    with pytest.raises(ValueError, match=r'min_|threshold'):
        JumpThreshold(**options)


def test_a_jump_callback_is_needed():
    threshold = JumpThreshold(min_forward=None, min_backward=None)
    with pytest.raises(ValueError, match='callable'):
        ROSClock().create_jump_callback(threshold)
    with pytest.raises(ValueError, match='post_callback'):
        ROSClock().create_jump_callback(threshold, post_callback=1)


def test_a_time_source_sets_every_attached_clock(make_node):
    node = make_node('eye')
    source = TimeSource(node=node)
    source.ros_time_is_active = True
    source.clock_callback(ClockMessage(clock=ros_time(7).to_msg()))
    late = ROSClock()
    source.attach_clock(late)
    assert late.now() == ros_time(7)
    with pytest.raises(ValueError, match='ROS_TIME'):
        source.attach_clock(Clock())
    source.detach_node()
    assert node.count_subscribers('/clock') == 0


def test_destroyed_timers_leave_the_clock(ros):
    node = Node('eye')
    for _ in range(5):
        node.create_timer(1.0, print)
    node.destroy_node()
    assert node.get_clock()._jump_handles == []
