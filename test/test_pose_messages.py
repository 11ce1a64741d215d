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

"""Poses in messages."""

from dataclasses import replace

from hypothesis import given, strategies as st
import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage
from vision_msgs.msg import Detection3DArray
from visualization_msgs.msg import Marker, MarkerArray

from mtperception.geometry.rotations import about_axis, random_rotations
from mtperception.nodes.conversions import pose_from_message
from mtperception.nodes.pose_messages import (
    can_be_told,
    mesh_points,
    poses_from_message,
    poses_to_markers,
    poses_to_message,
    poses_to_transforms,
)
from mtperception.pose.detection import ObjectPose

HEADER = Header(frame_id='camera')
BOUNDS = np.array(((-0.1, -0.02, 0.0), (0.3, 0.02, 0.05)))
OF_EACH = {'hammer': BOUNDS, 'ring': BOUNDS}
numbers = st.floats(-10.0, 10.0)
poses = st.builds(
    lambda seed, x, y, z, score, label: ObjectPose(
        label, random_rotations(np.random.default_rng(seed), 1)[0], np.array((x, y, z)), score,
        (1.0, 2.0, 3.0, 4.0)),
    st.integers(0, 99), numbers, numbers, st.floats(0.1, 10.0), st.floats(0, 1),
    st.sampled_from(('hammer', 'ring')))
POSE = ObjectPose('hammer', about_axis((1.0, 2.0, 3.0), 0.7), np.array((0.1, -0.2, 0.8)), 0.9,
                  (1.0, 2.0, 3.0, 4.0))


def sent(message, kind):
    """Give a message as it is after the wire."""
    return deserialize_message(serialize_message(message), kind)


@given(st.lists(poses, max_size=4))
def test_poses_labels_and_scores_survive(found):
    message = sent(poses_to_message(found, HEADER, str, OF_EACH), Detection3DArray)
    assert message.header == HEADER
    for pose, detection, again in zip(
            found, message.detections, poses_from_message(message), strict=True):
        assert detection.header == HEADER and detection.id == ''
        result, = detection.results
        assert result.hypothesis.class_id == pose.label
        assert result.hypothesis.score == pose.score
        assert result.pose.covariance[0] == -1
        assert again.translation.tolist() == pose.translation.tolist()
        assert again.rotation == pytest.approx(pose.rotation, abs=1e-12)


@given(poses)
def test_the_box_is_around_the_mesh_and_turned_with_it(pose):
    message = sent(poses_to_message([pose], HEADER, str, OF_EACH), Detection3DArray)
    box = message.detections[0].bbox
    centre = pose_from_message(box.center)
    assert centre.rotation == pytest.approx(pose.rotation, abs=1e-12)
    assert (box.size.x, box.size.y, box.size.z) == pytest.approx((0.4, 0.04, 0.05))
    # The mesh's corner is the box's: half its size from its centre, along its own axes.
    half = 0.5 * np.array((box.size.x, box.size.y, box.size.z))
    corner = pose.rotation @ BOUNDS[1] + pose.translation
    assert centre.moved(half)[0] == pytest.approx(corner, abs=1e-9)


def test_classes_may_be_told_by_numbers():
    message = poses_to_message([POSE], HEADER, {'hammer': '0'}.__getitem__, OF_EACH)
    assert message.detections[0].results[0].hypothesis.class_id == '0'


@pytest.mark.parametrize('change', [
    {'rotation': np.full((3, 3), np.nan)}, {'translation': np.array((0.0, np.inf, 1.0))},
    {'translation': np.array((0.0, 0.0, -1.0))}, {'translation': np.zeros(3)},
    {'score': float('nan')}])
def test_what_is_no_pose_before_the_camera_is_not_told(change):
    assert can_be_told(POSE)
    assert not can_be_told(replace(POSE, **change))


def test_frames_are_named_by_label_and_number():
    other = replace(POSE, label='ring', translation=np.array((0.0, 0.1, 0.5)))
    message = sent(poses_to_transforms([POSE, other, POSE, POSE], HEADER, 'a/'), TFMessage)
    assert [one.child_frame_id for one in message.transforms] == [
        'a/hammer', 'a/ring', 'a/hammer_1', 'a/hammer_2']
    assert all(one.header == HEADER for one in message.transforms)
    place = message.transforms[1].transform.translation
    assert (place.x, place.y, place.z) == (0.0, 0.1, 0.5)
    told = poses_to_message([POSE], HEADER, str, OF_EACH).detections[0].results[0].pose.pose
    assert message.transforms[0].transform.rotation == told.orientation


def test_markers_are_the_mesh_at_its_pose():
    triangles = np.random.default_rng(0).normal(size=(5, 3, 3))
    message = sent(
        poses_to_markers([POSE, POSE], HEADER, {'hammer': mesh_points(triangles)}), MarkerArray)
    first, *markers = message.markers
    assert first.action == Marker.DELETEALL
    assert len({(marker.ns, marker.id) for marker in markers}) == 4
    meshes = [marker for marker in markers if marker.type == Marker.TRIANGLE_LIST]
    assert len(meshes) == 2
    for marker in meshes:
        points = np.array([(point.x, point.y, point.z) for point in marker.points])
        assert points == pytest.approx(triangles.reshape(-1, 3))
        assert pose_from_message(marker.pose).rotation == pytest.approx(POSE.rotation)
        assert (marker.scale.x, marker.scale.y, marker.scale.z) == (1.0, 1.0, 1.0)
    assert [marker.text for marker in markers if marker.text] == ['hammer 90'] * 2


def test_without_a_pose_markers_only_delete():
    message = poses_to_markers([], HEADER, {})
    assert [marker.action for marker in message.markers] == [Marker.DELETEALL]
