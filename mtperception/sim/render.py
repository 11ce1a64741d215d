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
Rendering a data set: in several processes, in shards, and going on after an interruption.

What a data set is, and how the folder tells which samples are there, is in `data_folder`.
"""

import atexit
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from itertools import islice
import os
from pathlib import Path
import shutil
from typing import Any

from mtperception.sim.files.data_folder import DataFolder, DataSet, OutputError, Scene
from mtperception.sim.workers import one_thread, worker_pool


@dataclass(frozen=True)
class Shard:
    """One of `of` equal shares of a data set, counted from 1."""

    number: int = 1
    of: int = 1

    def __post_init__(self) -> None:
        """Raise ValueError where there is no such share."""
        if not 1 <= self.number <= self.of:
            raise ValueError(f'there is no shard {self.number}/{self.of}: give 1/N to N/N')

    def __contains__(self, index: int) -> bool:
        """Tell whether a sample is in the share."""
        return index % self.of == self.number - 1


@dataclass(frozen=True)
class Rendered:
    """
    What a render did: how many samples it made, and how many the folder still waits for.

    `figures` are the data set's own, None while it is unfinished.
    """

    made: int
    missing: int
    figures: dict[str, Any] | None


def render(
    data_set: DataSet, out: str | os.PathLike[str], count: int, seed: int, workers: int = 1,
    shard: Shard | None = None, progress: Callable[[int, int], None] | None = None,
    command: str | None = None,
) -> Rendered:
    """
    Render `count` samples into a folder, or those of them that a shard has and that are missing.

    The folder must be new, empty, or hold the same data set, unfinished or not. The data are the
    same whatever the number of worker processes and shards, and however often it was interrupted.
    Shards may share one folder, or be copied into one: whoever finds all samples there finishes
    the data set. `progress` is called with the number of samples done and to be done by this
    call; `command` is as of a DataFolder. Raise OutputError where the folder or the disk will not
    do.
    """
    if count < 1:
        raise OutputError(f'cannot render {count} pictures: ask for 1 or more')
    if seed < 0:
        raise OutputError(f'cannot render with the seed {seed}: give 0 or more')
    if workers < 1:
        raise OutputError(f'cannot render with {workers} workers: ask for 1 or more')
    folder = DataFolder(Path(out), data_set, seed, count, command)
    folder.prepare()
    share = shard or Shard()
    indices = [index for index in folder.missing() if index in share]
    _check_space(folder, len(indices))
    if progress is not None:
        progress(0, len(indices))
    made = 0
    for _ in _added(folder, indices, min(workers, len(indices))):
        made += 1
        if progress is not None:
            progress(made, len(indices))
    missing = len(folder.missing())
    if folder.finished():
        return Rendered(made, missing, dict(folder.figures()))
    return Rendered(made, missing, None if missing else dict(folder.finish()))


def _check_space(folder: DataFolder, samples: int) -> None:
    needed = samples * folder.data_set.bytes_per_sample
    free = shutil.disk_usage(folder.root).free
    if needed > free:
        raise OutputError(
            f'{folder.root}: {samples} samples need about {needed / 1e6:,.0f} MB, '
            f'{free / 1e6:,.0f} MB are free')


def _added(folder: DataFolder, indices: list[int], workers: int) -> Iterator[int]:
    """Make samples; yield the index of each once it is on the disk, in any order."""
    if workers <= 1:
        with ExitStack() as stack:
            stack.enter_context(one_thread())
            scene = stack.enter_context(folder.data_set.scene()) if indices else None
            for index in indices:
                assert scene is not None
                folder.add(index, scene.sample(folder.seed, index))
                yield index
        return
    executor = worker_pool(workers, _start_worker, (folder,))
    left = iter(indices)
    running: set[Future[int]] = set()
    try:
        while True:
            # A few in hand for each worker, so that none waits; not all, there may be millions.
            for index in islice(left, 3 * workers - len(running)):
                running.add(executor.submit(_add_in_worker, index))
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    except BrokenProcessPool:
        raise OutputError(
            f'{folder.root}: a worker process was killed (is there enough memory for {workers}?); '
            'give the same command again to go on') from None
    finally:
        executor.shutdown(cancel_futures=True)


_worker_folder: DataFolder
_worker_stack = ExitStack()


def _start_worker(folder: DataFolder) -> None:
    global _worker_folder
    _worker_folder = folder


@cache
def _worker_scene() -> Scene:
    return _worker_stack.enter_context(_worker_folder.data_set.scene())


@cache
def _close_at_exit() -> None:
    # After the first sample: OpenGL, open by then, must be closed later than the scene.
    atexit.register(_worker_stack.close)


def _add_in_worker(index: int) -> int:
    _worker_folder.add(index, _worker_scene().sample(_worker_folder.seed, index))
    _close_at_exit()
    return index
