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

"""
Speed of images over DDS between two processes, and what a node costs that has nothing to do.

The process that measures publishes; the other one, this file run as a module, receives. Both
read the same clock, since the monotonic one belongs to the machine. Beside DDS the same bytes
are sent at the same rate through a plain socket, which is what everything is compared with.
"""

from array import array
from collections.abc import Callable
import contextlib
from dataclasses import dataclass
import json
from pathlib import Path
import socket
import struct
import subprocess
import sys
import threading
import time
from typing import Any

from builtin_interfaces.msg import Time
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

WIDTH, HEIGHT, CHANNELS = 640, 480, 3  # VGA in bgr8
IMAGE_BYTES = WIDTH * HEIGHT * CHANNELS
TOPIC = 'dds_benchmark/image'
QOS = QoSProfile(depth=5)
START_TIMEOUT = 60.0  # seconds
END_TIMEOUT = 10.0
SETTLE = 1.0  # seconds without a new frame, after which the missing ones are lost
WARM_UP = 10  # frames
IDLE_NODE = """
import rclpy
from rclpy.executors import ExternalShutdownException

rclpy.init()
try:
    rclpy.spin(rclpy.create_node('idle'))
except ExternalShutdownException:
    pass
"""


@dataclass(frozen=True)
class Stream:
    """Frames sent at a rate; latencies in seconds, `late` tells that the sender fell behind."""

    sent: int
    latencies: list[float]
    late: bool

    @property
    def lost(self) -> int:
        return self.sent - len(self.latencies)

    @property
    def whole(self) -> bool:
        """Tell whether all frames arrived, and were sent at the rate."""
        return self.lost == 0 and not self.late


@dataclass(frozen=True)
class IdleNode:
    """A process with one spinning node: share of one core, memory in bytes."""

    cpu_share: float
    resident: int
    proportional: int


