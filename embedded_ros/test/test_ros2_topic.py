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

"""`ros2 topic` against a node in a process of its own."""

import re
import signal
import subprocess
import sys
import textwrap

import pytest
from ros2cli.topic_bw import bandwidth_of
from ros2cli.topic_delay import delay_of
from ros2cli.topic_hz import rate_of
import yaml

LOOPBACK = (
    '<General><Interfaces><NetworkInterface name="lo"/></Interfaces>'
    '<AllowMulticast>false</AllowMulticast></General><Discovery>'
    '<ParticipantIndex>auto</ParticipantIndex><Peers><Peer address="localhost"/></Peers>'
    '</Discovery>')


def test_topic_info(ros2, small_node):
    assert ros2('topic', 'info', '/cell/image')[1] == (
        'Type: sensor_msgs/msg/Image\nPublisher count: 1\nSubscription count: 0\n')
    code, output, _ = ros2('topic', 'info', '-v', 'cell/small/latched')
    assert code == 0
    assert output.startswith(
        'Type: std_msgs/msg/String\n\nPublisher count: 1\n\n'
        'Node name: small\nNode namespace: /cell\nTopic type: std_msgs/msg/String\n'
        'Topic type hash: RIHS01_')
    assert 'Endpoint type: PUBLISHER\n' in output
    assert '  Reliability: RELIABLE\n' in output
    assert '  Durability: TRANSIENT_LOCAL\n' in output
    assert output.endswith('Subscription count: 0\n\n')


def test_echo_takes_the_quality_of_service_of_the_publishers(ros2, small_node):
    # A volatile subscription would miss what was published before it.
    assert ros2('topic', 'echo', '--once', '/cell/small/latched')[:2] == (0, 'data: kept\n---\n')


def test_echo_of_an_image(ros2, small_node):
    code, output, _ = ros2('topic', 'echo', '--once', '/cell/image')
    assert code == 0
    assert output.endswith("- '...'\n---\n")
    message = yaml.safe_load(output.removesuffix('---\n'))
    assert message['data'] == [0] * 128 + ['...']
    assert (message['header']['frame_id'], message['width']) == ('camera', 612)
    assert ros2('topic', 'echo', '--once', '--no-arr', '/cell/image')[1].endswith(
        "data: '<sequence type: uint8, length: 313344>'\n---\n")
    assert ros2('topic', 'echo', '--once', '--field', 'header', '/cell/image')[1] == (
        'stamp:\n  sec: 0\n  nanosec: 0\nframe_id: camera\n---\n')
    assert ros2('topic', 'echo', '--once', '--field', 'width', '/cell/image')[1] == '612\n---\n'
    code, _, errors = ros2('topic', 'echo', '--once', '--field', 'widht', '/cell/image')
    assert (code, errors.startswith("Invalid field 'widht'")) == (1, True)


def test_echo_waits_for_a_topic_that_does_not_exist_yet(background, ros2):
    echo = background('topic', 'echo', '--once', '/later')
    assert 'WARNING: topic [/later] does not appear to be published yet' in echo.stderr.readline()
    code, output, _ = ros2('topic', 'pub', '--once', '/later', 'std_msgs/msg/String', '{data: hi}')
    assert code == 0
    assert "publishing #1: std_msgs.msg.String(data='hi')" in output
    assert echo.communicate(timeout=5)[0] == 'data: hi\n---\n'
    assert echo.returncode == 0


def test_type_that_nobody_knows(environment, ros2):
    stranger = """
        from dataclasses import dataclass
        import os
        import time
        from cyclonedds.domain import DomainParticipant
        from cyclonedds.idl import IdlStruct
        from cyclonedds.pub import DataWriter
        from cyclonedds.topic import Topic

        @dataclass
        class Thing(IdlStruct, typename='strange_msgs::msg::dds_::Thing_'):
            value: int

        participant = DomainParticipant(int(os.environ['ROS_DOMAIN_ID']))
        topic = Topic(participant, 'rt/strange', Thing)
        writer = DataWriter(participant, topic)
        print('ready', flush=True)
        time.sleep(60)
    """
    process = subprocess.Popen(
        [sys.executable, '-c', textwrap.dedent(stranger)], stdout=subprocess.PIPE, text=True,
        env={**environment, 'CYCLONEDDS_URI': LOOPBACK})
    try:
        assert process.stdout.readline() == 'ready\n'
        assert '/strange [strange_msgs/msg/Thing]\n' in ros2('topic', 'list', '-t')[1]
        code, _, errors = ros2('topic', 'echo', '/strange')
        assert code == 1
        assert errors == "the message type 'strange_msgs/msg/Thing' is not known here\n"
    finally:
        process.kill()
        process.communicate()


