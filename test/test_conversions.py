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

from hypothesis import given, strategies as st
import numpy as np
from std_msgs.msg import Header

from mtperception.geometry.camera import PinholeCamera
from mtperception.geometry.rectangle import angle_difference, corners
from mtperception.geometry.rotations import matrix, random_rotations
from mtperception.nodes.conversions import (
    camera_info_message,
    image_message,
    pins_from_message,
    pins_to_message,
    pose_message,
    rectangle_from_box,
    rectangle_to_box,
)
from mtperception.nodes.image_gate import check_image, grey_image
from mtperception.pin.detection import PinDetection

finite = st.floats(-1e6, 1e6)


def header():
    message = Header(frame_id='camera')
    message.stamp.sec = 12
    message.stamp.nanosec = 34
    return message


@given(st.lists(st.builds(PinDetection, x=finite, y=finite, diameter=finite,
                          score=st.floats(0, 1))))
def test_pins_survive_a_message_to_the_last_digit(pins):
    message = pins_to_message(pins, header())
    assert pins_from_message(message) == pins
    assert all(detection.header == header() for detection in message.detections)


def test_a_detection_names_its_class_and_claims_no_pose():
    message = pins_to_message([PinDetection(x=10.5, y=20.25, diameter=8.0, score=0.75)], header())
    detection = message.detections[0]
    assert detection.results[0].hypothesis.class_id == 'pin'
    assert detection.results[0].pose.covariance[0] == -1
    assert (detection.bbox.size_x, detection.bbox.size_y) == (8.0, 8.0)
    assert detection.bbox.center.theta == 0.0
    assert detection.id == ''


def test_an_image_survives_a_message():
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7), np.uint8)
    message = image_message(pixels.T[::-1], 'mono8', header())
    check_image(message)
    np.testing.assert_array_equal(grey_image(message), pixels.T[::-1])


def test_depth_survives_a_message_with_its_holes():
    depth = np.random.default_rng(0).random((5, 7), np.float32)
    depth[2, 3] = np.nan
    message = image_message(depth[::-1], '32FC1', header())
    assert (message.step, message.is_bigendian) == (28, 0)
    read = np.frombuffer(message.data, np.float32).reshape(5, 7)
    np.testing.assert_array_equal(read, depth[::-1])


@given(finite, finite, st.floats(0, 1e4), st.floats(0, 1e4), st.floats(-10, 10))
def test_a_rectangle_survives_a_box(x, y, width, height, theta):
    back = rectangle_from_box(rectangle_to_box(x, y, width, height, theta))
    assert back[:4] == (x, y, width, height)
    assert -np.pi / 2 < back[4] <= np.pi / 2
    assert angle_difference(back[4], theta) < 1e-9


def test_a_box_turns_counter_clockwise_as_seen_on_the_screen():
    box = rectangle_to_box(50.0, 40.0, 20.0, 2.0, np.pi / 6)
    assert box.center.theta > 0.0
    right_end = corners([rectangle_from_box(box)])[0, 1:3].mean(axis=0)
    # To the right and, y pointing down, up.
    np.testing.assert_allclose(right_end, (50.0 + 10.0 * np.cos(np.pi / 6), 40.0 - 5.0))


def test_a_pose_survives_a_message():
    rotation = random_rotations(np.random.default_rng(1), 1)[0]
    pose = pose_message(rotation, np.array((0.1, -0.2, 0.9)))
    q, place = pose.orientation, pose.position
    np.testing.assert_allclose(matrix((q.x, q.y, q.z, q.w)), rotation, atol=1e-12)
    assert (place.x, place.y, place.z) == (0.1, -0.2, 0.9)


def test_camera_info_describes_the_camera():
    camera = PinholeCamera(width=612, height=512, fx=700.0, fy=710.0, cx=300.0, cy=250.0)
    message = camera_info_message(camera, header())
    assert (message.width, message.height) == (612, 512)
    np.testing.assert_array_equal(np.reshape(message.k, (3, 3)), camera.matrix)
    np.testing.assert_array_equal(np.reshape(message.p, (3, 4))[:, :3], camera.matrix)
    assert list(message.d) == [0.0] * 5
