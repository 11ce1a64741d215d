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
Hands that hold things: capsules and ellipsoids, bent until they touch.

A hand is laid around an axis through the thing, like around a handle: the palm lies on its
surface, and each finger closes, joint by joint, until it touches the section of the thing in the
finger's own plane, or can go no further. So any mesh can be held.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import trimesh

from mtperception.geometry.camera import Floats
from mtperception.geometry.rotations import about_axis
from mtperception.sim.shapes.solids import between, Solid

ARM, PALM = 0, 1
# All in metres, for a hand of usual size. Fingers from the index to the little one: where they
# begin along the grip's axis, the lengths of their bones, and how thick they are.
_PLACES = (0.030, 0.010, -0.0105, -0.029)
_BONES = (
    (0.042, 0.026, 0.020), (0.046, 0.029, 0.021), (0.043, 0.027, 0.021), (0.034, 0.021, 0.018))
_RADII = (0.0092, 0.0095, 0.0090, 0.0079)
_THUMB_BONES, _THUMB_RADIUS, _THUMB_PLACE = (0.034, 0.029), 0.0112, 0.043
_PALM_LENGTH, _PALM_HALF_THICKNESS = 0.088, 0.0155
# What is farther from the middle of the grip is out of the fingers' reach; what is nearer than
# the other is bridged where it is hollow.
_REACH, _BRIDGED = 0.14, 0.06
# Straight on, out of the picture.
_ARM = 1.1
# How far the joints bend, in radians, from straight; the first one bends backwards, too.
_BACKWARDS = 0.5
_LIMITS = (1.6, 1.85, 1.2)
_STEPS = 32


@dataclass(frozen=True)
class Grippable:
    """
    What a hand can hold: points all over a surface (N x 3, metres), and its main axes.

    The columns of `axes` (3 x 3) are the directions in which it is longest to shortest.
    """

    points: Floats
    axes: Floats


def grippable(mesh: trimesh.Trimesh, count: int = 5000) -> Grippable:
    """Spread points over a mesh; always the same ones."""
    rng = np.random.default_rng(0)
    triangles = np.asarray(mesh.triangles)
    areas = np.asarray(mesh.area_faces)
    chosen = triangles[rng.choice(len(areas), count, p=areas / areas.sum())]
    weights = rng.dirichlet((1.0, 1.0, 1.0), count)
    points = np.einsum('nc,ncx->nx', weights, chosen)
    _, axes = np.linalg.eigh(np.cov(points.T))
    return Grippable(points, axes[:, ::-1].copy())


def draw_hand(
    rng: np.random.Generator, thing: Grippable, scale: float = 1.0,
    possible: Callable[[Sequence[Solid]], bool] = lambda palm: True,
) -> list[Solid] | None:
    """
    Draw a hand that holds a thing somewhere, in the thing's own frame.

    The covers are 'hand' and, above the wrist, 'sleeve'; a bare arm has none. The solids at ARM
    and PALM are those, the arm beginning at the lower end of its z axis; fingers and thumb come
    last. A scale of 1 is a hand of usual size. `possible` is asked about all but the fingers
    before they are made; None is returned where it says no.
    """
    size = scale * rng.uniform(0.88, 1.08)
    middle, axis = _draw_place(rng, thing, size)
    across = np.cross(axis, rng.normal(size=3))
    across /= np.linalg.norm(across)
    # The columns are where the fingers point, out of the back of the hand, and along the knuckles
    # to the thumb; left and right hands mirror each other.
    frame = np.column_stack((across, np.cross(across, axis) * rng.choice((-1.0, 1.0)), axis))
    near = (thing.points - middle) @ frame
    near = near[(near * near).sum(axis=1) < (_REACH * size) ** 2] / size

    def in_place(solids: Sequence[Solid]) -> list[Solid]:
        return [_enlarged(solid, size).placed(frame, middle) for solid in solids]

    sections = [_section(near, place) for place in (*_PLACES, _THUMB_PLACE)]
    under = np.concatenate(sections)
    under = under[np.abs(under[:, 0] + 0.03) < _BRIDGED]
    top = float(under[:, 1].max()) if len(under) else 0.01
    at_top = under[under[:, 1] > top - 0.002, 0]
    contact = float(at_top.mean()) if len(at_top) else 0.0
    knuckles = contact + rng.uniform(0.008, 0.03)
    wrist = np.array((knuckles - _PALM_LENGTH, top + 0.015, 0.0))
    arm, *sleeve = _arm(rng, wrist)
    palm = in_place([arm, *_palm(knuckles, wrist, top), *sleeve])
    if not possible(palm):
        return None
    left = float(under[:, 0].min()) if len(under) else contact
    return [*palm, *in_place([
        *_fingers(rng, knuckles, top, sections[:4]),
        *_thumb(rng, wrist, min(contact - 0.02, left - 0.008), top, sections[4])])]


