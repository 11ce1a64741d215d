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

"""How objects, the hands that hold them and what is around look, drawn at random."""

from collections.abc import Sequence

import cv2
import numpy as np

from mtperception.geometry.camera import Floats, PosedCamera
from mtperception.sim.bench.looks import dress_bench, dress_parts
from mtperception.sim.looks.lighting import Lighting
from mtperception.sim.looks.reflections import draw_room
from mtperception.sim.looks.surfaces import METAL_FINISHES
from mtperception.sim.pose.stage import (
    BENCH,
    HANDS,
    object_name,
    PoseStage,
    SLEEVES,
    SOLID_MATERIALS,
    thing_name,
)

_Rng = np.random.Generator
_UP = np.array((0.0, 0.0, 1.0))
# RGB, 0 to 1, from light to dark.
_SKIN = np.array(((0.9, 0.74, 0.66), (0.8, 0.6, 0.5), (0.57, 0.41, 0.32), (0.3, 0.21, 0.17)))
_GLOVES = np.array((
    (0.06, 0.06, 0.07), (0.12, 0.3, 0.62), (0.88, 0.87, 0.83), (0.78, 0.6, 0.3),
    (0.85, 0.38, 0.1), (0.25, 0.4, 0.22), (0.4, 0.41, 0.43), (0.55, 0.75, 0.85)))


def paint_bench(rng: _Rng, stage: PoseStage, scale: float, photos: bool) -> Floats:
    """Draw what is in the background; return its mean colour, RGB, 0 to 1."""
    photo = photos and bool(rng.random() < 0.6)
    # Three times as far away as parts on a bench are.
    return dress_bench(rng, stage.surfaces, stage.model, BENCH, 3.0 * scale, photo)


def paint(
    rng: _Rng, stage: PoseStage, view: PosedCamera, bench: Floats, lighting: Lighting,
    objects: Sequence[int], things: Sequence[int],
) -> None:
    """
    Draw what everything but the bench is made of, and let metal reflect a room.

    `objects` are the numbers of the parts that are there, `things` those of the clutter.
    """
    paint_persons(rng, stage)
    _paint_clutter(rng, stage, bench)
    names = [thing_name(index) for index in range(len(things))]
    finishes = [stage.things[number].finish for number in things]
    reflecting = dress_parts(rng, stage.surfaces, stage.model, names, finishes, bench)
    room = draw_room(rng, _UP, bench, lighting)
    polished = [_paint_object(rng, stage, slot, part) for slot, part in enumerate(objects)]
    # It is painted for what wears metal by now.
    stage.surfaces.set_room(room, view)
    for index, metal in enumerate(reflecting):
        if metal:
            stage.reflect_thing(index, view)
    for slot, pieces in enumerate(polished):
        stage.reflect(slot, view, pieces)


def _paint_object(rng: _Rng, stage: PoseStage, slot: int, part: int) -> list[bool]:
    """
    Draw the state that an object is in; tell which of its pieces are to reflect a room.

    It is known, so its colours are its own, a little lighter, darker or warmer.
    """
    worn = rng.uniform(0.7, 1.3) * rng.uniform(0.93, 1.07, 3)
    polished = rng.random() < 0.75
    finish = str(rng.choice(METAL_FINISHES))
    reflecting = []
    for number, piece in enumerate(stage.pieces[part]):
        name = object_name(slot, number)
        colour = np.clip(piece.colour * worn * rng.uniform(0.9, 1.1), 0.02, 1.0)
        shiny = piece.metal and polished
        if shiny:
            stage.surfaces.metal(rng, name, finish)
            # A mirror is as bright as what it shows.
            colour = np.clip(1.4 * colour, 0.02, 1.0)
        else:
            stage.surfaces.plain(rng, name)
        stage.colour(name, colour)
        reflecting.append(shiny)
    return reflecting


def paint_persons(rng: _Rng, stage: PoseStage) -> None:
    """Draw the skin or the gloves, and the sleeves, of those whose hands there may be."""
    for hand, sleeve in zip(HANDS, SLEEVES, strict=True):
        if rng.random() < 0.65:
            tone = rng.uniform(0.0, len(_SKIN) - 1.0)
            low = min(int(tone), len(_SKIN) - 2)
            colour = _SKIN[low] + (tone - low) * (_SKIN[low + 1] - _SKIN[low])
            colour = colour * rng.uniform(0.92, 1.06, 3)
        else:
            colour = _GLOVES[rng.integers(len(_GLOVES))] * rng.uniform(0.8, 1.2)
        stage.surfaces.plain(rng, hand)
        stage.colour(hand, np.clip(colour, 0.02, 1.0))
        if rng.random() < 0.6:
            stage.surfaces.texture(
                rng, sleeve, float(rng.uniform(1.0, 4.0)), ('cloth', 'stripes', 'noise'))
            stage.colour(sleeve, rng.uniform(0.3, 1.0) * np.ones(3))
        else:
            stage.surfaces.plain(rng, sleeve)
            stage.colour(sleeve, _draw_colour(rng))


def _paint_clutter(rng: _Rng, stage: PoseStage, bench: Floats) -> None:
    for name in SOLID_MATERIALS:
        if rng.random() < 0.4:
            stage.surfaces.texture(rng, name, float(rng.uniform(0.5, 3.0)))
            stage.colour(name, rng.uniform(0.4, 1.0) * np.ones(3))
        else:
            stage.surfaces.plain(rng, name)
            # Dark on dark, bright on bright: hard to tell from what is behind.
            alike = rng.random() < 0.3
            stage.colour(name, np.clip(bench * rng.uniform(0.8, 1.2), 0.02, 1.0)
                         if alike else _draw_colour(rng))


def _draw_colour(rng: _Rng) -> Floats:
    saturation = 255 * rng.beta(1.0, 1.6)
    hsv = np.array([[(rng.uniform(0, 180), saturation, rng.uniform(10, 250))]])
    return np.asarray(cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB)[0, 0] / 255.0)
