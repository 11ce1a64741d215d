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

"""Rendering a labelled data set to disk."""

import atexit
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
import multiprocessing
import os
from pathlib import Path
import shutil
import signal

from mtperception import __version__
from mtperception.geometry.camera import PinholeCamera
from mtperception.sim.coco import ANNOTATIONS, image_name, IMAGES, write_annotations, write_image
from mtperception.sim.labels import PinLabel
from mtperception.sim.pin_scene import PinScene

# A 612 x 512 picture takes about 220 kB as PNG.
_BYTES_PER_PICTURE = 300_000


class OutputError(ValueError):
    """The data set cannot be written where it was asked for."""


def render_pins(
    out: str | os.PathLike[str], count: int, seed: int,
    progress: Callable[[int], None] | None = None, workers: int = 1,
) -> None:
    """
    Render `count` pictures of pins and their labels into a folder.

    The folder must be new, empty, or hold an unfinished data set, which is started anew. The
    labels are written last: a folder without them is not a data set. The data are the same
    whatever the number of worker processes. `progress` is called with the number of pictures
    done. Raise OutputError where the folder or the disk will not do.
    """
    if count < 1:
        raise OutputError(f'cannot render {count} pictures: ask for 1 or more')
    if seed < 0:
        raise OutputError(f'cannot render with the seed {seed}: give 0 or more')
    if workers < 1:
        raise OutputError(f'cannot render with {workers} workers: ask for 1 or more')
    folder = Path(out)
    _prepare(folder, count)
    labels, cameras = [], []
    for pins, camera in _rendered(folder, count, seed, workers):
        labels.append(pins)
        cameras.append(camera)
        if progress is not None:
            progress(len(labels))
    info = {
        'description': 'rendered pins', 'seed': seed, 'count': count, 'version': __version__,
    }
    write_annotations(folder, labels, cameras, info)


_Rendered = tuple[tuple[PinLabel, ...], PinholeCamera]


def _rendered(folder: Path, count: int, seed: int, workers: int) -> Iterator[_Rendered]:
    """Write the pictures; yield each one's labels and camera, in order."""
    if min(workers, count) == 1:
        with PinScene() as scene:
            for index in range(count):
                yield _write_sample(scene, folder, seed, index)
        return
    # Never fork with a graphics context.
    executor = ProcessPoolExecutor(
        min(workers, count), multiprocessing.get_context('spawn'), _leave_interrupts_to_parent)
    try:
        yield from executor.map(_render_in_worker, [(folder, seed, i) for i in range(count)])
    finally:
        executor.shutdown(cancel_futures=True)


def _write_sample(scene: PinScene, folder: Path, seed: int, index: int) -> _Rendered:
    sample = scene.sample(seed, index)
    write_image(folder / image_name(index), sample.image)
    return sample.pins, sample.camera


def _leave_interrupts_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@lru_cache(maxsize=1)
def _worker_scene() -> PinScene:
    scene = PinScene()
    atexit.register(scene.close)
    return scene


def _render_in_worker(job: tuple[Path, int, int]) -> _Rendered:
    return _write_sample(_worker_scene(), *job)


def _prepare(folder: Path, count: int) -> None:
    if folder.exists() and not folder.is_dir():
        raise OutputError(f'{folder} is a file: choose a folder')
    if (folder / ANNOTATIONS).exists():
        raise OutputError(f'{folder} already holds a data set: choose another folder')
    images = folder / IMAGES
    strangers = [
        entry for entry in (folder.iterdir() if folder.is_dir() else ())
        if entry != images and not _unfinished(entry)
    ]
    if images.is_dir():
        strangers += [
            entry for entry in images.iterdir()
            if not _unfinished(entry) and not (entry.stem.isdigit() and entry.suffix == '.png')
        ]
    if strangers:
        raise OutputError(f'{folder} holds other files ({strangers[0].name}): choose a new folder')
    try:
        images.mkdir(parents=True, exist_ok=True)
        for entry in (*images.iterdir(), *(e for e in folder.iterdir() if _unfinished(e))):
            entry.unlink()
    except OSError as error:
        raise OutputError(f'{folder} cannot be written: {error.strerror}') from None
    needed, free = count * _BYTES_PER_PICTURE, shutil.disk_usage(folder).free
    if needed > free:
        raise OutputError(
            f'{folder}: {count} pictures need about {needed / 1e9:.1f} GB, '
            f'{free / 1e9:.1f} GB are free')


def _unfinished(entry: Path) -> bool:
    return entry.name.startswith('.') and entry.name.endswith('.part')
