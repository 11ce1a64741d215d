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

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
import trimesh

from mtperception.geometry.camera import Floats, PosedCamera
from mtperception.geometry.rectangle import angle_difference, half_turn
from mtperception.sim.grasp_contacts import Closings, opposite_contacts, section
from mtperception.sim.grasp_labels import GraspLabel, GripperPose
from mtperception.sim.height_map import Grid, height_map, RESOLUTION, widened

MAX_GRASPS = 6
# Fingers grip so far below a part's top, or half way down, or just below the top, whichever goes
# first; but no nearer to the bench than this (metres), with their tips some way deeper.
GRIP_DEPTH, _SHALLOW, _LOWEST, _TIPS_BELOW = 0.012, 0.005, 0.004, 0.003
_LOWEST_TIPS = 0.001
# Beside the contact a part may bulge so far out within the jaws' width, and is looked for so far
# in (metres); at least so much of the jaws must touch it.
_BULGE, _HOLLOW, _TOUCHING = 0.003, 0.004, 0.2
# Of grasps so near to each other (metres, radians) only the best is kept; nearer ones where that
# leaves no choice.
_APART = ((0.012, np.radians(25.0)), (0.004, np.radians(10.0)))


@dataclass(frozen=True)
class Gripper:
    """
    A parallel gripper with two fingers; lengths in metres.

    It opens up to `max_opening`, and by `clearance` to each side of what it is to grip. The
    fingers are `finger_width` wide across the closing direction, `finger_thickness` thick along
    it, and hang `finger_length` below a palm of `palm_length` along and `palm_width` across.
    `friction` is their coefficient on the parts.
    """

    max_opening: float = 0.085
    clearance: float = 0.006
    finger_width: float = 0.014
    finger_thickness: float = 0.006
    finger_length: float = 0.05
    palm_length: float = 0.11
    palm_width: float = 0.05
    friction: float = 0.5

    @property
    def reach(self) -> float:
        """How far any of it can be from the point between its fingers, seen from above."""
        half = self.max_opening / 2 + self.finger_thickness
        return max(
            float(np.hypot(half, self.finger_width / 2)),
            float(np.hypot(self.palm_length, self.palm_width)) / 2)


GRIPPER = Gripper()


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


def plan_grasps(
    scene: Sequence[PosedMesh], targets: Iterable[int], gripper: Gripper = GRIPPER,
) -> list[tuple[Grasp, ...]]:
    """
    Return for each target, a place in the scene, up to MAX_GRASPS grasps, the best first.

    The bench is the plane z = 0, and all of the scene is in the way. The grasps of a part differ
    in place or direction; there are none where it is too large, too flat or has no room.
    """
    corners = np.concatenate([thing.triangles.reshape(-1, 3) for thing in scene])
    grid = Grid.around(corners, gripper.reach + 2 * RESOLUTION)
    heights = [height_map(grid, thing.triangles) for thing in scene]
    planned = []
    for target in targets:
        others = np.zeros_like(heights[target])
        for place, height in enumerate(heights):
            if place != target:
                np.maximum(others, height, out=others)
        room = _Room(grid, heights[target], widened(others, 1), gripper)
        planned.append(_grasps(scene[target], room, gripper))
    return planned


def grasp_label(grasp: Grasp, view: PosedCamera) -> GraspLabel:
    """Return a grasp as a camera sees it."""
    middle = np.array(grasp.position)
    closing = np.array((np.cos(grasp.closing), np.sin(grasp.closing), 0.0))
    across = np.array((-closing[1], closing[0], 0.0))
    half, jaw = 0.5 * grasp.opening * closing, 0.5 * grasp.jaw * across
    (x, y), one, other, left, right = view.project(
        middle + np.stack((np.zeros(3), -half, half, -jaw, jaw)))
    axis = other - one
    opening = float(np.linalg.norm(axis))
    # Seen askew, the jaws are not square to the axis: what counts is how wide they are across.
    width = abs(axis[0] * (right - left)[1] - axis[1] * (right - left)[0]) / opening
    theta = float(half_turn(np.arctan2(-axis[1], axis[0])))
    pose = GripperPose(
        _vector(view.to_optical(middle)[0]), _vector(closing @ view.rotation),
        _vector(np.array((0.0, 0.0, -1.0)) @ view.rotation), grasp.opening)
    return GraspLabel(float(x), float(y), opening, float(width), theta, grasp.score, pose)


def _vector(values: Floats) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return x, y, z


