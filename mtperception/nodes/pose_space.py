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

"""What is listened to beside pictures so that poses can be told: the camera, and depth."""

from typing import NamedTuple

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import Image

from mtperception.geometry.camera import PinholeCamera
from mtperception.nodes.camera_input import CameraInput
from mtperception.nodes.camera_model import CameraModel
from mtperception.nodes.depth_input import DepthInput
from mtperception.nodes.image_gate import ImageError
from mtperception.nodes.straightening import Depth, Pixels, Straightener


class View(NamedTuple):
    """
    A picture as a camera without a lens takes it, and its depth.

    `image` is H x W, or H x W x 3 (BGR), `depth` H x W metres, infinite where nothing is known,
    or None; then `lack` says why, or is empty where none is wanted. `model` is the camera that
    has taken the picture, with its lens.
    """

    image: Pixels
    camera: PinholeCamera
    model: CameraModel
    depth: Depth | None
    lack: str


class PoseSpace:
    """Tell by `camera_info` where a picture's pixels look, and by `depth` how far they see."""

    def __init__(self, node: Node, use_depth: bool, rectified: bool) -> None:
        self._camera = CameraInput(node, rectified)
        self._depth = DepthInput(node) if use_depth else None
        self._straightener = Straightener()

    def close(self) -> None:
        """Listen no more."""
        self._camera.close()
        if self._depth is not None:
            self._depth.close()

    def view(self, message: Image, image: Pixels, with_depth: bool) -> View:
        """
        Return what a message, decoded to an image, shows, with its depth where that is wanted.

        CameraError says why the camera is not known.
        """
        model = self._camera.of(message)
        straight = self._straightener.straight(image, model)
        depth, lack = None, ''
        if with_depth and self._depth is not None:
            try:
                depth = self._straightener.straight_depth(
                    _something(self._depth.beside(message)), model)
            except ImageError as error:
                lack = str(error)
        return View(*straight, model, depth, lack)


def _something(depth: Depth) -> Depth:
    if not np.isfinite(depth).any():
        raise ImageError('depth', 'the depth picture has no depth at all')
    return depth
