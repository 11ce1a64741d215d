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

"""Files of bags: what `ros2 bag info` tells of them, broken ones, and their notes on QoS."""

import re
import time

from hypothesis import given, strategies as st
import pytest
from rclpy.duration import Duration, Infinite
from rclpy.qos import DurabilityPolicy, LivelinessPolicy, QoSProfile, ReliabilityPolicy
from ros2cli import bag_command
from ros2cli.bag_qos import from_bag, offer_for, request_for, to_bag
from ros2cli.errors import CommandError
from std_msgs.msg import String

STORAGES = pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def texts(topic, count, gap=0.05):
    return [(topic, index * gap, String(data=f'{topic} {index}')) for index in range(count)]


def test_info(tmp_path, capsys, monkeypatch, write_bag):
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
def test_info_of_an_empty_bag(tmp_path, capsys, storage, write_bag):
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
def test_errors_are_one_line(tmp_path, monkeypatch, domain, arguments, reason, write_bag):
    monkeypatch.chdir(tmp_path)
    write_bag('bag', texts('/a', 2))
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'text.txt').write_text('no bag')
    with pytest.raises(CommandError) as raised:
        bag_command.main(arguments.split())
    assert reason in str(raised.value)
    assert '\n' not in str(raised.value)


@STORAGES
def test_broken_files_are_one_line(tmp_path, storage, write_bag):
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


def test_the_command_lists_its_verbs(ros2_bag):
    code, output, errors = ros2_bag('-h').finish(timeout=20)
    assert (code, errors) == (0, '')
    assert {'info', 'play', 'record'} <= set(output.split())


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
