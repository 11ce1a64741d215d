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

"""Domains of their own for the tests, and a station around a detector in another process."""

import contextlib
import fcntl
import itertools
import os
from pathlib import Path
import signal
import subprocess
import sys
import tempfile
import threading
import time

import pytest

# Domains above 101 would take ports of the kernel's ephemeral range.
_domains = itertools.cycle(range(61, 101))
for _ in range(os.getpid() % 40):
    next(_domains)


@contextlib.contextmanager
def own_domain():
    """Set a DDS domain that no other run of these tests uses now; give its number."""
    for domain in _domains:
        with (Path(tempfile.gettempdir()) / f'mtperception-domain-{domain}').open('w') as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv('ROS_DOMAIN_ID', str(domain))
                patch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
                yield domain
            return


@pytest.fixture
def ros_domain():
    """Give the test a DDS domain of its own, for this process and those that it starts."""
    with own_domain() as domain:
        yield domain


@pytest.fixture(scope='module')
def module_domain():
    """Give the module a DDS domain of its own."""
    with own_domain() as domain:
        yield domain


@pytest.fixture
def ros(ros_domain):
    """Start rclpy for the test in its own domain, and end it after."""
    import rclpy

    rclpy.init()
    yield rclpy
    rclpy.try_shutdown()


@pytest.fixture
def wait_for_group():
    """Give a way to wait until no process of a process group is left."""
    def running(group):
        found = []
        for path in Path('/proc').glob('[0-9]*/stat'):
            try:
                state, _, of = path.read_text().rpartition(')')[2].split()[:3]
            except OSError:
                continue
            if int(of) == group and state != 'Z':
                found.append(path.parent.name)
        return found

    def wait(group, seconds=240.0):
        end = time.monotonic() + seconds
        while running(group):
            assert time.monotonic() < end, f'still running: {running(group)}'
            time.sleep(0.01)

    return wait


class Station:
    """
    A camera with a detector in a process of its own, and what that answers.

    `name` is the detector's, `topic` and `kind` are its detections'. `received` holds these,
    `values` the newest diagnostics of the detector, with `level` and `message`, `diagnosed` the
    stamp of these.
    """

    timeout = 90.0

    def __init__(self, folder, name='pin_detector', topic='detections', kind='Detection2DArray'):
        from diagnostic_msgs.msg import DiagnosticArray
        import rclpy
        from rclpy.executors import SingleThreadedExecutor
        from rclpy.qos import QoSProfile
        from sensor_msgs.msg import Image
        from vision_msgs import msg

        self.name = name
        self.log = folder / 'detector.log'
        self.process = None
        self.received = []
        self.values = {}
        self.diagnostics = 0
        self.diagnosed = None
        self.node = rclpy.create_node('station')
        self.images = self.node.create_publisher(Image, 'image', QoSProfile(depth=5))
        self.node.create_subscription(
            getattr(msg, kind), f'{name}/{topic}', self.received.append, 1000)
        self.node.create_subscription(
            DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._executor.spin, daemon=True)
        self._thread.start()

    def _on_diagnostics(self, message):
        for status in message.status:
            if status.name == f'/{self.name}':
                self.values = {item.key: item.value for item in status.values} | {
                    'level': status.level, 'message': status.message}
                self.diagnosed = message.header.stamp
                self.diagnostics += 1

    def start(self, **parameters):
        """Start the detector's process, reliable; the parameters are its own."""
        self.kill()  # what a test that failed has left
        settings = {'qos_overrides./image.subscription.reliability': 'reliable', 'threads': 1}
        arguments = [word for name, value in (settings | parameters).items()
                     for word in ('-p', f'{name}:={value}')]
        with self.log.open('ab') as log:
            self.process = subprocess.Popen(
                [sys.executable, '-m', 'mtperception.nodes', self.name, '--ros-args',
                 *arguments], stdout=log, stderr=log)

    def start_active(self, **parameters):
        """Start the detector, and wait until it takes frames."""
        self.start(**parameters)
        self.wait(lambda: self.images.get_subscription_count() == 1)

    def end(self, number=signal.SIGINT):
        """
        Send a signal; return the exit code and the seconds until the end.

        The time that the main thread waited for a processor is the machine's, and left out.
        """
        start, starved = time.monotonic(), self._starved()
        waited = 0.0
        self.process.send_signal(number)
        while self.process.poll() is None:
            waited = max(waited, self._starved() - starved)
            assert time.monotonic() < start + self.timeout, self.log.read_text()
            time.sleep(0.005)
        status = self.process.returncode
        self.process = None
        return status, time.monotonic() - start - waited

    def _starved(self):
        """Give the seconds that the detector's main thread has waited for a processor."""
        with contextlib.suppress(OSError, IndexError):
            return int(Path(f'/proc/{self.process.pid}/schedstat').read_text().split()[1]) * 1e-9
        return 0.0

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def close(self):
        self.kill()
        self._executor.shutdown()
        self._thread.join(self.timeout)
        self.node.destroy_node()

    def wait(self, condition, timeout=None):
        end = time.monotonic() + (timeout or self.timeout)
        while not condition():
            assert time.monotonic() < end, f'timed out; {self.values}\n{self.log.read_text()}'
            if self.process is not None:
                assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.005)

    def stamp(self, message):
        """Give a message the present time as its stamp."""
        message.header.stamp = self.node.get_clock().now().to_msg()
        return message

    def detect(self, message):
        """Publish a picture under a new stamp; return the array that comes back for it."""
        self.images.publish(self.stamp(message))
        self.wait(lambda: self.received and self.received[-1].header == message.header)
        return self.received[-1]

    def news(self, count=2):
        """Wait for diagnostics made from now on; return their values."""
        before = self.diagnostics
        self.wait(lambda: self.diagnostics >= before + count)
        return self.values

    def call(self, service_type, name, **fields):
        """Call a service of the detector; return its response."""
        client = self.node.create_client(service_type, f'/{self.name}/{name}')
        try:
            assert client.wait_for_service(self.timeout)
            future = client.call_async(service_type.Request(**fields))
            self.wait(future.done)
            return future.result()
        finally:
            self.node.destroy_client(client)

    def change_state(self, label):
        from lifecycle_msgs.msg import Transition
        from lifecycle_msgs.srv import ChangeState

        return self.call(ChangeState, 'change_state', transition=Transition(label=label)).success

    def set_parameter(self, name, value):
        from rcl_interfaces.srv import SetParameters
        from rclpy.parameter import Parameter

        parameter = Parameter(name, value=value).to_parameter_msg()
        return self.call(SetParameters, 'set_parameters', parameters=[parameter]).results[0]


