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

"""A cell with a running pose estimator, over real DDS, beside the library's estimator."""

import copy
import json
import shutil
import time

from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
import pytest
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
import torch

from mtperception.geometry.camera import PinholeCamera
from mtperception.nodes.conversions import camera_info_message, image_message, pose_message
from mtperception.objects import known


class Cell:
    """
    A camera with its info, and with depth, beside the estimator of a station.

    Pictures are BGR. `few_views` are parameters with which a codebook is there soon.
    """

    camera = PinholeCamera(200, 160, 400.0, 410.0, 101.0, 78.0)
    few_views = {'codebook.directions': 12, 'codebook.turns': 4}

    def __init__(self, station):
        self.station = station
        self.infos, self.depths = (station.node.create_publisher(kind, topic, QoSProfile(depth=5))
                                   for kind, topic in ((CameraInfo, 'camera_info'),
                                                       (Image, 'depth')))
        self.info = self.calibrated()

    def calibrated(self):
        """Give the camera's true info."""
        return camera_info_message(self.camera, Header(frame_id='camera'))

    def message(self, picture, encoding='bgr8'):
        return image_message(picture, encoding, Header(frame_id='camera'))

    def show(self, image, info=True, depth=None):
        """Publish a picture under a new stamp, with its info and a depth message."""
        message = image if isinstance(image, Image) else self.message(image)
        header = self.station.stamp(message).header
        if info:
            self.info.header.stamp = header.stamp
            self.infos.publish(self.info)
        if depth is not None:
            depth.header.stamp = header.stamp
            self.depths.publish(depth)
        self.station.images.publish(message)
        return header

    def look(self, image, depth=None):
        """Show a picture until the poses in it come: its info may come later."""
        def shown():
            headers.append(copy.deepcopy(self.show(image, depth=depth)))
            end = time.monotonic() + 0.3
            while time.monotonic() < end:
                if received and received[-1].header in headers:
                    return True
                time.sleep(0.005)
            return False

        headers, received = [], self.station.received
        self.station.wait(shown)
        return received[-1]

    def settle(self):
        """Wait until no pose comes any more of what was shown."""
        counts = [-1]
        while counts[-1] != len(self.station.received):
            counts.append(len(self.station.received))
            time.sleep(1.0)

    def complaint(self, image, words, info=True):
        """Show a picture until the diagnostics complain so, and no pose comes."""
        def complained():
            self.show(image, info)
            time.sleep(0.05)
            return words in self.station.values.get('message', '')

        self.station.wait(complained)
        self.settle()  # the first may have met the info before
        count = len(self.station.received)
        self.show(image, info)
        self.settle()
        self.station.wait(complained)
        assert self.station.values['level'] == DiagnosticStatus.WARN
        assert len(self.station.received) == count

    def begin(self):
        """Wait until the camera is heard."""
        for publisher in (self.station.images, self.infos):
            self.station.wait(lambda topic=publisher: topic.get_subscription_count() == 1)

    def start(self, model, **parameters):
        self.station.start_active(model=str(model), **(self.few_views | parameters))
        self.begin()

    def configure_anew(self, **parameters):
        for label in ('deactivate', 'cleanup'):
            assert self.station.change_state(label)
        for name, value in parameters.items():
            assert self.station.set_parameter(name, value).successful
        for label in ('configure', 'activate'):
            assert self.station.change_state(label)
        self.begin()

    def same(self, message, expected):
        """Tell whether a message holds the library's poses, to the last digit, best first."""
        return [(one.results[0].hypothesis.class_id, one.results[0].hypothesis.score,
                 one.results[0].pose.pose) for one in message.detections] == [
            (pose.label, pose.score, pose_message(pose.rotation, pose.translation))
            for pose in sorted(expected, key=lambda pose: -pose.score)]


@pytest.fixture(scope='module')
def opened(pose_station):
    """Give a way to open models in the library, with the codebooks that the node has, too."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)

    def open_few(model):
        # What one has rendered all others read, in the precision in which it is kept.
        for _ in range(2):
            found = known.open_estimator(model, directions=12, turns=4)
        return found

    yield open_few
    torch.set_num_threads(threads)


@pytest.fixture(scope='module')
def library(opened, pose_model):
    """Give the library's estimator, of which the node shares the codebook."""
    return opened(pose_model)


@pytest.fixture(scope='module')
def cell(pose_station, library):
    """Give a cell whose estimator is not started yet."""
    return Cell(pose_station)


@pytest.fixture(scope='session')
def model_of(pose_model, tmp_path_factory):
    """Give a way to make a model that takes what is light for another object."""
    def make(label):
        path = tmp_path_factory.mktemp('models') / f'{label}.safetensors'
        shutil.copy(pose_model, path)
        card = json.loads(pose_model.with_suffix('.json').read_text())
        path.with_suffix('.json').write_text(json.dumps(card | {'object': label}))
        return path

    return make


@pytest.fixture(scope='session')
def plane():
    """Give a way to make a depth picture of a sloping plane, so many metres away: 160 x 200."""
    def make(metres):
        rows, columns = np.mgrid[:160, :200]
        return (metres * (1.0 + 1e-4 * (columns - 100) + 2e-4 * (rows - 80))).astype(np.float32)

    return make
