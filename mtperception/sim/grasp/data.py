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
The data set of grasps: PNG pictures, depth pictures, and one file of JSON lines.

In every tenth picture one of the labelled grasps is lifted in physics; the share of these that
hold is the data set's `hold_rate`, of `lifted` grasps.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
import hashlib
from importlib.metadata import version
import json
from typing import Any, NamedTuple

import numpy as np

from mtperception.datasets.grasps import GRASP_LINES, GraspLabel
from mtperception.geometry.camera import Floats, PosedCamera
from mtperception.sim.files.data_folder import Record
from mtperception.sim.files.writing import millimetres, png, SampleFiles
from mtperception.sim.grasp.grasps import Grasp
from mtperception.sim.grasp.labels import GraspSample
from mtperception.sim.grasp.lift_test import LiftTest, Placed
from mtperception.sim.grasp.lines import grasp_line
from mtperception.sim.grasp.scene import GraspScene, TRAINING_PARTS
from mtperception.sim.looks.backgrounds import Backgrounds
from mtperception.sim.shapes.part_files import PartError
from mtperception.sim.shapes.parts import PARTS
from mtperception.sim.shapes.random_parts import random_part
from mtperception.sim.shapes.user_files import UserFiles

_LIFT_EVERY = 10
# So many random parts fall in so many pictures in a row.
_PARTS, _ALIKE = 20, 70


class LiftedSample(NamedTuple):
    """A sample, and whether one of its grasps held in a lift; None where none was tried."""

    sample: GraspSample
    held: bool | None


class LiftingScene:
    """A grasp scene that also tries grasps; a context manager, to be used from one thread."""

    def __init__(self, scene: GraspScene, dropped: Sequence[Sequence[str]] = ()) -> None:
        self._scene, self._dropped = scene, dropped
        names = [part.name for part in scene.catalogue]
        self._number = {name: names.index(name) for name in names}
        self._lifts = LiftTest(scene.catalogue, scene.bodies)

    def __enter__(self) -> 'LiftingScene':
        return self

    def __exit__(self, *error: object) -> None:
        self._scene.close()

    def sample(self, seed: int, index: int) -> LiftedSample:
        """Render a sample, and lift one grasp of every tenth, a pure function of both numbers."""
        sample = self._scene.sample(
            seed, index, self._dropped[index] if self._dropped else None)
        some = [
            (place, label) for place, part in enumerate(sample.objects) for label in part.grasps]
        if index % _LIFT_EVERY or not some:
            return LiftedSample(sample, None)
        target, label = some[int(np.random.default_rng([seed, index]).integers(len(some)))]
        return LiftedSample(sample, self._holds(sample, target, label))

    def alone(self, seed: int, index: int) -> LiftedSample:
        """Render a sample of one part that comes to rest, a pure function of both numbers."""
        for name in np.random.default_rng([seed, index]).permutation(self._scene.names):
            try:
                return LiftedSample(self._scene.sample(seed, index, [str(name)]), None)
            except PartError:
                continue
        raise PartError('none of the parts comes to rest on the bench')

    def _holds(self, sample: GraspSample, target: int, label: GraspLabel) -> bool:
        view = sample.view
        scene = [
            self._placed(view, part.part, part.rotation, part.translation)
            for part in sample.objects]
        scene += [
            self._placed(view, thing.name, thing.rotation, thing.translation)
            for thing in sample.clutter]
        return self._lifts.holds(scene, target, in_world(label, view))

    def _placed(
        self, view: PosedCamera, name: str, rotation: Floats, translation: Floats,
    ) -> Placed:
        return Placed(
            self._number[name], view.rotation @ rotation,
            view.rotation @ translation + view.position)


