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

"""The pose estimator over real DDS, in another process: poses, frames, and what is missing."""

import copy
import json
import shutil
import time

from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.srv import GetState
import numpy as np
import pytest
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage
import torch
from visualization_msgs.msg import Marker, MarkerArray

from mtperception.geometry.camera import PinholeCamera
from mtperception.geometry.distortion import Distortion
from mtperception.nodes import pose_estimator
from mtperception.nodes.camera_model import CameraModel
from mtperception.nodes.conversions import (
    camera_info_message,
    image_message,
    pose_from_message,
    pose_message,
)
from mtperception.nodes.straightening import Straightener
from mtperception.objects import known
from mtperception.objects.meshes import mesh_of

pytestmark = pytest.mark.timeout(300)
CAMERA = PinholeCamera(200, 160, 400.0, 410.0, 101.0, 78.0)
SMALL = {'codebook.directions': 12, 'codebook.turns': 4}
LENS = Distortion(-0.3, 0.1, 0.002, -0.001)


class Cell:
    """A camera with its info beside the estimator of a station."""

    def __init__(self, station):
        self.station = station
        self.infos = station.node.create_publisher(CameraInfo, 'camera_info', QoSProfile(depth=5))
        self.info = camera_info_message(CAMERA, Header(frame_id='camera'))

    def show(self, image, info=True):
        """Publish a picture under a new stamp, and its info."""
        header = self.station.stamp(image).header
        if info:
            self.info.header.stamp = header.stamp
            self.infos.publish(self.info)
        self.station.images.publish(image)
        return header

    def look(self, image):
        """Show a picture until the poses in it come: its info may come later."""
        def shown():
            headers.append(copy.deepcopy(self.show(image)))
            end = time.monotonic() + 0.3
            while time.monotonic() < end:
                if received and received[-1].header in headers:
                    return True
                time.sleep(0.005)
            return False

        headers, received = [], self.station.received
        self.station.wait(shown)
        return received[-1]

    def complaint(self, image, words, info=True):
        """Show a picture until the diagnostics complain so, and no pose comes."""
        def complained():
            self.show(image, info)
            time.sleep(0.05)
            # The first may have met the info before.
            counts.append(len(self.station.received))
            return words in self.station.values.get('message', '')

        counts = []
        self.station.wait(complained)
        assert self.station.values['level'] == DiagnosticStatus.WARN
        assert len(counts) > 2 and counts[-1] == counts[1]

    def begin(self):
        """Wait until the camera is heard."""
        for publisher in (self.station.images, self.infos):
            self.station.wait(lambda topic=publisher: topic.get_subscription_count() == 1)

    def configure_anew(self, **parameters):
        for label in ('deactivate', 'cleanup'):
            assert self.station.change_state(label)
        for name, value in parameters.items():
            assert self.station.set_parameter(name, value).successful
        for label in ('configure', 'activate'):
            assert self.station.change_state(label)
        self.begin()


@pytest.fixture(scope='module')
def library(pose_station, pose_model):
    """Give the library's estimator, of which the node shares the codebook."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    # What one has rendered all others read, in the precision in which it is kept.
    for _ in range(2):
        opened = known.open_estimator(pose_model, directions=12, turns=4)
    yield opened
    torch.set_num_threads(threads)


@pytest.fixture(scope='module')
def cell(pose_station, pose_model, library):
    made = Cell(pose_station)
    pose_station.start_active(model=str(pose_model), **SMALL)
    made.begin()
    return made


def bgr8(image):
    return image_message(image, 'bgr8', Header(frame_id='camera'))


def same(message, expected):
    """Tell whether a message holds the library's poses, to the last digit."""
    return [(one.results[0].hypothesis.score, one.results[0].pose.pose)
            for one in message.detections] == [
        (pose.score, pose_message(pose.rotation, pose.translation)) for pose in expected]


def test_before_anything_is_known_of_the_camera_poses_are_withheld(cell, lit_picture):
    cell.complaint(bgr8(lit_picture('disc', 5)), 'no poses: nothing has come on /camera_info',
                   info=False)
    assert cell.station.received == []
    assert cell.station.values['codebook'].startswith('48 views')


