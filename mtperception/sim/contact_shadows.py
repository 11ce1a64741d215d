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
from mtperception.sim.camera_effects import Picture


def heights(depth: NDArray[np.float32], view: PosedCamera) -> NDArray[np.float32]:
    """Return how high above the plane z = 0 each pixel's point is, in metres; 0 where none is."""
    camera = view.camera
    # The third row of the rotation takes a ray to its share of z.
    across, down, along = view.rotation[2]
    columns = across * (np.arange(camera.width) - camera.cx) / camera.fx
    rows = down * (np.arange(camera.height) - camera.cy) / camera.fy
    climb = (columns[None] + rows[:, None] + along).astype(np.float32)
    height = np.float32(view.position[2]) + climb * np.where(np.isfinite(depth), depth, 0.0)
    return np.where(np.isfinite(depth), height, 0.0).astype(np.float32)


def contact_shade(
    depth: NDArray[np.float32], view: PosedCamera, reach: float, strength: float,
) -> NDArray[np.float32]:
    """
    Return how much of its light each pixel's point still gets, 0 to 1, things being near it.

    What is higher nearby takes light; `reach` is the distance in metres that counts, `strength`
    from 0 to 1 the share of the light that comes from all around.
    """
    height = heights(depth, view)
    pixels = view.camera.fx / float(np.median(depth[np.isfinite(depth)]))
    taken = np.zeros_like(height)
    for share in (1.0, 0.4, 0.15):
        around = _blurred(height, share * reach * pixels)
        # A wall half around a point, as high as it is far away, takes about a third.
        taken += np.clip((around - height) / np.float32(share * reach), 0.0, 1.0)
    return np.asarray(1.0 - strength * np.clip(0.45 * taken, 0.0, 0.85), dtype=np.float32)


def _blurred(field: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    # Wide blurs are made small and enlarged: the same look in a tenth of the time.
    shrink = 2 ** max(0, int(np.log2(max(sigma, 1e-3) / 1.5)))
    if shrink == 1:
        return np.asarray(cv2.GaussianBlur(field, (0, 0), max(sigma, 0.1)))
    size = (max(1, field.shape[1] // shrink), max(1, field.shape[0] // shrink))
    small = cv2.GaussianBlur(
        cv2.resize(field, size, interpolation=cv2.INTER_AREA), (0, 0), sigma / shrink)
    return np.asarray(cv2.resize(small, field.shape[::-1], interpolation=cv2.INTER_LINEAR))


def shaded(light: Picture, shade: NDArray[np.float32]) -> Picture:
    """Darken a scene's light, RGB, by a shade."""
    return np.asarray(light * shade[:, :, None])
