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

"""The objects that a node looks for, and their poses in a picture and its depth."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TYPE_CHECKING

from geometry_msgs.msg import Point
import numpy as np

from mtperception.geometry.camera import Floats, PinholeCamera
from mtperception.geometry.pose_errors import Pose
from mtperception.nodes.pose_messages import can_be_told, mesh_points
from mtperception.nodes.pose_space import View
from mtperception.nodes.straightening import Depth
from mtperception.pose.detection import ObjectPose, Refinement

if TYPE_CHECKING:
    from mtperception.pose.predictor import PoseEstimator

# Points of a mesh that are enough to tell how large it is in a picture.
_SOME = 1000
# Depth is in other units where it has objects so many times as far, or as near: a wrong turn alone
# makes less of a difference.
_UNLIKE = 3.5


@dataclass(frozen=True)
class KnownObject:
    """
    An object that is looked for, and its mesh.

    `bounds` (2 x 3) are the mesh's corners, `outline` (N x 3) some of its vertices, in metres in
    its own frame; `marker_points` are its triangles.
    """

    estimator: 'PoseEstimator'
    bounds: Floats
    outline: Floats
    marker_points: list[Point]

    @classmethod
    def of(cls, estimator: 'PoseEstimator') -> 'KnownObject':
        """Fetch the mesh of an estimator's object; zoo.ModelError says that there is none."""
        from mtperception.objects.meshes import mesh_of

        mesh = mesh_of(estimator.label)
        vertices = np.asarray(mesh.vertices)
        return cls(
            estimator, np.asarray(mesh.bounds), vertices[::max(1, len(vertices) // _SOME)],
            mesh_points(np.asarray(mesh.triangles)))

    @property
    def label(self) -> str:
        """The object's name."""
        return self.estimator.label

    @property
    def ready(self) -> bool:
        """Whether poses can be told of it."""
        return self.estimator.codebook is not None


class Care(NamedTuple):
    """
    How objects are looked for.

    `threshold` is the least score of what is found, None the models' own; `budget` are seconds
    for a picture, None has no limit.
    """

    threshold: float | None
    refinement: Refinement
    budget: float | None


class Found(NamedTuple):
    """Poses in a picture, best score first, and why its depth is not used, or nothing."""

    poses: list[ObjectPose]
    lack: str


def search(objects: Sequence[KnownObject], view: View, care: Care) -> Found:
    """
    Look for objects in a picture and its depth.

    A depth picture that has them many times as far or as near as their size in the picture says
    is in other units: the poses are those of the picture alone.
    """
    poses = _estimate(objects, view, care)
    if view.depth is None:
        return Found(poses, view.lack)
    farther = _farther(objects, poses, view.depth, view.camera)
    if 1.0 / _UNLIKE < farther < _UNLIKE:
        return Found(poses, '')
    return Found(
        _estimate(objects, view._replace(depth=None), care),
        f'by the depth picture objects are {farther:.2g} times as far as by their size: 32FC1 is '
        'in metres, 16UC1 in millimetres')


def _estimate(
    objects: Sequence[KnownObject], view: View, care: Care,
) -> list[ObjectPose]:
    budget = None if care.budget is None else care.budget / len(objects)
    poses = [
        pose for one in objects for pose in one.estimator.estimate(
            view.image, view.camera, care.threshold, view.depth, care.refinement, budget)]
    return sorted(poses, key=lambda pose: -pose.score)


def _farther(
    objects: Sequence[KnownObject], poses: Sequence[ObjectPose], depth: Depth,
    camera: PinholeCamera,
) -> float:
    """Return how many times as far as by their size depth has objects; 1 where it may be true."""
    known = {one.label: one for one in objects}
    ratios = []
    for pose in filter(can_be_told, poses):
        x0, y0, x1, y1 = (max(round(edge), 0) for edge in pose.box)
        inside = depth[y0:y1 + 1, x0:x1 + 1]
        inside = inside[np.isfinite(inside)]
        if not len(inside):
            continue
        # Some of what is in its box is the object, other things are before and behind it.
        near, far = np.percentile(inside, (10, 90))
        by_size = _distance_by_size(pose, known[pose.label], camera)
        ratios.append(max(near / by_size, min(far / by_size, 1.0)))
    return float(np.median(ratios)) if ratios else 1.0


def _distance_by_size(pose: ObjectPose, known: KnownObject, camera: PinholeCamera) -> float:
    """Return how far an object is (metres) that fills its box, turned and seen as in a pose."""
    # It is seen from so far that all of it is well before the camera.
    away = 10.0 * float(np.linalg.norm(np.ptp(known.bounds, axis=0)))
    there = Pose(pose.rotation, pose.translation * (away / pose.translation[2]))
    shown = np.hypot(*np.ptp(camera.project(there.moved(known.outline)), axis=0))
    x0, y0, x1, y1 = pose.box
    return float(away * shown / max(np.hypot(x1 - x0, y1 - y0), 1.0))
