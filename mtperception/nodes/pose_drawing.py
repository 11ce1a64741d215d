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

"""Draw objects that were found on a copy of the picture, behind its lens."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import ArrayLike

from mtperception.geometry.camera import Floats, PinholeCamera
from mtperception.geometry.distortion import distort_pixels, Distortion
from mtperception.nodes.camera_model import CameraModel
from mtperception.nodes.straightening import Pixels
from mtperception.pose.detection import Box, ObjectPose
from mtperception.pose.draw import BOX_COLOUR, draw_poses

# Points on each side of a box, which a lens bends.
_POINTS = 9


@dataclass(frozen=True)
class LensCamera(PinholeCamera):
    """A camera whose lens shows points where it does: `project` is in pixels of its pictures."""

    lens: Distortion

    def project(self, points: ArrayLike) -> Floats:
        return distort_pixels(self, self.lens, super().project(points))


def draw_on_input(
    image: Pixels, poses: Iterable[ObjectPose], model: CameraModel, camera: PinholeCamera,
) -> Pixels:
    """
    Draw poses as `pose.draw` does, on the picture (H x W, or x 3, BGR) that `model` has taken.

    The poses' boxes are in pixels of `camera`, which sees the same without a lens.
    """
    lens_camera = LensCamera(**vars(model.camera), lens=model.lens)
    return draw_poses(
        image, [replace(pose, box=box_in_input(pose.box, model, camera)) for pose in poses],
        lens_camera)


def box_in_input(box: Box, model: CameraModel, camera: PinholeCamera) -> Box:
    """Return what bounds a box in the input's pixels; as `draw_on_input` has them."""
    if camera == model.camera and model.lens == Distortion():
        return box
    corners = np.array(box)[[(0, 1), (2, 1), (2, 3), (0, 3)]]
    share = np.linspace(0.0, 1.0, _POINTS)[:, None]
    sides = [one + share * (other - one)
             for one, other in zip(corners, np.roll(corners, -1, axis=0), strict=True)]
    shift = (model.camera.cx - camera.cx, model.camera.cy - camera.cy)
    seen = distort_pixels(model.camera, model.lens, np.concatenate(sides) + shift)
    (x0, y0), (x1, y1) = seen.min(axis=0).tolist(), seen.max(axis=0).tolist()
    return x0, y0, x1, y1


def draw_boxes(image: Pixels, boxes: Sequence[Box]) -> Pixels:
    """Draw boxes alone on a copy of a picture, H x W or H x W x 3 (BGR), in its own pixels."""
    drawn = np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), dtype=np.uint8) \
        if image.ndim == 2 else image.copy()
    for box in boxes:
        x0, y0, x1, y1 = map(round, box)
        cv2.rectangle(drawn, (x0, y0), (x1, y1), BOX_COLOUR, 1, cv2.LINE_AA)
    return drawn
