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

"""Pictures of objects that hands hold and hide, with exact poses."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import PosedCamera
from mtperception.geometry.rotations import random_rotations
from mtperception.sim.looks.backgrounds import Backgrounds
from mtperception.sim.looks.camera_effects import Picture
from mtperception.sim.looks.colour_camera import (
    ColourCamera,
    draw_colour_camera,
    exposure,
    photograph_cleanly,
    photograph_colour,
)
from mtperception.sim.looks.lighting import draw_lighting, Lighting
from mtperception.sim.pose.hands import grippable
from mtperception.sim.pose.hiding import chosen_to_hide, LEAST_VISIBLE
from mtperception.sim.pose.labels import (
    Box,
    Mask,
    mask_box,
    PoseObject,
    PoseSample,
    window_around,
)
from mtperception.sim.pose.layout import (
    draw_blockers,
    draw_clutter,
    draw_hands,
    draw_places,
    draw_poses,
    moved_towards,
    Pose,
    pose_camera,
    Shape,
)
from mtperception.sim.pose.looks import paint, paint_bench
from mtperception.sim.pose.stage import (
    HANDS,
    MAX_OBJECTS,
    MAX_THINGS,
    PERSONS,
    PoseStage,
    SLEEVES,
    SOLID_MATERIALS,
    Thing,
    Window,
)
from mtperception.sim.shapes.parts import Part
from mtperception.sim.shapes.solids import Solid

WIDTH, HEIGHT = 512, 512
_USUAL_SIDE = 0.3
_HANDS, _REACHING, _BLOCKERS, _CLUTTER = 2, 2, 6, 12
# Soft shadows take four times as long as hard ones: so many of them are made hard after all.
_HARD = 0.5
_UP = np.array((0.0, 0.0, 1.0))
_Rng = np.random.Generator


class PoseScene:
    """
    Renders parts in hands; a context manager, to be used from one thread.

    The size of the pictures is in pixels. `backgrounds` are pictures for the background, among
    procedural ones. Making one takes some seconds.
    """

    def __init__(
        self, *parts: Part, width: int = WIDTH, height: int = HEIGHT,
        backgrounds: Backgrounds | None = None,
    ) -> None:
        if not parts:
            raise ValueError('a scene of objects needs one part or more')
        self.names = [part.name for part in parts]
        self._shapes = [shape_of(part) for part in parts]
        self._camera = pose_camera(width, height)
        self._photos = backgrounds is not None
        scale = max(shape.side for shape in self._shapes) / _USUAL_SIDE
        self._scale = scale
        self._stage = PoseStage(parts, width, height, scale, backgrounds)

    def __enter__(self) -> 'PoseScene':
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the renderer; harmless when done twice."""
        self._stage.close()

    def sample(self, seed: int, index: int, parts: Sequence[str] | None = None) -> PoseSample:
        """
        Render sample `index` of the data set `seed`: a pure function of these and of `parts`.

        Those are the names of the objects, none to five, the same more than once or not; one is
        drawn where None. The first one's visible share is uniform from 0.4 to 1.
        """
        rng = np.random.default_rng([seed, index])
        view, poses, things = self._arranged(rng, parts)
        return self._photographed(rng, view, poses, things)

    def _arranged(
        self, rng: _Rng, parts: Sequence[str] | None,
    ) -> tuple[PosedCamera, list[Pose], list[Thing]]:
        """Draw where everything is, and put it there."""
        drawn = self.names[int(rng.integers(len(self.names)))]
        numbers = [self._number(name) for name in ((drawn,) if parts is None else parts)]
        if len(numbers) > MAX_OBJECTS:
            raise ValueError(f'{len(numbers)} objects are too many: at most {MAX_OBJECTS}')
        share = rng.uniform(LEAST_VISIBLE, 1.0)
        view, poses = draw_poses(rng, self._camera, self._shapes, numbers)
        things = self._draw_things(rng, view, poses)
        self._stage.put(poses, things)
        solids = _covered(rng, draw_clutter(rng, draw_places(
            rng, view, poses, self._scale, int(rng.integers(_CLUTTER + 1))), self._scale))
        if poses:
            clear = self._hide(rng, view, poses[0], solids, share)
            if clear < LEAST_VISIBLE:
                # Clutter alone hides it: there shall be none.
                things = []
                self._stage.put(poses, things)
                self._hide(rng, view, poses[0], [], share)
        else:
            self._stage.put_solids(solids)
            self._stage.show_solids(range(len(solids)))
        return view, poses, things

    def _number(self, name: str) -> int:
        if name not in self.names:
            raise ValueError(f'there is no part {name!r}: choose from {self.names}')
        return self.names.index(name)

    def _draw_things(
        self, rng: _Rng, view: PosedCamera, poses: Sequence[Pose],
    ) -> list[Thing]:
        """Draw clutter with meshes: like the objects in size, some of it like them in shape."""
        places = draw_places(
            rng, view, poses, self._scale, int(rng.integers(MAX_THINGS + 1)))
        things = []
        for place in places:
            number = int(rng.integers(len(self._stage.things)))
            size = float(self._stage.things[number].mesh.extents.max())
            wanted = self._scale * np.exp(rng.uniform(np.log(0.06), np.log(0.3)))
            things.append(Thing(
                number, random_rotations(rng, 1)[0], place, float(wanted) / size))
        return things

    def _hide(
        self, rng: _Rng, view: PosedCamera, pose: Pose, solids: list[Solid], share: float,
    ) -> float:
        """
        Put hands and other things before the first object, so that a share of it is seen.

        Return which share could be seen without them, but with the solids.
        """
        shape = self._shapes[pose.part]
        hands = draw_hands(rng, view, shape, pose, _HANDS)
        reaching = [moved_towards(rng, hand, view) for hand in hands[:_REACHING]]
        blockers = draw_blockers(rng, view, shape, pose, _BLOCKERS)
        candidates: list[list[Solid]] = []
        for hand in hands:
            # Two hands are mostly one person's.
            candidates.append(worn(hand, int(rng.random() < 0.2)))
        candidates += [worn(hand, PERSONS - 1) for hand in reaching]
        candidates += [_covered(rng, blocker) for blocker in blockers]
        numbers = []
        everything = list(solids)
        for candidate in candidates:
            numbers.append(range(len(everything), len(everything) + len(candidate)))
            everything += candidate
        self._stage.put_solids(everything)
        self._stage.show_solids(range(len(solids)))
        window = object_window(view, shape, pose)
        whole = self._stage.silhouette(0, view, window)
        clear = self._stage.seen(0, view, window)[whole]
        hidden = [~self._stage.seen_behind(0, those, view, window)[whole] for those in numbers]
        chosen = chosen_to_hide(rng, clear, hidden, hands, share)
        for index in chosen:
            self._stage.show_solids(numbers[index])
        return float(clear.mean())

    def _photographed(
        self, rng: _Rng, view: PosedCamera, poses: Sequence[Pose], things: Sequence[Thing],
    ) -> PoseSample:
        stage = self._stage
        middle = poses[0].position if poses else view.on_plane(
            [(self._camera.cx, self._camera.cy)], (0, 0, 0), _UP)[0]
        stage.lay_bench(middle, float(rng.uniform(0.0, 2.0 * np.pi)), rng.random(2))
        bench = paint_bench(rng, stage, self._scale, self._photos)
        lighting = draw_lighting(rng, middle, _UP, 1.2 * self._scale)
        if rng.random() < _HARD:
            lighting = replace(lighting, radius=0.0)
        paint(rng, stage, view, bench, lighting, [pose.part for pose in poses],
              [thing.number for thing in things])
        light = stage.picture(view, lighting)
        camera = draw_colour_camera(rng)
        geoms, depth = stage.identities(view)
        gain = object_gain(
            light, camera, np.any([stage.belongs(i, geoms) for i in range(len(poses))], 0)
            if poses else None)
        shot = Shot(view, geoms, lighting, camera, gain)
        objects = tuple(
            labelled(stage, shot, slot, pose, self.names[pose.part], self._shapes[pose.part])
            for slot, pose in enumerate(poses))
        image = photograph_colour(rng, light, camera, view.camera, gain)
        return PoseSample(image, depth, objects, view)


