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
What the paper's experiments take: which pictures, and what is fitted to which of them.

All pictures are one data set, a part of it for each purpose. In pictures for the training, for
teaching shapes and for Experiments 1 and 2 there is one part.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal, NamedTuple

import numpy as np

# What the detector is trained on, and the shape that it never sees.
SHAPES, NEW_SHAPE = ('cylinder', 'l', 'star', 't'), 'ring'
TAUGHT = (*SHAPES, NEW_SHAPE)
TRAINING, SUPPORT = 'training', 'support'
ONE, ALIKE, DIFFERENT, RING = TESTS = ('one', 'four alike', 'four different', 'with a ring')

What = Literal['refined', 'whole', 'crops']
Reduction = Literal['sum', 'flatten']


@dataclass(frozen=True)
class Budget:
    """
    The sizes of a reproduction, but for the first two the paper's.

    ``width`` is the detector's, a share of VGG16's channels. ``training`` and ``tests`` are
    numbers of pictures, ``support`` those of each shape to teach by and ``dimensions`` the
    principal components in Experiment 1, of which the later ones use ``settled_support`` and
    ``settled_dimensions``. Grasps count from a score of ``threshold`` on.
    """

    width: float
    epochs: int
    training: int = 2000
    support: tuple[int, ...] = (3, 5, 10, 20, 30, 40)
    dimensions: tuple[int, ...] = (3, 5, 10, 20, 30, 40)
    settled_support: int = 30
    settled_dimensions: int = 20
    tests: tuple[int, int, int, int] = (200, 200, 50, 50)
    threshold: float = 0.5


BUDGETS = {'cpu': Budget(width=0.25, epochs=40), 'paper': Budget(width=1.0, epochs=200)}


class Way(NamedTuple):
    """
    A way to tell shapes: by what features, and whether components are also of what is told.

    The paper's features are activations ``refined`` for each grasp; ``whole`` are activations as
    they are, the same for all grasps in a picture. Both are summed over space, or flattened.
    ``crops`` are this package's own, and have no reduction.
    """

    what: What
    reduction: Reduction | None
    transductive: bool

    def __str__(self) -> str:
        if self.what == 'crops':
            return 'rotated crops'
        return (f'{self.what}, {self.reduction}, '
                f'{"transductive" if self.transductive else "inductive"}')


CROPS = Way('crops', None, False)
REFINED = Way('refined', 'sum', True)
REFINED_INDUCTIVE = REFINED._replace(transductive=False)
WAYS = (*(Way(what, reduction, transductive) for what in ('refined', 'whole')
          for reduction in ('sum', 'flatten') for transductive in (True, False)), CROPS)


class Fit(NamedTuple):
    """A classifier: how shapes are told, pictures of each shape, and principal components."""

    way: Way
    support: int
    dimensions: int


class Experiment(NamedTuple):
    """An experiment: the pictures to tell shapes in, the shapes taught, and how often."""

    tests: str
    shapes: tuple[str, ...]
    fits: tuple[Fit, ...]


def pictures(budget: Budget, seed: int) -> dict[str, list[tuple[str, ...]]]:
    """Name what is dropped in one picture after another, for each purpose."""
    rng = np.random.default_rng(seed)
    one, alike, different, ring = budget.tests
    others = (rng.permutation(SHAPES)[:2].tolist() for _ in range(ring))
    return {
        TRAINING: _in_turn(budget.training, 1),
        SUPPORT: [(name,) for _ in range(max(budget.support)) for name in TAUGHT],
        ONE: _in_turn(one, 1),
        ALIKE: _in_turn(alike, 4),
        DIFFERENT: [SHAPES] * different,
        RING: [(*two, NEW_SHAPE) for two in others],
    }


def numbers(parts: Mapping[str, list[tuple[str, ...]]]) -> dict[str, range]:
    """Tell which pictures of the data set each purpose has."""
    ends = list(accumulate(map(len, parts.values())))
    return {name: range(end - len(part), end)
            for (name, part), end in zip(parts.items(), ends, strict=True)}


def experiments(budget: Budget) -> dict[str, Experiment]:
    """Say what is fitted and told in each of the paper's experiments."""
    settled = tuple(
        Fit(way, budget.settled_support, budget.settled_dimensions) for way in WAYS)
    first = [Fit(way, support, dimensions) for way in (REFINED, REFINED_INDUCTIVE)
             for dimensions in budget.dimensions for support in budget.support]
    first += [Fit(CROPS, support, budget.settled_dimensions) for support in budget.support]
    return {
        'experiment 1': Experiment(ONE, SHAPES, tuple(first)),
        'experiment 2': Experiment(ONE, SHAPES, settled),
        'experiment 3': Experiment(ALIKE, SHAPES, settled),
        'experiment 4': Experiment(DIFFERENT, SHAPES, settled),
        'experiment 5': Experiment(RING, TAUGHT, settled),
    }


def _in_turn(count: int, copies: int) -> list[tuple[str, ...]]:
    return [(SHAPES[number % len(SHAPES)],) * copies for number in range(count)]
