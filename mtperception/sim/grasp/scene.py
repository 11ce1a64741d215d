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

"""Pictures of parts that have fallen onto a bench, with exact labels and grasps."""

from collections.abc import Sequence
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import Floats, look_at, PinholeCamera, PosedCamera
from mtperception.geometry.rotations import about_axis, random_rotations
from mtperception.sim.bench.stage import BenchStage
from mtperception.sim.grasp.grasps import grasp_labels, plans, PosedMesh
from mtperception.sim.grasp.labels import Clutter, GraspObject, GraspSample
from mtperception.sim.looks.backgrounds import Backgrounds
from mtperception.sim.looks.colour_camera import draw_colour_camera, photograph_colour
from mtperception.sim.looks.contact_shadows import contact_shade
from mtperception.sim.looks.lighting import draw_lighting
from mtperception.sim.looks.reflections import draw_room
from mtperception.sim.shapes.clutter import clutter
from mtperception.sim.shapes.part_files import PartError
from mtperception.sim.shapes.parts import Part, PARTS

WIDTH, HEIGHT = 300, 300
# What the grasp detector is trained on; the ring is kept from it.
TRAINING_PARTS = ('cylinder', 'l', 'star', 't')
MAX_PARTS, _MAX_CLUTTER = 5, 4
# The diameter (metres) of the sphere around a part that the field of view is for.
_LENGTH = 0.092
# How much larger the largest of the parts may be than the smallest.
_LIKE_SIZES = 8
# Falls are tried again until all is well; with strange meshes it never might be.
_TRIES = 60
_UP = np.array((0.0, 0.0, 1.0))
_Rng = np.random.Generator


