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

"""The node over real DDS, with the bundled model and pictures of the renderer."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import threading
import time

import cv2
import numpy as np
import pytest
from rcl_interfaces.srv import SetParameters
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_msgs.msg import Header
import torch
from vision_msgs.msg import Detection2DArray

from mtperception.nodes.conversions import image_message, pins_from_message
from mtperception.nodes.pin_detector import PinDetectorNode
from mtperception.pin.predictor import PinDetector

TIMEOUT = 20.0
# Photographs that are not part of the project, where they are at hand.
REAL_DATA = Path(__file__).parents[2] / 'shared/data'
REAL_PICTURES = sorted(
    path for path in REAL_DATA.rglob('*') if path.suffix.lower() in ('.png', '.jpg'))
RELIABLE = Parameter(
    'qos_overrides./image.subscription.reliability', Parameter.Type.STRING, 'reliable')


class Cell:
    """A detector and a camera beside it, spun on threads of their own."""

    def __init__(self, **parameters):
        overrides = [RELIABLE, *(Parameter(name, value=value)
                                 for name, value in parameters.items())]
        self.detector = PinDetectorNode(parameter_overrides=overrides)
        self.camera = Node('camera')
        self.publisher = self.camera.create_publisher(
            Image, 'image', QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE))
        self.received = []
        self.debug_images = []
        self.camera.create_subscription(
            Detection2DArray, 'pin_detector/detections', self.received.append, 10)
        self.executors, self.threads = [], []
        for node in (self.detector, self.camera):
            executor = SingleThreadedExecutor()
            executor.add_node(node)
            self.executors.append(executor)
            self.threads.append(threading.Thread(target=executor.spin, daemon=True))
            self.threads[-1].start()
        self.wait(lambda: self.publisher.get_subscription_count() == 1)
        self.wait(lambda: self.camera.count_publishers('/pin_detector/detections') == 1)
        self.sent = 0

    def close(self):
        for executor in self.executors:
            executor.shutdown()
        # The detector may still be in the middle of activating itself.
        for thread in self.threads:
            thread.join(TIMEOUT)
        self.detector.destroy_node()
        self.camera.destroy_node()

    def wait(self, condition, timeout=TIMEOUT):
        end = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < end, 'timed out'
            time.sleep(0.005)

    def publish(self, message):
        """Publish under a stamp of its own (nanosec counts the messages)."""
        self.sent += 1
        message.header.frame_id = 'camera'
        message.header.stamp = self.camera.get_clock().now().to_msg()
        message.header.stamp.nanosec = self.sent
        self.publisher.publish(message)

    def detect(self, message):
        """Publish one picture and give the array that comes back."""
        before = len(self.received)
        self.publish(message)
        self.wait(lambda: len(self.received) > before)
        answer = self.received[-1]
        assert answer.header == message.header
        return answer

    def set_threshold(self, value):
        client = self.camera.create_client(SetParameters, '/pin_detector/set_parameters')
        assert client.wait_for_service(TIMEOUT)
        request = SetParameters.Request()
        request.parameters = [Parameter('score_threshold', value=value).to_parameter_msg()]
        future = client.call_async(request)
        self.wait(future.done)
        return future.result().results[0]


@pytest.fixture
def cell(ros):
    running = Cell()
    yield running
    running.close()


def mono8(image):
    return image_message(image, 'mono8', Header())


def test_the_node_gives_the_librarys_numbers(cell, pin_frames):
    library = PinDetector.load('pin')
    for image in pin_frames:
        answer = cell.detect(mono8(image))
        assert pins_from_message(answer) == library.detect(image)


def test_the_papers_network_runs_in_the_same_node(ros, disc_model, disc_picture):
    cell = Cell(model=str(disc_model), threads=1)
    try:
        answer = cell.detect(mono8(disc_picture((60, 50))))
        assert pins_from_message(answer) == PinDetector.load(disc_model).detect(
            disc_picture((60, 50)))
        box = answer.detections[0].bbox
        assert (box.center.position.x, box.center.position.y) == pytest.approx((60, 50), abs=1)
        assert (box.size_x, box.size_y) == (0, 0)
    finally:
        cell.close()


def test_a_frame_without_a_pin_gives_an_empty_array(cell, pin_frames):
    assert cell.detect(mono8(pin_frames[1])).detections == []


def test_threads_are_the_parameters(ros):
    before = torch.get_num_threads()
    cell = Cell(threads=1)
    try:
        # torch keeps the number by thread; a new one, as the node's worker is, takes the last set.
        with ThreadPoolExecutor(1) as another:
            assert another.submit(torch.get_num_threads).result() == 1
    finally:
        cell.close()
        torch.set_num_threads(before)


def test_the_threshold_changes_live_and_a_wrong_one_is_refused(cell, pin_frames):
    found = len(cell.detect(mono8(pin_frames[2])).detections)
    assert found > 0
    assert cell.set_threshold(1.0).successful
    assert cell.detect(mono8(pin_frames[2])).detections == []
    refused = cell.set_threshold(1.5)
    assert not refused.successful
    assert refused.reason
    assert not cell.set_threshold('high').successful
    # a negative one is the model's own
    assert cell.set_threshold(-1.0).successful
    assert len(cell.detect(mono8(pin_frames[2])).detections) == found


def test_the_debug_image_is_made_on_demand(cell, pin_frames):
    drawings = []
    cell.detect(mono8(pin_frames[0]))
    subscription = cell.camera.create_subscription(
        Image, 'pin_detector/debug_image', drawings.append, 10)
    cell.wait(lambda: cell.detector.count_subscribers('/pin_detector/debug_image') == 1)
    answer = cell.detect(mono8(pin_frames[0]))
    cell.wait(lambda: drawings)
    assert drawings[0].encoding == 'bgr8'
    assert drawings[0].header == answer.header
    picture = np.frombuffer(drawings[0].data, np.uint8).reshape(512, 612, 3)
    assert (picture != pin_frames[0][..., None]).any(axis=2).sum() > 50
    cell.camera.destroy_subscription(subscription)


def test_a_flood_is_answered_with_the_newest_frame(cell, pin_frames):
    cell.detect(mono8(pin_frames[0]))
    for index in range(60):
        cell.publish(mono8(pin_frames[index % 4]))
        time.sleep(1 / 200)
    newest = cell.sent
    cell.wait(lambda: cell.received[-1].header.stamp.nanosec == newest)
    values = cell.detector.health.values()
    assert int(values['received']) == int(values['processed']) + int(values['dropped'])
    stamps = [message.header.stamp.nanosec for message in cell.received]
    assert stamps == sorted(stamps)


def test_real_pictures_go_through_library_and_node_alike(cell):
    if not REAL_PICTURES:
        pytest.skip(f'no pictures in {REAL_DATA}')
    library = PinDetector.load('pin')
    for path in REAL_PICTURES:
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        answer = cell.detect(image_message(picture, 'bgr8', Header()))
        assert pins_from_message(answer) == library.detect(picture)


def test_a_misspelt_parameter_is_named(ros, capfd):
    node = PinDetectorNode(parameter_overrides=[Parameter('score_treshold', value=0.9)])
    node.destroy_node()
    assert "'score_treshold' is no parameter of pin_detector: did you mean 'score_threshold'?" \
        in capfd.readouterr().err
