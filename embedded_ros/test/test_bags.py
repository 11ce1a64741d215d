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

"""Bags: recorded from other processes, played to this one, and read back by rosbags."""

import itertools
import re
import signal
import subprocess
import sys
import threading
import time

from hypothesis import given, strategies as st
import pytest
from rclpy.duration import Duration, Infinite
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, LivelinessPolicy, QoSProfile, ReliabilityPolicy
from ros2cli import bag_command
from ros2cli.bag_qos import from_bag, offer_for, request_for, to_bag
from ros2cli.errors import CommandError
from rosbags.rosbag2 import Reader, StoragePlugin, Writer
from rosbags.typesys import get_typestore, Stores
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image
from std_msgs.msg import Header, String
import yaml

from embedded_ros.messages import definition_text, deserialize, serialize, type_hash

ROS2 = 'import sys; from ros2cli.cli import main; sys.exit(main())'
SMALL_DISK = 'import resource; resource.setrlimit(resource.RLIMIT_FSIZE, 2 * (3_000_000,)); '
# Publishes numbered messages of two topics, the second one from a while later on.
CAMERA = """
    import sys, time
    import rclpy
    from rclpy.qos import QoSProfile, ReliabilityPolicy
    from sensor_msgs.msg import Image
    from std_msgs.msg import Header, String

    width, height, rate, count = map(int, sys.argv[1:5])
    reliability = ReliabilityPolicy[sys.argv[5]]
    rclpy.init()
    node = rclpy.create_node('camera')

    def publisher(cls, topic):
        publisher = node.create_publisher(cls, topic, QoSProfile(depth=7, reliability=reliability))
        while not publisher.get_subscription_count():
            time.sleep(0.01)
        return publisher

    images = publisher(Image, 'image')
    late = None
    start = time.monotonic()
    for index in range(count):
        time.sleep(max(0, start + index / rate - time.monotonic()))
        data = bytes([index % 251]) * (width * height)
        images.publish(Image(header=Header(frame_id=str(index)), height=height, width=width,
                             encoding='mono8', step=width, data=data))
        if index == count // 2:
            late = publisher(String, 'late')
        if late:
            late.publish(String(data=str(index)))
    for one in (images, late):
        one.wait_for_all_acked()
    time.sleep(0.3)
    print('done', flush=True)
    sys.stdin.read()
"""
STORAGES = pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
START = 1_700_000_000_000_000_000
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def image(index, width, height):
    return Image(header=Header(frame_id=str(index)), height=height, width=width,
                 encoding='mono8', step=width, data=bytes([index % 251]) * (width * height))


def on_wire(message):
    """Return a message's bytes, which the middleware fills up to whole words."""
    data = bytes(serialize(message))
    return data + bytes(-len(data) % 4)


def contents(path):
    """Return topic, time and bytes of a bag's messages."""
    with Reader(path) as reader:
        return [(connection.topic, stamp, bytes(data))
                for connection, stamp, data in reader.messages()]


def stop(program):
    """Press Ctrl-C and return the exit code and what the program said."""
    program.signal(signal.SIGINT)
    code, output, errors = program.finish(timeout=10)
    assert 'Traceback' not in errors
    return code, output, errors


def write_bag(path, messages, *, storage='mcap', offers=(), **declared):
    """Write (topic, seconds, message) with rosbags alone."""
    writer = Writer(path, version=9, storage_plugin=StoragePlugin[storage.upper()])
    with writer:
        connections = {}
        for topic, seconds, message in messages:
            if topic not in connections:
                name = type(message)._ros_type
                connections[topic] = writer.add_connection(
                    topic, declared.get('type_name', name), msgdef=definition_text(name),
                    rihs01=declared.get('digest', type_hash(name)),
                    offered_qos_profiles=[to_bag(offer) for offer in offers])
            writer.write(connections[topic], START + round(seconds * 1e9), serialize(message))


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
def play(start):
    """Return a function that plays to the end, after others have been discovered."""

    def run(path, *arguments):
        program = start(ROS2, 'bag', 'play', str(path), '--delay', '1', *arguments)
        code, _, errors = program.finish(timeout=30)
        assert 'Traceback' not in errors
        return code, errors

    return run