class GraspScene:
    """
    Drops parts onto benches; a context manager, to be used from one thread.

    `parts` are what is dropped, by default the project's own: those of the training, and where
    asked for by name, the ring. Half of the benches wear the user's pictures where there are
    `backgrounds`. The size of the pictures is in pixels. Making a scene takes some seconds.
    """

    def __init__(
        self, parts: Sequence[Part] | None = None, width: int = WIDTH, height: int = HEIGHT,
        backgrounds: Backgrounds | None = None,
    ) -> None:
        own = parts is None
        if parts is None:
            parts = [PARTS[name]() for name in (*TRAINING_PARTS, 'ring')]
        self.width, self.height = width, height
        self.names = [part.name for part in parts]
        self._drawn = list(TRAINING_PARTS) if own else self.names
        for name in self.names:
            if self.names.count(name) > 1:
                raise PartError(f'there are several parts named {name}: rename the files')
        self._scale = _scale(parts)
        # All that can lie there, and how much of it at once.
        self.catalogue, self.bodies = catalogue(parts), MAX_PARTS + _MAX_CLUTTER
        self._spheres = [*map(_sphere, self.catalogue)]
        self._stage = BenchStage(
            self.catalogue, self.bodies, self._scale, width, height, backgrounds)

    def __enter__(self) -> 'GraspScene':
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the renderer; harmless when done twice."""
        self._stage.close()

    def sample(
        self, seed: int, index: int, parts: Sequence[str] | None = None,
    ) -> GraspSample:
        """
        Render sample `index` of the data set `seed`: a pure function of these and of `parts`.

        Those are the names of what is dropped, one to five, and nothing else is. Where None, they
        are drawn at random, and other things lie among them now and then.
        """
        rng = np.random.default_rng([seed, index])
        view = draw_view(rng, self.width, self.height, self._scale)
        names = self._draw_names(rng) if parts is None else parts
        if not 1 <= len(names) <= MAX_PARTS:
            raise ValueError(f'{len(names)} parts cannot be dropped: choose 1 to {MAX_PARTS}')
        unknown = [name for name in names if name not in self.names]
        if unknown:
            raise ValueError(f'there is no part {unknown[0]!r}: choose from {self.names}')
        kinds = [self.names.index(name) for name in names]
        if parts is None and rng.random() < 0.35:
            things = rng.integers(
                len(self.names), len(self._spheres), int(rng.integers(1, _MAX_CLUTTER + 1)))
            kinds.extend(int(thing) for thing in things)
        self._drop(rng, view, kinds, len(names))
        return self._photographed(rng, view, kinds, len(names))

    def _draw_names(self, rng: _Rng) -> list[str]:
        count = int(rng.choice(MAX_PARTS, p=(0.24, 0.2, 0.2, 0.2, 0.16))) + 1
        if rng.random() < 0.3:
            return [str(rng.choice(self._drawn))] * count
        return [str(name) for name in rng.choice(self._drawn, count)]

    def _drop(self, rng: _Rng, view: PosedCamera, kinds: Sequence[int], parts: int) -> None:
        """Let things fall until they rest with the parts in the picture."""
        self._stage.put(kinds)
        bodies = self._stage.bodies
        middle = _middle(view)
        distance = float(np.linalg.norm(middle - view.position))
        spread = 0.36 * min(self.width, self.height) * distance / view.camera.fx
        crowd = rng.uniform(0.45, 1.3)
        for _ in range(_TRIES):
            bodies.restart()
            places = _draw_places(
                rng, [self._spheres[kind] for kind in kinds], spread, crowd)
            for body, (position, rotation) in enumerate(places):
                bodies.place(body, middle + position, rotation)
            if bodies.settle() and self._in_picture(view, kinds[:parts]):
                return
            spread *= 0.93
        names = ', '.join(self._stage.catalogue[kind].name for kind in kinds)
        raise PartError(f'these do not come to rest on the bench: {names}')

    def _in_picture(self, view: PosedCamera, kinds: Sequence[int]) -> bool:
        middles = []
        for body, kind in enumerate(kinds):
            rotation, position = self._stage.bodies.pose(body)
            middles.append(rotation @ self._spheres[kind].centre + position)
        x, y = view.project(np.array(middles)).T
        margin = 0.06 * min(self.width, self.height)
        return bool(
            (x > margin).all() and (x < self.width - 1 - margin).all()
            and (y > margin).all() and (y < self.height - 1 - margin).all())

    def _photographed(
        self, rng: _Rng, view: PosedCamera, kinds: Sequence[int], parts: int,
    ) -> GraspSample:
        stage = self._stage
        bench = stage.paint_bench(rng)
        lighting = draw_lighting(rng, _middle(view), _UP, 1.2 * self._scale)
        stage.paint(rng, range(len(kinds)), bench)
        stage.set_room(draw_room(rng, _UP, bench, lighting), view)
        stage.reflect(view)
        geoms, depth = stage.identities(view)
        planned = plans(
            [PosedMesh(stage.catalogue[kind].mesh, *stage.bodies.pose(body))
             for body, kind in enumerate(kinds)], range(parts),
            seen=lambda body, points: shown(points, view, geoms, stage.bodies.geoms, body))
        shade = contact_shade(depth, view, 0.03 * self._scale, rng.uniform(0.2, 0.65))
        light = stage.picture(view, lighting, shade)
        objects = []
        for body, kind in enumerate(kinds[:parts]):
            silhouette = stage.silhouette(body, view, geoms)
            if silhouette is not None:
                rotation, translation = stage.pose(body, view)
                objects.append(GraspObject(
                    self.names[kind], rotation, translation, *silhouette,
                    grasps=grasp_labels(planned[body].best, view),
                    others=grasp_labels(planned[body].others, view)))
        image = photograph_colour(rng, light, draw_colour_camera(rng), view.camera)
        things = tuple(
            Clutter(stage.catalogue[kind].name, *stage.pose(body, view))
            for body, kind in enumerate(kinds[parts:], parts))
        return GraspSample(image, depth, tuple(objects), view, things)


def catalogue(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Return all that can lie on a bench with parts: these, and clutter that is about as large."""
    return (*parts, *clutter(_scale(parts)))


def shown(
    points: Floats, view: PosedCamera, identities: NDArray[np.int32], geoms: Sequence[int],
    body: int,
) -> NDArray[np.bool_]:
    """
    Tell which points (N x 3, metres) of grasps of a body a picture shows.

    They are in the picture, and it shows no other body there; `identities` are the picture's,
    `geoms` the bodies'.
    """
    others = [geom for place, geom in enumerate(geoms) if place != body]
    height, width = identities.shape
    x, y = np.rint(view.project(points)).astype(int).T
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    inside[inside] = ~np.isin(identities[y[inside], x[inside]], others)
    return np.asarray(inside)


