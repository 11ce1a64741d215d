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

"""Pictures of grasped things whose shapes and outlines are labelled, to learn descriptors from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mtperception.datasets.errors import DatasetError
from mtperception.datasets.grasps import GraspPicture
from mtperception.datasets.picture_files import PictureFiles
from mtperception.datasets.pictures import Image, LabelledPictures
from mtperception.datasets.reading import MEMORY, read_sets
from mtperception.datasets.run_length import RunLengths
from mtperception.grasp.data.dataset import LEAST_SIDE
from mtperception.grasp.data.reading import read_grasps

# What is hidden further than this cannot be told by anybody.
_LEAST_VISIBLE = 0.35


class GraspedThing(NamedTuple):
    """
    A thing in a picture: the name of its part, where it can be seen, and ways to grasp it.

    The grasps are (x, y, theta), in pixels and radians as `GraspLabel` has them.
    """

    part: str
    outline: RunLengths
    grasps: tuple[tuple[float, float, float], ...]


Things = tuple[GraspedThing, ...]


@dataclass(frozen=True)
class ShapePictures(LabelledPictures[Things]):
    """Pictures in RGB with the things in them that can be grasped and told."""


def read_pictures(*sources: Path, category: str | None = None, memory: int = MEMORY,
                  warn: Callable[[str], None] = lambda line: None) -> ShapePictures:
    """
    Read data sets of grasps as `mtperception render grasp` writes them, with their pictures.

    DatasetError says in one line what cannot be used: recorded pictures have no outlines. Parts
    of one name are of one shape, in all data sets; ``category`` plays no part.
    """
    def read(source: Path) -> Sequence[GraspPicture]:
        pictures = read_grasps(source, category)
        if not any(picture.objects for picture in pictures):
            raise DatasetError(f'{source}: the labels have no outlines of parts; render pictures '
                               'with `mtperception render grasp --random-parts`')
        return pictures

    found = read_sets(sources, PictureFiles(memory, LEAST_SIDE, colour=True), read, _things)
    named: dict[str, set[str]] = {}
    for things, origin in zip(found.labels, found.origins, strict=True):
        for thing in things:
            named.setdefault(thing.part, set()).add(origin)
    shared = sorted(part for part, origins in named.items() if len(origins) > 1)
    if shared:
        warn(f'{", ".join(shared[:5])}: in several data sets, and taken for one shape each')
    return ShapePictures(found.images, found.labels, found.digests, found.origins)


def _things(picture: GraspPicture, image: Image) -> Things:
    return tuple(
        GraspedThing(part.part, part.visible_mask, tuple(
            (float(grasp.x), float(grasp.y), float(grasp.theta))
            for grasp in (*part.grasps, *part.others)))
        for part in picture.objects
        if part.visible >= _LEAST_VISIBLE and (part.grasps or part.others))


@dataclass(frozen=True)
class Place:
    """Where one of the things is: the numbers of the picture and of the thing in it."""

    picture: int
    thing: int


class PlacesOfParts:
    """The places of each part that is seen in two pictures or more, to be drawn from."""

    def __init__(self, pictures: ShapePictures, where: str = '') -> None:
        """Find them; ``where`` names the pictures in errors."""
        places: dict[str, list[Place]] = {}
        for number, things in enumerate(pictures.labels):
            for place, thing in enumerate(things):
                places.setdefault(thing.part, []).append(Place(number, place))
        self._places = [some for some in places.values()
                        if len({place.picture for place in some}) > 1]
        if len(self._places) < 2:
            raise DatasetError(f'{where}there must be two parts or more that are seen in two '
                               'pictures each, to learn what makes them differ; there are '
                               f'{len(self._places)}')

    def __len__(self) -> int:
        return len(self._places)

    def random_pairs(self, count: int, rng: np.random.Generator) -> list[tuple[Place, Place]]:
        """Draw so many parts, or all where there are fewer, and two pictures of each."""
        parts = rng.permutation(len(self._places))[:count]
        pairs = []
        for part in parts:
            some = self._places[part]
            first = some[int(rng.integers(len(some)))]
            others = [place for place in some if place.picture != first.picture]
            pairs.append((first, others[int(rng.integers(len(others)))]))
        return pairs