class RandomPartsScene:
    """Grasp scenes of random parts, new ones every few pictures; a context manager, as those."""

    def __init__(self, backgrounds: Backgrounds | None = None) -> None:
        self._backgrounds = backgrounds
        self._open: tuple[tuple[int, int], LiftingScene] | None = None

    def __enter__(self) -> 'RandomPartsScene':
        return self

    def __exit__(self, *error: object) -> None:
        if self._open is not None:
            self._open[1].__exit__()
            self._open = None

    def sample(self, seed: int, index: int) -> LiftedSample:
        """Render a sample, a pure function of both numbers; see `LiftingScene`."""
        key = seed, index // _ALIKE
        if self._open is None or self._open[0] != key:
            self.__exit__()
            first = index // _ALIKE * _PARTS
            parts = [random_part(seed, number) for number in range(first, first + _PARTS)]
            self._open = key, LiftingScene(GraspScene(parts, backgrounds=self._backgrounds))
        try:
            return self._open[1].sample(seed, index)
        except PartError:
            # Some shapes rock for ever: one that does not falls alone.
            return self._open[1].alone(seed, index)


def in_world(label: GraspLabel, view: PosedCamera) -> Grasp:
    """Return the grasp that a label with a pose stands for, in the world."""
    pose = label.pose
    if pose is None:
        raise ValueError('a grasp without a pose is nowhere in the world')
    x, y, z = (view.rotation @ pose.position + view.position).tolist()
    closing = view.rotation @ pose.closing
    # How wide the part is between the fingers is not known; they close until they touch.
    jaw = label.jaw * pose.opening / label.opening
    return Grasp(
        (x, y, z), float(np.arctan2(closing[1], closing[0])), pose.opening, pose.opening, jaw,
        label.score)


@dataclass(frozen=True)
class GraspData:
    """
    Pictures of parts that fell onto a bench: the project's own, or the user's meshes.

    `dropped` names the parts in one picture after another; where empty, they are drawn at random.
    Or, `random_parts`, all that fall is of random shapes, new ones every few pictures.
    """

    user: UserFiles = field(default_factory=UserFiles)
    dropped: tuple[tuple[str, ...], ...] = ()
    random_parts: bool = False
    name: str = 'grasp'
    # A 300 x 300 picture takes about 160 kB as PNG, its depth 40 kB.
    bytes_per_sample: int = 300_000

    @property
    def arguments(self) -> tuple[str, ...]:
        """The command line's further words that make the same data."""
        return (*self.user.arguments, *(['--random-parts'] if self.random_parts else []))

    def parameters(self) -> Mapping[str, Any]:
        """
        Return the hashes of the user's files, and the release of the physics.

        Another release lets things fall otherwise: shards of two would not be one data set.
        """
        parameters = {**self.user.parameters(), 'mujoco': version('mujoco')}
        if self.dropped:
            words = json.dumps(self.dropped).encode()
            parameters['dropped'] = hashlib.sha256(words).hexdigest()
        if self.random_parts:
            parameters['random_parts'] = True
        return parameters

    def scene(self) -> 'AbstractContextManager[LiftingScene | RandomPartsScene]':
        """Open the scene."""
        if self.random_parts:
            return RandomPartsScene(self.user.backgrounds)
        # Others are there only where asked for: the ring makes falls take longer.
        others = sorted({name for names in self.dropped for name in names} - {*TRAINING_PARTS})
        parts = self.user.parts() or [PARTS[name]() for name in (*TRAINING_PARTS, *others)]
        return LiftingScene(GraspScene(parts, backgrounds=self.user.backgrounds), self.dropped)

    def write(self, files: SampleFiles, index: int, sample: LiftedSample) -> Record:
        """Save the picture and its depth."""
        image, depth = f'images/{index:06d}.png', f'depth/{index:06d}.png'
        files.save(image, png(sample.sample.image))
        files.save(depth, png(millimetres(sample.sample.depth)))
        return {'line': grasp_line(image, depth, sample.sample), 'held': sample.held}

    def finish(
        self, files: SampleFiles, records: Iterator[Record], info: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        """Save the labels; return how many grasps were lifted, and the share that held."""
        lines, lifts = [], []
        for record in records:
            lines.append(json.dumps(record['line']) + '\n')
            lifts.append(record['held'])
        files.save(GRASP_LINES, ''.join(lines).encode())
        tried = [held for held in lifts if held is not None]
        if not tried:
            return {'lifted': 0}
        return {'lifted': len(tried), 'hold_rate': sum(tried) / len(tried)}