@dataclass(frozen=True)
class _Room:
    """What stands where around a part: its own height map, and that of all else, widened."""

    grid: Grid
    own: NDArray[np.float32]
    others: NDArray[np.float32]
    gripper: Gripper

    def free(self, closings: Closings, tips: float) -> NDArray[np.bool_]:
        """Tell for which closings nothing else is in the open gripper's way."""
        gripper = self.gripper
        half = 0.5 * closings.widths[:, None]
        sideways = _steps(-gripper.finger_width / 2, gripper.finger_width / 2)
        out = half + gripper.clearance + gripper.finger_thickness
        # The fingers, and what would be caught between them.
        along = np.linspace(-1.0, 1.0, int(2 * out.max() / (2 * RESOLUTION)) + 2) * out
        fingers = self._heights(self.others, closings, along, sideways) < tips
        free = np.asarray(fingers.all(axis=(1, 2)))
        under_palm = tips + gripper.finger_length
        if self._all.max() < under_palm:
            return free
        length = np.tile(_steps(-gripper.palm_length / 2, gripper.palm_length / 2), (len(half), 1))
        breadth = _steps(-gripper.palm_width / 2, gripper.palm_width / 2)
        palm = self._heights(self._all, closings, length, breadth) < under_palm
        return np.asarray(free & palm.all(axis=(1, 2)))

    def touches(self, closings: Closings, tips: float) -> tuple[Floats, Floats]:
        """
        Return where the jaws touch first, and how much of them touches, for each closing.

        That is how far the part reaches out beyond the contacts within the jaws' width, in
        metres, and the share of the width that it reaches about as far at; the worse jaw's.
        """
        gripper = self.gripper
        out = np.arange(-_HOLLOW, gripper.clearance + gripper.finger_thickness, RESOLUTION)
        sideways = _steps(-gripper.finger_width / 2, gripper.finger_width / 2, RESOLUTION)
        half = 0.5 * closings.widths[:, None]
        reaches, shares = [], []
        for along in (half + out, -half - out):
            there = self._heights(self.own, closings, along, sideways) >= tips
            outermost = len(out) - 1 - there[:, ::-1].argmax(axis=1)
            outermost[~there.any(axis=1)] = -len(out)
            first = outermost.max(axis=1)
            reaches.append(out[np.maximum(first, 0)])
            shares.append((outermost >= first[:, None] - 1).mean(axis=1))
        return np.maximum(*reaches), np.minimum(*shares)

    @cached_property
    def _all(self) -> NDArray[np.float32]:
        return np.maximum(self.own, self.others)

    def _heights(
        self, heights: NDArray[np.float32], closings: Closings, along: Floats, across: Floats,
    ) -> NDArray[np.float32]:
        """Return heights around the middles, so far along (N x A) and across (B) the closing."""
        x, y = closings.directions.T[:, :, None, None]
        middle_x, middle_y = closings.middles.T[:, :, None, None]
        ahead = along[:, :, None]
        cells = self.grid.cells(
            middle_x + x * ahead - y * across, middle_y + y * ahead + x * across)
        return heights.ravel()[cells]


def _steps(low: float, high: float, step: float = 2 * RESOLUTION) -> Floats:
    """Return numbers from low to high that are at most a step apart."""
    return np.linspace(low, high, int(np.ceil((high - low) / step)) + 1)


def _grasps(part: PosedMesh, room: _Room, gripper: Gripper) -> tuple[Grasp, ...]:
    top = float(part.triangles[:, :, 2].max())
    for grip in (top - GRIP_DEPTH, 0.5 * top, top - _SHALLOW):
        grasps = _grasps_at(part, room, gripper, max(grip, _LOWEST)) if top > _LOWEST else ()
        if grasps:
            return grasps
    return ()


def _grasps_at(
    part: PosedMesh, room: _Room, gripper: Gripper, grip: float,
) -> tuple[Grasp, ...]:
    closings = opposite_contacts(
        section(part.triangles, grip), gripper.friction,
        gripper.max_opening - 2.0 * gripper.clearance)
    closings = closings.chosen(_representatives(closings, part.middle[:2]))
    if not len(closings.widths):
        return ()
    tips = max(grip - _TIPS_BELOW, _LOWEST_TIPS)
    reach, touching = room.touches(closings, tips)
    held = (reach <= _BULGE) & (touching >= _TOUCHING)
    held[held] = room.free(closings.chosen(held), tips) if held.any() else False
    closings, touching = closings.chosen(held), touching[held]
    size = 0.5 * float(np.linalg.norm(np.ptp(part.triangles[:, :, :2], axis=(0, 1))))
    scores = _scores(closings, touching, part.middle[:2], size, gripper)
    grasps = []
    for index in _spread(closings, scores):
        x, y = closings.middles[index]
        direction = closings.directions[index]
        width = float(closings.widths[index])
        grasps.append(Grasp(
            (float(x), float(y), tips), float(half_turn(np.arctan2(direction[1], direction[0]))),
            width + 2.0 * gripper.clearance, width, gripper.finger_width, float(scores[index])))
    return tuple(grasps)


def _representatives(closings: Closings, middle: Floats) -> NDArray[np.intp]:
    """Return the best of the closings that are all but the same."""
    angles = half_turn(np.arctan2(closings.directions[:, 1], closings.directions[:, 0]))
    alike = np.column_stack((
        np.round(closings.middles / 0.003), np.round(closings.widths / 0.003),
        np.round(angles / np.radians(9.0)) % 20)).astype(np.int64)
    away = np.linalg.norm(closings.middles - middle, axis=1)
    order = np.argsort(away - 0.1 * closings.alignment, kind='stable')
    return order[np.unique(alike[order], axis=0, return_index=True)[1]]


def _scores(
    closings: Closings, touching: Floats, middle: Floats, size: float, gripper: Gripper,
) -> Floats:
    """Rate how square, how fully and how near to the centre of mass the jaws touch: 0 to 1."""
    cosine = np.cos(np.arctan(gripper.friction))
    square = (closings.alignment - cosine) / (1.0 - cosine)
    away = np.linalg.norm(closings.middles - middle, axis=1) / size
    return np.asarray(
        0.35 * np.clip(square, 0.0, 1.0) + 0.35 * touching + 0.3 * np.clip(1.0 - away, 0.0, 1.0))


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
        if len(chosen) > 1:
            break
    return sorted(chosen, key=lambda index: -scores[index])
