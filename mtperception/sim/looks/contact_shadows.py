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

"""The shade that things cast where they touch a bench, which lamps in a renderer do not make."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import PosedCamera
from mtperception.sim.looks.camera_effects import blurred, Picture


def heights(depth: NDArray[np.float32], view: PosedCamera) -> NDArray[np.float32]:
    """Return how high above the plane z = 0 each pixel's point is, in metres; 0 where none is."""
    camera = view.camera
    # The third row of the rotation takes a ray to its share of z.
    across, down, along = view.rotation[2]
    columns = across * (np.arange(camera.width) - camera.cx) / camera.fx + along
    rows = down * (np.arange(camera.height) - camera.cy) / camera.fy
    height = columns.astype(np.float32) + rows.astype(np.float32)[:, None]
    with np.errstate(invalid='ignore'):
        height *= depth
    height += np.float32(view.position[2])
    height[~np.isfinite(depth)] = 0.0
    return np.asarray(height)


def contact_shade(
    depth: NDArray[np.float32], view: PosedCamera, reach: float, strength: float,
) -> NDArray[np.float32]:
    """
    Return how much of its light each pixel's point still gets, 0 to 1, things being near it.

    What is higher nearby takes light; `reach` is the distance in metres that counts, `strength`
    from 0 to 1 the share of the light that comes from all around.
    """
    height = heights(depth, view)
    some = depth[::4, ::4]
    pixels = view.camera.fx / float(np.median(some[np.isfinite(some)]))
    taken = np.zeros_like(height)
    for share in (1.0, 0.4, 0.15):
        above = blurred(height, share * reach * pixels) - height
        above *= np.float32(1.0 / (share * reach))
        # A wall half around a point, as high as it is far away, takes about a third.
        taken += np.clip(above, np.float32(0.0), np.float32(1.0), out=above)
    taken *= np.float32(-0.45 * strength)
    taken += np.float32(1.0)
    return np.clip(taken, np.float32(1.0 - 0.85 * strength), np.float32(1.0), out=taken)


def shaded(light: Picture, shade: NDArray[np.float32]) -> Picture:
    """Darken a scene's light, RGB, by a shade."""
    return np.asarray(cv2.multiply(light, cv2.merge((shade,) * 3)))
