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

"""A live tool tray: a fixed camera over a tool that lies there, or that a hand holds."""

from concurrent.futures import Future, ThreadPoolExecutor
import contextlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import Floats, look_at, PosedCamera
from mtperception.geometry.rotations import about_axis, random_rotations
from mtperception.sim.looks.camera_effects import Picture
from mtperception.sim.looks.colour_camera import draw_colour_camera, photograph_colour
from mtperception.sim.looks.lighting import draw_lighting
from mtperception.sim.pose.hiding import LEAST_VISIBLE
from mtperception.sim.pose.labels import PoseObject, PoseSample
from mtperception.sim.pose.layout import draw_hands, Pose, pose_camera
from mtperception.sim.pose.looks import paint, paint_bench
from mtperception.sim.pose.scene import (
    HEIGHT,
    labelled,
    object_gain,
    object_window,
    shape_of,
    Shot,
    WIDTH,
    worn,
)
from mtperception.sim.pose.stage import PoseStage, SOLID_MATERIALS
from mtperception.sim.shapes.parts import hammer, Part
from mtperception.sim.shapes.solids import Solid

# Metres: the inside of the tray along x and y, and its rim's height and thickness.
_INSIDE, _RIM, _THICKNESS = (0.46, 0.4), 0.03, 0.008
_EYE = (0.25, 0.0, 0.86)
# The share of tools that are held, how high over the tray (metres), and how often to try.
_HELD, _HEIGHTS, _TRIES = 0.4, (0.06, 0.17), 40
_UP = np.array((0.0, 0.0, 1.0))
_TRAY = SOLID_MATERIALS[0]


def tray_view(width: int = WIDTH, height: int = HEIGHT) -> PosedCamera:
    """Return the camera that looks at the tray, of which the middle is the origin."""
    return look_at(pose_camera(width, height), _EYE, np.zeros(3), 0.0)


