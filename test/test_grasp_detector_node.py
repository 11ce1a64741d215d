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

"""The grasp detector over real DDS, in another process: grasps, poses, and what is missing."""

import time

from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import PoseArray, TransformStamped
import numpy as np
import pytest
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from tf2_ros import StaticTransformBroadcaster
from vision_msgs.msg import Detection3DArray
from visualization_msgs.msg import MarkerArray

from mtperception.geometry.camera import look_at, PinholeCamera
from mtperception.geometry.distortion import Distortion
from mtperception.geometry.rotations import matrix
from mtperception.grasp.poses import grasp_poses
from mtperception.grasp.predictor import GraspDetector
from mtperception.nodes.conversions import (
    camera_info_message,
    image_message,
    pose_message,
    rectangle_from_box,
)

# One thread, as in the node: sums come out alike.
pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures('one_thread')]
CAMERA = PinholeCamera(200, 160, 400.0, 410.0, 101.0, 78.0)
VIEW = look_at(CAMERA, (0.05, -0.1, 0.6), (0.0, 0.0, 0.0), 0.3)
TIPS = 0.02


class Bench:
    """A calibrated camera over a bench beside the detector of a station."""

    def __init__(self, station):
        self.station = station
        node = station.node
        self.infos = node.create_publisher(CameraInfo, 'camera_info', QoSProfile(depth=5))
        self.depths = node.create_publisher(Image, 'depth', QoSProfile(depth=5))
        self.found, self.poses = [], []
        node.create_subscription(
            Detection3DArray, 'grasp_detector/grasps_3d', self.found.append, 10)
        node.create_subscription(PoseArray, 'grasp_detector/grasp_poses', self.poses.append, 10)
        self.transforms = StaticTransformBroadcaster(node)
        self.info = camera_info_message(CAMERA, Header(frame_id='camera'))

    def tell_where_the_bench_is(self):
        pose = pose_message(VIEW.rotation, VIEW.position)
        transform = TransformStamped(
            header=Header(frame_id='bench', stamp=self.station.node.get_clock().now().to_msg()),
            child_frame_id='camera')
        place, transform.transform.rotation = transform.transform.translation, pose.orientation
        place.x, place.y, place.z = VIEW.position.tolist()
        self.transforms.sendTransform(transform)

    def look(self, image, depth=None):
        """Show a picture with all that is beside it; return the grasps."""
        header = self.station.stamp(image).header
        self.info.header = header
        self.infos.publish(self.info)
        if depth is not None:
            self.depths.publish(image_message(depth, '32FC1', header))
        self.station.images.publish(image)
        received = self.station.received
        self.station.wait(lambda: received and received[-1].header == header)
        return received[-1]

    def placed(self, image, depth=None):
        """Show a picture, until its grasps come in space: what is beside it may come later."""
        def shown():
            answers.append(self.look(image, depth))
            end = time.monotonic() + 0.2
            while time.monotonic() < end:
                if all(here and here[-1].header == answers[-1].header
                       for here in (self.found, self.poses)):
                    return True
                time.sleep(0.005)
            return False

        answers = []
        self.station.wait(shown)
        return answers[-1], self.found[-1]

    def complaint(self, image, words):
        """Show a picture until the diagnostics complain so; rectangles come all the same."""
        def complained():
            assert self.look(image).detections
            return words in self.station.values['message']

        self.station.wait(complained)
        assert self.station.values['level'] == DiagnosticStatus.WARN
        before = len(self.found)
        self.look(image)
        self.look(image)
        assert len(self.found) == before


@pytest.fixture(scope='module')
def bench(grasp_station, grasp_model, tmp_path_factory):
    made = Bench(grasp_station)
    grasp_station.start_active(
        model=str(grasp_model), bench_frame='bench', tip_height=TIPS,
        **{'shapes.library': str(tmp_path_factory.mktemp('shapes'))})
    grasp_station.wait(lambda: made.infos.get_subscription_count() == 1)
    return made


def bgr8(image):
    return image_message(image, 'bgr8', Header(frame_id='camera'))


def rectangles(message):
    return [(*rectangle_from_box(detection.bbox), detection.results[0].hypothesis.score)
            for detection in message.detections]


def in_library(model, image, looks=1):
    return [(grasp.x, grasp.y, grasp.opening, grasp.jaw, grasp.theta, grasp.score)
            for grasp in GraspDetector.load(model, looks=looks).detect(image)]


