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

"""Grasps in messages: rectangles, poses in space, and what RViz draws."""

from collections.abc import Callable, Iterable, Sequence

from geometry_msgs.msg import Point, Pose, PoseArray, Vector3
import numpy as np
from std_msgs.msg import ColorRGBA, Header
from vision_msgs.msg import (
    Detection2D,
    Detection2DArray,
    Detection3D,
    Detection3DArray,
    ObjectHypothesisWithPose,
)
from visualization_msgs.msg import Marker, MarkerArray

from mtperception.geometry.camera import Floats
from mtperception.grasp.detection import Grasp, GraspPose
from mtperception.nodes.conversions import pose_message, rectangle_to_box

GRASP = 'grasp'
# In metres: how markers draw a gripper, and the text above it.
FINGER, ARM, LINE, TEXT = 0.05, 0.03, 0.003, 0.012
GREEN, WHITE = ColorRGBA(r=0.2, g=0.9, b=0.3, a=1.0), ColorRGBA(r=1.0, g=1.0, b=1.0, a=1.0)


def grasps_to_message(
    grasps: Iterable[Grasp], header: Header, class_id: Callable[[str], str],
) -> Detection2DArray:
    """
    Turn grasps into one message under the image's header, one detection a grasp.

    `bbox` is the rotated rectangle: size_x the opening, size_y the fingers' width, theta the
    opening's angle, counter-clockwise as seen on the screen. `class_id` gives what a class is
    called by. The first covariance element is -1: a rectangle is no pose.
    """
    return Detection2DArray(header=header, detections=[
        Detection2D(
            header=header, results=_results(grasp, class_id, Pose()), bbox=rectangle_to_box(
                grasp.x, grasp.y, grasp.opening, grasp.jaw, grasp.theta))
        for grasp in grasps])


def grasps_in_space(
    grasps: Iterable[Grasp], header: Header, class_id: Callable[[str], str],
) -> Detection3DArray:
    """
    Turn grasps with poses into one message; those without are left out.

    The pose is the point between the fingers' tips, x along the closing direction, z along the
    approach; bbox.size.x is the opening in metres, size.y the fingers' width, z is not known. The
    first covariance element is -1: how sure a pose is nobody has measured.
    """
    message = Detection3DArray(header=header)
    for grasp in grasps:
        if grasp.pose is None:
            continue
        pose = gripper_pose(grasp.pose)
        detection = Detection3D(header=header, results=_results(grasp, class_id, pose))
        detection.bbox.center = pose
        detection.bbox.size.x = grasp.pose.opening
        detection.bbox.size.y = grasp.pose.opening * grasp.jaw / grasp.opening
        message.detections.append(detection)
    return message


def grasps_as_poses(grasps: Iterable[Grasp], header: Header) -> PoseArray:
    """Turn the poses of grasps into one message; grasps without one are left out."""
    return PoseArray(header=header, poses=[
        gripper_pose(grasp.pose) for grasp in grasps if grasp.pose is not None])


def gripper_pose(pose: GraspPose) -> Pose:
    """Turn a gripper's pose into a message: x closes, z approaches."""
    closing, approach = np.array(pose.closing), np.array(pose.approach)
    axes = np.column_stack((closing, np.cross(approach, closing), approach))
    return pose_message(axes, np.array(pose.position))


def grasps_to_markers(grasps: Sequence[Grasp], header: Header) -> MarkerArray:
    """Draw the grippers of grasps with poses, and the names of shapes; all before is deleted."""
    markers = [Marker(header=header, action=Marker.DELETEALL)]
    lines = Marker(
        header=header, ns='grippers', type=Marker.LINE_LIST, color=GREEN,
        scale=Vector3(x=LINE))
    for number, grasp in enumerate(grasps):
        if grasp.pose is None:
            continue
        corners = _drawn_gripper(grasp.pose)
        lines.points.extend(_point(corner) for corner in corners)
        if grasp.shape is not None:
            text = Marker(
                header=header, ns='shapes', id=number, type=Marker.TEXT_VIEW_FACING,
                color=WHITE, scale=Vector3(z=TEXT), text=grasp.shape)
            text.pose.position = _point(corners[-1])
            markers.append(text)
    if lines.points:
        markers.append(lines)
    return MarkerArray(markers=markers)


def _drawn_gripper(pose: GraspPose) -> Floats:
    """Return the ends of lines, one after the other: fingers, palm and arm."""
    tips, closing, approach = map(np.array, (pose.position, pose.closing, pose.approach))
    half, palm = 0.5 * pose.opening * closing, tips - FINGER * approach
    return np.array([
        tips - half, palm - half, tips + half, palm + half, palm - half, palm + half,
        palm, palm - ARM * approach])


def _point(place: Floats) -> Point:
    x, y, z = place.tolist()
    return Point(x=x, y=y, z=z)


def _results(
    grasp: Grasp, class_id: Callable[[str], str], pose: Pose,
) -> list[ObjectHypothesisWithPose]:
    """State the shape with its score, where it is known, and that it is a grasp with its own."""
    classes = [(GRASP, grasp.score)]
    if grasp.shape is not None and grasp.shape_score is not None:
        classes.insert(0, (grasp.shape, grasp.shape_score))
    results = []
    for name, score in classes:
        result = ObjectHypothesisWithPose()
        result.hypothesis.class_id = class_id(name)
        result.hypothesis.score = score
        result.pose.pose = pose
        result.pose.covariance[0] = -1.0
        results.append(result)
    return results
