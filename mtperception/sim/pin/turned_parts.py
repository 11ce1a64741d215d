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

"""Dowel pins, screws, nuts and washers: parts made on a lathe, as triangles."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mtperception.geometry.camera import Floats
from mtperception.sim.shapes.triangles import (
    circle,
    cross,
    joined,
    loft,
    polygon,
    rounded,
    Triangles,
)

HEADS = ('socket', 'hexagon', 'slotted', 'cross')
PIN_ENDS = ('chamfered', 'rounded', 'domed')
# Metres of a part's length for one repetition of its texture.
_LENGTH_OF_TEXTURE = 0.06


@dataclass(frozen=True)
class Pin:
    """
    A dowel pin, in metres.

    It stands on `seat` (3), along the third column of `rotation` (3 x 3, world from pin), its
    top face at `height`. A collar of radius 0 is none. `edge` is the size of the chamfer or
    rounding at the top, `end` one of PIN_ENDS; a domed end's top face is its flat middle.
    """

    seat: Floats
    rotation: Floats
    radius: float
    height: float
    collar_radius: float
    collar_height: float
    edge: float
    end: str

    @property
    def axis(self) -> Floats:
        """The direction of the axis, upwards."""
        return np.asarray(self.rotation[:, 2])

    @property
    def top(self) -> Floats:
        """The centre of the top face: the pin's key point."""
        return np.asarray(self.seat + self.height * self.axis)


def pin_triangles(pin: Pin, facets: int = 44) -> Triangles:
    """Return the part of a pin above its seat, in the world."""
    angles = _angles(facets)
    profile: list[tuple[float, float]] = []
    if pin.collar_radius > 0.0:
        rim = 0.1 * pin.collar_height
        profile += [
            (pin.collar_radius, 0.0), (pin.collar_radius, pin.collar_height - rim),
            (pin.collar_radius - rim, pin.collar_height), (pin.radius, pin.collar_height),
        ]
    else:
        profile.append((pin.radius, 0.0))
    radius, height, edge = pin.radius, pin.height, pin.edge
    profile.append((radius, height - edge))
    if pin.end == 'chamfered':
        profile.append((radius - 0.7 * edge, height))
    elif pin.end == 'rounded':
        for angle in np.linspace(0.0, np.pi / 2, 5)[1:]:
            profile.append((
                radius - edge * (1.0 - float(np.cos(angle))),
                height - edge * (1.0 - float(np.sin(angle))),
            ))
    else:
        for share in (0.85, 0.6, 0.35):
            profile.append((radius * share, height - edge * (share - 0.35) ** 2 / 0.65**2))
    profile.append((0.0, height))
    body = loft(angles, [(circle(angles, r), z) for r, z in profile])
    return _textured(body, pin.radius).placed(pin.rotation, pin.seat)


@dataclass(frozen=True)
class Hardware:
    """A screw, nut or washer: its metal, and the recess in it, which sees little light."""

    metal: Triangles
    recess: Triangles

    def placed(self, rotation: ArrayLike, position: ArrayLike) -> 'Hardware':
        """Rotate by a 3 x 3 matrix, then move by a vector in metres."""
        return Hardware(
            self.metal.placed(rotation, position), self.recess.placed(rotation, position))


def screw(head: str, radius: float, height: float) -> Hardware:
    """Return a screw head of one of the HEADS that stands on z = 0, in metres."""
    if head == 'hexagon':
        return Hardware(_hexagon_head(radius, height), joined(()))
    if head == 'socket':
        depth = 0.6 * height
        angles = _angles(36, np.arange(6) * np.pi / 3 + np.pi / 6)
        recess = polygon(angles, 6, 0.5 * radius)
    elif head == 'slotted':
        depth = 0.5 * height
        angles = _angles(36, _corners(0.9, 0.13))
        recess = rounded(angles, 0.9 * radius, 0.13 * radius, 0.01 * radius)
    else:
        depth = 0.6 * height
        angles = _angles(36, _corners(0.62, 0.14), _corners(0.14, 0.62), _corners(0.14, 0.14))
        recess = cross(angles, 1.24 * radius, 0.28 * radius)
    edge = min(0.12 * radius, 0.4 * height)
    outside = circle(angles, radius)
    shoulder = circle(angles, radius - edge)
    head_mesh = _textured(
        loft(angles, [(outside, 0.0), (outside, height - edge), (shoulder, height),
                      (np.minimum(recess, shoulder), height)]), radius)
    drive = loft(angles, [
        (recess, height), (0.94 * recess, height - depth), (0.0 * recess, height - depth)])
    return Hardware(head_mesh, drive)


def nut(radius: float, height: float) -> Hardware:
    """Return a hexagon nut of inner radius (half its width) that stands on z = 0, in metres."""
    angles = _angles(36, np.arange(6) * np.pi / 3 + np.pi / 6)
    outside = polygon(angles, 6, radius)
    bore = circle(angles, 0.55 * radius)
    body = loft(angles, [
        (outside, 0.0), (outside, 0.9 * height), (0.93 * outside, height),
        (1.1 * bore, height), (bore, 0.9 * height)])
    inside = loft(angles, [(bore, 0.9 * height), (bore, 2e-4), (0.0 * bore, 2e-4)])
    return Hardware(_textured(body, radius), inside)


def washer(radius: float, bore: float, height: float) -> Hardware:
    """Return a washer on z = 0, in metres."""
    angles = _angles(40)
    outside, inside = circle(angles, radius), circle(angles, bore)
    ring = loft(angles, [
        (outside, 0.0), (outside, 0.7 * height), (0.97 * outside, height), (inside, height)])
    floor = loft(angles, [(inside, height), (inside, 2e-4), (0.0 * inside, 2e-4)])
    return Hardware(_textured(ring, radius), floor)


def _hexagon_head(radius: float, height: float) -> Triangles:
    angles = _angles(36, np.arange(6) * np.pi / 3 + np.pi / 6)
    outside = polygon(angles, 6, radius)
    # A flat hexagon, not the usual chamfered circle, which from above is the face of a pin.
    top = polygon(angles, 6, 0.92 * radius)
    sides = loft(angles, [
        (outside, 0.0), (outside, 0.86 * height), (top, height), (0.0 * outside, height)])
    return _textured(sides, 1.2 * radius)


def _angles(count: int, *more: Floats) -> Floats:
    """Return angles over one turn, those of corners among them."""
    every = np.concatenate([np.linspace(0.0, 2 * np.pi, count, endpoint=False), *more])
    return np.unique(np.round(every % (2 * np.pi), 9))


def _corners(half_x: float, half_y: float) -> Floats:
    angle = np.arctan2(half_y, half_x)
    return np.array([angle, np.pi - angle, np.pi + angle, 2 * np.pi - angle])


def _textured(part: Triangles, radius: float) -> Triangles:
    """Give a part around z the coordinates of `textures.pin_texture`."""
    x, y, z = np.moveaxis(part.points, 2, 0)
    wrapped = np.stack((np.abs(np.arctan2(y, x)) / (2 * np.pi), z / _LENGTH_OF_TEXTURE), axis=2)
    reach = np.maximum(radius, np.hypot(x, y).max(initial=0.0))
    face = np.stack((0.75 + 0.24 * x / reach, 0.25 + 0.24 * y / reach), axis=2)
    upwards = part.normals[:, :, 2].mean(axis=1) > 0.6
    return Triangles(
        part.points, part.normals, np.where(upwards[:, None, None], face, wrapped))

