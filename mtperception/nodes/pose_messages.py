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

"""Poses of objects in messages: detections, transforms, and what RViz draws."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from geometry_msgs.msg import Point, TransformStamped, Vector3
import numpy as np
from std_msgs.msg import ColorRGBA, Header
from tf2_msgs.msg import TFMessage
from vision_msgs.msg import (
    BoundingBox3D,
    Detection3D,
    Detection3DArray,
    ObjectHypothesisWithPose,
)
from visualization_msgs.msg import Marker, MarkerArray

from mtperception.geometry.camera import Floats
from mtperception.geometry.pose_errors import Pose
from mtperception.nodes.conversions import pose_from_message, pose_message
from mtperception.pose.detection import ObjectPose

# In metres: the text over an object.
TEXT = 0.02
# Of an object, through which its own points can be seen; and of the text.
GREEN, WHITE = ColorRGBA(r=0.2, g=0.9, b=0.3, a=0.6), ColorRGBA(r=1.0, g=1.0, b=1.0, a=1.0)


def can_be_told(pose: ObjectPose) -> bool:
    """Tell whether a pose is one: all of it finite, and the object in front of the camera."""
    values = (*np.ravel(pose.rotation), *pose.translation, pose.score)
    return bool(np.isfinite(values).all() and pose.translation[2] > 0.0)


def poses_to_message(
    poses: Iterable[ObjectPose], header: Header, class_id: Callable[[str], str],
    bounds: Mapping[str, Floats],
) -> Detection3DArray:
    """
    Turn poses into one message under the image's header, one detection an object.

    The pose is that of the model's origin in the optical frame, `bbox` the box around its mesh,
    whose corners `bounds` holds by label (2 x 3, metres) in the model's own frame: `bbox.center`
    may be another point. The first covariance element is -1: how sure a pose is nobody has
    measured.
    """
    message = Detection3DArray(header=header)
    for pose in poses:
        result = ObjectHypothesisWithPose()
        result.hypothesis.class_id = class_id(pose.label)
        result.hypothesis.score = pose.score
        result.pose.pose = pose_message(pose.rotation, pose.translation)
        result.pose.covariance[0] = -1.0
        message.detections.append(Detection3D(
            header=header, results=[result],
            bbox=box_in_space(pose.rotation, pose.translation, bounds[pose.label])))
    return message


def poses_from_message(message: Detection3DArray) -> list[Pose]:
    """Return the poses of the models' origins, in the order of the detections."""
    return [pose_from_message(detection.results[0].pose.pose)
            for detection in message.detections if detection.results]


def box_in_space(rotation: Floats, translation: Floats, bounds: Floats) -> BoundingBox3D:
    """Return the box of a model with corners `bounds` (2 x 3) in its own frame, at a pose."""
    low, high = bounds
    box = BoundingBox3D(
        center=pose_message(rotation, rotation @ ((low + high) / 2.0) + translation))
    box.size.x, box.size.y, box.size.z = map(float, high - low)
    return box


def poses_to_transforms(
    poses: Sequence[ObjectPose], header: Header, prefix: str,
) -> TFMessage:
    """
    Turn poses, best first, into transforms from the header's frame to the objects'.

    Of each label the best is called prefix and label, the next ones have _1, _2 and so on behind
    that: by score, for nothing is tracked.
    """
    message = TFMessage()
    before: dict[str, int] = {}
    for pose in poses:
        number = before[pose.label] = before.get(pose.label, -1) + 1
        transform = TransformStamped(
            header=header, child_frame_id=f'{prefix}{pose.label}{f"_{number}" if number else ""}')
        at = pose_message(pose.rotation, pose.translation)
        place = transform.transform.translation
        place.x, place.y, place.z = at.position.x, at.position.y, at.position.z
        transform.transform.rotation = at.orientation
        message.transforms.append(transform)
    return message


def poses_to_markers(
    poses: Iterable[ObjectPose], header: Header, triangles: Mapping[str, Sequence[Point]],
) -> MarkerArray:
    """
    Draw the objects' meshes at their poses, with label and score; all before is deleted.

    `triangles` has their corners by label, three for each, in the models' own frames: see
    `mesh_points`.
    """
    markers = [Marker(header=header, action=Marker.DELETEALL)]
    for number, pose in enumerate(poses):
        at = pose_message(pose.rotation, pose.translation)
        markers.append(Marker(
            header=header, ns='objects', id=number, type=Marker.TRIANGLE_LIST, pose=at,
            color=GREEN, scale=Vector3(x=1.0, y=1.0, z=1.0), points=triangles[pose.label]))
        text = Marker(
            header=header, ns='labels', id=number, type=Marker.TEXT_VIEW_FACING, color=WHITE,
            scale=Vector3(z=TEXT), text=f'{pose.label} {100 * pose.score:.0f}')
        text.pose.position = at.position
        markers.append(text)
    return MarkerArray(markers=markers)


def mesh_points(triangles: Floats) -> list[Point]:
    """Turn triangles, T x 3 x 3 in metres, into a marker's points."""
    return [Point(x=x, y=y, z=z) for x, y, z in triangles.reshape(-1, 3).tolist()]
