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

"""Depth pictures and where the bench is, found for a picture by its stamp."""

import time

from builtin_interfaces.msg import Time
from geometry_msgs.msg import TransformStamped
import numpy as np
import pytest
from rclpy.qos import QoSProfile
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from tf2_ros import TransformBroadcaster

from mtperception.geometry.camera import PinholeCamera
from mtperception.grasp.detection import Grasp
from mtperception.nodes.conversions import camera_info_message, image_message
from mtperception.nodes.depth_input import DepthInput, REMEMBERED
from mtperception.nodes.grasp_space import bench_from, GraspSpace
from mtperception.nodes.image_gate import ImageError

CAMERA = PinholeCamera(8, 6, 10.0, 10.0, 3.5, 2.5)
GRASP = Grasp(3.5, 2.5, 4.0, 2.0, 0.0, 1.0, 0)


def at(milliseconds):
    return Header(frame_id='camera', stamp=Time(
        sec=milliseconds // 1000, nanosec=milliseconds % 1000 * 1_000_000))


def picture(milliseconds, width=8, height=6):
    return Image(header=at(milliseconds), width=width, height=height)


def depth_of(metres, milliseconds):
    return serialize_message(
        image_message(np.full((6, 8), metres, np.float32), '32FC1', at(milliseconds)))


@pytest.fixture
def depth(ros):
    node = ros.create_node('listener')
    yield DepthInput(node)
    node.destroy_node()


def test_the_nearest_depth_goes_with_a_picture(depth):
    for metres, moment in ((1.0, 1000), (2.0, 1030), (3.0, 1060)):
        depth._take(depth_of(metres, moment))
    for metres, moment in ((1.0, 1000), (2.0, 1036), (3.0, 1079)):
        assert (depth.beside(picture(moment)) == metres).all()


@pytest.mark.parametrize('moment', [900, 1100])
def test_a_depth_of_another_moment_does_not(depth, moment):
    depth._take(depth_of(1.0, 1000))
    with pytest.raises(ImageError, match='no depth with the stamp of the picture on /depth'):
        depth.beside(picture(moment))


def test_stamps_that_go_back_begin_a_new_time(depth):
    for moment in (5000, 5030):
        depth._take(depth_of(1.0, moment))
    depth._take(depth_of(2.0, 40))
    assert (depth.beside(picture(40)) == 2.0).all()
    with pytest.raises(ImageError):
        depth.beside(picture(5030))


def test_only_the_newest_are_kept(depth):
    for number in range(REMEMBERED + 1):
        depth._take(depth_of(1.0, 1000 + 100 * number))
    with pytest.raises(ImageError):
        depth.beside(picture(1000))
    assert (depth.beside(picture(1100)) == 1.0).all()


def test_what_is_no_depth_of_the_picture_is_named_and_ends_nothing(depth):
    depth._take(b'no message')
    depth._take(depth_of(1.0, 1000))
    with pytest.raises(ImageError, match='8 x 6 pixels for a picture of 16 x 12'):
        depth.beside(picture(1000, 16, 12))
    depth._take(serialize_message(Image(header=at(1030), width=8, height=6, encoding='mono8')))
    with pytest.raises(ImageError, match="'mono8' is not one of 16UC1, 32FC1"):
        depth.beside(picture(1030))


@pytest.mark.parametrize('metres', [1e-4, 640.0])
def test_depth_in_other_units_is_named(depth, metres):
    depth._take(depth_of(metres, 1000))
    with pytest.raises(ImageError, match='32FC1 is in metres, 16UC1 in millimetres'):
        depth.beside(picture(1000))


def test_where_nothing_is_known_there_are_no_units(depth):
    for metres in (np.nan, 0.0, np.inf):
        depth._take(depth_of(metres, 1000))
        assert not np.isfinite(depth.beside(picture(1000))).any()


@pytest.fixture
def space(ros):
    """Give what places grasps over a moving bench, and a node that publishes beside it."""
    node, other = ros.create_node('placing'), ros.create_node('camera')
    made = GraspSpace(node, 'bench', use_depth=False, rectified=False)
    infos = other.create_publisher(CameraInfo, 'camera_info', QoSProfile(depth=5))
    transforms = TransformBroadcaster(other)

    def tell(milliseconds, distance):
        transform = TransformStamped(header=at(milliseconds), child_frame_id='bench')
        transform.transform.translation.z = distance
        transform.transform.rotation.x, transform.transform.rotation.w = 1.0, 0.0
        transforms.sendTransform(transform)
        infos.publish(camera_info_message(CAMERA, at(milliseconds)))

    def placed(milliseconds):
        end = time.monotonic() + 20.0
        while True:
            ros.spin_once(node, timeout_sec=0.02)
            try:
                (grasp,) = made.placed([GRASP], picture(milliseconds), 0.01, 0.0, None)
                return grasp.pose.position[2]
            except ValueError:
                assert time.monotonic() < end
                tell(milliseconds, 0.001 * milliseconds)

    yield placed
    made.close()
    for each in (node, other):
        each.destroy_node()


def test_the_bench_is_where_it_was_at_the_pictures_time(space):
    assert space(30_000) == pytest.approx(29.99)
    assert space(30_500) == pytest.approx(30.49)
    # A bag that begins anew: what was known is of another time, and longer ago than is kept.
    assert space(1000) == pytest.approx(0.99)


def test_a_bench_below_the_camera_is_as_far_as_its_plane():
    transform = TransformStamped()
    place, turn = transform.transform.translation, transform.transform.rotation
    place.x, place.y, place.z = 0.3, -0.2, 0.8
    turn.x, turn.w = 1.0, 0.0
    bench = bench_from(transform)
    assert bench.down == pytest.approx((0.0, 0.0, 1.0))
    assert bench.reach == pytest.approx(0.8)
