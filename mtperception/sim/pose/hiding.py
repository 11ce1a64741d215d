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

"""Choosing what is put before an object, so that a wanted share of it can be seen."""

from collections.abc import Sequence
from functools import cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mtperception.sim.pose.hands import PALM
from mtperception.sim.pose.labels import Mask
from mtperception.sim.shapes.solids import Solid

LEAST_VISIBLE = 0.4
# How near the visible share must come to what was wanted.
_TOLERANCE = 0.02


def chosen_to_hide(
    rng: np.random.Generator, clear: Mask, hidden: Sequence[Mask],
    hands: Sequence[Sequence[Solid]], share: float,
) -> tuple[int, ...]:
    """
    Choose which candidates to put in front, so that about a share of an object is seen.

    `clear` (N) says which of its pixels nothing else hides, `hidden` which of them each candidate
    does. At most two hands that hold it (the first candidates), not in the same place, and at
    most three other things. What leaves less than the least share is taken only for want of else.
    """
    holding = [c for size in (0, 1, 2) for c in combinations(range(len(hands)), size)
               if size < 2 or _apart(hands[c[0]], hands[c[1]])]
    others = [c for size in (0, 1, 2, 3)
              for c in combinations(range(len(hands), len(hidden)), size)]
    # How much each choice of hands leaves of what each choice of other things leaves.
    one, other = (
        _words([_left(clear, hidden, choice) for choice in choices])
        for choices in (holding, others))
    seen = _ones()[one[:, None] & other].sum(axis=2, dtype=np.int64) / len(clear)
    errors = np.abs(seen - share) + (seen < LEAST_VISIBLE)
    # Of those that come near enough, one that holds it is rather taken.
    weights = np.outer(
        [1.0 if one else 0.25 for one in holding], [1.0 / (1.0 + len(c)) for c in others])
    weights *= errors <= max(_TOLERANCE, errors.min())
    place = int(rng.choice(weights.size, p=weights.ravel() / weights.sum()))
    return holding[place // len(others)] + others[place % len(others)]


def _left(
    clear: Mask, hidden: Sequence[Mask], choice: Sequence[int],
) -> Mask:
    """Return what some of the candidates leave to be seen."""
    left = clear.copy()
    for index in choice:
        left &= ~hidden[index]
    return left


def _words(masks: Sequence[Mask]) -> NDArray[np.uint16]:
    """Pack masks (N) into the bits of words, masks x words."""
    packed = np.packbits(np.stack(masks), axis=1)
    return np.pad(packed, ((0, 0), (0, packed.shape[1] % 2))).view(np.uint16)


@cache
def _ones() -> NDArray[np.uint8]:
    """Return how many bits of each word are set."""
    every = np.arange(2**16, dtype=np.uint16).view(np.uint8).reshape(-1, 2)
    return np.asarray(np.unpackbits(every, axis=1).sum(axis=1, dtype=np.uint8))


def _apart(one: Sequence[Solid], other: Sequence[Solid]) -> bool:
    """Tell whether two hands are not in each other: whether their palms are a palm apart."""
    away = np.linalg.norm(one[PALM].position - other[PALM].position)
    return bool(away > 2.0 * one[PALM].size[2])