def test_the_node_gives_the_librarys_numbers(bench, grasp_model, lit_picture):
    picture = lit_picture('bar', 3)
    found = rectangles(bench.look(bgr8(picture)))
    assert len(found) > 2
    assert found == in_library(grasp_model, picture)
    assert found == rectangles(bench.look(
        image_message(picture[..., ::-1], 'rgb8', Header(frame_id='camera'))))
    grey = np.ascontiguousarray(picture[..., 1])
    message = image_message(grey, 'mono8', Header(frame_id='camera'))
    assert rectangles(bench.look(message)) == in_library(grasp_model, grey)


def test_a_frame_without_a_grasp_gives_an_empty_array(bench):
    answer = bench.look(bgr8(np.full((160, 200, 3), 40, np.uint8)))
    assert answer.detections == []


def test_where_the_bench_is_unknown_rectangles_go_on(bench, lit_picture):
    bench.complaint(
        bgr8(lit_picture('bar', 3)), 'no poses: no way from bench_frame to the camera')
    assert bench.found == []


def test_grasps_are_placed_over_the_bench(bench, lit_picture, grasp_model):
    bench.tell_where_the_bench_is()
    picture = lit_picture('disc', 5)
    answer, found = bench.placed(bgr8(picture))
    assert len(found.detections) == len(answer.detections) > 2
    expected = grasp_poses(
        GraspDetector.load(grasp_model).detect(picture), CAMERA, Distortion(), -VIEW.rotation[2],
        VIEW.position[2] - TIPS)
    for seen, detection, pose in zip(answer.detections, found.detections, expected, strict=True):
        centre = detection.bbox.center
        place = np.array((centre.position.x, centre.position.y, centre.position.z))
        assert place == pytest.approx(np.array(pose.position), abs=1e-6)
        ((x, y),) = CAMERA.project(place)
        assert (x, y) == pytest.approx(rectangle_from_box(seen.bbox)[:2], abs=1e-3)
        height = (VIEW.rotation @ place + VIEW.position)[2]
        assert height == pytest.approx(TIPS, abs=1e-6)
        turn = centre.orientation
        axes = VIEW.rotation @ matrix((turn.x, turn.y, turn.z, turn.w))
        assert axes[:, 2] == pytest.approx(np.array((0.0, 0.0, -1.0)), abs=1e-6)
        assert axes[2, 0] == pytest.approx(0.0, abs=1e-6)
        assert detection.bbox.size.x == pytest.approx(pose.opening, abs=1e-6)
        assert detection.results[0].hypothesis == seen.results[0].hypothesis
    assert bench.poses[-1].poses == [each.bbox.center for each in found.detections]
    bench.station.wait(lambda: bench.station.values['level'] == DiagnosticStatus.OK)


def test_an_empty_array_in_space_is_no_silence(bench):
    _, found = bench.placed(bgr8(np.full((160, 200, 3), 40, np.uint8)))
    assert found.detections == []
    assert bench.poses[-1].poses == []


FAULTS = {
    'uncalibrated': ({'k': [0.0] * 9}, 'no focal length in K'),
    'not a number': ({'k': [float('nan')] * 9}, 'no focal length in K'),
    'another size': ({'width': 640, 'height': 480}, 'the picture has 200 x 160'),
    'an unknown lens': ({'distortion_model': 'equidistant', 'd': [0.1] * 4}, 'equidistant'),
}


@pytest.mark.parametrize('fault', FAULTS)
def test_without_a_valid_camera_info_rectangles_go_on(bench, lit_picture, fault):
    fields, words = FAULTS[fault]
    picture = bgr8(lit_picture('bar', 3))
    bench.placed(picture)
    for name, value in fields.items():
        setattr(bench.info, name, value)
    bench.complaint(picture, words)
    bench.info = camera_info_message(CAMERA, Header())
    bench.placed(picture)
    bench.station.wait(lambda: bench.station.values['level'] == DiagnosticStatus.OK)


def test_drawings_and_markers_are_made_on_demand(bench, lit_picture):
    drawings, markers = [], []
    node = bench.station.node
    subscriptions = [
        node.create_subscription(Image, 'grasp_detector/debug_image', drawings.append, 1),
        node.create_subscription(MarkerArray, 'grasp_detector/markers', markers.append, 1)]
    picture = lit_picture('bar', 3)
    while not (drawings and markers):
        answer, _ = bench.placed(bgr8(picture))
    assert drawings[-1].encoding == 'bgr8'
    pixels = np.frombuffer(drawings[-1].data, np.uint8).reshape(picture.shape)
    assert (pixels != picture).any(axis=2).sum() > 50
    assert len(markers[-1].markers[-1].points) == 8 * len(answer.detections)
    for subscription in subscriptions:
        node.destroy_subscription(subscription)


