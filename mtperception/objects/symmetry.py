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
What of an object looks like another part of it.

Two looks are the same where no surface that can be seen is off by more than 2 % of the box's
diagonal, and all but 5 % of it face the same way: an object of 128 pixels is then drawn nowhere
two or three pixels off, and shaded alike. So a slot in a screw or an engraving does not make an
object look different, nor does what is inside it; a boss or a notch that stands out does, small as
it is, and so do the edges of a thin square rod.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
import trimesh

from mtperception.geometry.camera import Floats
from mtperception.geometry.pose_errors import Symmetries
from mtperception.geometry.rotations import about_axis, angle_between, icosphere, seen_from
from mtperception.sim.pose.bop import diameter

# Points on the surface that are compared, and how far they may be off, in diagonals of the box.
_POINTS, _DENSE, _TOLERANCE = 500, 20_000, 0.02
_FIRST = 40
# So much of the surface may face elsewhere: its normal is farther off than this (a length).
_ELSEWHERE, _TURNED = 0.05, 2.0 * np.sin(np.radians(25.0) / 2.0)
# Turns by a circle's parts are looked for down to this one; one of more sides looks round.
_MOST_SIDES = 12
# A circle looks round if it does after these turns (radians).
_ROUND = np.radians((17.0, 41.0, 67.0, 97.0, 131.0, 153.0, 173.0))
# Turns nearer to each other than this are one, found twice (radians).
_SAME = np.radians(10.0)
# After so much more (radians) an object looks less the same than after a turn that is one.
_LITTLE = np.radians(8.0)
# Between two turns of a round object no point moves farther than this share of the diameter, as
# the BOP toolkit has it; there are so many of them at least.
_STEP, _LEAST_STEPS = 0.01, 36
# A ball has so many turns: to each direction, each with so many about it.
_BALL_DIRECTIONS, _BALL_STEPS = 42, 12
# From so many directions an object is looked at to tell what of it can be seen; that is what this
# share of those that it faces shows.
_VIEWS, _SIDES = 162, 0.05


def is_own_mirror_image(mesh: trimesh.Trimesh) -> bool:
    """Tell whether a mesh is the same when mirrored across a plane of two of its axes."""
    rng = np.random.default_rng(0)
    dense, _ = trimesh.sample.sample_surface(mesh, _DENSE, seed=rng)
    points, _ = trimesh.sample.sample_surface(mesh, _POINTS, seed=rng)
    middle = mesh.bounds.mean(axis=0)
    tree = cKDTree(dense)
    reach = _TOLERANCE * float(np.linalg.norm(mesh.extents))
    for axis in range(3):
        mirrored = np.array(points)
        mirrored[:, axis] = 2 * middle[axis] - mirrored[:, axis]
        if tree.query(mirrored)[0].max() <= reach:
            return True
    return False


def symmetries_of(mesh: trimesh.Trimesh) -> Symmetries:
    """
    Find the turns about the middle of its surface after which a mesh (metres) looks the same.

    They are looked for about the mesh's axes, its principal axes, the diagonals between either,
    and axes at right angles to those of three turns or more: half a turn to a twelfth. A surface
    of revolution has its turns sampled so finely that none of its points goes farther than 1 % of
    the diameter from one to the next; a ball has 504 turns, about 20 degrees apart.
    """
    look = _Look(mesh)
    axes = _candidates(look.principal_axes)
    round_axes = _apart(axis for axis in axes if look.is_round(axis))
    if len(round_axes) > 1:
        turns = (about_axis((0.0, 0.0, 1.0), 2.0 * np.pi * step / _BALL_STEPS)
                 for step in range(_BALL_STEPS))
        found = [turn @ view for turn in turns for view in seen_from(icosphere(_BALL_DIRECTIONS))]
        found = [turn @ found[0].T for turn in found]
    elif round_axes:
        found = _of_revolution(look, round_axes[0], diameter(mesh))
    else:
        found = _closed(look, _separate_turns(look, axes))
    rotations = np.array(found)
    return Symmetries(rotations, look.middle - rotations @ look.middle)


