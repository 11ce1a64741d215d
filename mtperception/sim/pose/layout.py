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
Where things are in a picture of objects in hands, drawn at random.

The world is that of the bench (z = 0, z up), over which the objects are held. Everything but the
objects and the camera may hide them: which of the candidates in front do is for the scene to
choose.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mtperception.geometry.camera import Floats, look_at, PinholeCamera, PosedCamera
from mtperception.geometry.rotations import about_axis, random_rotations
from mtperception.sim.pose.hands import ARM, draw_hand, Grippable, PALM
from mtperception.sim.shapes.solids import between, KINDS, Solid

# From the camera to the object, in lengths of the object's longest side: 0.72 to 1.1 m for one
# of 0.3 m.
NEAREST, FARTHEST = 2.4, 1.1 / 0.3
# The focal length in widths of the picture: 443 pixels of 512.
FOCAL = 443.0 / 512.0
_USUAL_SIDE = 0.3
_BORDER = 2.0
_TRIES = 12


@dataclass(frozen=True)
class Pose:
    """A part, by its number, with its axes (3 x 3) and its origin (metres) in the world."""

    part: int
    rotation: Floats
    position: Floats


@dataclass(frozen=True)
class Shape:
    """What the layout needs to know of a part: corners of its convex hull (N x 3, metres)."""

    corners: Floats
    grippable: Grippable

    @property
    def side(self) -> float:
        """The longest side of its box, in metres."""
        return float(np.ptp(self.corners, axis=0).max())


def pose_camera(width: int, height: int) -> PinholeCamera:
    """Return the camera that pictures of a size in pixels are taken with."""
    focal = FOCAL * width
    return PinholeCamera(width, height, focal, focal, (width - 1) / 2.0, (height - 1) / 2.0)


def draw_poses(
    rng: np.random.Generator, camera: PinholeCamera, shapes: Sequence[Shape], parts: Sequence[int],
) -> tuple[PosedCamera, list[Pose]]:
    """
    Draw a camera over the bench and objects in front of it, wholly in the picture.

    Rotations are uniform. Several objects do not hide each other much.
    """
    placed: list[tuple[Floats, Floats]] = []
    boxes: list[Floats] = []
    for part in parts:
        options = [_draw_pose(rng, camera, shapes[part]) for _ in range(_TRIES if boxes else 1)]
        overlaps = [max((_overlap(box, other) for other in boxes), default=0.0)
                    for _, _, box in options]
        rotation, translation, box = options[int(np.argmin(overlaps))]
        placed.append((rotation, translation))
        boxes.append(box)
    tilt, azimuth = min(abs(rng.normal(0.0, 0.35)), 0.75), rng.uniform(0.0, 2.0 * np.pi)
    eye = (np.sin(tilt) * np.cos(azimuth), np.sin(tilt) * np.sin(azimuth), np.cos(tilt))
    turn = look_at(camera, eye, (0.0, 0.0, 0.0), rng.uniform(0.0, 2.0 * np.pi)).rotation
    if placed:
        lowest = min(float(((shapes[part].corners @ rotation.T + translation) @ turn[2]).min())
                     for part, (rotation, translation) in zip(parts, placed, strict=True))
        scale = max(shapes[part].side for part in parts) / _USUAL_SIDE
        height = scale * rng.uniform(0.01, 0.5) - lowest
    else:
        height = rng.uniform(0.7, 1.5) * max(shape.side for shape in shapes) / _USUAL_SIDE
    position = np.array((0.0, 0.0, height))
    return PosedCamera(camera, turn, position), [
        Pose(part, turn @ rotation, turn @ translation + position)
        for part, (rotation, translation) in zip(parts, placed, strict=True)]


def _draw_pose(
    rng: np.random.Generator, camera: PinholeCamera, shape: Shape,
) -> tuple[Floats, Floats, Floats]:
    """Draw a rotation, a translation and the box that comes of them."""
    rotation = random_rotations(rng, 1)[0]
    z = shape.side * rng.uniform(NEAREST, FARTHEST)
    corners = shape.corners @ rotation.T
    place = rng.random(2)
    low, high = np.zeros(2), np.array((camera.width - 1.0, camera.height - 1.0))
    # How far the object reaches depends on where it is, a little: a few rounds settle it.
    reach = np.zeros((2, 2))
    for _ in range(4):
        pixel = low - reach[0] + _BORDER + place * (
            high - low - 2 * _BORDER - reach[1] + reach[0])
        translation = z * camera.rays(pixel)[0]
        seen = camera.project(corners + translation)
        box = np.array((seen.min(axis=0), seen.max(axis=0)))
        reach = box - pixel
    return rotation, translation, box


def _overlap(one: Floats, other: Floats) -> float:
    """Return the share of the smaller of two boxes that the other covers."""
    sides = np.clip(np.minimum(one[1], other[1]) - np.maximum(one[0], other[0]), 0.0, None)
    return float(sides.prod() / min(np.ptp(one, axis=0).prod(), np.ptp(other, axis=0).prod()))


