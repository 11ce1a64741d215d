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

"""A live bench: a fixed camera over a conveyor that parts fall onto and are carried away by."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
import contextlib
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
import trimesh

from mtperception.datasets.grasps import GraspLabel
from mtperception.geometry.camera import Floats, look_at, PinholeCamera, PosedCamera
from mtperception.geometry.rotations import angle_between, random_rotations
from mtperception.sim.bench.conveyor import Conveyor, RAIL
from mtperception.sim.bench.model import TIMESTEP
from mtperception.sim.bench.stage import BenchStage
from mtperception.sim.grasp.grasps import Grasp, grasp_labels, plan_grasps, PosedMesh
from mtperception.sim.grasp.labels import GraspObject, GraspSample
from mtperception.sim.grasp.scene import HEIGHT, shown, TRAINING_PARTS, WIDTH
from mtperception.sim.looks.colour_camera import draw_colour_camera, photograph_colour
from mtperception.sim.looks.contact_shadows import contact_shade
from mtperception.sim.looks.lighting import draw_lighting
from mtperception.sim.looks.reflections import draw_room
from mtperception.sim.shapes.parts import Part, PARTS

BODIES = 10
SPEED = 0.05
# Metres: what the picture shows across, how far away the camera is, and half of the belt beyond.
_SPAN, _DISTANCE, _HALF_LENGTH, _WIDTH = 0.36, 0.7, 0.75, 0.3
# Parts fall onto the belt here, and are taken away there.
_SUPPLY, _END = -0.15, 0.27
# Seconds between parts, on average, and between those that were asked for.
_INTERVAL, _HURRY = 2.2, 0.3
# A pause of more seconds than this is a new beginning.
_LONGEST = 5.0
# Metres and radians by which a part on the belt may creep before its grasps are planned again,
# and the distance within which others are in its way.
_CREEP, _TURN, _NEAR = 0.001, 0.02, 0.2
_UP = np.array((0.0, 0.0, 1.0))
_Result = TypeVar('_Result')


def draw_bench_view(rng: np.random.Generator, width: int, height: int) -> PosedCamera:
    """Draw a camera that looks down at the origin of the bench; the size is in pixels."""
    focal = min(width, height) * _DISTANCE / _SPAN
    camera = PinholeCamera(width, height, focal, focal, (width - 1) / 2, (height - 1) / 2)
    tilt = np.radians(rng.uniform(-8.0, 8.0, 2))
    away = np.array((np.sin(tilt[0]), np.sin(tilt[1]), 1.0))
    return look_at(camera, _DISTANCE * away / np.linalg.norm(away), np.zeros(3), 0.0)


@dataclass(frozen=True)
class _Planned:
    """Where a part rested in the belt's frame, and its grasps there."""

    rotation: Floats
    position: Floats
    grasps: tuple[Grasp, ...]


