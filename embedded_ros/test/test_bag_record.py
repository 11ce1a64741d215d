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

"""Recording bags from other processes."""

import itertools
import re
import signal
import time

import pytest
from rclpy.qos import DurabilityPolicy, QoSProfile
from ros2cli import bag_command
from ros2cli.bag_qos import from_bag
from ros2cli.errors import CommandError
from rosbags.rosbag2 import Reader
from rosbags.typesys import get_typestore, Stores
from sensor_msgs.msg import Image
from std_msgs.msg import Header, String
import yaml

from embedded_ros.messages import definition_text, deserialize, type_hash

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
SMALL_DISK = """
    import resource, sys
    from ros2cli.cli import main

    resource.setrlimit(resource.RLIMIT_FSIZE, 2 * (3_000_000,))
    sys.exit(main(['bag', 'record', '-a', '-o', sys.argv[1], '-s', sys.argv[2]]))
"""
STORAGES = pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])


def image(index, width, height):
    return Image(header=Header(frame_id=str(index)), height=height, width=width,
                 encoding='mono8', step=width, data=bytes([index % 251]) * (width * height))


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


@pytest.mark.parametrize(
    ('storage', 'reliability'), [('mcap', 'RELIABLE'), ('sqlite3', 'BEST_EFFORT')])
def test_record_play_record(start, tmp_path, storage, reliability, ros2_bag, wire_bytes):
    count, width, height = 20, 64, 48
    first, second = tmp_path / 'first', tmp_path / 'second'
    recorder = ros2_bag('record', '/image', 'late', '-o', first, '-s', storage)
    camera = start(CAMERA, str(width), str(height), '20', str(count), reliability)
    before = time.time_ns()
    camera.wait_for_line('done')
    code, _, errors = stop(recorder)
    assert code == 0
    assert "Subscribed to topic '/image'" in errors
    camera.kill()

    messages = contents(first)
    assert [data for topic, _, data in messages if topic == '/image'] == [
        wire_bytes(image(index, width, height)) for index in range(count)]
    assert [data for topic, _, data in messages if topic == '/late'] == [
        wire_bytes(String(data=str(index))) for index in range(count // 2, count)]
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

    recorder = ros2_bag('record', '-a', '-o', second, '-s', storage)
    player = ros2_bag('play', first, '--delay', '1.5')
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
def test_no_frame_of_a_vga_camera_is_lost(start, tmp_path, storage, ros2_bag):
    path = tmp_path / 'bag'
    recorder = ros2_bag('record', '-a', '-o', path, '-s', storage)
    camera = start(CAMERA, '1920', '480', '30', '60', 'RELIABLE')  # as large as 640 x 480 bgr8
    camera.wait_for_line('done')
    assert stop(recorder)[0] == 0
    frames = [data for topic, _, data in contents(path) if topic == '/image']
    assert [deserialize(data, Image).header.frame_id for data in frames] == [
        str(index) for index in range(60)]


def test_unknown_type_is_not_recorded_and_the_rest_is(start, tmp_path, make_node, ros2_bag):
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
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    publisher = make_node('known').create_publisher(String, '/known', latched)
    publisher.publish(String(data='text'))
    recorder = ros2_bag('record', '/known', '/strange', '-o', tmp_path / 'bag')
    end = time.monotonic() + 20
    while publisher.get_subscription_count() == 0:
        assert time.monotonic() < end
        time.sleep(0.05)
    time.sleep(0.5)
    code, _, errors = stop(recorder)
    assert code == 0
    assert (
        "'/strange' is not recorded: the message type 'strange_msgs/msg/Thing' is not known here"
        in errors)
    assert 'Nobody published' not in errors
    assert [topic for topic, _, _ in contents(tmp_path / 'bag')] == ['/known']


def test_a_killed_recorder_leaves_what_came_before(start, tmp_path, capsys, ros2_bag, wire_bytes):
    path = tmp_path / 'bag'
    recorder = ros2_bag('record', '-a', '-o', path, '-s', 'sqlite3')
    camera = start(CAMERA, '640', '480', '20', '50', 'RELIABLE')
    camera.wait_for_line('done')
    recorder.kill()
    with pytest.raises(CommandError, match=r"recording .* was cut off; name its file '.*\.db3'"):
        bag_command.main(['info', str(path)])
    bag_command.main(['info', str(path / 'bag.db3')])
    count = int(re.search(r'Topic: /image .* Count: (\d+)', capsys.readouterr().out)[1])
    assert 20 <= count <= 50
    images = [data for topic, _, data in contents(path / 'bag.db3') if topic == '/image']
    assert images == [wire_bytes(image(index, 640, 480)) for index in range(count)]


@STORAGES
def test_a_full_disk_ends_the_recording_with_one_line(start, tmp_path, storage):
    path = tmp_path / 'bag'
    recorder = start(SMALL_DISK, str(path), storage)
    start(CAMERA, '640', '480', '20', '1000', 'RELIABLE')
    code, _, errors = recorder.finish(timeout=20)
    assert code == 1
    assert 'Traceback' not in errors
    assert f"bag '{path}' is not complete, writing failed: " in errors.splitlines()[-1]
    with pytest.raises(CommandError, match='cut off'):
        bag_command.main(['info', str(path)])
