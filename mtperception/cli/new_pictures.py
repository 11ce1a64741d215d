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

"""New pictures, rendered by worker processes while the parent looks at earlier ones."""

import atexit
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
import itertools
from types import TracebackType
from typing import Any, TYPE_CHECKING, TypeVar

from mtperception.sim.workers import worker_pool

if TYPE_CHECKING:
    from mtperception.pin.data.dataset import LabelledPin
    from mtperception.sim.grasp.labels import GraspSample
    from mtperception.sim.grasp.scene import GraspScene
    from mtperception.sim.pin.labels import PinSample
    from mtperception.sim.pin.scene import PinScene
    from mtperception.sim.pose.labels import PoseSample
    from mtperception.sim.pose.scene import PoseScene

# Pictures with numbers from these on are in no training set, whatever its seed: they are new to
# every model.
FIRST_FRAME, FIRST_EMPTY_FRAME = 1_000_000_000, 2_000_000_000
# Pictures ordered ahead, for each worker.
AHEAD = 3

Sample = TypeVar('Sample')


class NewPictures:
    """
    Renders pictures of the data sets ``seed`` in ``workers`` processes; a context manager.

    The pictures and their order are the same whatever the number of workers.
    """

    def __init__(self, seed: int, workers: int) -> None:
        if seed < 0:
            raise ValueError(f'--seed is {seed}; it must be 0 or more')
        if workers < 1:
            raise ValueError(f'--workers is {workers}; it must be at least 1')
        self._seed = seed
        self._ahead = AHEAD * workers
        self._pool: ProcessPoolExecutor = worker_pool(workers)

    def __enter__(self) -> 'NewPictures':
        """Begin."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        """End the workers, without what is ordered and no longer needed."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def frames(self, count: int, first: int = FIRST_FRAME,
               pins: int | None = None) -> Iterator['PinSample']:
        """Yield ``count`` pictures of pins from number ``first`` on, with so many or 0 to 6."""
        return self._rendered(
            _pins, ((self._seed, number, pins) for number in range(first, first + count)))

    def grasps(self, orders: 'Iterable[tuple[int, Sequence[str] | None]]',
               ) -> Iterator['GraspSample']:
        """Yield a picture of parts for each order: its number, and what to drop, None for any."""
        return self._rendered(_grasps, ((self._seed, *order) for order in orders))

    def poses(self, part: str, numbers: Iterable[int]) -> Iterator['PoseSample']:
        """Yield a picture of a part in hands for each number."""
        return self._rendered(_poses, ((self._seed, number, part) for number in numbers))

    def several(self, part: str, numbers: Iterable[int], objects: int,
                same: int) -> Iterator['PoseSample']:
        """Yield a picture of so many objects for each number, so many of which are the part."""
        return self._rendered(
            _several, ((self._seed, number, part, objects, same) for number in numbers))

    def _rendered(self, render: Callable[..., Sample],
                  orders: Iterable[tuple[Any, ...]]) -> Iterator[Sample]:
        """Yield what the workers make of orders, the arguments of ``render``."""
        waiting = iter(orders)
        ordered: list[Future[Sample]] = []
        try:
            while True:
                for order in itertools.islice(waiting, self._ahead - len(ordered)):
                    ordered.append(self._pool.submit(render, *order))
                if not ordered:
                    return
                yield ordered.pop(0).result()
        except BrokenProcessPool:
            raise RuntimeError('a process that renders was killed: is there enough memory? Give '
                               'fewer --workers') from None
        finally:
            for future in ordered:
                future.cancel()


def labelled(picture: 'PinSample') -> 'tuple[LabelledPin, ...]':
    """Turn the simulator's labels into those that the evaluation knows."""
    from mtperception.pin.data.dataset import LabelledPin

    return tuple(LabelledPin(pin.x, pin.y, pin.diameter, pin.box, pin.visible)
                 for pin in picture.pins)


@cache
def _pin_scene() -> 'PinScene':
    from mtperception.sim.pin.scene import PinScene

    scene = PinScene()
    # After the scene is open: OpenGL, opened with it, must be closed later than it.
    atexit.register(scene.close)
    return scene


def _pins(seed: int, index: int, pins: int | None) -> 'PinSample':
    return _pin_scene().sample(seed, index, pins=pins)


@cache
def _grasp_scene(names: tuple[str, ...]) -> 'GraspScene':
    from mtperception.sim.grasp.scene import GraspScene
    from mtperception.sim.shapes.parts import PARTS

    scene = GraspScene([PARTS[name]() for name in names])
    atexit.register(scene.close)
    return scene


def _grasps(seed: int, index: int, parts: 'Sequence[str] | None') -> 'GraspSample':
    from mtperception.sim.grasp.scene import TRAINING_PARTS

    # Others are there only where they are asked for: the ring makes falls take longer.
    others = sorted(set(parts or ()) - set(TRAINING_PARTS))
    return _grasp_scene((*TRAINING_PARTS, *others)).sample(seed, index, parts)


@cache
def _pose_scene(part: str) -> 'PoseScene':
    from mtperception.objects.meshes import part_of
    from mtperception.sim.pose.scene import PoseScene

    scene = PoseScene(part_of(part))
    atexit.register(scene.close)
    return scene


def _poses(seed: int, index: int, part: str) -> 'PoseSample':
    return _pose_scene(part).sample(seed, index)


@cache
def _crowd(part: str) -> 'PoseScene':
    from mtperception.objects.meshes import part_of
    from mtperception.sim.pose.scene import PoseScene
    from mtperception.sim.shapes.parts import PARTS

    scene = PoseScene(part_of(part), *(PARTS[name]() for name in _others(part)))
    atexit.register(scene.close)
    return scene


def _several(seed: int, index: int, part: str, objects: int, same: int) -> 'PoseSample':
    # One other part after another, beginning with another one in each picture.
    others = _others(part)
    chosen = [others[(index + number) % len(others)] for number in range(objects - same)]
    return _crowd(part).sample(seed, index, [part] * same + chosen)


def _others(part: str) -> list[str]:
    from mtperception.sim.shapes.parts import PARTS

    return [name for name in PARTS if name != part]