def test_the_node_gives_the_librarys_numbers(cell, library, lit_picture):
    picture = lit_picture('disc', 5)
    answer = cell.look(bgr8(picture))
    expected = library.estimate(picture, CAMERA)
    assert len(expected) > 1 and same(answer, expected)
    assert same(cell.look(
        image_message(picture[..., ::-1], 'rgb8', Header(frame_id='camera'))), expected)
    grey = np.ascontiguousarray(picture[..., 1])
    assert same(cell.look(image_message(grey, 'mono8', Header(frame_id='camera'))),
                library.estimate(grey, CAMERA))
    bounds = np.asarray(mesh_of('hammer').bounds)
    for detection in answer.detections:
        assert detection.header == answer.header
        result, = detection.results
        assert result.hypothesis.class_id == 'hammer'
        assert result.pose.covariance[0] == -1
        pose, centre = map(pose_from_message, (result.pose.pose, detection.bbox.center))
        assert centre.translation == pytest.approx(pose.moved(bounds.mean(axis=0))[0], abs=1e-9)
        size = detection.bbox.size
        assert (size.x, size.y, size.z) == pytest.approx(tuple(np.ptp(bounds, axis=0)))


def test_a_frame_without_an_object_gives_an_empty_array(cell):
    assert cell.look(bgr8(np.full((160, 200, 3), 40, np.uint8))).detections == []


FAULTS = {
    'uncalibrated': ({'k': [0.0] * 9}, 'no focal length in K'),
    'another size': ({'width': 640, 'height': 480}, 'the picture has 200 x 160'),
    'another frame': ({'header': Header(frame_id='other')}, "of frame 'other'"),
}


@pytest.mark.parametrize('fault', FAULTS)
def test_without_a_valid_camera_info_poses_are_withheld(cell, lit_picture, fault):
    fields, words = FAULTS[fault]
    picture = bgr8(lit_picture('disc', 5))
    for name, value in fields.items():
        setattr(cell.info, name, value)
    cell.complaint(picture, words)
    cell.info = camera_info_message(CAMERA, Header(frame_id='camera'))
    cell.look(picture)
    cell.station.wait(lambda: cell.station.values['level'] == DiagnosticStatus.OK)


def test_the_lens_is_taken_out_first(cell, library, lit_picture):
    picture = lit_picture('disc', 1)
    straight = Straightener().straight(picture, CameraModel(CAMERA, LENS))
    expected = library.estimate(*straight)
    assert expected and straight.camera != CAMERA
    cell.info.d = list(LENS.coefficients[:5])
    # The first may still have been of the camera before.
    cell.station.wait(lambda: same(cell.look(bgr8(picture)), expected))
    cell.info = camera_info_message(CAMERA, Header(frame_id='camera'))
    cell.station.wait(
        lambda: same(cell.look(bgr8(picture)), library.estimate(picture, CAMERA)))


def test_drawings_and_markers_are_made_on_demand(cell, lit_picture):
    drawings, markers = [], []
    node = cell.station.node
    subscriptions = [
        node.create_subscription(Image, 'pose_estimator/debug_image', drawings.append, 1),
        node.create_subscription(MarkerArray, 'pose_estimator/markers', markers.append, 1)]
    picture = lit_picture('disc', 5)
    while not (drawings and markers):
        answer = cell.look(bgr8(picture))
    assert drawings[-1].encoding == 'bgr8'
    pixels = np.frombuffer(drawings[-1].data, np.uint8).reshape(picture.shape)
    assert (pixels != picture).any(axis=2).sum() > 50
    meshes = [marker for marker in markers[-1].markers if marker.type == Marker.TRIANGLE_LIST]
    assert [marker.pose for marker in meshes] == [
        detection.results[0].pose.pose for detection in answer.detections]
    assert len(meshes[0].points) == 3 * len(mesh_of('hammer').faces)
    # Where poses are withheld, boxes are still shown.
    cell.info.k = [0.0] * 9
    cell.complaint(bgr8(picture), 'no focal length')
    drawings.clear()
    cell.station.wait(lambda: cell.show(bgr8(picture)) and drawings)
    pixels = np.frombuffer(drawings[-1].data, np.uint8).reshape(picture.shape)
    assert (pixels != picture).any(axis=2).sum() > 50
    cell.info = camera_info_message(CAMERA, Header(frame_id='camera'))
    for subscription in subscriptions:
        node.destroy_subscription(subscription)