@pytest.mark.parametrize(
    ('storage', 'reliability'), [('mcap', 'RELIABLE'), ('sqlite3', 'BEST_EFFORT')])
def test_record_play_record(start, tmp_path, storage, reliability):
    count, width, height = 20, 64, 48
    first, second = tmp_path / 'first', tmp_path / 'second'
    recorder = start(ROS2, 'bag', 'record', '/image', 'late', '-o', str(first), '-s', storage)
    camera = start(CAMERA, str(width), str(height), '20', str(count), reliability)
    before = time.time_ns()
    camera.wait_for_line('done')
    code, _, errors = stop(recorder)
    assert code == 0
    assert "Subscribed to topic '/image'" in errors
    camera.kill()

    messages = contents(first)
    assert [data for topic, _, data in messages if topic == '/image'] == [
        on_wire(image(index, width, height)) for index in range(count)]
    assert [data for topic, _, data in messages if topic == '/late'] == [
        on_wire(String(data=str(index))) for index in range(count // 2, count)]
    stamps = [stamp for topic, stamp, _ in messages if topic == '/image']
    assert stamps == sorted(stamps)
    assert before < stamps[0] < stamps[-1] < time.time_ns()
    assert stamps[9] - stamps[0] == pytest.approx(0.45e9, abs=0.1e9)

    metadata = yaml.safe_load((first / 'metadata.yaml').read_text())['rosbag2_bagfile_information']
    assert (metadata['version'], metadata['storage_identifier']) == (9, storage)
    assert metadata['message_count'] == len(messages)
    store = get_typestore(Stores.ROS2_JAZZY)
    with Reader(first) as reader:
        for connection, _, data in reader.messages():
            assert connection.digest == type_hash(connection.msgtype)
            assert connection.msgdef.data == definition_text(connection.msgtype)
            offer, = map(from_bag, connection.ext.offered_qos_profiles)
            assert (offer.depth, offer.reliability.name) == (7, reliability)
            store.deserialize_cdr(data, connection.msgtype)

    recorder = start(ROS2, 'bag', 'record', '-a', '-o', str(second), '-s', storage)
    player = start(ROS2, 'bag', 'play', str(first), '--delay', '1.5')
    assert player.finish(timeout=20)[0] == 0
    assert stop(recorder)[0] == 0
    again = contents(second)
    for topic in ('/image', '/late'):
        (old_times, old), (new_times, new) = (
            zip(*((stamp, data) for name, stamp, data in bag if name == topic), strict=True)
            for bag in (messages, again))
        assert new == old
        gaps = [(later - earlier) * 1e-9 for times in (old_times, new_times)
                for earlier, later in itertools.pairwise(times)]
        assert gaps[len(gaps) // 2:] == pytest.approx(gaps[:len(gaps) // 2], abs=0.1)


@STORAGES
def test_no_frame_of_a_vga_camera_is_lost(start, tmp_path, storage):
    path = tmp_path / 'bag'
    recorder = start(ROS2, 'bag', 'record', '-a', '-o', str(path), '-s', storage)
    camera = start(CAMERA, '1920', '480', '30', '60', 'RELIABLE')  # as large as 640 x 480 bgr8
    camera.wait_for_line('done')
    assert stop(recorder)[0] == 0
    frames = [data for topic, _, data in contents(path) if topic == '/image']
    assert [deserialize(data, Image).header.frame_id for data in frames] == [
        str(index) for index in range(60)]


@STORAGES
def test_foreign_bag_with_its_gaps(tmp_path, listener, play, storage):
    messages = [*texts('/a', 10), ('/b', 0.6, String(data='last'))]
    write_bag(tmp_path / 'bag', messages, storage=storage)
    listener.subscribe(String, '/a')
    listener.subscribe(String, '/b')
    assert play(tmp_path / 'bag') == (0, '')
    assert [(topic, data) for topic, _, data in listener.received] == [
        (topic, on_wire(message)) for topic, _, message in messages]
    when = [at - listener.received[0][1] for _, at, _ in listener.received]
    assert when == pytest.approx([seconds for _, seconds, _ in messages], abs=0.04)


def test_rate_topics_remapping_and_offset(tmp_path, listener, play):
    write_bag(tmp_path / 'bag', sorted(
        [*texts('/a', 21), *texts('/b', 21)], key=lambda message: message[1]))
    for topic in ('/a', '/b', '/cell/b'):
        listener.subscribe(String, topic)
    assert play(tmp_path / 'bag', '--rate', '2', '--topics', 'b', '--remap', 'b:=/cell/b',
                '--start-offset', '0.5') == (0, '')
    assert listener.of('/cell/b') == [on_wire(String(data=f'/b {i}')) for i in range(10, 21)]
    assert len(listener.received) == 11
    when = listener.times('/cell/b')
    assert when[-1] - when[0] == pytest.approx(0.25, abs=0.05)


def test_clock_shows_the_time_of_the_bag(tmp_path, listener, play):
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


def test_loop_until_ctrl_c(tmp_path, listener, start):
    write_bag(tmp_path / 'bag', texts('/a', 4, 0.02))
    listener.subscribe(String, '/a')
    player = start(ROS2, 'bag', 'play', str(tmp_path / 'bag'), '-l', '--delay', '0.1')
    end = time.monotonic() + 20
    while len(listener.received) < 20:
        assert time.monotonic() < end
        time.sleep(0.01)
    pressed = time.monotonic()
    assert stop(player) == (0, '', '')
    assert time.monotonic() - pressed < 2
    played = listener.of('/a')[-12:]
    expected = [on_wire(String(data=f'/a {index}')) for index in range(4)]
    first = expected.index(played[0])
    assert played == (4 * expected)[first:first + 12]


def test_a_loop_over_nothing_ends(tmp_path, play):
    write_bag(tmp_path / 'bag', texts('/a', 4))
    assert play(tmp_path / 'bag', '--loop', '--start-offset', '5') == (0, '')


def test_quality_of_service_is_played_as_recorded(tmp_path, listener, start):
    write_bag(tmp_path / 'bag', [('/map', 0, String(data='map')), ('/map', 60, String())],
              offers=[LATCHED])
    player = start(ROS2, 'bag', 'play', str(tmp_path / 'bag'))
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


def test_topics_that_cannot_be_played_are_named(tmp_path, play):
    write_bag(tmp_path / 'unknown', texts('/a', 2), type_name='strange_msgs/msg/Thing')
    code, errors = play(tmp_path / 'unknown')
    assert code == 1
    assert "'/a' is not played: the message type 'strange_msgs/msg/Thing' is not" in errors
    write_bag(tmp_path / 'other', texts('/a', 2), digest='RIHS01_' + 64 * '0')
    code, errors = play(tmp_path / 'other')
    assert code == 1
    assert "'/a' is not played: the bag has another definition of std_msgs/msg/String" in errors
    assert errors.endswith("other' has nothing to play\n")


def test_unknown_type_is_not_recorded_and_the_rest_is(start, tmp_path, make_node):
    stranger = start("""
        from dataclasses import dataclass
        import time
        from cyclonedds.idl import IdlStruct
        from cyclonedds.pub import DataWriter
        from cyclonedds.topic import Topic
        import rclpy

        @dataclass
        class Thing(IdlStruct, typename='strange_msgs::msg::dds_::Thing_'):
            value: int

        rclpy.init()
        participant = rclpy.get_default_context().participant.entity
        writer = DataWriter(participant, Topic(participant, 'rt/strange', Thing))
        print('ready', flush=True)
        time.sleep(60)
    """)
    stranger.wait_for_line('ready')
    publisher = make_node('known').create_publisher(String, '/known', LATCHED)
    publisher.publish(String(data='text'))
    recorder = start(ROS2, 'bag', 'record', '/known', '/strange', '-o', str(tmp_path / 'bag'))
    end = time.monotonic() + 20
    while publisher.get_subscription_count() == 0:
        assert time.monotonic() < end
        time.sleep(0.05)
    time.sleep(0.5)
    code, _, errors = stop(recorder)
    assert code == 0
    assert re.findall(r"'/strange' is not recorded: the message type 'strange_msgs/msg/Thing' "
                      r'is not known here', errors) != []
    assert [topic for topic, _, _ in contents(tmp_path / 'bag')] == ['/known']


def test_a_killed_recorder_leaves_what_came_before(start, tmp_path, capsys):
    path = tmp_path / 'bag'
    recorder = start(ROS2, 'bag', 'record', '-a', '-o', str(path), '-s', 'sqlite3')
    camera = start(CAMERA, '640', '480', '20', '50', 'RELIABLE')
    camera.wait_for_line('done')
    recorder.kill()
    with pytest.raises(CommandError, match=r"recording .* was cut off; name its file '.*\.db3'"):
        bag_command.main(['info', str(path)])
    bag_command.main(['info', str(path / 'bag.db3')])
    count = int(re.search(r'Topic: /image .* Count: (\d+)', capsys.readouterr().out)[1])
    assert 20 <= count <= 50
    images = [data for topic, _, data in contents(path / 'bag.db3') if topic == '/image']
    assert images == [on_wire(image(index, 640, 480)) for index in range(count)]


@STORAGES
def test_a_full_disk_ends_the_recording_with_one_line(start, tmp_path, storage):
    path = tmp_path / 'bag'
    recorder = start(
        SMALL_DISK + ROS2, 'bag', 'record', '-a', '-o', str(path), '-s', storage)
    start(CAMERA, '640', '480', '20', '1000', 'RELIABLE')
    code, _, errors = recorder.finish(timeout=20)
    assert code == 1
    assert 'Traceback' not in errors
    assert f"bag '{path}' is not complete, writing failed: " in errors.splitlines()[-1]
    with pytest.raises(CommandError, match='cut off'):
        bag_command.main(['info', str(path)])


def test_info(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv('TZ', 'UTC')
    time.tzset()
    write_bag(tmp_path / 'bag', [*texts('/b', 3), *texts('/a', 2)], storage='sqlite3')
    bag_command.main(['info', str(tmp_path / 'bag')])
    output = capsys.readouterr().out
    size = re.search(r'Bag size: {10}(\d+\.\d KiB)\n', output)[1]
    assert output == f"""
Files:             bag.db3
Bag size:          {size}
Storage id:        sqlite3
ROS Distro:        rosbags
Duration:          0.100000000s
Start:             Nov 14 2023 22:13:20.000000000 (1700000000.000000000)
End:               Nov 14 2023 22:13:20.100000000 (1700000000.100000000)
Messages:          5
Topic information: Topic: /a | Type: std_msgs/msg/String | Count: 2 | Serialization Format: cdr
                   Topic: /b | Type: std_msgs/msg/String | Count: 3 | Serialization Format: cdr
Service:           0
Service information:\x20
"""
    bag_command.main(['info', '-t', str(tmp_path / 'bag')])
    assert capsys.readouterr().out == '/a\n/b\n'
    monkeypatch.undo()
    time.tzset()


@STORAGES
def test_info_of_an_empty_bag(tmp_path, capsys, storage):
    write_bag(tmp_path / 'bag', [], storage=storage)
    bag_command.main(['info', str(tmp_path / 'bag')])
    assert 'Messages:          0\nTopic information: \n' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        ('info nothing', "bag 'nothing' does not exist"),
        ('play nothing', "bag 'nothing' does not exist"),
        ('info empty', "folder 'empty' is no bag: it has no metadata.yaml"),
        ('info bag -s sqlite3', "bag 'bag' is stored as mcap, not as sqlite3"),
        ('info text.txt', "bag 'text.txt' cannot be read: "),
        ('play bag --topics a c', "bag 'bag' has no topic /c"),
        ('play bag --remap a', "'a' is no remapping: expected old:=new"),
        ('record', 'name topics to record'),
        ('record -a -o bag', "output folder 'bag' already exists"),
        ('record -a -o text.txt/bag', "bag 'text.txt/bag' cannot be created: Not a directory"),
    ],
)
def test_errors_are_one_line(tmp_path, monkeypatch, domain, arguments, reason):
    monkeypatch.chdir(tmp_path)
    write_bag('bag', texts('/a', 2))
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'text.txt').write_text('no bag')
    with pytest.raises(CommandError) as raised:
        bag_command.main(arguments.split())
    assert reason in str(raised.value)
    assert '\n' not in str(raised.value)


@STORAGES
def test_broken_files_are_one_line(tmp_path, storage):
    path = tmp_path / 'bag'
    write_bag(path, [('/a', index, String(data=200 * 'x')) for index in range(50)],
              storage=storage)
    file, = (one for one in path.iterdir() if one.name.startswith('bag.'))
    whole = file.read_bytes()
    for broken in (b'', whole[:100], whole[:len(whole) // 2], bytes(len(whole))):
        file.write_bytes(broken)
        with pytest.raises(CommandError, match='cannot be read: ') as raised:
            bag_command.main(['info', str(path)])
        assert '\n' not in str(raised.value)
    file.unlink()
    with pytest.raises(CommandError, match='cannot be read: '):
        bag_command.main(['info', str(path)])
    (path / 'metadata.yaml').write_text('{{')
    with pytest.raises(CommandError):
        bag_command.main(['info', str(path)])


def test_a_bag_that_is_damaged_further_on_is_played_until_there(tmp_path, listener, play):
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


def test_the_command_lists_its_verbs():
    result = subprocess.run(
        [sys.executable, '-c', 'from ros2cli.cli import main; main(["bag", "-h"])'],
        capture_output=True, text=True, check=False)
    assert {'info', 'play', 'record'} <= set(result.stdout.split())


DURATIONS = st.one_of(
    st.just(Infinite), st.builds(Duration, nanoseconds=st.integers(0, (2**31 - 1) * 10**9 - 1)))
PROFILES = st.builds(
    QoSProfile,
    depth=st.integers(0, 1000),
    reliability=st.sampled_from(ReliabilityPolicy),
    durability=st.sampled_from(DurabilityPolicy),
    liveliness=st.sampled_from(LivelinessPolicy),
    deadline=DURATIONS, lifespan=DURATIONS, liveliness_lease_duration=DURATIONS)


@given(PROFILES)
def test_quality_of_service_survives_a_bag(profile):
    assert from_bag(to_bag(profile)) == profile


def test_a_subscription_matches_all_publishers():
    reliable, best_effort = (QoSProfile(depth=1, reliability=policy) for policy in (
        ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT))
    for offers, reliability, durability in (
        ([reliable, reliable], 'RELIABLE', 'VOLATILE'),
        ([reliable, best_effort], 'BEST_EFFORT', 'VOLATILE'),
        ([LATCHED, LATCHED], 'RELIABLE', 'TRANSIENT_LOCAL'),
        ([LATCHED, reliable], 'RELIABLE', 'VOLATILE'),
    ):
        request = request_for(offers, 5)
        assert (request.reliability.name, request.durability.name) == (reliability, durability)
    assert offer_for([reliable, QoSProfile(depth=99)]).depth == 10
    assert offer_for([LATCHED]).durability == DurabilityPolicy.TRANSIENT_LOCAL
    assert offer_for([reliable, best_effort]) is None
