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

"""`mtperception bench render`: labelled pictures a second."""

import contextlib
from pathlib import Path
import tempfile
import time
from typing import Any, TYPE_CHECKING

if TYPE_CHECKING:
    from mtperception.sim.files.data_folder import DataSet

_SEED = 7


def figures(seconds: float) -> dict[str, Any]:
    """
    Measure every data set for so many seconds, and what a second worker gains.

    `rate` is samples a second with labels, encoded and written. `ratio` compares it with the bare
    renderer: the same drawing (pictures, masks, depth) read back, and nothing else.
    """
    found: dict[str, Any] = {
        data_set.name: measured(data_set, seconds) for data_set in _data_sets()}
    alone, together = (_rate(workers, seconds) for workers in (1, 2))
    return {'render': {**found, 'workers_gain': together / alone}}


def _data_sets() -> list['DataSet']:
    from mtperception.sim.grasp.data import GraspData
    from mtperception.sim.pin.data import PinData
    from mtperception.sim.pose.data import PoseData

    return [PinData(), GraspData(), PoseData()]


def measured(data_set: 'DataSet', seconds: float) -> dict[str, float]:
    from mtperception.sim.files.data_folder import DataFolder
    from mtperception.sim.renderer import Renderer
    from mtperception.sim.workers import one_thread

    with one_thread(), data_set.scene() as scene, tempfile.TemporaryDirectory() as temporary:
        folder = DataFolder(Path(temporary), data_set, _SEED, 1_000_000)
        folder.prepare()
        for index in range(2):
            scene.sample(_SEED + 1, index)
        count, start, drawn = 0, time.perf_counter(), Renderer.drawing_seconds
        while time.perf_counter() - start < seconds or count < 5:
            folder.add(count, scene.sample(_SEED, count))
            count += 1
        spent = time.perf_counter() - start
        drawing = Renderer.drawing_seconds - drawn
    return {
        'rate': count / spent, 'bare_rate': count / drawing, 'ratio': drawing / spent}


def _rate(workers: int, seconds: float) -> float:
    """Render pins in so many processes; return the rate after all of them have started."""
    from mtperception.sim.pin.data import PinData
    from mtperception.sim.render import render

    times: list[float] = []

    class EnoughError(Exception):
        pass

    def report(made: int, total: int) -> None:
        times.append(time.perf_counter())
        if len(times) > warm_up + 5 and times[-1] - times[warm_up] > seconds:
            raise EnoughError

    # Until the last of them has started.
    warm_up = 16 * workers
    with tempfile.TemporaryDirectory() as temporary, contextlib.suppress(EnoughError):
        render(PinData(), temporary, 100_000, _SEED, workers, progress=report)
    return (len(times) - 1 - warm_up) / (times[-1] - times[warm_up])