class Receiver:
    """
    The other process, with its two ways in: a topic and a socket.

    It is in a session of its own: Ctrl-C is for the parent, which ends it.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, '-m', 'mtperception.nodes.dds_benchmark'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.port = int(self._read_line())

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        _end(self._process)

    def latencies(self, stream: str, expected: int) -> list[float]:
        """Wait until the stream is complete, or nothing more of it arrives; give seconds."""
        received: list[float] = []
        end = time.monotonic() + SETTLE
        while len(received) < expected and time.monotonic() < end:
            before = len(received)
            received = [1e-9 * nanoseconds for nanoseconds in self._ask(stream)]
            if len(received) > before:
                end = time.monotonic() + SETTLE
            time.sleep(0.05)
        return received

    def _ask(self, stream: str) -> list[int]:
        assert self._process.stdin is not None
        self._process.stdin.write(stream + '\n')
        self._process.stdin.flush()
        nanoseconds: list[int] = json.loads(self._read_line())
        return nanoseconds

    def _read_line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f'the receiving process ended with {self._process.wait(5)}')
        return line


def send(publish: Callable[[], None], rate: float, count: int) -> bool:
    """Send at a rate; return whether that took more than a tenth longer than it should."""
    start = time.monotonic()
    for index in range(count):
        if (left := start + index / rate - time.monotonic()) > 0:
            time.sleep(left)
        publish()
    return time.monotonic() - start > 1.1 * count / rate


class ImageSender:
    """Streams of images under the names that the receiver tells them apart by."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._node = rclpy.create_node('dds_benchmark_sender')
        self._publisher = self._node.create_publisher(Image, TOPIC, QOS)
        self._message = Image(
            width=WIDTH, height=HEIGHT, step=WIDTH * CHANNELS, encoding='bgr8',
            data=array('B', bytes(IMAGE_BYTES)))
        self._streams = 0

    def wait_for_receiver(self) -> None:
        """Raise RuntimeError if it does not come."""
        end = time.monotonic() + START_TIMEOUT
        while self._publisher.get_subscription_count() == 0:
            if time.monotonic() > end:
                raise RuntimeError(f'nobody subscribed within {START_TIMEOUT:.0f} s')
            time.sleep(0.01)
        self.stream(30.0, WARM_UP)

    def stream(self, rate: float, count: int) -> Stream:
        self._streams += 1
        self._message.header.frame_id = f'dds {self._streams}'
        late = send(self._publish, rate, count)
        latencies = self._receiver.latencies(self._message.header.frame_id, count)
        return Stream(count, latencies, late)

    def _publish(self) -> None:
        now = time.monotonic_ns()
        self._message.header.stamp = Time(sec=now // 10**9, nanosec=now % 10**9)
        self._publisher.publish(self._message)


def socket_stream(receiver: Receiver, rate: float, count: int) -> Stream:
    """Send as many bytes as an image has, at a rate, through a socket."""
    pixels = bytes(IMAGE_BYTES)
    with socket.create_connection(('127.0.0.1', receiver.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def publish() -> None:
            connection.sendall(struct.pack('<q', time.monotonic_ns()))
            connection.sendall(pixels)

        late = send(publish, rate, count + WARM_UP)
        latencies = receiver.latencies('socket', count + WARM_UP)
    return Stream(count, latencies[WARM_UP:], late)


def highest_rate(arrives: Callable[[float], bool]) -> float:
    """Find the highest rate in Hz that still works to within 10 %: doubled, then bisected."""
    low, high = 0.0, 30.0
    while arrives(high):
        low, high = high, 2 * high
    while low > 0 and high - low > 0.1 * low:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if arrives(middle) else (low, middle)
    return low


def measure_images(
    rate: float, seconds: float, search_seconds: float
) -> tuple[Stream, Stream, float]:
    """
    Return a stream over DDS, one through a socket, and the highest rate without loss in Hz.

    That rate is 0 where 30 Hz is too much already.
    """
    rclpy.init(args=[])
    try:
        receiver = Receiver()
        try:
            sender = ImageSender(receiver)
            sender.wait_for_receiver()
            count = int(rate * seconds)
            images = sender.stream(rate, count)
            plain = socket_stream(receiver, rate, count)
            return images, plain, highest_rate(
                lambda rate: sender.stream(rate, int(rate * search_seconds)).whole)
        finally:
            receiver.close()
    finally:
        rclpy.try_shutdown()


def measure_idle_node(seconds: float, settle: float = 3.0) -> IdleNode | None:
    """Watch a process with a node that only spins; None where there is no /proc to read."""
    if not Path('/proc/self/smaps_rollup').exists():
        return None
    process = subprocess.Popen([sys.executable, '-c', IDLE_NODE], start_new_session=True)
    folder = Path(f'/proc/{process.pid}')
    try:
        time.sleep(settle)
        if process.poll() is not None:
            raise RuntimeError(f'the idle node ended with {process.returncode}')
        before, start = _running_seconds(folder), time.monotonic()
        time.sleep(seconds)
        share = (_running_seconds(folder) - before) / (time.monotonic() - start)
        memory = dict(
            line.split(':', 1) for line in (folder / 'smaps_rollup').read_text().splitlines()[1:])
    finally:
        process.terminate()
        _end(process)
    resident, proportional = (int(memory[name].split()[0]) * 1024 for name in ('Rss', 'Pss'))
    return IdleNode(share, resident, proportional)


def _end(process: 'subprocess.Popen[Any]') -> None:
    try:
        process.wait(END_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _running_seconds(folder: Path) -> float:
    """Add up the time that the process's threads were on a processor, to the nanosecond."""
    return 1e-9 * sum(
        int(path.read_text().split()[0]) for path in folder.glob('task/*/schedstat'))


def _receive_from_socket(server: socket.socket, arrived: list[int]) -> None:
    frame = memoryview(bytearray(8 + IMAGE_BYTES))
    while True:
        connection, _ = server.accept()
        arrived.clear()
        with connection:
            while _fill(connection, frame):
                arrived.append(time.monotonic_ns() - struct.unpack_from('<q', frame)[0])


def _fill(connection: socket.socket, frame: memoryview) -> bool:
    filled = 0
    while filled < len(frame):
        count = connection.recv_into(frame[filled:])
        if count == 0:
            return False
        filled += count
    return True


def main() -> None:
    """Receive until the standard input ends; answer each name on it with that stream's times."""
    arrived: dict[str, list[int]] = {'socket': []}

    def note(image: Image) -> None:
        stamp = image.header.stamp.sec * 10**9 + image.header.stamp.nanosec
        arrived.setdefault(image.header.frame_id, []).append(time.monotonic_ns() - stamp)

    def spin() -> None:
        with contextlib.suppress(ExternalShutdownException):
            rclpy.spin(node)

    rclpy.init(args=[])
    node = rclpy.create_node('dds_benchmark_receiver')
    node.create_subscription(Image, TOPIC, note, QOS)
    server = socket.create_server(('127.0.0.1', 0))
    threading.Thread(
        target=_receive_from_socket, args=(server, arrived['socket']), daemon=True).start()
    spinner = threading.Thread(target=spin)
    spinner.start()
    print(server.getsockname()[1], flush=True)
    for line in sys.stdin:
        print(json.dumps(arrived.get(line.strip(), [])), flush=True)
    rclpy.try_shutdown()
    spinner.join()


if __name__ == '__main__':
    main()