class LiveBench:
    """
    A camera that looks down at a conveyor belt, with depth, and the truth about what is there.

    The same seed plays the same cell, as long as nothing is asked for. `parts` are what falls,
    those of the grasp detector's training by default. The size of the pictures is in pixels.
    All methods can be called from any thread; the work is done on one.
    """

    def __init__(
        self, seed: int, width: int = WIDTH, height: int = HEIGHT,
        parts: Sequence[Part] | None = None,
    ) -> None:
        self._seed = seed
        self._parts = list(parts or [PARTS[name]() for name in TRAINING_PARTS])
        self.names = [part.name for part in self._parts]
        # OpenGL wants to be used from one thread.
        self._thread = ThreadPoolExecutor(1, 'live_bench')
        try:
            self._done(self._set_up, width, height)
        except BaseException:
            self._thread.shutdown()
            raise

    def _set_up(self, width: int, height: int) -> None:
        rng = np.random.default_rng([self._seed, 0])
        self.view = draw_bench_view(rng, width, height)
        conveyor = Conveyor(2 * _HALF_LENGTH, _WIDTH, SPEED)
        self._stage = BenchStage(
            self._parts, BODIES, 1.0, width, height, conveyor=conveyor)
        self._stage.paint_bench(rng)
        self._belt = self._stage.paint_belt(rng)
        # Lamps hang over a cell, and there is some light from everywhere.
        lighting = draw_lighting(rng, np.zeros(3), _UP)
        self._lighting = replace(
            lighting, lamp=np.array((*rng.uniform(-0.6, 0.6, 2), 1.4)), radius=0.0, shadows=True,
            ambient=np.maximum(lighting.ambient, 0.25))
        self._room = draw_room(rng, _UP, self._belt, self._lighting)
        self._camera = replace(
            draw_colour_camera(rng), blur=0.5, shake=0.0, lens=None, quality=None)
        self._begin(0.0)

    def _begin(self, t: float) -> None:
        """Start with an empty belt at a time in seconds."""
        self._start, self._ticks = t, 0
        self._stage.bodies.clear()
        self._kinds: dict[int, int] = {}
        self._planned: dict[int, _Planned] = {}
        self._asked: deque[int] = deque()
        self._rng = np.random.default_rng([self._seed, 1])
        self._next = 0.0

    def close(self) -> None:
        """Free the renderer; harmless when done twice."""
        with contextlib.suppress(RuntimeError):  # it was done before
            self._thread.submit(self._stage.close)
        self._thread.shutdown()

    def step(self, t: float) -> GraspSample:
        """
        Take a picture at a time in seconds, 0 or later, not earlier than the one before.

        After a jump back, or far ahead, the belt is empty.
        """
        return self._done(self._step, t)

    def reset(self) -> None:
        """Empty the belt."""
        self._done(lambda: self._begin(self._start + self._ticks * TIMESTEP))

    def drop(self, name: str, count: int = 1) -> None:
        """
        Let so many parts of a name fall, one after the other.

        Raise ValueError where there is no such part, or no room for so many.
        """
        if name not in self.names:
            raise ValueError(f'there is no part {name!r}: choose one of {", ".join(self.names)}')
        if not 1 <= count <= BODIES:
            raise ValueError(f'{count} parts cannot be dropped: choose 1 to {BODIES}')
        kind = self.names.index(name)
        self._done(lambda: self._asked.extend([kind] * count))

    def _done(self, work: Callable[..., _Result], *arguments: float) -> _Result:
        return self._thread.submit(work, *arguments).result()

    def _step(self, t: float) -> GraspSample:
        ticks = int((t - self._start) / TIMESTEP + 1e-6)
        if not self._ticks <= ticks <= self._ticks + _LONGEST / TIMESTEP:
            self._begin(t)
            ticks = 0
        while self._ticks < ticks:
            self._ticks += 1
            self._supply(self._ticks * TIMESTEP)
            self._stage.carry(SPEED * self._ticks * TIMESTEP)
        self._take_away()
        return self._seen(t)

    def _supply(self, now: float) -> None:
        """Let the next part fall when it is time, and there is a body for it."""
        free = [body for body in range(BODIES) if body not in self._kinds]
        if now < self._next or not free:
            return
        rng, body = self._rng, free[0]
        if self._asked:
            kind = self._asked.popleft()
        else:
            kind = int(rng.integers(len(self._parts)))
        self._kinds[body] = kind
        self._stage.replace(body, kind)
        self._stage.bodies.weighed()
        self._stage.paint(rng, [body], self._belt)
        self._stage.set_room(self._room, self.view)
        mesh = self._parts[kind].mesh
        radius = float(np.linalg.norm(mesh.bounds - mesh.bounds.mean(axis=0), axis=1).max())
        across = 0.5 * _WIDTH - radius
        place = (_SUPPLY + rng.uniform(-0.03, 0.03), rng.uniform(-across, across), 1.2 * radius)
        rotation = random_rotations(rng, 1)[0]
        middle = rotation @ mesh.bounds.mean(axis=0)
        self._stage.bodies.place(body, np.array(place) - middle, rotation)
        self._next = now + (_HURRY if self._asked else _INTERVAL * rng.uniform(0.5, 1.5))

    def _take_away(self) -> None:
        for body in list(self._kinds):
            x, y, z = self._stage.bodies.pose(body)[1]
            if x > _END or z < -0.03 or abs(y) > 0.5 * _WIDTH:
                del self._kinds[body]
                self._planned.pop(body, None)
                self._stage.bodies.remove(body)

    def _seen(self, t: float) -> GraspSample:
        stage, view = self._stage, self.view
        self._plan()
        stage.reflect(view)
        geoms, depth = stage.identities(view)
        light = stage.picture(view, self._lighting, contact_shade(depth, view, 0.03, 0.4))
        objects = []
        for body in sorted(self._kinds):
            silhouette = stage.silhouette(body, view, geoms)
            if silhouette is not None and silhouette.visible > 0.0:
                rotation, translation = stage.pose(body, view)
                objects.append(GraspObject(
                    self.names[self._kinds[body]], rotation, translation, *silhouette,
                    grasps=self._labels(body, geoms)))
        noise = np.random.default_rng([self._seed, 2, int(1e6 * t)])
        image = photograph_colour(noise, light, self._camera, view.camera)
        return GraspSample(image, depth, tuple(objects), view)

    def _labels(self, body: int, geoms: NDArray[np.int32]) -> tuple[GraspLabel, ...]:
        """Return those grasps of a body that the picture of `geoms` shows."""
        planned = self._planned[body].grasps if body in self._planned else ()
        grasps = [self._carried(grasp) for grasp in planned]
        points = np.array([grasp.position for grasp in grasps]).reshape(-1, 3)
        which = shown(points, self.view, geoms, self._stage.bodies.geoms, body)
        return grasp_labels(
            [grasp for grasp, there in zip(grasps, which, strict=True) if there], self.view)

    @property
    def _moved(self) -> Floats:
        """How far the belt has come, in metres."""
        return np.array((SPEED * self._ticks * TIMESTEP, 0.0, 0.0))

    def _carried(self, grasp: Grasp) -> Grasp:
        """Take a grasp from the belt's frame to the world."""
        x, y, z = grasp.position
        return replace(grasp, position=(x + float(self._moved[0]), y, z))

    def _plan(self) -> None:
        """Plan grasps of parts that have come to rest on the belt, or whose neighbours have."""
        resting = {}
        for body in sorted(self._kinds):
            rotation, position = self._stage.bodies.pose(body)
            if self._stage.bodies.still(body, (SPEED, 0.0, 0.0)):
                resting[body] = (rotation, position - self._moved)
        news = [
            position for body, (rotation, position) in resting.items()
            if not self._as_planned(body, rotation, position)]
        news += [
            planned.position for body, planned in self._planned.items() if body not in resting]
        for body in set(self._planned) - set(resting):
            del self._planned[body]
        if not news:
            return
        bodies = list(resting)
        targets = [
            place for place, (_, position) in enumerate(resting.values())
            if min(np.linalg.norm(position - new) for new in news) < _NEAR]
        if not targets:
            return
        scene = [
            PosedMesh(self._parts[self._kinds[body]].mesh, *resting[body]) for body in bodies]
        scene += _rails([position[0] for _, position in resting.values()])
        for place, grasps in zip(targets, plan_grasps(scene, targets), strict=True):
            self._planned[bodies[place]] = _Planned(*resting[bodies[place]], grasps)

    def _as_planned(self, body: int, rotation: Floats, position: Floats) -> bool:
        planned = self._planned.get(body)
        return planned is not None and bool(
            np.linalg.norm(planned.position - position) < _CREEP
            and angle_between(planned.rotation, rotation) < _TURN)


def _rails(places: Sequence[float]) -> list[PosedMesh]:
    """Return the belt's rails as far as they are near places along it, in metres."""
    length = max(places) - min(places) + 2.0 * _NEAR
    middle = (max(places) + min(places)) / 2.0
    rail = trimesh.creation.box((length, RAIL, RAIL))
    return [
        PosedMesh(rail, np.eye(3), np.array((middle, side * (_WIDTH + RAIL) / 2, RAIL / 2)))
        for side in (-1.0, 1.0)]
