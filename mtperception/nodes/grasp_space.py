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

"""What is listened to beside pictures so that grasps in them can be placed in space."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import compress
from typing import NamedTuple

from geometry_msgs.msg import TransformStamped
import numpy as np
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.time import Time
from sensor_msgs.msg import Image
from tf2_ros import Buffer, TransformException, TransformListener

from mtperception.geometry.camera import Floats
from mtperception.geometry.gripper import GripperShape
from mtperception.geometry.rotations import matrix
from mtperception.grasp.depth_clearance import comes_down_freely
from mtperception.grasp.detection import Grasp
from mtperception.grasp.poses import CLEAR_OF_BENCH, grasp_poses, poses_by_depth
from mtperception.nodes.camera_input import CameraInput
from mtperception.nodes.camera_model import CameraError
from mtperception.nodes.depth_input import DepthInput

# What is asked for beside a picture may come so much later.
PATIENCE = Duration(seconds=0.05)
OPTICAL_AXIS = np.array((0.0, 0.0, 1.0))


class Bench(NamedTuple):
    """Where a bench is: the unit vector down to it (3, optical frame), and how far that is."""

    down: Floats
    reach: float


class GraspSpace:
    """
    Place grasps in space by the camera_info, and by the bench, the depth picture, or both.

    The bench is the plane z = 0 of a TF frame, from which the gripper comes down; without one it
    comes along the optical axis. Depth tells how high parts are, and what would be in the
    gripper's way; without it, all are gripped at one height over the bench.
    """

    def __init__(self, node: Node, bench_frame: str, use_depth: bool, rectified: bool) -> None:
        self._bench_frame = bench_frame
        self._transforms = Buffer()
        # Those of another time are worth nothing.
        self._camera = CameraInput(node, rectified, self._transforms.clear)
        self._depth = DepthInput(node) if use_depth else None
        self._listener = TransformListener(self._transforms, node) if bench_frame else None

    @property
    def wanted(self) -> bool:
        """Whether grasps can be placed at all, once everything is received."""
        return bool(self._bench_frame or self._depth)

    def close(self) -> None:
        """Listen no more."""
        self._camera.close()
        if self._depth is not None:
            self._depth.close()
        if self._listener is not None:
            self._listener.unregister()

    def placed(
        self, grasps: Sequence[Grasp], image: Image, tip_height: float, tip_depth: float,
        gripper: GripperShape | None,
    ) -> list[Grasp]:
        """
        Return those grasps of a picture that have a pose, with it.

        The fingers' tips close `tip_depth` below the part's surface where depth is listened to,
        otherwise at `tip_height` over the bench, in metres. With depth and a `gripper`, those that
        it comes down to freely alone are returned. ValueError says what is missing where nothing
        can be placed.
        """
        camera, lens = self._camera.of(image)
        bench = self._bench(image)
        down = OPTICAL_AXIS if bench is None else bench.down
        depth = None if self._depth is None else self._depth.beside(image)
        if depth is not None:
            deepest = np.inf if bench is None else bench.reach - CLEAR_OF_BENCH
            poses = poses_by_depth(grasps, depth, camera, lens, down, tip_depth, deepest)
        elif bench is not None:
            poses = grasp_poses(grasps, camera, lens, down, bench.reach - tip_height)
        else:
            raise CameraError('neither bench_frame nor use_depth is set')
        placed = [(grasp, pose) for grasp, pose in zip(grasps, poses, strict=True)
                  if pose is not None]
        if depth is not None and gripper is not None:
            free = comes_down_freely(
                [pose for _, pose in placed], depth, camera, lens, gripper)
            placed = list(compress(placed, free))
        return [replace(grasp, pose=pose) for grasp, pose in placed]

    def _bench(self, image: Image) -> Bench | None:
        if self._listener is None:
            return None
        frame = image.header.frame_id
        try:
            transform = self._transforms.lookup_transform(
                frame, self._bench_frame, Time.from_msg(image.header.stamp), PATIENCE)
        except TransformException as error:
            raise CameraError(f'no way from bench_frame to the camera: {error}') from error
        bench = bench_from(transform)
        if bench.reach <= 0.0:
            raise CameraError(
                f'{frame} is below the bench: z of {self._bench_frame} must point up, to the '
                'camera')
        return bench


def bench_from(transform: TransformStamped) -> Bench:
    """Read where the plane z = 0 is of the frame that a transform to the optical frame is of."""
    place, turn = transform.transform.translation, transform.transform.rotation
    down = -matrix((turn.x, turn.y, turn.z, turn.w))[:, 2]
    return Bench(down, float(down @ (place.x, place.y, place.z)))
