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

"""Whether the gripper has room where a rectangle in a picture tells it to close."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
import trimesh

from mtperception.geometry.camera import Floats
from mtperception.geometry.rectangle import overlap
from mtperception.sim.grasp.grasps import LOWEST_TIPS, PosedMesh
from mtperception.sim.grasp.gripper import GRIPPER, Gripper
from mtperception.sim.grasp.height_map import Grid, height_map, highest, RESOLUTION
from mtperception.sim.grasp.labels import GraspSample

_UP = np.array((0.0, 0.0, 1.0))


def fingers_clear(
    sample: GraspSample, rectangles: ArrayLike, meshes: Mapping[str, trimesh.Trimesh],
    gripper: Gripper = GRIPPER,
) -> NDArray[np.bool_]:
    """
    Tell for which of N rectangles (x, y, opening, jaw, theta) the open gripper comes down freely.

    `meshes` are those of the sample's parts and clutter by name. The fingers' tips go down to the
    height of the grasp that a rectangle overlaps most, to the bench where it overlaps
    none. They are as far apart as the rectangle says there, or as far as they open at most. Then
    nothing, swept from above, may be under the fingers and the palm, and of other things than the
    grasped part nothing between the fingers.
    """
    rows = np.asarray(rectangles, dtype=np.float64).reshape(-1, 5)
    things = _things(sample, meshes)
    maps = []
    for thing in things:
        own = Grid.around(thing.triangles.reshape(-1, 3), RESOLUTION)
        maps.append((own, height_map(own, thing.triangles)))
    frames = [_frame(sample, row, gripper) for row in rows]
    if not frames:
        return np.ones(0, dtype=bool)
    grid = Grid.around(
        np.array([frame.middle for frame in frames]), gripper.reach + 2 * RESOLUTION)
    everything = highest(grid, maps)
    without: dict[int | None, NDArray[np.float32]] = {}
    clear = np.ones(len(rows), dtype=bool)
    for index, frame in enumerate(frames):
        half = frame.opening / 2
        under_finger = _highest(grid, everything, frame, np.concatenate([
            side * _steps(half, half + gripper.finger_thickness) for side in (-1.0, 1.0)]),
            gripper.finger_width)
        under_palm = _highest(
            grid, everything, frame, _steps(-gripper.palm_length / 2, gripper.palm_length / 2),
            gripper.palm_width)
        clear[index] = under_finger < frame.tips and under_palm < frame.tips \
            + gripper.finger_length
        if clear[index] and frame.target is not None:
            if frame.target not in without:
                without[frame.target] = highest(
                    grid, maps[:frame.target] + maps[frame.target + 1:])
            clear[index] = _highest(
                grid, without[frame.target], frame, _steps(-half, half),
                gripper.finger_width) < frame.tips
    return clear


class _Frame(NamedTuple):
    """
    Where a gripper closes, seen from above: the middle (2), and the unit vector of closing (2).

    Lengths in metres; `tips` is how high the fingers' tips are, `target` the place of the part
    that is gripped among the sample's objects, None where it is not known.
    """

    middle: Floats
    closing: Floats
    opening: float
    tips: float
    target: int | None


def _things(sample: GraspSample, meshes: Mapping[str, trimesh.Trimesh]) -> list[PosedMesh]:
    """Return the sample's objects and then its clutter, in the world."""
    view = sample.view
    named = [(part.part, part.rotation, part.translation) for part in sample.objects]
    named += [(thing.name, thing.rotation, thing.translation) for thing in sample.clutter]
    return [
        PosedMesh(
            meshes[name], view.rotation @ rotation, view.rotation @ translation + view.position)
        for name, rotation, translation in named]


def _frame(sample: GraspSample, row: Floats, gripper: Gripper) -> _Frame:
    tips, target = _depth(sample, row)
    x, y, opening, _, theta = row
    half = 0.5 * opening * np.array((np.cos(theta), -np.sin(theta)))
    pixels = np.array((x, y)) + np.stack((0.0 * half, -half, half))
    middle, one, other = sample.view.on_plane(pixels, tips * _UP, _UP)[:, :2]
    apart = float(np.linalg.norm(other - one))
    return _Frame(
        middle, (other - one) / apart, min(apart, gripper.max_opening), tips, target)


def _depth(sample: GraspSample, row: Floats) -> tuple[float, int | None]:
    """Return how high the tips are that a rectangle stands for, and the part that it is of."""
    labels = [
        (place, grasp) for place, part in enumerate(sample.objects)
        for grasp in (*part.grasps, *part.others)]
    if labels:
        shared = overlap(row, [grasp.rectangle for _, grasp in labels])[0]
        target, grasp = labels[int(shared.argmax())]
        if shared.max() > 0.0 and grasp.pose is not None:
            view = sample.view
            return float((view.rotation @ grasp.pose.position + view.position)[2]), target
    return LOWEST_TIPS, None


def _highest(
    grid: Grid, heights: NDArray[np.float32], frame: _Frame, along: Floats, width: float,
) -> float:
    """Return the highest of what is so far along the closing, and within a width across it."""
    across = _steps(-width / 2, width / 2)
    ahead, aside = frame.closing
    x = frame.middle[0] + ahead * along[:, None] - aside * across
    y = frame.middle[1] + aside * along[:, None] + ahead * across
    return float(heights.ravel()[grid.cells(x, y)].max())


def _steps(low: float, high: float) -> Floats:
    """Return numbers from low to high that are at most a cell apart."""
    return np.linspace(low, high, int(np.ceil((high - low) / RESOLUTION)) + 1)
