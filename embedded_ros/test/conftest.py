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

from collections.abc import Callable, Iterable, Iterator
import os
from pathlib import Path
import signal
import subprocess
import sys
import textwrap
import time

from launch import LaunchDescription, LaunchDescriptionEntity, LaunchService
import pytest
import rclpy
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

DOMAIN_VARIABLES = (
    'ROS_AUTOMATIC_DISCOVERY_RANGE', 'ROS_STATIC_PEERS', 'ROS_LOCALHOST_ONLY', 'CYCLONEDDS_URI')


@pytest.fixture
def domain(monkeypatch: pytest.MonkeyPatch) -> int:
    """Set a domain of the tests' own, reached by this machine alone."""
    for name in DOMAIN_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    number = 41 + os.getpid() % 8
    monkeypatch.setenv('ROS_DOMAIN_ID', str(number))
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    return number


@pytest.fixture
def ros(domain: int) -> Iterator[None]:
    """Have the default context initialised for the length of the test."""
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    yield
    rclpy.try_shutdown()


@pytest.fixture
def make_node(ros: None) -> Iterator[Callable[..., Node]]:
    """Return a function that makes nodes, which are destroyed after the test."""
    nodes = []

    def make(name: str = 'tested', **options: object) -> Node:
        nodes.append(Node(name, **options))
        return nodes[-1]

    yield make
    for node in nodes:
        node.destroy_node()


