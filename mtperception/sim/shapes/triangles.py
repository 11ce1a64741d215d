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

"""
Triangle meshes made of lofts around an axis.

A machined part's features (holes, pockets, lands, pins, screw heads) are all star-shaped seen
along their axis, so one construction makes them: closed curves given as radius over angle, one
above the other, joined by strips.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mtperception.geometry.camera import Floats

Indices = NDArray[np.intp]

# Neighbouring facets that differ by less than about 37 degrees are shaded as one round surface.
SMOOTH_COSINE = 0.8


@dataclass(frozen=True)
class Triangles:
    """
    A soup of triangles.

    Points and normals are T x 3 x 3 (triangle, corner, xyz; metres), uv is T x 3 x 2. Corners go
    counter-clockwise seen from outside.
    """

    points: Floats
    normals: Floats
    uv: Floats

    def __len__(self) -> int:
        return len(self.points)

    def placed(self, rotation: ArrayLike, position: ArrayLike) -> 'Triangles':
        """Rotate by a 3 x 3 matrix, then move by a vector in metres."""
        turn = np.asarray(rotation, dtype=np.float64).T
        points, normals = (
            (values.reshape(-1, 3) @ turn).reshape(values.shape)
            for values in (self.points, self.normals))
        points += np.asarray(position)
        return Triangles(points, normals, self.uv)

    def moved(self, position: ArrayLike) -> 'Triangles':
        """Move by a vector in metres."""
        return Triangles(self.points + np.asarray(position), self.normals, self.uv)


def joined(parts: Iterable[Triangles]) -> Triangles:
    """Return all triangles of several meshes as one."""
    some = list(parts)
    if not some:
        return Triangles(np.empty((0, 3, 3)), np.empty((0, 3, 3)), np.empty((0, 3, 2)))
    return Triangles(
        np.concatenate([part.points for part in some]),
        np.concatenate([part.normals for part in some]),
        np.concatenate([part.uv for part in some]),
    )


def circle(angles: Floats, radius: float) -> Floats:
    """Return the radii of a circle at the angles (radians)."""
    return np.full(len(angles), radius)


def rectangle(angles: Floats, left: float, right: float, down: float, up: float) -> Floats:
    """Return the radii of a rectangle that reaches so far from the axis to its four sides."""
    cosine, sine = np.cos(angles), np.sin(angles)
    with np.errstate(divide='ignore'):
        across = np.where(cosine > 0.0, right, left) / np.abs(cosine)
        along = np.where(sine > 0.0, up, down) / np.abs(sine)
    return np.asarray(np.minimum(across, along))


def polygon(angles: Floats, sides: int, inner_radius: float) -> Floats:
    """Return the radii of a regular polygon with its first side across angle 0."""
    step = 2.0 * np.pi / sides
    return np.asarray(inner_radius / np.cos((angles + step / 2.0) % step - step / 2.0))


def rounded(angles: Floats, half_x: float, half_y: float, corner: float) -> Floats:
    """Return the radii of a rectangle around the axis with rounded corners; a slot is one too."""
    flat_x, flat_y = half_x - corner, half_y - corner
    cosine, sine = np.abs(np.cos(angles)), np.abs(np.sin(angles))
    radii = rectangle(angles, half_x, half_x, half_y, half_y)
    at_corner = (radii * cosine > flat_x) & (radii * sine > flat_y)
    middle = flat_x * cosine + flat_y * sine
    reach = np.maximum(middle**2 - flat_x**2 - flat_y**2 + corner**2, 0.0)
    return np.where(at_corner, middle + np.sqrt(reach), radii)


def cross(angles: Floats, length: float, width: float) -> Floats:
    """Return the radii of two bars across each other, of full length and width."""
    bar = rectangle(angles, length / 2, length / 2, width / 2, width / 2)
    return np.maximum(bar, rectangle(angles, width / 2, width / 2, length / 2, length / 2))


def loft(angles: Floats, layers: Sequence[tuple[Floats, float]]) -> Triangles:
    """
    Join closed curves, from the outermost or lowest to the centre.

    A layer is radii at the angles (radians, ascending over one turn) and a height, in metres.
    The result's uv are the x and y of the points, in metres.
    """
    count, levels = len(angles), len(layers)
    radii = np.stack([layer[0] for layer in layers])
    rings = np.empty((levels, count + 1, 3))
    np.multiply(radii, np.cos(angles), out=rings[:, :-1, 0])
    np.multiply(radii, np.sin(angles), out=rings[:, :-1, 1])
    rings[:, :, 2] = np.array([layer[1] for layer in layers])[:, None]
    rings[:, -1] = rings[:, 0]
    facets = _facets(rings)
    before = np.empty_like(facets)
    before[:, 1:] = facets[:, :-1]
    before[:, 0] = facets[:, -1]
    smooth = np.einsum('ijk,ijk->ij', before, facets) > SMOOTH_COSINE
    mean = _unit(before + facets)
    # Each facet has a normal at the angle that it starts at, and one where it ends.
    normals = np.empty((levels - 1, count, 2, 3))
    normals[:, :, 0] = np.where(smooth[:, :, None], mean, facets)
    after = np.append(np.arange(1, count), 0)
    normals[:, :, 1] = np.where(smooth[:, after, None], mean[:, after], facets)
    corners, shades, ring_of = _loft_indices(levels, count)
    solid = (radii.max(axis=1) > 0.0)[ring_of]
    points = rings.reshape(-1, 3)[corners[solid]]
    return Triangles(points, normals.reshape(-1, 3)[shades[solid]], points[:, :, :2].copy())


@lru_cache(maxsize=256)
def _loft_indices(levels: int, count: int) -> tuple[Indices, Indices, Indices]:
    """
    Return how a loft's triangles are put together.

    For each triangle: its corners' places among the rings' points, its corners' normals among
    the facets' two, and the ring whose radius must not be 0 for it to have an area.
    """
    level, facet = (grid.ravel() for grid in np.mgrid[0:levels - 1, 0:count])
    first = level * (count + 1) + facet
    above = first + count + 1
    corners = np.concatenate((
        np.stack((first, first + 1, above + 1), axis=1),
        np.stack((first, above + 1, above), axis=1)))
    start = 2 * (level * count + facet)
    shades = np.concatenate((
        np.stack((start, start + 1, start + 1), axis=1),
        np.stack((start, start + 1, start), axis=1)))
    return corners, shades, np.concatenate((level, level + 1))


def _facets(rings: Floats) -> Floats:
    """Return the unit normals of the quadrilaterals between rings."""
    # Written out: numpy.cross takes several times as long on small arrays.
    one = rings[1:, 1:] - rings[:-1, :-1]
    other = rings[1:, :-1] - rings[:-1, 1:]
    x, y, z = one[..., 0], one[..., 1], one[..., 2]
    u, v, w = other[..., 0], other[..., 1], other[..., 2]
    normals = np.empty_like(one)
    normals[..., 0] = y * w - z * v
    normals[..., 1] = z * u - x * w
    normals[..., 2] = x * v - y * u
    return _unit(normals)


def _unit(vectors: Floats) -> Floats:
    length = np.sqrt(np.einsum('ijk,ijk->ij', vectors, vectors))
    return np.asarray(vectors / np.maximum(length, 1e-15)[:, :, None])


def planar(part: Triangles, size: float, angle: float, offset: ArrayLike) -> Triangles:
    """Lay a texture of a size in metres over x and y, turned by an angle and moved (uv)."""
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[cosine, -sine], [sine, cosine]]) / size
    return Triangles(part.points, part.normals, part.points[:, :, :2] @ turn + np.asarray(offset))
