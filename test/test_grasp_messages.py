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

"""Grasps in messages."""

from geometry_msgs.msg import PoseArray
from hypothesis import given, strategies as st
import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray, Detection3DArray
from visualization_msgs.msg import Marker, MarkerArray

from mtperception.geometry.rotations import matrix, random_rotations
from mtperception.grasp.detection import Grasp, GraspPose
from mtperception.nodes.conversions import rectangle_from_box
from mtperception.nodes.grasp_messages import (
    grasps_as_poses,
    grasps_in_space,
    grasps_to_markers,
    grasps_to_message,
)

HEADER = Header(frame_id='camera')


def posed(seed):
    axes = random_rotations(np.random.default_rng(seed), 1)[0]
    return GraspPose((0.1, -0.2, 0.7), tuple(axes[0]), tuple(axes[1]), 0.06)


shapes = st.one_of(
    st.just({}), st.builds(
        lambda shape, score: {'shape': shape, 'shape_score': score},
        st.sampled_from(('L', 'ring')), st.floats(0, 1)))
poses = st.one_of(st.none(), st.integers(0, 9).map(posed))
grasps = st.builds(
    lambda *values, **more: Grasp(*values[:6], 7, pose=values[6], **values[7]),
    st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.floats(1, 1e3), st.floats(1, 1e3),
    st.floats(-np.pi / 2 + 1e-9, np.pi / 2), st.floats(0, 1), poses, shapes)


def sent(message, kind):
    """Give a message as it is after the wire."""
    return deserialize_message(serialize_message(message), kind)


@given(st.lists(grasps, max_size=5))
def test_rectangles_shapes_and_scores_survive_to_the_last_digit(found):
    message = sent(grasps_to_message(found, HEADER, str), Detection2DArray)
    assert message.header == HEADER
    for grasp, detection in zip(found, message.detections, strict=True):
        assert detection.header == HEADER
        assert rectangle_from_box(detection.bbox) == pytest.approx(
            (grasp.x, grasp.y, grasp.opening, grasp.jaw, grasp.theta), rel=1e-15, abs=1e-15)
        classes = [(result.hypothesis.class_id, result.hypothesis.score)
                   for result in detection.results]
        assert classes[-1] == ('grasp', grasp.score)
        assert classes[:-1] == ([] if grasp.shape is None else [(grasp.shape, grasp.shape_score)])
        assert all(result.pose.covariance[0] == -1 for result in detection.results)


@given(st.lists(grasps, max_size=5))
def test_poses_close_along_x_and_approach_along_z(found):
    message = sent(grasps_in_space(found, HEADER, str), Detection3DArray)
    array = sent(grasps_as_poses(found, HEADER), PoseArray)
    with_pose = [grasp for grasp in found if grasp.pose is not None]
    for grasp, detection, pose in zip(with_pose, message.detections, array.poses, strict=True):
        assert detection.bbox.center == pose == detection.results[0].pose.pose
        turn = pose.orientation
        axes = matrix((turn.x, turn.y, turn.z, turn.w))
        assert axes[:, 0] == pytest.approx(grasp.pose.closing)
        assert axes[:, 2] == pytest.approx(grasp.pose.approach)
        assert np.linalg.det(axes) == pytest.approx(1.0)
        place = pose.position
        assert (place.x, place.y, place.z) == grasp.pose.position
        size = detection.bbox.size
        assert size.x == grasp.pose.opening
        assert size.y / size.x == pytest.approx(grasp.jaw / grasp.opening)
        assert detection.results[0].pose.covariance[0] == -1


def test_classes_may_be_told_by_numbers():
    grasp = Grasp(1.0, 2.0, 3.0, 4.0, 0.5, 0.9, 0, 'ring', 0.8)
    message = grasps_to_message([grasp], HEADER, {'grasp': '0', 'ring': '3'}.__getitem__)
    assert [result.hypothesis.class_id for result in message.detections[0].results] == ['3', '0']


def test_markers_draw_the_fingers_where_they_close():
    grasp = Grasp(1.0, 2.0, 3.0, 4.0, 0.5, 0.9, 0, 'ring', 0.8, posed(3))
    nowhere = Grasp(1.0, 2.0, 3.0, 4.0, 0.5, 0.9, 0)
    message = sent(grasps_to_markers([nowhere, grasp, grasp], HEADER), MarkerArray)
    first, *texts, lines = message.markers
    assert first.action == Marker.DELETEALL
    assert [text.text for text in texts] == ['ring', 'ring']
    assert len({(marker.ns, marker.id) for marker in message.markers[1:]}) == 3
    assert lines.type == Marker.LINE_LIST
    points = np.array([(point.x, point.y, point.z) for point in lines.points])
    assert len(points) == 16
    pose = grasp.pose
    tips = points[[0, 2]]
    assert tips.mean(axis=0) == pytest.approx(np.array(pose.position))
    assert tips[1] - tips[0] == pytest.approx(pose.opening * np.array(pose.closing))
    assert (points[1] - points[0]) @ pose.approach == pytest.approx(-0.05)


def test_without_a_pose_markers_only_delete():
    message = grasps_to_markers([], HEADER)
    assert [marker.action for marker in message.markers] == [Marker.DELETEALL]
