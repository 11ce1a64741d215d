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

"""A camera of the cell on topics, over a scene that counts; and the clock behind it."""

import threading
import time

import numpy as np
import pytest
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import CameraInfo, Image
from std_srvs.srv import Trigger
from vision_msgs.msg import Detection2DArray

from mtperception.geometry.camera import look_at, PinholeCamera
from mtperception.nodes.cell_clock import CellClock
from mtperception.nodes.ground_truth import true_pins
from mtperception.nodes.live_camera import LiveCamera
from mtperception.sim.cell import CellCamera
from mtperception.sim.pin.labels import PinSample

pytestmark = pytest.mark.timeout(180)
LENS = PinholeCamera(8, 6, 10.0, 10.0, 3.5, 2.5)
CAMERA = CellCamera('c', look_at(LENS, (0, 0, 1), (0, 0, 0), 0.0), 50.0, depth=False)


class Grey:
    """A grey card; `times` are when it was looked at."""

    def __init__(self):
        self.times, self.closed = [], False
        self.gate = threading.Event()
        self.gate.set()
        self.fails = False

    def step(self, t):
        self.times.append(t)
        self.gate.wait()
        if self.fails:
            raise ValueError('the card fell down')
        return PinSample(np.full((6, 8), 128, np.uint8), (), LENS)

    def close(self):
        self.closed = True


@pytest.fixture
def here(ros):
    """Give a node that is spun, a camera on it, and the scenes that this has made."""
    node = ros.create_node('cell')
    made = []

    def make():
        made.append(Grey())
        return made[-1]

    clock = CellClock(node, published=False)
    camera = LiveCamera(
        node, CAMERA, CAMERA.rate, clock, make, Detection2DArray, 'truth', true_pins)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    thread = threading.Thread(target=executor.spin, daemon=True)
    thread.start()
    yield node, camera, made
    for scene in made:
        scene.gate.set()
    camera.close()
    executor.shutdown()
    thread.join()
    node.destroy_node()


def wait(condition):
    end = time.monotonic() + 60.0
    while not condition():
        assert time.monotonic() < end, 'timed out'
        time.sleep(0.005)


def ticked(node, count=5):
    """Wait until a timer of the camera's rate has fired so often, after the camera's own."""
    fired = []
    timer = node.create_timer(1.0 / CAMERA.rate, lambda: fired.append(0))
    wait(lambda: len(fired) >= count)
    node.destroy_timer(timer)


@pytest.mark.parametrize('topic, kind', [
    ('c/image_raw', Image), ('c/camera_info', CameraInfo), ('truth', Detection2DArray)])
def test_nothing_is_looked_at_while_nobody_subscribes(here, topic, kind):
    node, camera, made = here
    ticked(node)
    assert not camera.watched and made == []
    received = []
    subscription = node.create_subscription(kind, topic, received.append, 5)
    wait(lambda: len(received) > 2)
    assert camera.watched and len(made) == 1
    node.destroy_subscription(subscription)
    wait(lambda: not camera.watched)
    ticked(node, 2)
    before = len(made[0].times)
    ticked(node)
    assert len(made[0].times) == before


def test_a_slow_picture_holds_up_neither_services_nor_later_ones(here):
    node, _, made = here
    node.create_service(Trigger, 'ask', lambda request, response: response)
    client = node.create_client(Trigger, 'ask')
    received = []
    node.create_subscription(Image, 'c/image_raw', received.append, 5)
    wait(lambda: len(received) > 2)
    made[0].gate.clear()
    ticked(node)
    looked = len(made[0].times)
    future = client.call_async(Trigger.Request())
    wait(future.done)
    ticked(node)
    assert len(made[0].times) == looked
    made[0].gate.set()
    seen = len(received)
    wait(lambda: len(received) > seen + 2)


def test_a_picture_that_fails_is_not_the_last(here):
    node, _, made = here
    received = []
    node.create_subscription(Image, 'c/image_raw', received.append, 5)
    wait(lambda: received)
    made[0].fails = True
    looked = len(made[0].times)
    wait(lambda: len(made[0].times) > looked + 2)
    made[0].fails = False
    seen = len(received)
    wait(lambda: len(received) > seen + 2)


def test_an_order_comes_before_the_next_picture_and_closing_frees_the_scene(here):
    _, camera, made = here
    asked = []
    camera.order(asked.append)
    wait(lambda: asked)
    assert asked == made
    camera.close()
    camera.close()
    wait(lambda: made[0].closed)


def test_a_published_clock_begins_at_zero_goes_on_and_begins_again(ros):
    from rosgraph_msgs.msg import Clock

    node = ros.create_node('cell')
    clock = CellClock(node, published=True)
    times = []
    node.create_subscription(
        Clock, '/clock', lambda message: times.append(
            message.clock.sec + 1e-9 * message.clock.nanosec), 100)
    end = time.monotonic() + 60.0
    while len(times) < 20 and time.monotonic() < end:
        ros.spin_once(node, timeout_sec=1.0)
    assert len(times) == 20 and times == sorted(times)
    assert times[0] >= 0.0 and times[-1] <= clock.now()[0]
    clock.restart()
    assert clock.now()[0] < times[-1]
    node.destroy_node()


def test_a_jump_back_of_simulated_time_is_a_new_beginning(ros):
    from rclpy.parameter import Parameter
    from rclpy.time import Time

    def time_of(seconds):
        return Time(seconds=seconds, clock_type=node.get_clock().clock_type)

    node = ros.create_node('cell', parameter_overrides=[Parameter('use_sim_time', value=True)])
    node.get_clock().set_ros_time_override(time_of(100))
    clock = CellClock(node, published=False)
    node.get_clock().set_ros_time_override(time_of(107))
    assert clock.now()[0] == 7.0
    node.get_clock().set_ros_time_override(time_of(3))
    seconds, stamp = clock.now()
    assert (seconds, stamp.sec) == (0.0, 3)
    node.destroy_node()
