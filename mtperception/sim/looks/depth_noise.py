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

"""What a depth camera measures: the exact depth with noise and holes."""

import cv2
import numpy as np
from numpy.typing import NDArray

Depth = NDArray[np.float32]

# The noise's standard deviation at 1 m, in metres; it grows with the square of the distance.
NOISE = 0.002
# Nothing is measured beyond, in metres, nor in most places next to a step of this share.
_FARTHEST, _STEP, _LOST_AT_STEPS = 6.0, 0.03, 0.6
# Where the depth changes by more than this share over three pixels, a surface is seen edge-on.
_STEEP = 0.02
_SPOTS, _SPOT_RADII = 8, (1.0, 9.0)
# Holes are made by noise that is smooth over the picture's width divided by this.
_BLOBS = 64


def measured(rng: np.random.Generator, depth: Depth, noise_at_1m: float = NOISE) -> Depth:
    """
    Measure an exact depth picture (metres along the optical axis, infinite where nothing is).

    The result is 0 where nothing was measured: at the edges of things, on surfaces seen
    edge-on, far away, and in some spots that shine. The noise's standard deviation at 1 m is in
    metres.
    """
    noise = rng.standard_normal(depth.shape, dtype=np.float32)
    there = np.isfinite(depth)
    exact = np.where(there, depth, np.float32(0.0))
    noisy = exact + np.float32(noise_at_1m) * noise * exact * exact
    lost = ~there | (exact > _FARTHEST) | _at_edges(rng, exact) | _spots(rng, exact.shape)
    return np.where(lost, np.float32(0.0), noisy)


def with_holes(rng: np.random.Generator, depth: Depth, share: float) -> Depth:
    """
    Lose a share, 0 to below 1, of a depth picture: in blobs, of a sixteenth of its width and more.

    The share is that of the whole picture; of one thing in it more or less is lost.
    """
    if not 0 <= share < 1:
        raise ValueError(f'holes of {share} of the picture; it must be from 0 to below 1')
    if not share:
        return depth
    noise = rng.standard_normal(depth.shape, dtype=np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), depth.shape[1] / _BLOBS)
    return np.where(smooth < np.quantile(smooth, share), np.float32(0.0), depth)


def _at_edges(rng: np.random.Generator, exact: Depth) -> NDArray[np.bool_]:
    around = np.ones((3, 3), dtype=np.uint8)
    nearest, farthest = cv2.erode(exact, around), cv2.dilate(exact, around)
    change = (farthest - nearest) / np.maximum(exact, np.float32(1e-6))
    chance = np.where(change > _STEP, _LOST_AT_STEPS, np.where(change > _STEEP, 0.3, 0.0))
    return np.asarray(rng.random(exact.shape, dtype=np.float32) < chance)


def _spots(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    spots = np.zeros(shape, dtype=np.uint8)
    for _ in range(int(rng.integers(_SPOTS + 1))):
        place = (int(rng.integers(shape[1])), int(rng.integers(shape[0])))
        low, high = np.log(_SPOT_RADII)
        axes = tuple(int(radius) for radius in np.exp(rng.uniform(low, high, 2)))
        cv2.ellipse(spots, place, axes, float(rng.uniform(0.0, 180.0)), 0.0, 360.0, 1, -1)
    return spots > 0
