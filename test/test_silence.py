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

import time

import pytest
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_msgs.msg import String

from mtperception.nodes import silence
from mtperception.nodes.silence import SilenceWarning

RELIABLE = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
BEST_EFFORT = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)


@pytest.fixture
def warned(ros, monkeypatch, capfd):
    """Give a function that says what is warned with these publishers on /image."""
    monkeypatch.setattr(silence, 'PERIOD', 0.1)

    def run(*publishers, speaking=False):
        camera, node = Node('camera', namespace='cell'), Node('detector')
        made = [camera.create_publisher(kind, '/image', qos) for kind, qos in publishers]
        counts = []
        subscription = node.create_subscription(Image, '/image', counts.append, RELIABLE)
        warning = SilenceWarning(node, subscription, lambda: len(counts))
        end = time.monotonic() + 1.0
        while time.monotonic() < end:
            if speaking:
                made[0].publish(Image())
            ros.spin_once(node, timeout_sec=0.02)
        warning.stop()
        camera.destroy_node()
        node.destroy_node()
        return capfd.readouterr().err

    return run


def test_nobody_publishes(warned):
    text = warned()
    assert 'nothing arrives on /image: nobody publishes there' in text
    assert text.count('nothing arrives') == 1


def test_another_type_is_named(warned):
    text = warned((String, RELIABLE))
    assert '/cell/camera publishes std_msgs/msg/String, expected is sensor_msgs/msg/Image' in text


def test_a_qos_mismatch_is_named(warned):
    text = warned((Image, BEST_EFFORT))
    assert 'the QoS of /cell/camera does not match' in text
    assert 'eliab' in text


def test_a_silent_publisher_is_counted(warned):
    assert '1 publisher(s) found, and silent' in warned((Image, RELIABLE))


def test_messages_keep_it_quiet(warned):
    assert 'nothing arrives' not in warned((Image, RELIABLE), speaking=True)