class Program:
    """A Python program that runs in a process of its own."""

    def __init__(self, source: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, '-c', textwrap.dedent(source), *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def wait_for_line(self, expected: str) -> None:
        for line in self.process.stdout:
            if line.strip() == expected:
                return
        pytest.fail(f"no '{expected}': {self.process.stderr.read()}")

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def finish(self, timeout: float) -> tuple[int, str, str]:
        """Return the exit code, output and errors of a program that ends in time."""
        output, errors = self.process.communicate(timeout=timeout)
        return self.process.returncode, output, errors

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


@pytest.fixture
def start(domain: int) -> Iterator[Callable[..., Program]]:
    """Return a function that starts a program in the tests' domain."""
    programs = []

    def start_program(source: str, *arguments: str) -> Program:
        programs.append(Program(source, *arguments))
        return programs[-1]

    yield start_program
    for program in programs:
        program.kill()


@pytest.fixture
def ros2_bag(start: Callable[..., Program]) -> Callable[..., Program]:
    """Return a function that starts `ros2 bag`."""
    source = 'import sys; from ros2cli.cli import main; sys.exit(main())'
    return lambda *arguments: start(source, 'bag', *map(str, arguments))


@pytest.fixture(scope='session')
def wire_bytes() -> Callable[[object], bytes]:
    """Return a function that gives a message's bytes, filled up to whole words as when sent."""
    from embedded_ros.messages import serialize

    def fill_up(message: object) -> bytes:
        data = bytes(serialize(message))
        return data + bytes(-len(data) % 4)

    return fill_up


@pytest.fixture(scope='session')
def write_bag() -> Callable[..., None]:
    """Return a function that writes (topic, seconds, message) with rosbags alone."""
    # Not at the top: the conformance tests beside run on a real ROS 2, too.
    from ros2cli.bag_qos import to_bag
    from rosbags.rosbag2 import StoragePlugin, Writer

    from embedded_ros.messages import definition_text, serialize, type_hash, type_name

    def write(path, messages, *, storage='mcap', offers=(), **declared):
        writer = Writer(path, version=9, storage_plugin=StoragePlugin[storage.upper()])
        with writer:
            connections = {}
            for topic, seconds, message in messages:
                if topic not in connections:
                    name = type_name(type(message))
                    connections[topic] = writer.add_connection(
                        topic, declared.get('type_name', name), msgdef=definition_text(name),
                        rihs01=declared.get('digest', type_hash(name)),
                        offered_qos_profiles=[to_bag(offer) for offer in offers])
                stamp = 1_700_000_000 * 10**9 + round(seconds * 1e9)
                writer.write(connections[topic], stamp, serialize(message))

    return write


@pytest.fixture
def spin_until() -> Callable[..., bool]:
    """Return a function that spins nodes until a condition holds or the time is over."""

    def spin(condition: Callable[[], bool], *nodes: Node, timeout: float = 5.0) -> bool:
        end = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > end:
                return False
            for node in nodes:
                rclpy.spin_once(node, timeout_sec=0.01)
        return True

    return spin


@pytest.fixture(scope='session')
def source_folder() -> Path:
    return Path(__file__).parents[1]


_SMALL_NODE = """
import array
from rcl_interfaces.msg import FloatingPointRange, ParameterDescriptor
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import String
from std_srvs.srv import SetBool

rclpy.init()
node = rclpy.create_node('small', namespace='/cell')
node.declare_parameter('threshold', 0.5, ParameterDescriptor(
    description='Least score.', floating_point_range=[FloatingPointRange(to_value=1.0)]))
node.declare_parameter('camera.name', 'left')
node.declare_parameter('size', [612, 512])
latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
node.create_publisher(String, '~/latched', latched).publish(String(data='kept'))
image = Image(
    height=512, width=612, encoding='mono8', step=612, data=array.array('B', bytes(512 * 612)))
image.header.frame_id = 'camera'
images = node.create_publisher(Image, 'image', 5)
node.create_timer(0.05, lambda: images.publish(image))
heard = node.create_publisher(String, 'heard', 10)
node.create_subscription(String, 'say', heard.publish, 10)

def set_bool(request, response):
    response.success, response.message = request.data, 'as asked'
    return response

node.create_service(SetBool, '~/set', set_bool)
print('ready', flush=True)
try:
    rclpy.spin(node)
except (KeyboardInterrupt, ExternalShutdownException):
    pass
"""


@pytest.fixture(scope='session')
def ros2_command() -> list[str]:
    """Return the command that is `ros2`, installed or not."""
    return [sys.executable, '-c', 'import sys; from ros2cli.cli import main; sys.exit(main())']


@pytest.fixture(scope='module')
def environment() -> dict[str, str]:
    """Return the environment of a domain for one file of tests alone."""
    environment = {
        name: value for name, value in os.environ.items() if name not in DOMAIN_VARIABLES}
    return {
        **environment,
        'ROS_DOMAIN_ID': str(55 + os.getpid() % 5),
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
    }


@pytest.fixture(scope='module')
def small_node(environment: dict[str, str]) -> Iterator[None]:
    """Have the node /cell/small run in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, '-c', _SMALL_NODE], env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == 'ready\n'
    yield
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 0


@pytest.fixture
def ros2(
    environment: dict[str, str], ros2_command: list[str]
) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs `ros2` and returns exit code, output and errors."""

    def run(*arguments: str, timeout: float = 20) -> tuple[int, str, str]:
        result = subprocess.run(
            [*ros2_command, *arguments], env=environment, capture_output=True, text=True,
            timeout=timeout, check=False)
        return result.returncode, result.stdout, result.stderr

    return run


@pytest.fixture
def background(
    environment: dict[str, str], ros2_command: list[str]
) -> Iterator[Callable[..., subprocess.Popen]]:
    """Return a function that starts `ros2`."""
    started = []

    def start(*arguments: str) -> subprocess.Popen:
        started.append(subprocess.Popen(
            [*ros2_command, *arguments], env=environment, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def install_package(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that makes a package below tmp_path; it returns its program folder."""

    def install(name: str) -> Path:
        index = tmp_path / 'share/ament_index/resource_index/packages'
        for folder in (index, tmp_path / 'share' / name, tmp_path / 'lib' / name):
            folder.mkdir(parents=True)
        (index / name).write_text('')
        return tmp_path / 'lib' / name

    return install


@pytest.fixture
def log_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have launches write their logs below tmp_path."""
    monkeypatch.setenv('ROS_LOG_DIR', str(tmp_path / 'log'))
    return tmp_path / 'log'


@pytest.fixture
def run_launch(
    capsys: pytest.CaptureFixture[str], log_folder: Path
) -> Callable[..., tuple[int, str]]:
    """Return a function that launches actions and returns exit code and output."""

    def launch(
        *actions: LaunchDescriptionEntity, argv: Iterable[str] = (), debug: bool = False
    ) -> tuple[int, str]:
        service = LaunchService(argv=argv, debug=debug)
        service.include_launch_description(LaunchDescription(actions))
        code = service.run()
        return code, capsys.readouterr().out

    return launch