def test_the_threshold_changes_live(bench, lit_picture):
    picture = bgr8(lit_picture('bar', 3))
    found = len(bench.look(picture).detections)
    assert bench.station.set_parameter('score_threshold', 0.5).successful
    assert len(bench.look(picture).detections) > found
    assert bench.station.set_parameter('score_threshold', 1.0).successful
    assert bench.look(picture).detections == []
    assert not bench.station.set_parameter('score_threshold', 2.0).successful
    assert bench.station.set_parameter('score_threshold', -1.0).successful
    assert len(bench.look(picture).detections) == found


def test_what_is_fixed_while_the_model_is_loaded_is_refused_with_a_reason(bench):
    for name, value in (('bench_frame', 'other'), ('use_depth', True), ('rectified', True),
                        ('shapes.library', '/other'), ('model', 'other'), ('looks', 2)):
        refused = bench.station.set_parameter(name, value)
        assert not refused.successful
        assert refused.reason == (
            f'{name} is fixed while the model is loaded: deactivate and clean up first')
    refused = bench.station.set_parameter('tip_height', -1.0)
    assert not refused.successful
    refused = bench.station.set_parameter('looks', 3)
    assert not refused.successful and refused.reason == 'looks is 1, 2 or 4, not 3'


def level(top):
    """Return the depth of a plane so far above the bench."""
    pixels = np.stack(np.meshgrid(np.arange(200), np.arange(160)), axis=-1).reshape(-1, 2)
    points = VIEW.to_optical(VIEW.on_plane(pixels, (0.0, 0.0, top), (0.0, 0.0, 1.0)))
    return points[:, 2].reshape(160, 200).astype(np.float32)


def grown(mask, pixels):
    import cv2

    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * pixels + 1,) * 2)) > 0


def test_depth_tells_how_high_parts_are_to_a_node_that_looks_twice(
        bench, lit_picture, grasp_model):
    """The last but one of the module: the node is configured anew."""
    station = bench.station
    for label in ('deactivate', 'cleanup'):
        assert station.change_state(label)
    assert station.set_parameter('use_depth', True).successful
    assert station.set_parameter('tip_depth', 0.01).successful
    assert station.set_parameter('looks', 2).successful
    for label in ('configure', 'activate'):
        assert station.change_state(label)
    station.wait(lambda: bench.depths.get_subscription_count() == 1)
    station.wait(lambda: station.images.get_subscription_count() == 1)
    station.wait(lambda: bench.infos.get_subscription_count() == 1)
    # Of a plane of one height there is some everywhere, below the fingers, too.
    assert station.set_parameter('avoid_collisions', False).successful
    for top, tips in ((0.05, 0.04), (0.004, 0.001)):
        depth = level(top)
        answer, found = bench.placed(bgr8(lit_picture('bar', 3)), depth)
        assert len(found.detections) == len(answer.detections)
        for detection in found.detections:
            place = detection.bbox.center.position
            height = (VIEW.rotation @ (place.x, place.y, place.z) + VIEW.position)[2]
            assert height == pytest.approx(tips, abs=5e-4)
    picture = lit_picture('bar', 3)
    part = (picture > 100).all(axis=2)
    assert station.set_parameter('avoid_collisions', True).successful
    answer, found = bench.placed(bgr8(picture), level(0.05))
    assert answer.detections and found.detections == []
    assert rectangles(answer) == in_library(grasp_model, picture, looks=2)
    # Nothing is in the way beside the part alone, and everything in a narrow pit.
    depth = np.where(part, level(0.05), level(0.0))
    _, found = bench.placed(bgr8(picture), depth)
    assert 0 < len(found.detections) <= len(answer.detections)
    wall = np.where(part, level(0.05), level(0.2))
    wall[grown(part, 6)] = depth[grown(part, 6)]
    assert bench.placed(bgr8(picture), wall)[1].detections == []
    refused = station.set_parameter('gripper.finger_width', -1.0)
    assert not refused.successful
    # Where a part's depth is not known it has no pose, and without depth there are none.
    answer, found = bench.placed(bgr8(picture), np.full_like(depth, np.nan))
    assert answer.detections
    assert found.detections == []
    bench.complaint(bgr8(lit_picture('bar', 3)), 'no depth with the stamp')


def test_signals_end_the_node_quietly(bench):
    status, seconds = bench.station.end()
    assert (status, seconds < 2) == (0, True)
    assert 'Traceback' not in bench.station.log.read_text()