def test_hz(background, small_node):
    hz = background('topic', 'hz', '-w', '20', '/cell/image')
    lines = [hz.stdout.readline() for _ in range(5)]
    hz.send_signal(signal.SIGINT)
    errors = hz.communicate(timeout=3)[1]
    rates = [float(rate) for rate in re.findall(r'^average rate: (\S+)$', ''.join(lines), re.M)]
    assert len(rates) == 2
    assert rates[1] == pytest.approx(20, rel=0.2)
    assert re.search(r'^\tmin: \S+s max: \S+s std dev: \S+s window: \d+$', ''.join(lines), re.M)
    assert (hz.returncode, errors) == (2, '')


def test_rate():
    rate = rate_of([0.0, 0.1, 0.3, 0.4])
    assert (rate.rate, rate.count) == (pytest.approx(7.5), 3)
    assert (rate.shortest, rate.longest) == (pytest.approx(0.1), pytest.approx(0.2))
    assert rate_of([1.0]) is None


def test_pub_reaches_a_node_and_its_answer_comes_back(background, ros2, small_node):
    echo = background('topic', 'echo', '--once', '/cell/heard')
    pub = background('topic', 'pub', '-r', '10', '/cell/say', 'std_msgs/String', 'data: hello')
    assert echo.communicate(timeout=8)[0] == 'data: hello\n---\n'
    pub.send_signal(signal.SIGINT)
    assert 'Traceback' not in pub.communicate(timeout=3)[1]


def test_type_and_find(ros2, small_node):
    assert ros2('topic', 'type', '/cell/image') == (0, 'sensor_msgs/msg/Image\n', '')
    code, _, errors = ros2('topic', 'type', '/nowhere', '--spin-time', '0.1')
    assert (code, errors) == (1, "Unknown topic '/nowhere'\n")
    assert ros2('topic', 'find', 'std_msgs/msg/String')[1] == (
        '/cell/heard\n/cell/say\n/cell/small/latched\n')
    assert ros2('topic', 'find', '-c', 'sensor_msgs/msg/Image')[1] == '1\n'


def test_bandwidth(background, small_node):
    bw = background('topic', 'bw', '-w', '20', '/cell/image')
    lines = [bw.stdout.readline() for _ in range(5)]
    bw.send_signal(signal.SIGINT)
    assert bw.communicate(timeout=3)[1] == ''
    assert lines[0] == 'Subscribed to [/cell/image]\n'
    rate, count = re.fullmatch(r'(\S+) MB/s from (\d+) messages\n', lines[3]).groups()
    assert float(rate) == pytest.approx(20 * 612 * 512 / 1e6, rel=0.2)
    assert 15 <= int(count) <= 20
    assert re.fullmatch(r'\tMessage size mean: 0.31 MB min: 0.31 MB max: 0.31 MB\n', lines[4])


def test_delay_needs_a_header(background, ros2, small_node):
    delay = background('topic', 'delay', '/cell/image')
    lines = [delay.stdout.readline() for _ in range(3)]
    delay.send_signal(signal.SIGINT)
    delay.communicate(timeout=3)
    # The node's images have no stamp: they are as old as the epoch.
    assert float(re.fullmatch(r'average delay: (\S+)\n', lines[1])[1]) > 1e9
    assert re.fullmatch(r'\tmin: \S+s max: \S+s std dev: \S+s window: \d+\n', lines[2])
    code, _, errors = ros2('topic', 'delay', '/cell/small/latched')
    assert (code, errors) == (1, "messages of topic '/cell/small/latched' have no header\n")


def test_what_bandwidth_and_delay_are():
    assert bandwidth_of([(0.0, 100)], 1.0) is None
    assert str(bandwidth_of([(0.0, 100), (1.0, 300)], 2.0)) == (
        '200 B/s from 2 messages\n\tMessage size mean: 200 B min: 100 B max: 300 B')
    assert str(bandwidth_of([(0.0, 10_000)] * 2, 2.0)).startswith('10.00 KB/s from 2 messages\n')
    assert delay_of([]) is None
    assert str(delay_of([0.1, 0.3])) == (
        'average delay: 0.200\n\tmin: 0.100s max: 0.300s std dev: 0.10000s window: 2')