def _scale(parts: Sequence[Part]) -> float:
    """Return the parts' size over the usual one; raise PartError where they differ too much."""
    lengths = [2.0 * _sphere(part).radius for part in parts]
    small, large = int(np.argmin(lengths)), int(np.argmax(lengths))
    if lengths[large] > _LIKE_SIZES * lengths[small]:
        raise PartError(
            f'{parts[large].name} ({1000 * lengths[large]:.0f} mm) and {parts[small].name} '
            f'({1000 * lengths[small]:.0f} mm) do not fit into one picture: the largest part may '
            f'be {_LIKE_SIZES} times as large as the smallest')
    return float(np.median(lengths)) / _LENGTH


class _Sphere(NamedTuple):
    """A sphere around a part, in its own frame, in metres."""

    centre: Floats
    radius: float


def _sphere(part: Part) -> _Sphere:
    vertices = np.asarray(part.mesh.vertices)
    centre = (vertices.min(axis=0) + vertices.max(axis=0)) / 2.0
    return _Sphere(centre, float(np.linalg.norm(vertices - centre, axis=1).max()))


def _middle(view: PosedCamera) -> Floats:
    """Return where the bench is in the middle of the picture, in metres."""
    centre = ((view.camera.width - 1) / 2, (view.camera.height - 1) / 2)
    return np.asarray(view.on_plane([centre], np.zeros(3), _UP)[0])


def draw_view(rng: _Rng, width: int, height: int, scale: float) -> PosedCamera:
    """Draw a camera that looks down at the middle of the bench, tilted by up to 25 degrees."""
    span = scale * rng.uniform(0.27, 0.4)
    distance = scale * rng.uniform(0.45, 0.85)
    focal = min(width, height) * distance / span
    camera = PinholeCamera(
        width, height, focal, focal * rng.uniform(0.998, 1.002),
        (width - 1) / 2 + rng.uniform(-4, 4), (height - 1) / 2 + rng.uniform(-4, 4))
    tilt, azimuth = np.radians(25.0) * rng.random() ** 0.7, rng.uniform(0.0, 2 * np.pi)
    away = np.array(
        [np.sin(tilt) * np.cos(azimuth), np.sin(tilt) * np.sin(azimuth), np.cos(tilt)])
    target = np.array((*rng.uniform(-0.05, 0.05, 2) * scale, 0.0))
    return look_at(camera, target + distance * away, target, rng.uniform(-np.pi, np.pi))


def _draw_places(
    rng: _Rng, spheres: Sequence[_Sphere], spread: float, crowd: float,
) -> list[tuple[Floats, Floats]]:
    """
    Draw where things fall from: positions (metres) and rotations of their origins.

    They start within a circle of radius `spread` around the origin, their middles apart by the
    sum of their radii times `crowd` where there is room, and none inside another.
    """
    middles: list[tuple[float, float, float]] = []
    places: list[tuple[Floats, Floats]] = []
    for count, sphere in enumerate(spheres):
        reach = max(spread - 0.5 * sphere.radius, 0.1 * spread)
        for _ in range(12):
            angle, out = rng.uniform(0, 2 * np.pi), reach * np.sqrt(rng.random())
            ground = (out * math.cos(angle), out * math.sin(angle))
            apart = [
                math.dist(ground, other[:2]) / (sphere.radius + earlier.radius)
                for other, earlier in zip(middles, spheres[:count], strict=True)]
            if not apart or min(apart) > crowd:
                break
        height = sphere.radius * rng.uniform(1.02, 1.4)
        for other, earlier in zip(middles, spheres[:count], strict=True):
            both = sphere.radius + earlier.radius
            touching = both**2 - math.dist(ground, other[:2]) ** 2
            if touching > 0.0:
                height = max(height, other[2] + 1.02 * math.sqrt(touching))
        rotation = _draw_rotation(rng)
        middles.append((*ground, height))
        places.append((np.array(middles[-1]) - rotation @ sphere.centre, rotation))
    return places


def _draw_rotation(rng: _Rng) -> Floats:
    """Draw any rotation, or one of six sides down and a little askew."""
    anyhow: Floats = random_rotations(rng, 1)[0]
    if rng.random() < 0.85:
        return anyhow
    axes = np.eye(3)[rng.permutation(3)] * rng.choice((-1.0, 1.0), (3, 1))
    upright = axes * np.linalg.det(axes)
    leaning = about_axis(anyhow[0], rng.uniform(0.0, 0.12))
    return np.asarray(leaning @ about_axis(_UP, rng.uniform(0.0, 2 * np.pi)) @ upright)
