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

"""Pictures of pins on a machined workpiece, with exact labels: a data set's, and a live cell's."""

from concurrent.futures import Future, ThreadPoolExecutor
import contextlib
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mtperception.sim.looks import camera_effects as effects
from mtperception.sim.pin.fixture import draw_fixture, draw_view, Fixture, MAX_PINS
from mtperception.sim.pin.labels import PinLabel, PinSample
from mtperception.sim.pin.stage import PinStage

WIDTH, HEIGHT = 612, 512


class PinScene:
    """
    Renders random workpieces; a context manager, to be used from one thread.

    The size of the pictures is in pixels. Making one takes about a second.
    """

    def __init__(self, width: int = WIDTH, height: int = HEIGHT) -> None:
        self.width, self.height = width, height
        self._stage = PinStage(width, height)

    def __enter__(self) -> 'PinScene':
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the renderer; harmless when done twice."""
        self._stage.close()

    def sample(self, seed: int, index: int, pins: int | None = None) -> PinSample:
        """
        Render picture `index` of the data set `seed`.

        It has 0 to 6 pins at random, or as many as asked for. The same seed, index and number of
        pins give the same bytes, whatever was rendered before.
        """
        if pins is not None and not 0 <= pins <= MAX_PINS:
            raise ValueError(f'{pins} pins do not fit: choose 0 to {MAX_PINS}')
        rng = np.random.default_rng([seed, index])
        count = int(rng.integers(0, MAX_PINS + 1))
        view = draw_view(rng, self.width, self.height)
        fixture = draw_fixture(rng, view, count if pins is None else pins)
        self._stage.light(rng)
        self._stage.paint(rng)
        picture, labels = _developed(rng, self._stage, fixture)
        lens = effects.draw_lens(rng)
        return PinSample(effects.photograph(rng, picture, lens), labels, view.camera)


class LiveFixture:
    """
    A fixed camera over a fixture whose workpiece changes every few seconds.

    The same seed plays the same cell. The next workpiece is rendered on a
    thread of its own while this one is shown, so that no picture comes late.
    """

    # Seconds that a workpiece stays, the empty moment before it is put in included.
    period = 5.0
    empty = 0.6

    def __init__(self, seed: int, width: int = WIDTH, height: int = HEIGHT) -> None:
        self._seed = seed
        rng = np.random.default_rng([seed, 0])
        self._view = draw_view(rng, width, height)
        self._lens = effects.draw_lens(rng)
        # OpenGL wants to be used from one thread.
        self._renderer = ThreadPoolExecutor(1, 'live_fixture')
        try:
            self._renderer.submit(self._set_up, rng, width, height).result()
        except BaseException:
            self._renderer.shutdown()
            raise
        self._shown = self._ordered(0)
        self._next = self._ordered(1)

    def _set_up(self, rng: np.random.Generator, width: int, height: int) -> None:
        self._stage = PinStage(width, height)
        self._stage.light(rng)
        self._stage.paint(rng)
        self._bench = draw_fixture(rng, self._view, 0).meshes['bench']
        nothing = Fixture(self._view, (), {'bench': self._bench})
        self._empty_picture, _ = _developed(rng, self._stage, nothing)

    def close(self) -> None:
        """Free the renderer; harmless when done twice."""
        with contextlib.suppress(RuntimeError):  # it was done before
            self._renderer.submit(self._stage.close)
        self._renderer.shutdown()

    def step(self, t: float) -> PinSample:
        """Take a picture at a time in seconds, 0 or later."""
        turn, since = divmod(t, self.period)
        if since < self.empty:
            return PinSample(self._exposed(t, self._empty_picture), (), self._view.camera)
        if turn != self._shown.turn:
            self._shown = self._next if turn == self._next.turn else self._ordered(int(turn))
            self._next = self._ordered(int(turn) + 1)
        picture, labels = self._shown.rendered.result()
        return PinSample(self._exposed(t, picture), labels, self._view.camera)

    def _ordered(self, turn: int) -> '_Workpiece':
        return _Workpiece(turn, self._renderer.submit(self._rendered, turn))

    def _rendered(self, turn: int) -> tuple[effects.Picture, tuple[PinLabel, ...]]:
        rng = np.random.default_rng([self._seed, 1, turn])
        drawn = draw_fixture(rng, self._view, int(rng.integers(1, MAX_PINS + 1)))
        fixture = replace(drawn, meshes={**drawn.meshes, 'bench': self._bench})
        self._stage.paint(rng, bench=False)
        return _developed(rng, self._stage, fixture)

    def _exposed(self, t: float, picture: effects.Picture) -> NDArray[np.uint8]:
        rng = np.random.default_rng([self._seed, 2, int(1e6 * t)])
        flicker = 1.0 + 0.02 * np.sin(2 * np.pi * 3.3 * t) + rng.normal(0.0, 0.008)
        return effects.photograph(rng, picture * np.float32(flicker), self._lens)


class _Workpiece(NamedTuple):
    turn: int
    rendered: 'Future[tuple[effects.Picture, tuple[PinLabel, ...]]]'


def _developed(
    rng: np.random.Generator, stage: PinStage, fixture: Fixture
) -> tuple[effects.Picture, tuple[PinLabel, ...]]:
    """Return a well exposed picture of a fixture, with the lamps' reflections, and its pins."""
    stage.put(fixture)
    labels, plate = stage.labels(fixture)
    picture = stage.picture(fixture.view)
    height, width = picture.shape
    level = float(np.percentile((picture[plate] if plate.any() else picture.ravel())[::7], 60))
    picture = effects.exposed(
        picture, min(rng.uniform(0.32, 0.65) / max(level, 0.05), 5.0), rng.uniform(0.8, 1.3))
    for _ in range(int(rng.integers(0, 4))):
        across = rng.uniform(25, 110)
        picture = effects.glare(
            picture, rng.uniform(0, width), rng.uniform(0, height),
            across * rng.uniform(1.0, 6.0), across, rng.uniform(0, np.pi),
            rng.uniform(-0.35, 0.8), 0.0, plate)
    if rng.random() < 0.3:
        picture = effects.glare(
            picture, rng.uniform(0, width), rng.uniform(0, height), rng.uniform(40, 200),
            rng.uniform(40, 200), 0.0, 0.2, rng.uniform(0.05, 0.3))
    picture = effects.bloom(picture, 0.95, rng.uniform(4, 16), rng.uniform(0.1, 0.6))
    return effects.compressed(picture, rng.uniform(0.6, 0.9)), labels
