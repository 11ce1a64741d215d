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

"""Speed of the node pin_detector over DDS, from a camera's publish to the detections' receipt."""

from collections.abc import Sequence
from dataclasses import dataclass, field
import os
import signal
import subprocess
import sys
import time

from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
import numpy.typing as npt
import rclpy
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray

from mtperception.nodes.conversions import image_message

START_TIMEOUT = 60.0


@dataclass
class Stream:
    """What came back for a stream of pictures; times in seconds."""

    published: int = 0
    latencies: list[float] = field(default_factory=list)
    dropped: int = 0


class Camera(Node):
    """Publish pictures at a rate, and time the detections that come back under their stamps."""

    def __init__(self, images: Sequence[npt.NDArray[np.uint8]]) -> None:
        super().__init__('benchmark')
        self._messages = [image_message(image, 'mono8', Header()) for image in images]
        self._publisher = self.create_publisher(Image, 'camera/image_raw', QoSProfile(depth=1))
        self._sent: dict[tuple[int, int], tuple[int, float]] = {}
        self._stream = Stream()
        self._dropped = 0
        self.create_subscription(
            Detection2DArray, 'pin_detector/detections', self._on_detections, 10)
        self.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)

    def wait_for_detector(self) -> None:
        """Publish until a detection comes back; raise RuntimeError after a minute."""
        end = time.monotonic() + START_TIMEOUT
        while not self._stream.latencies:
            if time.monotonic() > end:
                raise RuntimeError(f'pin_detector gave nothing within {START_TIMEOUT:.0f} s')
            self._publish()
            self._spin_until(time.monotonic() + 0.2)

    def stream(self, rate: float, seconds: float) -> Stream:
        """Publish at a rate, then wait for what is still under way."""
        before = self._dropped
        self._stream = Stream()
        start = time.monotonic()
        count = int(rate * seconds)
        for index in range(count):
            self._spin_until(start + index / rate)
            self._publish()
        self._spin_until(time.monotonic() + 2.5)  # the diagnostics come once a second
        self._stream.dropped = self._dropped - before
        return self._stream

    def _publish(self) -> None:
        self._stream.published += 1
        message = self._messages[self._stream.published % len(self._messages)]
        message.header.stamp = self.get_clock().now().to_msg()
        stamp = (message.header.stamp.sec, message.header.stamp.nanosec)
        self._sent[stamp] = (self._stream.published, time.monotonic())
        self._publisher.publish(message)

    def _spin_until(self, end: float) -> None:
        while (left := end - time.monotonic()) > 0:
            rclpy.spin_once(self, timeout_sec=left)

    def _on_detections(self, message: Detection2DArray) -> None:
        sent = self._sent.pop((message.header.stamp.sec, message.header.stamp.nanosec), None)
        if sent:
            self._stream.latencies.append(time.monotonic() - sent[1])

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            for item in status.values:
                if item.key == 'dropped.overwritten':
                    self._dropped = int(item.value)


def pin_detector_streams(
    images: Sequence[npt.NDArray[np.uint8]], rates: Sequence[float], seconds: float, threads: int
) -> list[Stream]:
    """Run pin_detector in a process of its own and stream pictures to it at each rate."""
    command = [
        sys.executable, '-m', 'mtperception.nodes', 'pin_detector', '--ros-args',
        '-r', 'image:=camera/image_raw', '-p', f'threads:={threads}',
        '-p', 'qos_overrides./camera/image_raw.subscription.reliability:=reliable',
    ]
    rclpy.init()
    camera = Camera(images)
    process = subprocess.Popen(command, env=os.environ, stderr=subprocess.DEVNULL)
    try:
        camera.wait_for_detector()
        return [camera.stream(rate, seconds) for rate in rates]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(5)
        camera.destroy_node()
        rclpy.try_shutdown()