@contextlib.contextmanager
def stationed(folder, *names):
    import rclpy

    with own_domain():
        rclpy.init()
        here = Station(folder, *names)
        yield here
        here.close()
        rclpy.try_shutdown()


@pytest.fixture(scope='module')
def station(tmp_path_factory):
    """Give the module a station in a domain of its own."""
    with stationed(tmp_path_factory.mktemp('station')) as here:
        yield here


@pytest.fixture(scope='module')
def grasp_station(tmp_path_factory):
    """Give the module a station of the grasp detector in a domain of its own."""
    with stationed(tmp_path_factory.mktemp('station'), 'grasp_detector', 'grasps') as here:
        yield here


@pytest.fixture(scope='module')
def pose_station(tmp_path_factory):
    """
    Give the module a station of the pose estimator in a domain of its own.

    Codebooks are kept in a folder of the module's.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('XDG_CACHE_HOME', str(tmp_path_factory.mktemp('cache')))
        names = 'pose_estimator', 'detections', 'Detection3DArray'
        with stationed(tmp_path_factory.mktemp('station'), *names) as here:
            yield here


@pytest.fixture(scope='session')
def pin_frames():
    """Give four pictures with 3, 0, 6 and 1 pins."""
    from mtperception.sim.pin.scene import PinScene

    with PinScene() as scene:
        return [scene.sample(seed=11, index=index, pins=pins).image
                for index, pins in enumerate((3, 0, 6, 1))]


@pytest.fixture(scope='session')
def drawn_mesh():
    """Give a way to draw a mesh that shares nothing with the simulator's renderer."""
    # These tests alone need them.
    import cv2
    import numpy as np

    def draw(camera, triangles, scale=25):
        """Return which pixels' centres triangles (T x 3 x 3, optical frame) cover."""
        mask = np.zeros((camera.height, camera.width), dtype=bool)
        pixels = camera.project(triangles.reshape(-1, 3)).reshape(-1, 3, 2)
        low = np.clip(np.floor(pixels.min(axis=(0, 1))).astype(int) - 1, 0, None)
        high = np.ceil(pixels.max(axis=(0, 1))).astype(int) + 2
        wide, down = np.minimum(high, mask.shape[::-1]) - low
        # So much enlarged that it does not matter that triangles are drawn with their outline.
        large = np.zeros((down * scale, wide * scale), dtype=np.uint8)
        for corners in np.rint((pixels - low + 0.5) * scale - 0.5).astype(np.int32):
            cv2.fillConvexPoly(large, corners, 1)
        middle = scale // 2
        mask[low[1]:low[1] + down, low[0]:low[0] + wide] = large[middle::scale, middle::scale] > 0
        return mask

    return draw