class Shot(NamedTuple):
    """How a picture of what is on a stage is taken, and which geom each pixel shows."""

    view: PosedCamera
    geoms: NDArray[np.int32]
    lighting: Lighting
    camera: ColourCamera
    gain: float


def labelled(
    stage: PoseStage, shot: Shot, slot: int, pose: Pose, name: str, shape: Shape,
) -> PoseObject:
    """Label an object, which is wholly in the picture, and photograph it alone."""
    view, geoms = shot.view, shot.geoms
    box = _box(view, shape, pose)
    left, up, wide, high = window = object_window(view, shape, pose)
    mask = np.zeros(geoms.shape, dtype=bool)
    mask[up:up + high, left:left + wide] = stage.silhouette(slot, view, window)
    visible_mask = stage.belongs(slot, geoms)
    # A centre on the outline itself may fall to either side, from one drawing to the next.
    mask |= visible_mask
    frame = window_around(box)
    alone = photograph_cleanly(
        stage.alone(slot, view, shot.lighting, frame), shot.camera, shot.gain)
    return PoseObject(
        name, view.rotation.T @ pose.rotation, view.to_optical(pose.position)[0], box,
        mask_box(visible_mask), mask, visible_mask, float(visible_mask.sum() / mask.sum()), alone,
        frame)


def object_gain(light: Picture, camera: ColourCamera, objects: Mask | None) -> float:
    """Return how to expose: as the camera would, but no object all white or all black."""
    gain = exposure(light, camera)
    if objects is None or not objects.any():
        return gain
    bright, usual = np.percentile(light[objects].max(axis=1), (90, 50))
    least = min(0.2 / max(float(usual), 0.004), 1.8 * gain)
    return max(min(gain, 1.1 / max(float(bright), 0.004)), least)


def shape_of(part: Part) -> Shape:
    """Return what the layout needs to know of a part."""
    return Shape(np.asarray(part.mesh.convex_hull.vertices), grippable(part.mesh))


def _box(view: PosedCamera, shape: Shape, pose: Pose) -> Box:
    seen = view.project(shape.corners @ pose.rotation.T + pose.position)
    (x0, y0), (x1, y1) = seen.min(axis=0), seen.max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)


def object_window(view: PosedCamera, shape: Shape, pose: Pose) -> Window:
    """Return the pixels that an object may be in; it is wholly in the picture."""
    x0, y0, x1, y1 = _box(view, shape, pose)
    left, up = max(int(np.floor(x0)) - 1, 0), max(int(np.floor(y0)) - 1, 0)
    right = min(int(np.ceil(x1)) + 2, view.camera.width)
    down = min(int(np.ceil(y1)) + 2, view.camera.height)
    return left, up, right - left, down - up


def worn(hand: Sequence[Solid], person: int) -> list[Solid]:
    """Dress a hand as a person's."""
    return [
        replace(solid, cover=(HANDS if solid.cover == 'hand' else SLEEVES)[person])
        for solid in hand]


def _covered(rng: _Rng, solids: Sequence[Solid]) -> list[Solid]:
    """Give solids materials at random."""
    return [replace(solid, cover=str(rng.choice(SOLID_MATERIALS))) for solid in solids]