def draw_hands(
    rng: np.random.Generator, view: PosedCamera, shape: Shape, pose: Pose, count: int,
) -> list[list[Solid]]:
    """Draw hands, of which each may hold an object; none goes through the bench."""
    scale = min(shape.side / _USUAL_SIDE, 1.0)

    def possible(palm: Sequence[Solid]) -> bool:
        return _is_free([solid.placed(pose.rotation, pose.position) for solid in palm], view)

    hands = []
    for _ in range(count * _TRIES):
        hand = draw_hand(rng, shape.grippable, scale, possible)
        if hand is not None:
            hands.append([solid.placed(pose.rotation, pose.position) for solid in hand])
            if len(hands) == count:
                break
    return hands


def _is_free(palm: Sequence[Solid], view: PosedCamera) -> bool:
    """
    Tell whether an arm with a palm is possible as far as it is in the picture.

    It must be above the bench, go out of the picture, and not come from the camera.
    """
    arm = palm[ARM]
    steps = np.linspace(-1.0, 1.0, 12)[:, None]
    places = np.concatenate((
        [solid.position for solid in palm[PALM:]],
        arm.position + steps * arm.size[1] * arm.rotation[:, 2]))
    depth = view.to_optical(places)[:, 2]
    x, y = view.project(places).T
    seen = (depth > 0.0) & (x > 0.0) & (x < view.camera.width) & (y > 0.0) & (
        y < view.camera.height)
    near = depth < 0.6 * depth[0]
    return bool(not seen[-1] and not (seen & near).any() and (places[seen, 2] > 0.0).all())


def draw_blockers(
    rng: np.random.Generator, view: PosedCamera, shape: Shape, pose: Pose, count: int,
) -> list[list[Solid]]:
    """Draw things that each hide a part of an object, from near or far in front of it."""
    scale = shape.side / _USUAL_SIDE
    blockers = []
    for index in range(count):
        target = pose.position + pose.rotation @ shape.corners[rng.integers(len(shape.corners))]
        target = pose.position + (target - pose.position) * rng.uniform(0.2, 1.2)
        middle = view.position + rng.uniform(0.55, 0.93) * (target - view.position)
        if index % 2:
            # An arm, a stick or a cable: it comes from the side and goes across.
            across = about_axis(rng.normal(size=3), rng.uniform(0.0, 0.4)) @ (
                view.rotation[:, :2] @ _unit(rng.normal(size=2)))
            kind = str(rng.choice(('capsule', 'cylinder')))
            radius = scale * rng.choice((rng.uniform(0.004, 0.015), rng.uniform(0.02, 0.04)))
            start = middle - across * radius * rng.uniform(1.0, 4.0)
            blockers.append([between(kind, start, start + across * scale, radius, '')])
        else:
            blockers.append([_draw_solid(rng, middle, scale * 0.8)])
    return blockers


def moved_towards(
    rng: np.random.Generator, hand: Sequence[Solid], view: PosedCamera,
) -> list[Solid]:
    """Move a hand that held something to somewhere between that and the camera."""
    away = view.position - hand[PALM].position
    shift = rng.uniform(0.12, 0.4) * away + 0.06 * np.linalg.norm(away) * rng.normal(size=3)
    return [replace(solid, position=solid.position + shift) for solid in hand]


def draw_clutter(
    rng: np.random.Generator, places: Sequence[Floats], scale: float,
) -> list[Solid]:
    """Draw simple things at places."""
    return [_draw_solid(rng, place, scale) for place in places]


def draw_places(
    rng: np.random.Generator, view: PosedCamera, poses: Sequence[Pose], scale: float, count: int,
) -> list[Floats]:
    """
    Draw at most so many places of clutter in the picture: on the bench, or before it in the air.

    None is before an object, nor so near behind it that large things would reach it.
    """
    camera = view.camera
    middles = [view.project(pose.position)[0] for pose in poses]
    farthest = max((float(view.to_optical(pose.position)[0, 2]) for pose in poses), default=0.0)
    places = []
    for _ in range(count):
        pixel = rng.uniform((0.0, 0.0), (camera.width, camera.height))
        ground = view.on_plane(pixel, (0.0, 0.0, 0.0), (0.0, 0.0, 1.0))[0]
        share, floating = rng.uniform(0.75, 0.99), bool(rng.random() < 0.4)
        if any(np.linalg.norm(pixel - middle) < 0.3 * camera.width for middle in middles):
            if view.to_optical(ground)[0, 2] < farthest + 0.25 * scale:
                continue
        elif floating:
            ground = view.position + share * (ground - view.position)
        places.append(ground + np.array((0.0, 0.0, 0.01 * scale)))
    return places


def _draw_solid(rng: np.random.Generator, position: Floats, scale: float) -> Solid:
    kind = str(rng.choice(KINDS))
    a, b, c = (scale * float(half) for half in np.exp(rng.uniform(
        np.log(0.01), np.log(0.1), 3)))
    return Solid(kind, random_rotations(rng, 1)[0], position, (a, b, c), '')


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / np.linalg.norm(vector))