@pytest.fixture(scope='session')
def finger_touches():
    """Give a way to see whether a grasp's fingers touch a mesh, by separating axes."""
    import numpy as np

    from mtperception.geometry.rotations import about_axis
    from mtperception.sim.grasp.gripper import GRIPPER

    def touches(triangles, grasp, closed):
        """
        Tell whether triangles (T x 3 x 3) and a finger share a point, both in the world.

        The fingers are swept on their way from open to so many metres apart.
        """
        frame = about_axis(np.array((0.0, 0.0, 1.0)), grasp.closing)
        near, far = closed / 2, grasp.opening / 2 + GRIPPER.finger_thickness
        half = np.array(
            ((far - near) / 2, GRIPPER.finger_width / 2, GRIPPER.finger_length / 2))
        local = (triangles - grasp.position) @ frame - (0.0, 0.0, GRIPPER.finger_length / 2)
        middle = np.array(((near + far) / 2, 0.0, 0.0))
        return any(box_touches(local - side * middle, half) for side in (-1.0, 1.0))

    def box_touches(local, half):
        # The box's own axes first: they leave few.
        beside = (local.min(axis=1) > half) | (local.max(axis=1) < -half)
        local = local[~beside.any(axis=1)]
        edges = np.roll(local, -1, axis=1) - local
        axes = [np.cross(edges[:, 0], edges[:, 1])]
        axes += [np.cross(edges[:, k], axis) for k in range(3) for axis in np.eye(3)]
        apart = np.zeros(len(local), dtype=bool)
        for axis in axes:
            shadow = np.einsum('tci,ti->tc', local, axis)
            reach = np.abs(axis) @ half
            apart |= (shadow.min(axis=1) > reach) | (shadow.max(axis=1) < -reach)
        return bool((~apart).any())

    return touches


@pytest.fixture(scope='session')
def disc_picture():
    """Give a way to draw bright discs, 20 pixels across, on black."""
    import numpy as np

    def draw(*centres, width=160, height=140):
        rows, columns = np.mgrid[:height, :width]
        light = np.zeros((height, width))
        for x, y in centres:
            light += np.clip(10.5 - np.hypot(columns - x, rows - y), 0, 1)
        return np.rint(200 * light.clip(max=1)).astype(np.uint8)

    return draw


@pytest.fixture(scope='session')
def disc_model(tmp_path_factory, disc_picture):
    """
    Give the file of a model that is the paper's network, with weights for such discs.

    Its features are the blurred light of every other pixel. The pin's logit is 10 where there is
    a whole disc's light and 0 at 95 % of that; the position is the light's centre of mass.
    """
    import torch

    from mtperception import zoo
    from mtperception.pin.paper.network import CELLS, PaperNetwork, PIN, SIDE, STRIDE

    light = torch.from_numpy(disc_picture((50, 50), width=SIDE, height=SIDE)).float() / 255
    places = torch.arange(0, SIDE, STRIDE).float()
    network = PaperNetwork().eval().requires_grad_(False)
    for layer in (network.conv1, network.conv2, network.conv3, network.classify, network.locate):
        layer.weight.zero_()
    network.conv1.weight[0].fill_(1 / 25)
    network.conv2.weight[0, 0, 0, 0] = 1
    network.conv3.weight[0, 0, 1, 1] = 1
    # The logit's constant part comes from a feature that is 1 everywhere.
    network.norm3.bias[1] = 1
    disc = network.features(light[None, None])[0, 0].sum()
    classify, locate = (layer.weight.view(2, -1, CELLS, CELLS)
                        for layer in (network.classify, network.locate))
    classify[PIN, 0], classify[PIN, 1] = 200 / disc, -190 / CELLS**2
    locate[0, 0], locate[1, 0] = places[None, :] / disc, places[:, None] / disc
    path = tmp_path_factory.mktemp('paper') / 'discs.safetensors'
    tensors = {name: value.numpy() for name, value in network.state_dict().items()
               if value.is_floating_point()}
    zoo.save(path, tensors, {
        'task': 'pin', 'architecture': {'kind': 'paper'}, 'threshold': 0.9})
    return path


