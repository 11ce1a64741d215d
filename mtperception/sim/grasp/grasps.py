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
Where a parallel gripper can pick parts from a bench: labels computed from the posed meshes.

The gripper comes from above and closes level. Its fingers touch a part where the section of the
mesh has opposite sides, and must find room beside it, which a height map of the whole scene tells.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
import trimesh

from mtperception.datasets.grasps import GraspLabel, GripperPose
from mtperception.geometry.camera import Floats, PosedCamera
from mtperception.geometry.rectangle import angle_difference, half_turn
from mtperception.sim.grasp.contacts import Closings, opposite_contacts, section
from mtperception.sim.grasp.gripper import GRIPPER, Gripper, Room
from mtperception.sim.grasp.height_map import Grid, height_map, highest, RESOLUTION, widened

MIN_GRASPS, MAX_GRASPS = 2, 6
# Fingers grip so far below a part's top, or half way down, or just below the top, whichever goes
# first; but no nearer to the bench than this (metres), with their tips some way deeper.
GRIP_DEPTH, _SHALLOW, _LOWEST, _TIPS_BELOW = 0.012, 0.005, 0.004, 0.003
LOWEST_TIPS = 0.001
# Where none of these will do, they grip at every height so far apart.
_HEIGHTS_APART = 0.005
# Of a part that stands, what is lower than its top can be gripped as well: further ways are sought
# at heights so far apart.
_FURTHER_APART = 0.01
# Beside the contact a part may bulge so far out within the jaws' width (metres), and at least so
# much of the jaws must touch it.
_BULGE, _TOUCHING = 0.003, 0.2
# The fingers are looked at every two cells, in any direction: by so many cells other things are
# taken to be larger, so that none is missed.
_WIDENED = 2
# Of grasps so near to each other (metres, radians) only the best is kept; nearer ones where that
# leaves no choice.
_APART = (
    (0.012, np.radians(25.0)), (0.004, np.radians(10.0)), (0.002, np.radians(5.0)))
# Of the ways to hold a part that are no labels, those so near to a better one are left out.
_OTHERS_APART = (0.006, np.radians(12.0))
# Tells for a target which points (N x 3, metres) half way between the fingers' tips count.
Seen = Callable[[int, Floats], NDArray[np.bool_]]


@dataclass(frozen=True)
class PosedMesh:
    """A mesh in the world: rotation (3 x 3) and position (3, metres) of its frame there."""

    mesh: trimesh.Trimesh
    rotation: Floats
    position: Floats

    @cached_property
    def triangles(self) -> Floats:
        """The triangles in the world, T x 3 x 3."""
        vertices = np.asarray(self.mesh.vertices) @ self.rotation.T + self.position
        return np.asarray(vertices[np.asarray(self.mesh.faces)])

    @cached_property
    def middle(self) -> Floats:
        """The centre of mass in the world."""
        solid = self.mesh if self.mesh.is_watertight else self.mesh.convex_hull
        return np.asarray(self.rotation @ solid.center_mass + self.position)


@dataclass(frozen=True)
class Grasp:
    """
    A grasp from above, in the world; lengths in metres.

    `position` is the point half way between the fingers' tips. `closing` is the direction from
    one finger to the other, an angle about z in radians. `opening` is the distance between the
    open fingers, `width` that between their contacts, `jaw` the width of the fingers. The score
    is from 0 to 1, more is better.
    """

    position: tuple[float, float, float]
    closing: float
    opening: float
    width: float
    jaw: float
    score: float


class Plan(NamedTuple):
    """
    How a part can be grasped.

    `best` are a few good grasps that differ, the best first, all near the part's top where that
    will do; `others` are samples of all further ways that are right as well, at any height, so
    that each of these is near one of the two.
    """

    best: tuple[Grasp, ...] = ()
    others: tuple[Grasp, ...] = ()


def plan_grasps(
    scene: Sequence[PosedMesh], targets: Iterable[int], gripper: Gripper = GRIPPER,
    seen: Seen | None = None,
) -> list[tuple[Grasp, ...]]:
    """Return for each target, a place in the scene, the best of its `plans`."""
    return [plan.best for plan in plans(scene, targets, gripper, seen)]