class LiveTray:
    """
    A fixed camera with depth over a tray with a tool in it, the hammer by default.

    Every few seconds the tool is put there anew, or held over the tray by a hand. What there is
    to see at a time depends on the seed and that time alone. The next tool is rendered on a
    thread of its own while this one is shown, so that no picture comes late.
    """

    # Seconds that a tool stays, the empty moment before it is put there included.
    period = 4.0
    empty = 0.5

    def __init__(
        self, seed: int, width: int = WIDTH, height: int = HEIGHT, part: Part | None = None,
    ) -> None:
        self._seed = seed
        self._part = part or hammer()
        self._shape = shape_of(self._part)
        self.view = tray_view(width, height)
        # OpenGL wants to be used from one thread.
        self._renderer = ThreadPoolExecutor(1, 'live_tray')
        try:
            self._renderer.submit(self._set_up, width, height).result()
        except BaseException:
            self._renderer.shutdown()
            raise
        self._shown = self._ordered(0)
        self._next = self._ordered(1)

    def _set_up(self, width: int, height: int) -> None:
        rng = np.random.default_rng([self._seed, 0])
        self._resting = _resting(self._part)
        self._stage = stage = PoseStage((self._part,), width, height, 1.0)
        stage.put([], [])
        stage.lay_bench(np.zeros(3), float(rng.uniform(0.0, 2.0 * np.pi)), rng.random(2))
        self._bench = paint_bench(rng, stage, 1.0, photos=False)
        # Lamps hang over a cell, and there is some light from everywhere.
        lighting = draw_lighting(rng, np.zeros(3), _UP)
        self._lighting = replace(
            lighting, lamp=np.array((*rng.uniform(-0.6, 0.6, 2), 1.4)), radius=0.0, shadows=True,
            ambient=np.maximum(lighting.ambient, 0.25))
        self._camera = replace(
            draw_colour_camera(rng), blur=0.5, shake=0.0, lens=None, quality=None)
        self._enamel = rng.uniform(0.15, 0.7) * rng.uniform(0.8, 1.0, 3)
        self._empty = self._rendered(-1)

    def close(self) -> None:
        """Free the renderer; harmless when done twice."""
        with contextlib.suppress(RuntimeError):  # it was done before
            self._renderer.submit(self._stage.close)
        self._renderer.shutdown()

    def step(self, t: float) -> PoseSample:
        """Take a picture at a time in seconds, 0 or later."""
        turn, since = divmod(t, self.period)
        if since < self.empty:
            shown = self._empty
        else:
            if turn != self._shown.turn:
                self._shown = self._next if turn == self._next.turn else self._ordered(int(turn))
                self._next = self._ordered(int(turn) + 1)
            shown = self._shown.rendered.result()
        rng = np.random.default_rng([self._seed, 2, int(1e6 * t)])
        image = photograph_colour(rng, shown.light, self._camera, self.view.camera, shown.gain)
        return PoseSample(image, shown.depth, shown.objects, self.view)

    def _ordered(self, turn: int) -> '_Turn':
        return _Turn(turn, self._renderer.submit(self._rendered, turn))

    def _rendered(self, turn: int) -> '_Scene':
        """Render the tool of a turn, none where that is negative."""
        stage, view = self._stage, self.view
        rng = np.random.default_rng([self._seed, 1, turn + 1])
        pose, hand = self._placed(rng) if turn >= 0 else (None, [])
        poses = [] if pose is None else [pose]
        stage.put(poses, [])
        paint(rng, stage, view, self._bench, self._lighting, [pose.part for pose in poses], [])
        stage.surfaces.plain(np.random.default_rng(self._seed), _TRAY)
        stage.colour(_TRAY, self._enamel)
        self._put_solids(hand)
        light = stage.picture(view, self._lighting)
        geoms, depth = stage.identities(view)
        gain = object_gain(light, self._camera, stage.belongs(0, geoms) if poses else None)
        shot = Shot(view, geoms, self._lighting, self._camera, gain)
        objects = tuple(
            labelled(stage, shot, slot, pose, self._part.name, self._shape)
            for slot, pose in enumerate(poses))
        return _Scene(light, gain, depth, objects)

    def _put_solids(self, hand: list[Solid]) -> None:
        solids = [*_rim(), *hand]
        self._stage.put_solids(solids)
        self._stage.show_solids(range(len(solids)))

    def _placed(self, rng: np.random.Generator) -> tuple[Pose, list[Solid]]:
        """Draw how the tool lies, or how it is held and by what hand."""
        if rng.random() < _HELD:
            for _ in range(_TRIES):
                pose = self._in_the_air(rng)
                if pose is None:
                    continue
                hand = self._holding(rng, pose)
                if hand is not None:
                    return pose, hand
        return self._lying(rng), []

    def _in_the_air(self, rng: np.random.Generator) -> Pose | None:
        """Draw a pose over the tray; None where the tool would be in it."""
        rotation = random_rotations(rng, 1)[0]
        middle = np.array((*rng.uniform(-0.1, 0.1, 2), rng.uniform(*_HEIGHTS)))
        position = middle - rotation @ self._part.mesh.bounds.mean(axis=0)
        lowest = (self._shape.corners @ rotation.T + position)[:, 2].min()
        return Pose(0, rotation, position) if lowest > _RIM else None

    def _holding(self, rng: np.random.Generator, pose: Pose) -> list[Solid] | None:
        """Draw a hand that holds the tool so that enough of it is seen; None where none does."""
        window = object_window(self.view, self._shape, pose)
        self._stage.put([pose], [])
        whole = self._stage.silhouette(0, self.view, window).sum()
        for hand in draw_hands(rng, self.view, self._shape, pose, 2):
            dressed = worn(hand, 0)
            self._put_solids(dressed)
            if self._stage.seen(0, self.view, window).sum() >= LEAST_VISIBLE * whole:
                return dressed
        return None

    def _lying(self, rng: np.random.Generator) -> Pose:
        """Draw a pose at rest in the tray."""
        chances, rotations = self._resting
        down = rotations[rng.choice(len(chances), p=chances)]
        for _ in range(_TRIES):
            rotation = about_axis(_UP, rng.uniform(0.0, 2.0 * np.pi)) @ down
            corners = self._shape.corners @ rotation.T
            room = np.array(_INSIDE) - np.ptp(corners, axis=0)[:2]
            if (room > 0.0).all():
                break
        low, high = corners.min(axis=0), corners.max(axis=0)
        middle = rng.uniform(-0.5, 0.5, 2) * np.maximum(room, 0.0)
        return Pose(0, rotation, np.array((*(middle - (low + high)[:2] / 2.0), -low[2])))


@dataclass(frozen=True)
class _Scene:
    light: Picture
    gain: float
    depth: NDArray[np.float32]
    objects: tuple[PoseObject, ...]


@dataclass(frozen=True)
class _Turn:
    turn: int
    rendered: 'Future[_Scene]'


def _resting(part: Part) -> tuple[Floats, Floats]:
    """Return how probable each way is that a part comes to rest in (N), and the rotations."""
    hull = part.mesh.convex_hull
    hull.center_mass = part.mesh.center_mass
    transforms, chances = hull.compute_stable_poses()
    return chances / chances.sum(), transforms[:, :3, :3]


def _rim() -> list[Solid]:
    """Return the tray's rim, on the bench around the origin."""
    (x, y), level = (0.5 * np.array(_INSIDE) + 0.5 * _THICKNESS), np.eye(3)
    half, up = 0.5 * _THICKNESS, 0.5 * _RIM
    return [
        Solid('box', level, np.array((side * x, 0.0, up)), (half, y + half, up), _TRAY)
        for side in (-1.0, 1.0)
    ] + [
        Solid('box', level, np.array((0.0, side * y, up)), (x + half, half, up), _TRAY)
        for side in (-1.0, 1.0)
    ]
