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

"""Flat things on a surface: scratches, blots, discs and strips, as triangles that face up."""

import numpy as np

from mtperception.geometry.camera import Floats
from mtperception.sim.shapes.triangles import circle, loft, Triangles


def scratch(rng: np.random.Generator, start: Floats) -> Triangles:
    """Return a thin, slightly bent strip from a point, in metres."""
    length, width = rng.uniform(0.004, 0.05), rng.uniform(0.00006, 0.0003)
    angle, bend = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.4)
    steps = np.linspace(0.0, 1.0, 9)
    heading = angle + bend * steps
    path = start[:2] + np.cumsum(
        np.column_stack((np.cos(heading), np.sin(heading))) * length / 8, axis=0)
    side = np.column_stack((-np.sin(heading), np.cos(heading)))
    half = 0.5 * width * np.sin(np.pi * np.clip(steps, 0.04, 0.96))[:, None]
    left, right = path + half * side, path - half * side
    return strip(left, right, float(start[2]))


def strip(left: Floats, right: Floats, height: float) -> Triangles:
    """Return a level strip between two lines, both N x 2 in metres, facing up."""
    quads = np.stack((right[:-1], right[1:], left[1:], left[:-1]), axis=1)
    points = np.concatenate((quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]))
    flat = np.concatenate((points, np.full((*points.shape[:2], 1), height)), axis=2)
    return Triangles(flat, np.broadcast_to((0.0, 0.0, 1.0), flat.shape).copy(), points / 0.1)


def blot(rng: np.random.Generator, at: Floats, radius: float) -> Triangles:
    """Return an irregular flat patch of about a radius around a point, in metres."""
    angles = np.linspace(0.0, 2 * np.pi, 28, endpoint=False)
    waves = sum(
        rng.normal(0, 0.28 / k) * np.cos(k * angles + rng.uniform(0, 6.3)) for k in range(1, 6))
    outline = radius * np.clip(1.0 + waves, 0.25, 2.0)
    return loft(angles, [(outline, 0.0), (0.0 * outline, 0.0)]).moved(at)


def disc(radius: float, at: Floats) -> Triangles:
    """Return a flat disc around a point, in metres."""
    angles = np.linspace(0.0, 2 * np.pi, 40, endpoint=False)
    outline = circle(angles, radius)
    return loft(angles, [(outline, 0.0), (0.0 * outline, 0.0)]).moved(at)