def plans(
    scene: Sequence[PosedMesh], targets: Iterable[int], gripper: Gripper = GRIPPER,
    seen: Seen | None = None,
) -> list[Plan]:
    """
    Return for each target, a place in the scene, how it can be grasped.

    The bench is the plane z = 0, and all of the scene is in the way. Where `seen` is given, only
    grasps with a middle that it accepts count.

    A graspable part has MIN_GRASPS to MAX_GRASPS best ones, any other none. It is graspable where
    on one of the sections through it (see `_grips`) fingers can close on opposite contacts within
    the friction cone and the gripper's opening, touch it with enough of their width, and reach
    these from straight above without touching anything, in at least MIN_GRASPS ways that differ
    by 2 mm of their middle or by 5 degrees. Contacts are tried at every millimetre of the outline
    and in seven directions.
    """
    maps = []
    for thing in scene:
        grid = Grid.around(thing.triangles.reshape(-1, 3), RESOLUTION)
        maps.append((grid, height_map(grid, thing.triangles)))
    planned = []
    for target in targets:
        part = scene[target]
        grid = Grid.around(part.triangles.reshape(-1, 3), gripper.reach + 2 * RESOLUTION)
        own = highest(grid, maps[target:target + 1])
        others = highest(grid, maps[:target] + maps[target + 1:])
        room = Room(grid, own, widened(others, _WIDENED), gripper)
        counts = None if seen is None else partial(seen, target)
        planned.append(_grasps(part, room, gripper, counts))
    return planned


def grasp_labels(grasps: Sequence[Grasp], view: PosedCamera) -> tuple[GraspLabel, ...]:
    """Return grasps as a camera sees them."""
    middles = np.array([grasp.position for grasp in grasps]).reshape(-1, 3)
    angles = np.array([grasp.closing for grasp in grasps])
    closing = np.column_stack((np.cos(angles), np.sin(angles), np.zeros(len(angles))))
    across = np.column_stack((-closing[:, 1], closing[:, 0], np.zeros(len(angles))))
    half = np.array([[0.5 * grasp.opening] for grasp in grasps]).reshape(-1, 1) * closing
    jaw = np.array([[0.5 * grasp.jaw] for grasp in grasps]).reshape(-1, 1) * across
    points = middles + np.stack((np.zeros_like(half), -half, half, -jaw, jaw))
    seen, one, other, left, right = view.project(points).reshape(5, -1, 2)
    axis, side = other - one, right - left
    openings = np.hypot(axis[:, 0], axis[:, 1])
    # Seen askew, the jaws are not square to the axis: what counts is how wide they are across.
    widths = np.abs(axis[:, 0] * side[:, 1] - axis[:, 1] * side[:, 0]) / openings
    thetas = half_turn(np.arctan2(-axis[:, 1], axis[:, 0]))
    approach = _vector((-view.rotation[2]).tolist())
    poses = [
        GripperPose(_vector(position), _vector(direction), approach, grasp.opening)
        for position, direction, grasp in zip(
            view.to_optical(middles).tolist(), (closing @ view.rotation).tolist(), grasps,
            strict=True)]
    return tuple(
        GraspLabel(x, y, opening, width, theta, grasp.score, pose)
        for (x, y), opening, width, theta, grasp, pose in zip(
            seen.tolist(), openings.tolist(), widths.tolist(), thetas.tolist(), grasps, poses,
            strict=True))


def _vector(values: Sequence[float]) -> tuple[float, float, float]:
    x, y, z = values
    return x, y, z


class _Held(NamedTuple):
    """
    Closings (N) that hold a part and have room.

    `touching` (N) is how much of the jaws touches, a share, `tips` (N) how high the fingers' tips
    are, in metres.
    """

    closings: Closings
    touching: Floats
    tips: Floats

    def joined(self, other: '_Held') -> '_Held':
        """Return these and others."""
        closings = Closings(*map(np.concatenate, zip(self.closings, other.closings, strict=True)))
        return _Held(
            closings, np.append(self.touching, other.touching), np.append(self.tips, other.tips))


_Counts = Callable[[Floats], NDArray[np.bool_]]


def _grasps(
    part: PosedMesh, room: Room, gripper: Gripper, counts: _Counts | None,
) -> Plan:
    def held_at(grip: float, finely: bool) -> _Held:
        held = _held(part, room, gripper, grip, finely)
        if counts is None:
            return held
        which = counts(np.column_stack((held.closings.middles, held.tips)))
        return _Held(held.closings.chosen(which), held.touching[which], held.tips[which])

    held = None
    top = float(part.triangles[:, :, 2].max())
    for grip, finely in _grips(top):
        more = held_at(grip, finely)
        held = more if held is None else held.joined(more)
        chosen = _spread(held.closings, _scores(part, held, gripper))
        if len(chosen) >= MIN_GRASPS:
            for lower in np.arange(grip - _FURTHER_APART, _LOWEST, -_FURTHER_APART):
                held = held.joined(held_at(float(lower), False))
            scores = _scores(part, held, gripper)
            best, others = (
                tuple(_grasp(held, index, float(scores[index]), gripper) for index in some)
                for some in (chosen, _others(held.closings, scores, chosen)))
            return Plan(best, others)
    return Plan()


def _grips(top: float) -> Iterator[tuple[float, bool]]:
    """Yield the heights at which a part of a height is gripped, and whether to look closely."""
    if top <= _LOWEST:
        return
    for grip in (top - GRIP_DEPTH, 0.5 * top, top - _SHALLOW):
        yield max(grip, _LOWEST), False
    for grip in np.arange(top - _SHALLOW, _LOWEST, -_HEIGHTS_APART):
        yield float(grip), True


