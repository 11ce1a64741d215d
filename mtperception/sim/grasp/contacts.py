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

"""Where two fingers could close on a part: opposite contacts on a level section of its mesh."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import Floats

# Metres between the points where a finger is tried, and the thinnest thing that is gripped.
SPACING = 0.002
_THINNEST = 0.002
# A finger closes along the contact's normal, or turned from it by this share of the friction
# cone.
_TURNS = (0.0, -0.5, 0.5)
_FINE_TURNS = (0.0, -0.9, 0.9, -0.6, 0.6, -0.3, 0.3)
# Normals this steep are a top or an underside.
_LEVEL = 0.3


class Section(NamedTuple):
    """The outline of a mesh at one height: segments (S x 2, in metres) and normals (S x 3)."""

    starts: Floats
    ends: Floats
    normals: Floats


class Closings(NamedTuple):
    """
    Ways to close two fingers.

    The first finger touches at `contacts` (N x 2, in metres) and closes along the unit vectors
    `directions` (N x 2) towards the other one, `widths` (N) away. `alignment` (N) is the cosine
    of the angle between closing direction and normal, the worse one of both contacts.
    """

    contacts: Floats
    directions: Floats
    widths: Floats
    alignment: Floats

    @property
    def middles(self) -> Floats:
        """The points half way between the contacts, N x 2."""
        return np.asarray(self.contacts + 0.5 * self.widths[:, None] * self.directions)

    def chosen(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> 'Closings':
        """Return some of them."""
        return Closings(*(values[which] for values in self))


def section(triangles: Floats, height: float) -> Section:
    """Cut triangles (T x 3 x 3, corners counter-clockwise seen from outside) at a height."""
    above = triangles[:, :, 2] >= height
    cut = triangles[above.any(axis=1) & ~above.all(axis=1)]
    above = cut[:, :, 2] >= height
    # The corner that is alone on its side comes first.
    alone = np.where(above.sum(axis=1) == 1, above.argmax(axis=1), (~above).argmax(axis=1))
    order = (alone[:, None] + np.arange(3)) % 3
    apex, left, right = np.moveaxis(np.take_along_axis(cut, order[:, :, None], axis=1), 1, 0)
    normals = np.cross(left - apex, right - apex)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-15)
    return Section(_at_height(apex, left, height), _at_height(apex, right, height), normals)


def _at_height(one: Floats, other: Floats, height: float) -> Floats:
    share = (height - one[:, 2]) / (other[:, 2] - one[:, 2])
    return np.asarray(one[:, :2] + share[:, None] * (other - one)[:, :2])


def opposite_contacts(
    outline: Section, friction: float, widest: float, finely: bool = False,
) -> Closings:
    """
    Return the closings of at most a width in metres whose contacts are within the friction cone.

    `friction` is the coefficient. Each pair of contacts is there once for each direction. Looked
    at finely, there are twice as many points to touch, and more directions.
    """
    cosine = float(np.cos(np.arctan(friction)))
    points, owners = _spaced(outline, SPACING / 2 if finely else SPACING)
    level = np.linalg.norm(outline.normals[:, :2], axis=1)
    steep = level[owners] > _LEVEL
    points, owners = points[steep], owners[steep]
    inwards = -outline.normals[owners, :2] / level[owners][:, None]
    found = []
    for turn in _FINE_TURNS if finely else _TURNS:
        angle = turn * np.arctan(friction)
        rotation = np.array([
            (np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))])
        directions = inwards @ rotation
        first = -np.einsum('ij,ij->i', outline.normals[owners, :2], directions)
        second = directions @ outline.normals[:, :2].T
        one, other = np.nonzero((second >= cosine) & (first >= cosine)[:, None])
        widths = _crossings(points[one], directions[one], outline, other)
        fits = (widths > _THINNEST) & (widths <= widest)
        one, other = one[fits], other[fits]
        found.append(Closings(
            points[one], directions[one], widths[fits],
            np.minimum(first[one], second[one, other])))
    return Closings(*(np.concatenate(values) for values in zip(*found, strict=True)))


def _spaced(outline: Section, spacing: float) -> tuple[Floats, NDArray[np.intp]]:
    """Return points on the segments, evenly spaced in all, and which segment each is on."""
    along = outline.ends - outline.starts
    lengths = np.linalg.norm(along, axis=1)
    reach = np.cumsum(lengths)
    total = float(reach[-1]) if len(reach) else 0.0
    places = np.arange(0.5 * spacing, total, spacing)
    owners = np.searchsorted(reach, places)
    share = (places - reach[owners]) / lengths[owners] + 1.0
    return outline.starts[owners] + share[:, None] * along[owners], owners


def _crossings(
    points: Floats, directions: Floats, outline: Section, segments: NDArray[np.intp],
) -> Floats:
    """Return how far along each ray (N) its segment is; NaN where it is not."""
    start, end = outline.starts[segments], outline.ends[segments]
    x, y = (start - points).T
    along_x, along_y = (end - start).T
    towards_x, towards_y = directions.T
    with np.errstate(divide='ignore', invalid='ignore'):
        turn = towards_x * along_y - towards_y * along_x
        reach = (x * along_y - y * along_x) / turn
        share = (x * towards_y - y * towards_x) / turn
        return np.where((share >= 0.0) & (share <= 1.0), reach, np.nan)