def test_what_is_fixed_while_the_model_is_loaded_is_refused_with_a_reason(cell):
    for name, value in (('publish_tf', True), ('rectified', True), ('codebook.turns', 9),
                        ('codebook.directions', 42), ('model', 'other')):
        refused = cell.station.set_parameter(name, value)
        assert not refused.successful
        assert refused.reason == (
            f'{name} is fixed while the model is loaded: deactivate and clean up first')
    refused = cell.station.set_parameter('codebook.directions', 13)
    assert not refused.successful and 'one of 12, 42, 162' in refused.reason
    refused = cell.station.set_parameter('tf_prefix', '/cell')
    assert not refused.successful and 'do not begin with a slash' in refused.reason


def test_frames_are_published_where_that_is_wanted(cell, library, lit_picture):
    assert cell.station.node.count_publishers('/tf') == 0
    heard = []
    subscription = cell.station.node.create_subscription(TFMessage, '/tf', heard.append, 100)
    cell.configure_anew(publish_tf=True, tf_prefix='seen/')
    picture = lit_picture('disc', 5)
    answer = cell.look(bgr8(picture))
    assert same(answer, library.estimate(picture, CAMERA))
    cell.station.wait(
        lambda: any(one.transforms[0].header == answer.header for one in heard))
    transforms, = (
        one.transforms for one in heard if one.transforms[0].header == answer.header)
    assert [one.child_frame_id for one in transforms] == [
        f'seen/hammer{number}' for number in ('', '_1', '_2', '_3')[:len(answer.detections)]]
    for transform, detection in zip(transforms, answer.detections, strict=True):
        pose = detection.results[0].pose.pose
        place = transform.transform.translation
        assert (place.x, place.y, place.z) == (
            pose.position.x, pose.position.y, pose.position.z)
        assert transform.transform.rotation == pose.orientation
    cell.station.node.destroy_subscription(subscription)


def test_p_is_the_camera_of_rectified_pictures(cell, library, lit_picture):
    cell.configure_anew(publish_tf=False, rectified=True, class_id_format='id')
    assert cell.station.node.count_publishers('/tf') == 0
    picture = lit_picture('disc', 5)
    cell.info.d = [float('nan')] * 5
    cell.info.p = [300.0, 0.0, 90.0, 0.0, 0.0, 310.0, 70.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    answer = cell.look(bgr8(picture))
    assert same(answer, library.estimate(
        picture, PinholeCamera(200, 160, 300.0, 310.0, 90.0, 70.0)))
    assert {detection.results[0].hypothesis.class_id for detection in answer.detections} == {'0'}
    cell.info = camera_info_message(CAMERA, Header(frame_id='camera'))


def test_a_model_that_cannot_be_used_is_named_and_can_be_replaced(
        cell, pose_model, grasp_model, tmp_path, lit_picture):
    station = cell.station
    for suffix in ('.safetensors', '.json'):
        shutil.copy(pose_model.with_suffix(suffix), tmp_path / f'anvil{suffix}')
    card = tmp_path / 'anvil.json'
    card.write_text(json.dumps(json.loads(card.read_text()) | {'object': 'anvil'}))
    for label in ('deactivate', 'cleanup'):
        assert station.change_state(label)
    for model, words in (('nosuch', 'no bundled model is called'), (grasp_model, "for 'grasp'"),
                         (tmp_path / 'anvil.safetensors', "no object is called 'anvil'")):
        assert station.set_parameter('model', str(model)).successful
        assert not station.change_state('configure')
        station.wait(lambda words=words: words in station.values['message'])
        assert station.values['level'] == DiagnosticStatus.ERROR
        assert station.values['message'] in station.log.read_text()
        assert station.call(GetState, 'get_state').current_state.label == 'unconfigured'
    assert station.set_parameter('model', str(pose_model)).successful
    for label in ('configure', 'activate'):
        assert station.change_state(label)
    cell.begin()
    assert cell.look(bgr8(lit_picture('disc', 5))).detections


def test_the_node_answers_while_a_codebook_is_rendered_and_signals_end_it(cell, lit_picture):
    """The last of the module: the node ends."""
    cell.configure_anew(**{'codebook.directions': known.DIRECTIONS, 'codebook.turns': known.TURNS})
    cell.complaint(bgr8(lit_picture('disc', 5)), '% of 92232 views rendered')
    assert cell.station.set_parameter('score_threshold', 0.5).successful
    assert '% of 92232 views' in cell.station.values['codebook']
    status, seconds = cell.station.end()
    assert status == 0 and seconds < 2
    assert 'Traceback' not in cell.station.log.read_text()


def test_the_defaults_are_the_librarys():
    assert (pose_estimator.DIRECTIONS, pose_estimator.TURNS) == (known.DIRECTIONS, known.TURNS)
