"""
Triangle meshes made of lofts around an axis.

A machined part's features (holes, pockets, lands, pins, screw heads) are all star-shaped seen
along their axis, so one construction makes them: closed curves given as radius over angle, one
above the other, joined by strips.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..geometry.camera import Floats

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
        return Triangles(self.points @ turn + np.asarray(position), self.normals @ turn, self.uv)


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
    closed = np.append(np.arange(len(angles)), 0)
    radii = np.stack([layer[0] for layer in layers])[:, closed]
    heights = np.array([layer[1] for layer in layers])[:, None]
    rings = np.stack(
        (radii * np.cos(angles[closed]), radii * np.sin(angles[closed]),
         np.broadcast_to(heights, radii.shape)), axis=2)
    first, second = rings[:-1, :-1], rings[:-1, 1:]
    third, fourth = rings[1:, 1:], rings[1:, :-1]
    facet = _unit(_cross(third - first, fourth - second))
    before = facet[:, closed[:-1] - 1]
    smooth = (before * facet).sum(axis=2, keepdims=True) > SMOOTH_COSINE
    mean = _unit(before + facet)
    after = closed[1:]
    starting = np.where(smooth, mean, facet)
    ending = np.where(smooth[:, after], mean[:, after], facet)
    wide = np.broadcast_to(radii[:-1, :-1] > 0.0, facet.shape[:2])
    open_above = np.broadcast_to(radii[1:, :-1] > 0.0, facet.shape[:2])
    points = np.concatenate((
        np.stack((first, second, third), axis=2)[wide],
        np.stack((first, third, fourth), axis=2)[open_above]))
    normals = np.concatenate((
        np.stack((starting, ending, ending), axis=2)[wide],
        np.stack((starting, ending, starting), axis=2)[open_above]))
    return Triangles(points, normals, points[:, :, :2].copy())


def _cross(one: Floats, other: Floats) -> Floats:
    # numpy.cross takes several times as long on small arrays.
    x, y, z = one[..., 0], one[..., 1], one[..., 2]
    u, v, w = other[..., 0], other[..., 1], other[..., 2]
    return np.stack((y * w - z * v, z * u - x * w, x * v - y * u), axis=-1)


def _unit(vectors: Floats) -> Floats:
    length = np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True))
    return np.asarray(vectors / np.maximum(length, 1e-15))


def planar(part: Triangles, size: float, angle: float, offset: ArrayLike) -> Triangles:
    """Lay a texture of a size in metres over x and y, turned by an angle and moved (uv)."""
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[cosine, -sine], [sine, cosine]]) / size
    return Triangles(part.points, part.normals, part.points[:, :, :2] @ turn + np.asarray(offset))
