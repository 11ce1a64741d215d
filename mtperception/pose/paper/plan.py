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

"""What the paper's experiment takes: which networks are trained, for how long, and on what."""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import product
from typing import Literal, NamedTuple

from mtperception.pose.paper.crops import Crop
from mtperception.pose.paper.joint import Schedule

Kind = Literal['joint', 'extended', 'original']
KINDS: tuple[Kind, ...] = ('joint', 'extended', 'original')
SCHEDULES: tuple[Schedule, ...] = ('T1', 'T2')
# The training that both baselines take their boxes from.
DETECTOR = 'detector'


@dataclass(frozen=True)
class Course:
    """How one of the two steps is trained: pictures, times each is seen, mini-batch, rate."""

    pictures: int
    epochs: int
    batch: int
    rate: float


@dataclass(frozen=True)
class Budget:
    """
    The sizes of a reproduction.

    ``width`` is a share of VGG16's channels, ``latents`` are the two sizes of the latent
    representation, ``side`` the pixels of the pictures that the detector sees. ``step1`` trains
    autoencoders, ``step2`` detectors, the joint ones and the independent one; both take the first
    of the same pictures. ``final_rate`` is AdaBound's, ``drawing_weight`` the lambda of equation
    5, and the detectors' rate is divided by ten every ``decay_every`` epochs. The codebook has
    ``directions`` x ``turns`` views. ``tests`` are the pictures that poses are estimated in.
    """

    width: float
    batch_norm: bool
    latents: tuple[int, int]
    side: int
    step1: Course
    step2: Course
    final_rate: float
    drawing_weight: float
    decay_every: int
    directions: int
    turns: int = 36
    tests: int = 800

    @property
    def training(self) -> int:
        """How many pictures there are to train on."""
        return max(self.step1.pictures, self.step2.pictures)


BUDGETS = {
    'cpu': Budget(
        width=0.25, batch_norm=True, latents=(128, 4096), side=256,
        step1=Course(4000, 8, 16, 1e-3), step2=Course(4000, 8, 12, 0.01), final_rate=10.0,
        drawing_weight=1.0, decay_every=6, directions=642),
    'paper': Budget(
        width=1.0, batch_norm=True, latents=(128, 4096), side=512,
        step1=Course(100_000, 27, 128, 8e-6), step2=Course(25_000, 30, 12, 0.01), final_rate=0.1,
        drawing_weight=1.0, decay_every=8, directions=2562),
}


class Method(NamedTuple):
    """
    A way to estimate poses.

    The joint one has a schedule and a crop; the others have neither, for they find boxes by an
    independent detector. They may be trained with boxes that are shaken (``jitter``).
    """

    kind: Kind
    latent: int
    schedule: Schedule | None = None
    crop: Crop | None = None
    jitter: bool = False

    def __str__(self) -> str:
        more = [('differentiable crop', self.crop == 'differentiable'), ('jitter', self.jitter)]
        return ', '.join(filter(None, [
            f'{self.kind} {self.latent}', self.schedule, *(words for words, on in more if on)]))


def file_stem(name: str) -> str:
    """Give what the files of a training or a method are called, without the ending."""
    return name.replace(', ', '-').replace(' ', '-')


class Cell(NamedTuple):
    """One of the graphs of Figure 3, and one of the methods in it."""

    latent: int
    schedule: Schedule
    kind: Kind

    @property
    def method(self) -> Method:
        """The method; those with an independent detector are the same in both schedules."""
        if self.kind == 'joint':
            return Method('joint', self.latent, self.schedule, 'RoIAlign')
        return Method(self.kind, self.latent)


def cells(budget: Budget) -> list[Cell]:
    """Return the paper's grid: latent representation x schedule x method."""
    return [Cell(*names) for names in product(budget.latents, SCHEDULES, KINDS)]


def further(budget: Budget) -> list[Method]:
    """Return the rows that the paper does not have."""
    crops = [Method('joint', latent, 'T1', 'differentiable') for latent in budget.latents]
    return crops + [Method(kind, latent, jitter=True)
                    for kind, latent in product(KINDS[1:], budget.latents)]


def methods(budget: Budget) -> list[Method]:
    """Return all that is trained and measured, the grid first; the extended before the joint."""
    grid = dict.fromkeys(cell.method for cell in cells(budget))
    return sorted(grid, key=lambda method: method.kind == 'joint') + further(budget)


def measured(rows: Collection[str], budget: Budget) -> list[Method]:
    """Return the methods whose names are among a report's rows."""
    return [method for method in methods(budget) if str(method) in rows]


def graphs(rows: Collection[str], budget: Budget) -> list[tuple[int, Schedule]]:
    """Return the graphs of Figure 3, latent and schedule, that have a line so far."""
    return [(latent, schedule) for latent, schedule in product(budget.latents, SCHEDULES)
            if any(str(Cell(latent, schedule, kind).method) in rows for kind in KINDS)]
