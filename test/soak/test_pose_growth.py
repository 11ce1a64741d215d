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

"""Memory, threads and file handles of a pose estimator that lives long."""

import time

import pytest
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from mtperception.geometry.camera import PinholeCamera
from mtperception.nodes.conversions import camera_info_message, image_message

pytestmark = pytest.mark.timeout(3600)


def test_cycles_of_the_pose_estimator_leave_nothing_behind(
        pose_station, pose_model, lit_picture, count, cycled, assert_flat):
    station = pose_station
    station.start(autostart=False, model=str(pose_model), publish_tf=True,
                  **{'codebook.directions': 12, 'codebook.turns': 4})
    infos = station.node.create_publisher(CameraInfo, 'camera_info', 5)
    info = camera_info_message(
        PinholeCamera(200, 160, 400.0, 400.0, 99.5, 79.5), Header(frame_id='camera'))
    info.d[0] = -0.1

    def detect(message):
        """Show a picture and its info until the estimator knows both."""
        def shown():
            infos.publish(info)
            station.images.publish(station.stamp(message))
            time.sleep(0.05)
            return len(station.received) > before

        before = len(station.received)
        station.wait(shown)

    message = image_message(lit_picture('disc', 1), 'bgr8', Header(frame_id='camera'))
    assert_flat(cycled(station, message, count(9, 50), detect))
    assert station.end()[0] == 0