class _Look:
    """What can be seen of a mesh's surface, as points with normals."""

    def __init__(self, mesh: trimesh.Trimesh) -> None:
        points, faces = trimesh.sample.sample_surface(mesh, _DENSE, seed=0)
        normals = np.asarray(mesh.face_normals[faces])
        self._reach = _TOLERANCE * float(np.linalg.norm(mesh.extents))
        seen = _seen(points, normals, 1.5 * self._reach)
        # Exact where all can be seen, whatever points were drawn.
        shown, drawn = (np.bincount(some, minlength=len(mesh.faces))
                        for some in (faces[seen], faces))
        weights = mesh.area_faces * np.where(drawn > 0, shown / np.maximum(drawn, 1), 1.0)
        self.middle: Floats = np.average(mesh.triangles_center, axis=0, weights=weights)
        self._points, self._normals = points[seen] - self.middle, normals[seen]
        # They were drawn at random, so that the first few of them are anywhere.
        self._some, self._some_normals = self._points[:_POINTS], self._normals[:_POINTS]

    @cached_property
    def principal_axes(self) -> Floats:
        """The axes of inertia, 3 x 3, one a row."""
        return np.asarray(np.linalg.eigh(self._points.T @ self._points)[1].T)

    @cached_property
    def _places(self) -> cKDTree:
        return cKDTree(self._points)

    @cached_property
    def _facing(self) -> cKDTree:
        return cKDTree(self._with_normals(self._points, self._normals))

    def _with_normals(self, points: Floats, normals: Floats) -> Floats:
        return np.concatenate((points / self._reach, normals / _TURNED), axis=1)

    def off(self, rotation: Floats, count: int = _POINTS) -> float:
        """Return how far one of so many points is off at most after a turn, in tolerances."""
        moved = self._some[:count] @ rotation.T
        return float(self._places.query(moved)[0].max()) / self._reach

    def is_same(self, rotation: Floats) -> bool:
        """Tell whether the object looks the same after a turn about its middle."""
        # Most turns are refused by the first few points already.
        return self.off(rotation, _FIRST) <= 1.0 and self.off(rotation) <= 1.0 and bool(
            (self._unlike(rotation) > 1.0).mean() <= _ELSEWHERE)

    def is_turn(self, rotation: Floats) -> bool:
        """Tell whether it looks the same after a turn, and less so after a little more or less."""
        if not self.is_same(rotation):
            return False
        around = (about_axis(axis, angle) @ rotation for axis in self.principal_axes
                  for angle in (-_LITTLE, _LITTLE))
        unlike = float((self._unlike(rotation) ** 2).mean())
        return all(unlike < float((self._unlike(other) ** 2).mean()) for other in around)

    def _unlike(self, rotation: Floats) -> Floats:
        """Return how far points are off after a turn, in place and in facing, in tolerances."""
        moved = self._with_normals(self._some @ rotation.T, self._some_normals @ rotation.T)
        return np.asarray(self._facing.query(moved)[0])

    def is_round(self, axis: Floats) -> bool:
        """Tell whether any turn about an axis looks the same."""
        return all(self.is_same(about_axis(axis, angle)) for angle in _ROUND)

    def sides(self, axis: Floats) -> int:
        """Return by how many turns about an axis the object looks the same, itself included."""
        return next((count for count in range(_MOST_SIDES, 1, -1)
                     if all(self.is_turn(about_axis(axis, 2.0 * np.pi * step / count))
                            for step in range(1, count // 2 + 1))), 1)

    def radius(self, axis: Floats) -> float:
        """Return how far the surface is from an axis at most, in metres."""
        return float(np.linalg.norm(np.cross(self._points, axis), axis=1).max())


def _seen(points: Floats, normals: Floats, cell: float) -> NDArray[np.bool_]:
    """
    Tell which points (N x 3) of a surface can be seen, from some of the sides that they face.

    From each direction the nearest in each cell (metres) can be, with those little behind.
    """
    seen, faced = np.zeros((2, len(points)))
    for view in seen_from(icosphere(_VIEWS)):
        facing = np.flatnonzero(normals @ view[2] < 0.0)
        x, y, z = (points[facing] @ view.T).T
        columns, rows = ((some - some.min(initial=0.0)) // cell for some in (x, y))
        _, cells = np.unique(columns + 1e6 * rows, return_inverse=True)
        nearest = np.full(len(facing), np.inf)
        np.minimum.at(nearest, cells, z)
        faced[facing] += 1.0
        seen[facing[z <= nearest[cells] + cell]] += 1.0
    # By chance a cell has no point of what hides it.
    return np.asarray(seen > _SIDES * faced)


def _candidates(principal: Floats) -> list[Floats]:
    """Return the axes that are looked at: of a cube with the mesh's axes, and another one."""
    signs = (np.array(some, dtype=float) for some in product((0, 1, -1), repeat=3) if any(some))
    # Of an axis and its opposite, the one that begins with a positive number; edges first.
    cube = sorted((some for some in signs if some[np.flatnonzero(some)[0]] > 0),
                  key=lambda some: float(np.abs(some).sum()))
    unit = [some / np.linalg.norm(some) for some in cube]
    return unit + [principal.T @ some for some in unit]


def _apart(axes: Iterable[Floats]) -> list[Floats]:
    """Leave out axes that are nearly those before."""
    kept: list[Floats] = []
    for axis in axes:
        if all(abs(float(axis @ other)) < np.cos(_SAME) for other in kept):
            kept.append(axis)
    return kept


def _of_revolution(look: _Look, axis: Floats, across: float) -> list[Floats]:
    """Return the turns of what is round about one axis, with those end for end."""
    steps = max(int(np.ceil(2.0 * np.pi * look.radius(axis) / (_STEP * across))), _LEAST_STEPS)
    turns = [about_axis(axis, 2.0 * np.pi * step / steps) for step in range(steps)]
    over = about_axis(_perpendicular(axis), np.pi)
    return turns + [turn @ over for turn in turns] if look.is_same(over) else turns


def _separate_turns(look: _Look, axes: Sequence[Floats]) -> list[Floats]:
    """Return turns of what is not round: about axes, and end for end of the best of them."""
    sides = [look.sides(axis) for axis in axes]
    turns = [about_axis(axis, 2.0 * np.pi * step / count)
             for axis, count in zip(axes, sides, strict=True) for step in range(1, count)]
    most = int(np.argmax(sides))
    if sides[most] > 2:
        # Half turns about axes at right angles come as often as the turns: one is searched for.
        start = _perpendicular(axes[most])
        over = [about_axis(about_axis(axes[most], angle) @ start, np.pi)
                for angle in np.radians(np.arange(0.0, 180.0 / sides[most], 2.0))]
        best = min(over, key=look.off)
        if look.is_turn(best):
            turns.append(best)
    return turns


def _closed(look: _Look, turns: Sequence[Floats]) -> list[Floats]:
    """Return turns, one of each, the identity first, with those that come of one after another."""
    kept = [np.eye(3)]

    def is_new(turn: Floats) -> bool:
        return bool(angle_between(np.array(kept), turn).min() > _SAME)

    for turn in turns:
        if is_new(turn):
            kept.append(turn)
    before = 0
    while len(kept) > before:
        before = len(kept)
        for one, other in combinations(kept[1:], 2):
            if is_new(one @ other) and look.is_same(one @ other):
                kept.append(one @ other)
    return kept


def _perpendicular(axis: Floats) -> Floats:
    """Return an axis at right angles to one, along the mesh's where that is possible."""
    other = np.eye(3)[int(np.argmin(np.abs(axis)))]
    across = other - axis * float(axis @ other)
    return np.asarray(across / np.linalg.norm(across))
