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

"""The pose estimator over real DDS, in another process: poses, and what is missing for them."""

from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
import pytest
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import Marker, MarkerArray

from mtperception.geometry.camera import PinholeCamera
from mtperception.geometry.distortion import Distortion
from mtperception.nodes.camera_model import CameraModel
from mtperception.nodes.conversions import pose_from_message
from mtperception.nodes.straightening import Straightener
from mtperception.objects.meshes import mesh_of

pytestmark = pytest.mark.timeout(300)
LENS = Distortion(-0.3, 0.1, 0.002, -0.001)


@pytest.fixture(scope='module', autouse=True)
def started(cell, pose_model):
    cell.start(pose_model)


def test_before_anything_is_known_of_the_camera_poses_are_withheld(cell, lit_picture):
    cell.complaint(lit_picture('disc', 5), 'no poses: nothing has come on /camera_info',
                   info=False)
    assert cell.station.received == []
    assert cell.station.values['codebook'].startswith('48 views')


def test_the_node_gives_the_librarys_numbers(cell, library, lit_picture):
    picture = lit_picture('disc', 5)
    answer = cell.look(picture)
    expected = library.estimate(picture, cell.camera)
    assert len(expected) > 1 and cell.same(answer, expected)
    assert cell.same(cell.look(cell.message(picture[..., ::-1], 'rgb8')), expected)
    grey = np.ascontiguousarray(picture[..., 1])
    assert cell.same(
        cell.look(cell.message(grey, 'mono8')), library.estimate(grey, cell.camera))
    bounds = np.asarray(mesh_of('hammer').bounds)
    for detection in answer.detections:
        assert detection.header == answer.header
        result, = detection.results
        assert result.pose.covariance[0] == -1
        pose, centre = map(pose_from_message, (result.pose.pose, detection.bbox.center))
        assert centre.translation == pytest.approx(pose.moved(bounds.mean(axis=0))[0], abs=1e-9)
        size = detection.bbox.size
        assert (size.x, size.y, size.z) == pytest.approx(tuple(np.ptp(bounds, axis=0)))


def test_a_frame_without_an_object_gives_an_empty_array(cell):
    assert cell.look(np.full((160, 200, 3), 40, np.uint8)).detections == []


FAULTS = {
    'uncalibrated': ({'k': [0.0] * 9}, 'no focal length in K'),
    'another size': ({'width': 640, 'height': 480}, 'the picture has 200 x 160'),
    'another frame': ({'header': Header(frame_id='other')}, "of frame 'other'"),
}


@pytest.mark.parametrize('fault', FAULTS)
def test_without_a_valid_camera_info_poses_are_withheld(cell, lit_picture, fault):
    fields, words = FAULTS[fault]
    picture = lit_picture('disc', 5)
    for name, value in fields.items():
        setattr(cell.info, name, value)
    cell.complaint(picture, words)
    cell.info = cell.calibrated()
    cell.look(picture)
    cell.station.wait(lambda: cell.station.values['level'] == DiagnosticStatus.OK)


def test_the_lens_is_taken_out_first(cell, library, lit_picture):
    picture = lit_picture('disc', 1)
    straight = Straightener().straight(picture, CameraModel(cell.camera, LENS))
    expected = library.estimate(*straight)
    assert expected and straight.camera != cell.camera
    cell.info.d = list(LENS.coefficients[:5])
    # The first may still have been of the camera before.
    cell.station.wait(lambda: cell.same(cell.look(picture), expected))
    cell.info = cell.calibrated()
    expected = library.estimate(picture, cell.camera)
    cell.station.wait(lambda: cell.same(cell.look(picture), expected))


def test_drawings_and_markers_are_made_on_demand(cell, lit_picture):
    drawings, markers = [], []
    node = cell.station.node
    subscriptions = [
        node.create_subscription(Image, 'pose_estimator/debug_image', drawings.append, 1),
        node.create_subscription(MarkerArray, 'pose_estimator/markers', markers.append, 1)]
    picture = lit_picture('disc', 5)
    while not (drawings and markers):
        answer = cell.look(picture)
    assert drawings[-1].encoding == 'bgr8'
    pixels = np.frombuffer(drawings[-1].data, np.uint8).reshape(picture.shape)
    assert (pixels != picture).any(axis=2).sum() > 50
    meshes = [marker for marker in markers[-1].markers if marker.type == Marker.TRIANGLE_LIST]
    assert [marker.pose for marker in meshes] == [
        detection.results[0].pose.pose for detection in answer.detections]
    assert len(meshes[0].points) == 3 * len(mesh_of('hammer').faces)
    # Where poses are withheld, boxes are still shown.
    cell.info.k = [0.0] * 9
    cell.complaint(picture, 'no focal length')
    drawings.clear()
    cell.station.wait(lambda: cell.show(picture) and drawings)
    pixels = np.frombuffer(drawings[-1].data, np.uint8).reshape(picture.shape)
    assert (pixels != picture).any(axis=2).sum() > 50
    cell.info = cell.calibrated()
    for subscription in subscriptions:
        node.destroy_subscription(subscription)


def test_frames_are_published_where_that_is_wanted(cell, library, lit_picture):
    assert cell.station.node.count_publishers('/tf') == 0
    heard = []
    subscription = cell.station.node.create_subscription(TFMessage, '/tf', heard.append, 100)
    cell.configure_anew(publish_tf=True, tf_prefix='seen/')
    picture = lit_picture('disc', 5)
    answer = cell.look(picture)
    assert cell.same(answer, library.estimate(picture, cell.camera))
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
    answer = cell.look(picture)
    assert {detection.results[0].hypothesis.class_id for detection in answer.detections} == {'0'}
    for detection in answer.detections:
        detection.results[0].hypothesis.class_id = 'hammer'
    assert cell.same(answer, library.estimate(
        picture, PinholeCamera(200, 160, 300.0, 310.0, 90.0, 70.0)))