def _held(
    part: PosedMesh, room: Room, gripper: Gripper, grip: float, finely: bool,
) -> _Held:
    """Return how a part is held at a height; looked at finely, nearly alike ways are all there."""
    closings = opposite_contacts(
        section(part.triangles, grip), gripper.friction,
        gripper.max_opening - 2.0 * gripper.clearance, finely)
    if not finely:
        closings = closings.chosen(_representatives(closings, part.middle[:2]))
    tips = max(grip - _TIPS_BELOW, LOWEST_TIPS)
    if not len(closings.widths):
        return _Held(closings, np.empty(0), np.empty(0))
    reach, touching = room.touches(closings, tips)
    held = (reach <= _BULGE) & (touching >= _TOUCHING)
    held[held] = room.free(closings.chosen(held), tips) if held.any() else False
    return _Held(closings.chosen(held), touching[held], np.full(held.sum(), tips))


def _grasp(held: _Held, index: int, score: float, gripper: Gripper) -> Grasp:
    x, y = held.closings.middles[index].tolist()
    ahead, aside = held.closings.directions[index]
    width = float(held.closings.widths[index])
    return Grasp(
        (x, y, float(held.tips[index])), float(half_turn(np.arctan2(aside, ahead))),
        width + 2.0 * gripper.clearance, width, gripper.finger_width, score)


def _representatives(closings: Closings, middle: Floats) -> NDArray[np.intp]:
    """Return the best of the closings that are all but the same."""
    if not len(closings.widths):
        return np.empty(0, dtype=np.intp)
    angles = half_turn(np.arctan2(closings.directions[:, 1], closings.directions[:, 0]))
    alike = np.column_stack((
        np.round(closings.middles / 0.003), np.round(closings.widths / 0.003),
        np.round(angles / np.radians(9.0)) % 20)).astype(np.int64)
    away = np.linalg.norm(closings.middles - middle, axis=1)
    order = np.argsort(away - 0.1 * closings.alignment, kind='stable')
    alike -= alike.min(axis=0)
    kinds = np.ravel_multi_index(tuple(alike.T), tuple(alike.max(axis=0) + 1))
    return order[np.unique(kinds[order], return_index=True)[1]]


def _scores(part: PosedMesh, held: _Held, gripper: Gripper) -> Floats:
    """Rate how square, how fully and how near to the centre of mass the jaws touch: 0 to 1."""
    closings = held.closings
    cosine = np.cos(np.arctan(gripper.friction))
    square = (closings.alignment - cosine) / (1.0 - cosine)
    size = 0.5 * float(np.linalg.norm(np.ptp(part.triangles[:, :, :2], axis=(0, 1))))
    away = np.linalg.norm(closings.middles - part.middle[:2], axis=1) / size
    return np.asarray(
        0.35 * np.clip(square, 0.0, 1.0) + 0.35 * held.touching
        + 0.3 * np.clip(1.0 - away, 0.0, 1.0))


def _spread(closings: Closings, scores: Floats) -> list[int]:
    """Choose good closings that differ, in their places or directions; the best first."""
    angles = np.arctan2(closings.directions[:, 1], closings.directions[:, 0])
    chosen: list[int] = []
    for distance, angle in _APART:
        left = np.ones(len(scores), dtype=bool)
        likeness = np.zeros(len(scores))
        chosen = []
        while left.any() and len(chosen) < MAX_GRASPS:
            best = int(np.argmax(np.where(left, scores - 0.3 * likeness, -np.inf)))
            chosen.append(best)
            apart = np.linalg.norm(closings.middles - closings.middles[best], axis=1)
            turned = angle_difference(angles, angles[best])
            left &= (apart > distance) | (turned > angle)
            alike = np.exp(-((apart / 0.03) ** 2)) * np.cos(turned) ** 2
            likeness = np.maximum(likeness, alike)
        if len(chosen) >= MIN_GRASPS:
            break
    return sorted(chosen, key=lambda index: -scores[index])


def _others(closings: Closings, scores: Floats, chosen: Sequence[int]) -> list[int]:
    """Sample those closings that are not near a chosen one; the best first."""
    angles = np.arctan2(closings.directions[:, 1], closings.directions[:, 0])
    distance, angle = _OTHERS_APART
    left = np.ones(len(scores), dtype=bool)
    taken = list(chosen)
    for index in (*chosen, *np.argsort(-scores, kind='stable').tolist()):
        if index not in chosen:
            if not left[index]:
                continue
            taken.append(index)
        apart = np.linalg.norm(closings.middles - closings.middles[index], axis=1)
        left &= (apart > distance) | (angle_difference(angles, angles[index]) > angle)
    return taken[len(chosen):]