def _draw_place(
    rng: np.random.Generator, thing: Grippable, size: float,
) -> tuple[Floats, Floats]:
    """Draw a point within a thing and the axis that a hand there is laid around."""
    axis = thing.axes[:, rng.choice(3, p=(0.75, 0.15, 0.1))] * rng.choice((-1.0, 1.0))
    axis = about_axis(rng.normal(size=3), rng.uniform(0.0, 0.3)) @ axis
    heights = thing.points @ axis
    low, high = heights.min(), heights.max()
    margin = min(0.03 * size, 0.4 * (high - low))
    height = rng.uniform(low + margin, high - margin)
    here = thing.points[np.abs(heights - height) < 0.03 * size]
    return here.mean(axis=0), axis


def _enlarged(solid: Solid, scale: float) -> Solid:
    a, b, c = solid.size
    return Solid(
        solid.kind, solid.rotation, scale * solid.position, (scale * a, scale * b, scale * c),
        solid.cover)


# Below, a hand of usual size is around the z axis, its palm on the side of +y at `top`; x is
# where the fingers point before they bend, the knuckles at x = `knuckles`.

def _fingers(
    rng: np.random.Generator, knuckles: float, top: float, sections: Sequence[Floats],
) -> Iterator[Solid]:
    closing = rng.uniform(0.75, 1.0)
    for place, bones, radius, section in zip(_PLACES, _BONES, _RADII, sections, strict=True):
        start = np.array((knuckles + _arch(place), top + 0.0105))
        limits = closing * rng.uniform(0.85, 1.0) * np.array(_LIMITS)
        yield from _finger(start, bones, radius, section, limits, place, 0.85 * place, 1.0)


def _thumb(
    rng: np.random.Generator, wrist: Floats, reach: float, top: float, section: Floats,
) -> Iterator[Solid]:
    """Bend the thumb around the other side, from x = `reach` on."""
    base = np.array((max(reach, wrist[0] + 0.03), top + 0.009))
    root = np.array((wrist[0] + 0.012, wrist[1], 0.018))
    yield between('capsule', root, (*base, _THUMB_PLACE - 0.004), 0.0125, 'hand')
    limits = rng.uniform(0.7, 1.0) * np.array((1.3, 1.2))
    yield from _finger(
        base, _THUMB_BONES, _THUMB_RADIUS, section, limits, _THUMB_PLACE,
        _THUMB_PLACE - rng.uniform(0.0, 0.02), -1.0)


def _arch(place: float) -> float:
    """Return how far a finger's knuckle is before the line of all."""
    return 0.004 - 4.0 * (place - 0.008) ** 2