@pytest.fixture(scope='session')
def lit_picture():
    """Give a way to draw a light part, a bar or a disc, on a dark bench: BGR, 200 x 160."""
    import numpy as np

    def draw(kind, seed, light=190):
        rng = np.random.default_rng(seed)
        rows, columns = np.mgrid[:160, :200]
        angle, x, y = rng.uniform(0, np.pi), rng.uniform(70, 130), rng.uniform(60, 100)
        along = (columns - x) * np.cos(angle) - (rows - y) * np.sin(angle)
        across = (columns - x) * np.sin(angle) + (rows - y) * np.cos(angle)
        inside = {
            'bar': (np.abs(along) < 11) & (np.abs(across) < 45),
            'disc': along**2 + across**2 < 25**2}[kind]
        image = rng.integers(30, 50, (160, 200, 3), np.uint8)
        image[inside] = rng.integers(light, light + 20, (160, 200, 3), np.uint8)[inside]
        return image

    return draw


@pytest.fixture(scope='session')
def grasp_model(tmp_path_factory):
    """
    Give the file of a grasp model that nobody trained: it finds what is light.

    One channel of its trunk carries the picture's light, one is constant, the others are chance.
    Around each cell where it is light there is a grasp of 42 x 10.5 pixels at 0.4 radians.
    """
    import numpy as np
    import torch

    from mtperception import zoo
    from mtperception.grasp.network import GraspArchitecture, GraspNetwork, OUTPUTS

    architecture = {'width': 0.0625, 'batch_norm': False, 'orientations': 2}
    torch.manual_seed(1)
    network = GraspNetwork(GraspArchitecture(**architecture)).requires_grad_(False)
    layers = [layer[0] for stage in network.trunk.stages for layer in stage]
    for layer in layers:
        layer.weight[:2], layer.bias[:2] = 0.0, torch.tensor((0.0, 0.5))
        layer.weight[0, 0, 1, 1] = 1.0
    layers[0].weight[0, :, 1, 1] = 1.0 / 3.0
    layers[-1].weight[2:], layers[-1].bias[2:] = 0.0, 0.0
    for head in network.heads:
        head.weight.zero_()
        head.bias.zero_()
        head.bias.view(-1, OUTPUTS)[:, 1] = -20.0
    first, box = network.heads[0], 2
    first.weight.view(-1, OUTPUTS, *first.weight.shape[1:])[box, 1, 0] = 1.0 / 9.0
    first.bias.view(-1, OUTPUTS)[box, 1] = -8.0
    first.bias.view(-1, OUTPUTS)[box, 6:] = torch.tensor((np.sin(0.8), np.cos(0.8)))
    path = tmp_path_factory.mktemp('grasp') / 'light.safetensors'
    zoo.save(path, {name: value.numpy() for name, value in network.state_dict().items()},
             {'task': 'grasp', 'architecture': architecture, 'threshold': 0.995})
    return path


@pytest.fixture(scope='session')
def pose_model(tmp_path_factory):
    """
    Give the file of a pose model that nobody trained: it takes what is light for hammers.

    One channel of its finder's trunk carries how light the picture is, and every box is the same
    square. Its codes are chance, the same for the same crop.
    """
    import torch

    from mtperception import zoo
    from mtperception.pose.network import PoseArchitecture, PoseNetwork

    architecture = {'width': 4, 'latent': 12}
    torch.manual_seed(2)
    network = PoseNetwork(PoseArchitecture(**architecture)).requires_grad_(False)
    finder, place = network.finder, network.encoder.place[-1]
    for layer in finder.modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.weight.zero_()
    # The first four see, the others add nothing to what they let through.
    for layer in (finder.trunk[number][0] for number in range(4)):
        layer.weight[0, 0] = 1.0 / layer.weight[0, 0].numel()
    finder.trunk[0][0].weight[0] = 1.0 / 75.0
    finder.head.weight[0, 0], finder.head.bias[0] = 6.0, -5.0
    place.weight.zero_()
    place.bias.zero_()
    path = tmp_path_factory.mktemp('pose') / 'light.safetensors'
    tensors = {name: value.numpy() for name, value in network.state_dict().items()
               if value.is_floating_point()}
    zoo.save(path, tensors, {
        'task': 'pose', 'object': 'hammer', 'architecture': architecture, 'threshold': 0.9})
    return path


@pytest.fixture
def one_thread():
    """Have torch compute in one thread: sums come out alike, and nobody waits for another."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
