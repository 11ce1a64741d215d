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

"""A camera's bag, played to the detector: the same pins as the library finds on its pictures."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import Image

from mtperception.nodes.conversions import pins_from_message
from mtperception.pin.predictor import PinDetector

Reader = pytest.importorskip('rosbags.rosbag2').Reader
ROS2 = [sys.executable, '-c', 'import sys; from ros2cli.cli import main; sys.exit(main())']
CAMERA = '/pin_camera/image_raw'
FRAMES = 25
pytestmark = pytest.mark.timeout(180)


def record_camera(bag):
    """Record some seconds of the simulated cell."""
    simulator = subprocess.Popen(
        [sys.executable, '-m', 'mtperception.nodes', 'cell_simulator', '--ros-args',
         '-p', 'rate:=8.0', '-p', 'seed:=3'])
    recorder = subprocess.Popen([*ROS2, 'bag', 'record', CAMERA, '-o', bag])
    try:
        file = bag / 'bag.mcap'
        end = time.monotonic() + 60
        while not file.exists() or file.stat().st_size < FRAMES * 612 * 512:
            assert time.monotonic() < end, 'the simulator sends no pictures'
            time.sleep(0.1)
        recorder.send_signal(signal.SIGINT)
        assert recorder.wait(10) == 0
    finally:
        for process in (recorder, simulator):
            process.kill()
            process.wait()


def pictures(bag):
    """Return the pictures of a bag by their stamps, grey."""
    with Reader(bag) as reader:
        messages = [deserialize_message(bytes(data), Image) for _, _, data in reader.messages()]
    assert {message.encoding for message in messages} == {'mono8'}
    return {
        (message.header.stamp.sec, message.header.stamp.nanosec):
            np.frombuffer(message.data, np.uint8).reshape(message.height, message.width)
        for message in messages}


def test_detections_of_a_played_bag_are_the_librarys(station, tmp_path, one_thread):
    # Sums come out as in the detector's process.
    bag = tmp_path / 'bag'
    record_camera(bag)
    expected = pictures(bag)
    assert len(expected) >= FRAMES
    station.start_active()
    station.received.clear()
    # Slowly: the detector takes the newest picture, and leaves out those it has no time for.
    played = subprocess.run(
        [*ROS2, 'bag', 'play', bag, '--rate', '0.5', '--delay', '1',
         '--remap', f'{CAMERA}:=/image', '--wait-for-all-acked', '5000'],
        check=False, timeout=60)
    assert played.returncode == 0
    station.wait(lambda: any(
        (answer.header.stamp.sec, answer.header.stamp.nanosec) == max(expected)
        for answer in station.received))
    assert station.end() == (0, pytest.approx(0, abs=2))
    answers = {(answer.header.stamp.sec, answer.header.stamp.nanosec): pins_from_message(answer)
               for answer in station.received}
    assert answers.keys() <= expected.keys()
    assert len(answers) >= 0.9 * len(expected)
    detector = PinDetector.load('pin')
    for stamp, pins in answers.items():
        assert pins == detector.detect(expected[stamp])
    assert sum(map(len, answers.values())) > len(answers)
