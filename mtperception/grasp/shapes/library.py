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
Shapes on disk: the examples that each was taught by, and what they were seen with.

A library is a folder. Its shapes.json names the detector, the features, and for each shape a
safetensors file of examples, by its hash. Files of examples are written once and never changed,
and shapes.json is replaced last: who reads it sees a library as it was before a lesson or as it
is after, whatever happens between. Lessons take turns by a lock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
import fcntl
import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors, save as save_tensors

from mtperception.grasp.shapes.examples import joined, ShapeError, ShapeExamples, unit_rows
from mtperception.grasp.shapes.index import check_name, Index, read_index, Shape, TaughtWith

INDEX = 'shapes.json'
_LOCK = '.lock'
_EXAMPLES, _UNFINISHED = 'examples-*.safetensors', '.*.part'


class _MissingFileError(ShapeError):
    """A file of examples is not there: it is lost, or a lesson has replaced it just now."""


def default_folder() -> Path:
    """Return where the user's shapes are when no folder is named."""
    data = os.environ.get('XDG_DATA_HOME', '')
    # The XDG Base Directory Specification says that relative ones are to be ignored.
    root = Path(data) if os.path.isabs(data) else Path.home() / '.local' / 'share'
    return root / 'mtperception' / 'shapes'


class ShapeLibrary:
    """The shapes in a folder, which need not exist before the first lesson."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def index(self) -> Index | None:
        """Tell what the library has; None where nothing was ever taught."""
        return read_index(self.folder / INDEX)

    def examples(self, taught_with: TaughtWith) -> ShapeExamples | None:
        """
        Read the examples of all shapes; None where there are none.

        ShapeError says where they were taught with something else, or are damaged.
        """
        while True:
            index = self.index()
            if index is None or not index.shapes:
                return None
            self._check_taught_with(index, taught_with)
            try:
                return joined([self._read(name, index) for name in index.shapes])
            except _MissingFileError:
                if self.index() == index:
                    raise

    def teach(self, name: str, examples: ShapeExamples, taught_with: TaughtWith) -> Shape:
        """
        Add examples to a shape; those of a picture that was taught before replace these.

        The labels of the `examples` are not looked at, and the numbers of their pictures must be
        `picture_number`s. ShapeError is raised, and nothing changed, where they do not go with
        what is in the library.
        """
        check_name(name)
        if not len(examples):
            raise ShapeError(f'there is no example to teach {name!r} by')
        new = ShapeExamples(unit_rows(examples.features), np.full(len(examples), name),
                            examples.images)
        with self._lesson():
            index = self.index() or Index(0, taught_with, {})
            self._check_taught_with(index, taught_with)
            for other, shape in index.shapes.items():
                if other != name and set(shape.pictures) & set(new.images.tolist()):
                    raise ShapeError(f'a picture of {name!r} was taught as {other!r} before; '
                                     'forget that shape, or leave the picture out')
            if name in index.shapes:
                old = self._read(name, index)
                new = joined([old.chosen(~np.isin(old.images, new.images)), new])
            shape = self._write(name, new)
            self._replace(Index(index.lessons + 1, taught_with, {**index.shapes, name: shape}))
        return shape

    def forget(self, name: str) -> None:
        """Take a shape away, its file damaged or not; ShapeError names one that is not there."""
        if self.index() is None:
            raise ShapeError(f'{self.folder}: no shapes have been taught here')
        with self._lesson():
            index = self.index()
            if index is None or name not in index.shapes:
                known = ', '.join(map(repr, index.shapes if index else ())) or 'none'
                raise ShapeError(f'{self.folder}: no shape is called {name!r}; there are: {known}')
            kept = {other: shape for other, shape in index.shapes.items() if other != name}
            self._replace(Index(index.lessons + 1, index.taught_with, kept))

    def _check_taught_with(self, index: Index, wanted: TaughtWith) -> None:
        taught = index.taught_with
        if not index.shapes or (taught.sha256, taught.features) == (wanted.sha256,
                                                                   wanted.features):
            return
        if taught.sha256 != wanted.sha256:
            found = (f'with another detector, {taught.detector} ({taught.sha256[:12]}), not '
                     f'{wanted.detector} ({wanted.sha256[:12]})')
        else:
            found = f'by other features, {taught.features}, not {wanted.features}'
        raise ShapeError(f'{self.folder}: these shapes were taught {found}; use the same again, '
                         'or teach the shapes anew in another folder (--library DIR), or delete '
                         'this one')

    def _read(self, name: str, index: Index) -> ShapeExamples:
        shape = index.shapes[name]
        path = self.folder / shape.file
        tensors = _tensors(path, shape, name)
        try:
            return ShapeExamples(
                {layer: tensors[layer].astype(np.float32)
                 for layer in index.taught_with.features.layers},
                np.full(shape.examples, name), tensors['images'])
        except (KeyError, ShapeError) as error:
            raise ShapeError(f'{path}: not the examples of {name!r} ({error}); forget it and '
                             'teach it again') from None

    def _write(self, name: str, examples: ShapeExamples) -> Shape:
        tensors: dict[str, NDArray[Any]] = {
            layer: np.ascontiguousarray(rows, dtype=np.float16)
            for layer, rows in examples.features.items()}
        tensors['images'] = np.ascontiguousarray(examples.images, dtype=np.int64)
        data = save_tensors(tensors, {'shape': name})
        sha256 = hashlib.sha256(data).hexdigest()
        file = _EXAMPLES.replace('*', sha256[:16])
        _write_whole(self.folder / file, data)
        return Shape(file, sha256, len(examples), tuple(np.unique(examples.images).tolist()))

    def _replace(self, index: Index) -> None:
        _write_whole(self.folder / INDEX, index.to_json())
        named = {shape.file for shape in index.shapes.values()}
        # Nobody else writes now: what is unfinished will never be finished.
        for pattern in (_EXAMPLES, _UNFINISHED):
            for path in self.folder.glob(pattern):
                if path.name not in named:
                    path.unlink(missing_ok=True)

    @contextmanager
    def _lesson(self) -> Iterator[None]:
        """Wait until no other process, nor thread, changes the library."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / _LOCK).open('w') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def picture_number(image: NDArray[np.uint8]) -> int:
    """Give a picture a number, the same whenever it is seen."""
    seen = hashlib.sha256(repr(image.shape).encode() + image.tobytes()).digest()
    return int.from_bytes(seen[:8], 'little', signed=True)


def _tensors(path: Path, shape: Shape, name: str) -> Mapping[str, NDArray[Any]]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise _MissingFileError(f'{path}: the examples of {name!r} are missing; restore the file '
                                'from a copy, or forget the shape and teach it again') from None
    if hashlib.sha256(data).hexdigest() != shape.sha256:
        raise ShapeError(f'{path}: the examples of {name!r} are damaged ({len(data)} bytes with '
                         'another SHA-256); restore the file from a copy, or forget the shape '
                         'and teach it again')
    try:
        tensors: Mapping[str, NDArray[Any]] = load_tensors(data)
    except SafetensorError as error:
        raise ShapeError(f'{path}: not a safetensors file ({error}); forget {name!r} and teach '
                         'it again') from None
    return tensors


def _write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, even where the power fails."""
    temporary = path.with_name(f'.{path.name}.part')
    try:
        with temporary.open('wb') as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
