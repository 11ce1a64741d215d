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

"""Labels from the boxes that Gazebo draws around labelled bodies."""

from dataclasses import dataclass

import numpy as np

from mtperception.geometry.camera import Floats, PinholeCamera, PosedCamera
from mtperception.geometry.conic import circle_image
from mtperception.geometry.rotations import matrix
from mtperception.sim.pin.labels import PinLabel

# Gazebo's boxes are in OpenGL's camera frame: y up, z backwards.
_OPTICAL = np.diag((1.0, -1.0, -1.0))


@dataclass(frozen=True)
class OrientedBox:
    """
    The box around a body, its sides along the axes of the body's own frame.

    `rotation` (3 x 3) and `centre` (metres) take the box to the camera's optical frame; `size`
    (3, metres) is along its own axes. `label` is the number of what the body is.
    """

    label: int
    centre: Floats
    rotation: Floats
    size: Floats


def box_from_gazebo(
    label: int, centre: Floats, orientation: Floats, size: Floats,
) -> OrientedBox:
    """Return a box from what Gazebo says: `orientation` is a quaternion (x, y, z, w)."""
    return OrientedBox(label, _OPTICAL @ centre, _OPTICAL @ matrix(orientation), size)


def origin(box: OrientedBox, bounds: Floats) -> Floats:
    """
    Return where the origin of a body's mesh is in the optical frame, in metres.

    `bounds` (2 x 3) are the corners of the mesh's own box.
    """
    return np.asarray(box.centre - box.rotation @ bounds.mean(axis=0))


def seen(box: OrientedBox, camera: PinholeCamera) -> float:
    """Return which share of a body's bounds in the picture is within its edges."""
    corners = np.array([(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
    return _inside(camera.project(box.centre + (corners * box.size) @ box.rotation.T), camera)


def pin_label(box: OrientedBox, camera: PinholeCamera) -> PinLabel | None:
    """
    Return the label of a pin without a collar, upright along its box's z axis.

    None where the pin is not in the picture. That something hides a pin is not known: all that
    is inside the picture counts as visible.
    """
    axis, radius, height = box.rotation[:, 2], box.size[0] / 2, box.size[2]
    top = box.centre + 0.5 * height * axis
    angles = np.linspace(0.0, 2 * np.pi, 128, endpoint=False)
    rim = radius * (box.rotation[:, :2] @ (np.cos(angles), np.sin(angles))).T
    outline = camera.project(np.concatenate((top + rim, top - height * axis + rim)))
    inside = _inside(outline, camera)
    if inside <= 0.0:
        return None
    low, high = outline.min(axis=0), outline.max(axis=0)
    x, y = camera.project(top)[0]
    view = PosedCamera(camera, np.eye(3), np.zeros(3))
    diameter = circle_image(view, top, axis, radius).major
    return PinLabel(
        float(x), float(y), diameter,
        (float(low[0]), float(low[1]), float(high[0]), float(high[1])), inside)


def _inside(outline: Floats, camera: PinholeCamera) -> float:
    """Return which share of the bounds of pixels is in the picture; 0 behind the camera."""
    if not np.isfinite(outline).all():
        return 0.0
    low, high = outline.min(axis=0), outline.max(axis=0)
    edges = np.array((camera.width, camera.height)) - 0.5
    return float(
        np.prod(np.clip(high, -0.5, edges) - np.clip(low, -0.5, edges)) / np.prod(high - low))
