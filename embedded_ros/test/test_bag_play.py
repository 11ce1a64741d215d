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

"""Playing bags to another process."""

import signal
import threading
import time

import pytest
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from std_msgs.msg import String

from embedded_ros.messages import deserialize

START = 1_700_000_000 * 10**9  # of the bags that the fixture writes
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def texts(topic, count, gap=0.05):
    return [(topic, index * gap, String(data=f'{topic} {index}')) for index in range(count)]


class Listener:
    """Subscriptions of a node, with the time at which each message came."""

    def __init__(self, node):
        self.node = node
        self.received = []
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(node)
        self.thread = threading.Thread(target=self.executor.spin, daemon=True)
        self.thread.start()

    def close(self):
        self.executor.shutdown()
        self.thread.join(5)

    def subscribe(self, cls, topic, qos=10):
        self.node.create_subscription(
            cls, topic,
            lambda data: self.received.append((topic, time.monotonic(), data)), qos, raw=True)

    def of(self, topic):
        return [data for name, _, data in self.received if name == topic]

    def times(self, topic):
        return [when for name, when, _ in self.received if name == topic]


@pytest.fixture
def listener(make_node):
    listener = Listener(make_node('listener'))
    yield listener
    listener.close()


@pytest.fixture
def play(ros2_bag):
    """Return a function that plays to the end, after others have been discovered."""

    def run(path, *arguments):
        program = ros2_bag('play', path, '--delay', '1', *arguments)
        code, _, errors = program.finish(timeout=30)
        assert 'Traceback' not in errors
        return code, errors

    return run


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_foreign_bag_with_its_gaps(tmp_path, listener, play, storage, wire_bytes, write_bag):
    messages = [*texts('/a', 10), ('/b', 0.6, String(data='last'))]
    write_bag(tmp_path / 'bag', messages, storage=storage)
    listener.subscribe(String, '/a')
    listener.subscribe(String, '/b')
    assert play(tmp_path / 'bag') == (0, '')
    assert [(topic, data) for topic, _, data in listener.received] == [
        (topic, wire_bytes(message)) for topic, _, message in messages]
    when = [at - listener.received[0][1] for _, at, _ in listener.received]
    assert when == pytest.approx([seconds for _, seconds, _ in messages], abs=0.04)


def test_rate_topics_remapping_and_offset(tmp_path, listener, play, wire_bytes, write_bag):
    write_bag(tmp_path / 'bag', sorted(
        [*texts('/a', 21), *texts('/b', 21)], key=lambda message: message[1]))
    for topic in ('/a', '/b', '/cell/b'):
        listener.subscribe(String, topic)
    assert play(tmp_path / 'bag', '--rate', '2', '--topics', 'b', '--remap', 'b:=/cell/b',
                '--start-offset', '0.5') == (0, '')
    assert listener.of('/cell/b') == [wire_bytes(String(data=f'/b {i}')) for i in range(10, 21)]
    assert len(listener.received) == 11
    when = listener.times('/cell/b')
    assert when[-1] - when[0] == pytest.approx(0.25, abs=0.05)


def test_clock_shows_the_time_of_the_bag(tmp_path, listener, play, write_bag):
    write_bag(tmp_path / 'bag', [
        *texts('/a', 21), ('/clock', 1.0, Clock())])  # the recorded clock must not mix in
    best_effort = QoSProfile(depth=100, reliability=ReliabilityPolicy.BEST_EFFORT)
    listener.subscribe(Clock, '/clock', best_effort)
    listener.subscribe(String, '/a')
    assert play(tmp_path / 'bag', '--clock', '100', '--rate', '2') == (0, '')
    shown = [deserialize(data, Clock).clock for data in listener.of('/clock')]
    times = [(stamp.sec * 10**9 + stamp.nanosec - START) * 1e-9 for stamp in shown]
    assert len(times) == pytest.approx(51, abs=2)
    assert (times[0], times[-1]) == (pytest.approx(0, abs=0.05), pytest.approx(1, abs=0.05))
    # Between the messages of the bag it shows the time that the next ones were recorded at.
    first = listener.times('/clock')[0] - 0.5 * times[0]
    for when, text in zip(listener.times('/a'), listener.of('/a'), strict=True):
        index = int(deserialize(text, String).data.split()[1])
        assert 2 * (when - first) == pytest.approx(index * 0.05, abs=0.08)


def test_loop_until_ctrl_c(tmp_path, listener, ros2_bag, wire_bytes, write_bag):
    write_bag(tmp_path / 'bag', texts('/a', 4, 0.02))
    listener.subscribe(String, '/a')
    player = ros2_bag('play', tmp_path / 'bag', '-l', '--delay', '0.1')
    end = time.monotonic() + 20
    while len(listener.received) < 20:
        assert time.monotonic() < end
        time.sleep(0.01)
    pressed = time.monotonic()
    player.signal(signal.SIGINT)
    assert player.finish(timeout=10) == (0, '', '')
    assert time.monotonic() - pressed < 2
    played = listener.of('/a')[-12:]
    expected = [wire_bytes(String(data=f'/a {index}')) for index in range(4)]
    first = expected.index(played[0])
    assert played == (4 * expected)[first:first + 12]


def test_a_loop_over_nothing_ends(tmp_path, play, write_bag):
    write_bag(tmp_path / 'bag', texts('/a', 4))
    assert play(tmp_path / 'bag', '--loop', '--start-offset', '5') == (0, '')


def test_quality_of_service_is_played_as_recorded(tmp_path, listener, ros2_bag, write_bag):
    write_bag(tmp_path / 'bag', [('/map', 0, String(data='map')), ('/map', 60, String())],
              offers=[LATCHED])
    player = ros2_bag('play', tmp_path / 'bag')
    end = time.monotonic() + 20
    while listener.node.count_publishers('/map') == 0:
        assert time.monotonic() < end
        time.sleep(0.05)
    time.sleep(0.5)  # the message has been sent by now
    listener.subscribe(String, '/map', LATCHED)
    while not listener.received:
        assert time.monotonic() < end
        time.sleep(0.05)
    info, = listener.node.get_publishers_info_by_topic('/map')
    assert info.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL
    player.signal(signal.SIGTERM)
    assert player.finish(10) == (0, '', '')


def test_topics_that_cannot_be_played_are_named(tmp_path, play, write_bag):
    write_bag(tmp_path / 'unknown', texts('/a', 2), type_name='strange_msgs/msg/Thing')
    code, errors = play(tmp_path / 'unknown')
    assert code == 1
    assert "'/a' is not played: the message type 'strange_msgs/msg/Thing' is not" in errors
    write_bag(tmp_path / 'other', texts('/a', 2), digest='RIHS01_' + 64 * '0')
    code, errors = play(tmp_path / 'other')
    assert code == 1
    assert "'/a' is not played: the bag has another definition of std_msgs/msg/String" in errors
    assert errors.endswith("other' has nothing to play\n")


def test_a_damaged_bag_is_played_until_the_damage(tmp_path, listener, play, write_bag):
    path = tmp_path / 'bag'
    write_bag(path, [('/a', index / 500, String(data=10_000 * 'x')) for index in range(300)])
    file = path / 'bag.mcap'
    whole = file.read_bytes()
    broken = len(whole) // 2  # in the second of three chunks
    file.write_bytes(whole[:broken] + 11_000 * b'\xff' + whole[broken + 11_000:])
    listener.subscribe(String, '/a')
    code, errors = play(path)
    assert code == 1
    assert errors.startswith(f"bag '{path}' cannot be read: ")
    assert len(errors.splitlines()) == 1
    assert 100 <= len(listener.received) < 200
