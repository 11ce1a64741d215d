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

"""Camera and detector are killed in random order, and come to terms again without help."""

import random
import signal
import subprocess
import sys
import textwrap
import time

import pytest

pytestmark = pytest.mark.timeout(3600)
SEED = 3
# Until the detector answers again: the import of torch takes most of it.
RECOVERY = 30.0  # seconds
CAMERA = textwrap.dedent("""
    from array import array
    import rclpy
    from rclpy.executors import ExternalShutdownException
    from sensor_msgs.msg import Image

    rclpy.init()
    node = rclpy.create_node('camera')
    publisher = node.create_publisher(Image, 'image', 5)
    message = Image(width=612, height=512, step=612, encoding='mono8')
    message.data = array('B', bytes(612 * 512))

    def publish():
        message.header.stamp = node.get_clock().now().to_msg()
        publisher.publish(message)

    node.create_timer(0.1, publish)
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
""")


class Camera:
    def __init__(self):
        self.start()

    def start(self):
        self.process = subprocess.Popen([sys.executable, '-c', CAMERA])

    def kill(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def camera(station):
    running = Camera()
    yield running
    running.kill()


def test_all_recovers_unaided(station, camera, count, tell):
    station.start()
    station.wait(lambda: station.received)
    random_source = random.Random(SEED)
    times = {'camera': [], 'detector': [], 'both': []}
    for _ in range(count(3, 30)):
        what = random_source.choice(list(times))
        start = time.monotonic()
        if what != 'detector':
            camera.kill()
        if what != 'camera':
            assert station.end(signal.SIGKILL)[0] == -signal.SIGKILL
        time.sleep(random_source.uniform(0, 2))
        station.received.clear()  # what was under way has come by now
        parts = [part for part in (
            camera.start if what != 'detector' else None,
            station.start if what != 'camera' else None) if part]
        random_source.shuffle(parts)
        for part in parts:
            part()
        station.wait(lambda: len(station.received) > 3, timeout=RECOVERY)
        times[what].append(time.monotonic() - start)
    tell()
    for what, seconds in times.items():
        if seconds:
            tell(f'{what:>9} killed {len(seconds):3} times, detections again within '
                 f'{max(seconds):.1f} s')
    assert station.end()[0] == 0