def _section(near: Floats, place: float) -> Floats:
    """Return points (N x 2) of the surface of a thing in a finger's plane, and around them."""
    slab = near[np.abs(near[:, 2] - place) < 0.009, :2]
    local = slab[(slab * slab).sum(axis=1) < _BRIDGED**2]
    few = slab[::max(1, len(slab) // 100)]
    if len(local) < 3:
        return few
    hull = cv2.convexHull(local.astype(np.float32))[:, 0].astype(np.float64)
    after = np.roll(hull, -1, axis=0)
    steps = np.maximum(np.ceil(np.linalg.norm(after - hull, axis=1) / 0.004), 1).astype(int)
    start = np.repeat(np.arange(len(hull)), steps)
    share = (np.arange(len(start)) - np.repeat(np.cumsum(steps) - steps, steps)) / steps[start]
    return np.concatenate((hull[start] + share[:, None] * (after - hull)[start], few))


def _finger(
    start: Floats, bones: tuple[float, ...], radius: float, section: Floats, limits: Floats,
    place: float, last_place: float, side: float,
) -> Iterator[Solid]:
    """
    Bend a finger around a section, joint by joint.

    It begins at `start` (2), pointing to +x, or to -x where `side` is -1, and bends downwards.
    Along z it goes from its place to its last one.
    """
    joint, heading = start, -_BACKWARDS
    depths = np.linspace(place, last_place, len(bones) + 1)
    for index, (length, limit) in enumerate(zip(bones, limits, strict=True)):
        thick = radius * (1.0 - 0.1 * index)
        bends = np.linspace(heading, max(heading, 0.0 if index == 0 else heading) + limit, _STEPS)
        bones_there = length * np.column_stack((side * np.cos(bends), -np.sin(bends)))
        heading = bends[_free(joint, bones_there, section, thick) - 1]
        end = joint + length * np.array((side * np.cos(heading), -np.sin(heading)))
        yield between(
            'capsule', (*joint, depths[index]), (*end, depths[index + 1]), thick, 'hand')
        joint = end


def _free(joint: Floats, bones: Floats, section: Floats, radius: float) -> int:
    """Return how many positions of a bone, from the first on, are free of a section; 1 or more."""
    if not len(section):
        return len(bones)
    # Distances of all points from all positions of the bone.
    away = section - joint
    along = bones @ away.T
    length2 = (bones * bones).sum(axis=1)[:, None]
    share = np.clip(along / length2, 0.0, 1.0)
    gaps2 = (away * away).sum(axis=1) - share * (2.0 * along - share * length2)
    touching = np.flatnonzero(gaps2.min(axis=1) < radius**2)
    return max(int(touching[0]), 1) if len(touching) else len(bones)


def _palm(knuckles: float, wrist: Floats, top: float) -> Iterator[Solid]:
    level = np.eye(3)
    middle = (knuckles + wrist[0]) / 2.0
    yield Solid(
        'ellipsoid', level, np.array((middle, top + 0.0145, 0.0)),
        (0.056, _PALM_HALF_THICKNESS, 0.043), 'hand')
    for place, radius in zip(_PLACES, _RADII, strict=True):
        yield between(
            'capsule', (wrist[0] + 0.012, wrist[1], 0.62 * place),
            (knuckles + _arch(place), top + 0.0115, place), radius + 0.003, 'hand')
    for side, half in ((1.0, 0.0175), (-1.0, 0.0145)):
        yield Solid(
            'ellipsoid', level, np.array((middle - 0.012, top + 0.0145, side * 0.022)),
            (0.04, half, 0.021), 'hand')


def _arm(rng: np.random.Generator, wrist: Floats) -> list[Solid]:
    """Return an arm, bare or in a sleeve, that ends out of sight, and the wrist."""
    bend, sway = rng.uniform(-0.15, 0.7), rng.uniform(-0.5, 0.5)
    along = np.array((-np.cos(bend) * np.cos(sway), np.sin(bend), -np.cos(bend) * np.sin(sway)))
    if rng.random() < 0.3:
        return [
            between('capsule', wrist + 0.12 * along, wrist + _ARM * along, 0.0315, 'hand'),
            between('capsule', wrist + 0.07 * along, wrist + 0.12 * along, 0.028, 'hand'),
            between('capsule', wrist + 0.002 * along, wrist + 0.07 * along, 0.0245, 'hand')]
    cuff = rng.uniform(0.015, 0.12)
    thick = rng.uniform(0.033, 0.045)
    return [
        between('cylinder', wrist + (cuff + 0.02) * along, wrist + _ARM * along, thick, 'sleeve'),
        between('capsule', wrist + 0.002 * along, wrist + (cuff + 0.03) * along, 0.0245, 'hand'),
        between(
            'cylinder', wrist + cuff * along, wrist + (cuff + 0.03) * along,
            thick + 0.002, 'sleeve')]
