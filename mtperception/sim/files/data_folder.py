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
Labelled data sets on disk while they are made: what a kind of data set has to say, and a folder.

A kind of data set (pins, grasps, poses) is an object with the members of `DataSet`: it opens its
scene, writes the files of one sample and returns what the data set's own label files will say
about it (the record), and in the end writes those from all records. All else (workers, shards,
resuming, the card) is done here and in `render`, once for all kinds.

The folder holds `unfinished/` while it is being filled: `run.json` says what is being made,
and `000000.json` ... are the samples' records, each written after the sample's files, so that a
sample without a record does not exist. The samples may come in any order, from any number of
processes, in several goes. When the last one is there, the label files are written, then
`card.json`, and `unfinished/` goes.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
import hashlib
import json
import os
from pathlib import Path
import shutil
from typing import Any, Protocol

from mtperception import __version__
from mtperception.sim.files.writing import is_unfinished, SampleFiles, write_file

CARD = 'card.json'
UNFINISHED = 'unfinished'
_RUN = 'run.json'

Record = dict[str, Any]


class OutputError(ValueError):
    """The data set cannot be written where it was asked for."""


class Scene(Protocol):
    """Makes samples; a pure function of the seed and the index, whatever was made before."""

    def sample(self, seed: int, index: int) -> Any:
        """Render sample `index` of the data set `seed`."""


class DataSet(Protocol):
    """A kind of data set with its options; to be sent to worker processes, hence without state."""

    @property
    def name(self) -> str:
        """The word for it on the command line, such as 'pin'."""

    @property
    def arguments(self) -> tuple[str, ...]:
        """The command line's further words that make the same data, such as ('--units', 'mm')."""

    @property
    def bytes_per_sample(self) -> int:
        """About what a sample takes on the disk, rather too much than too little."""

    def parameters(self) -> Mapping[str, Any]:
        """
        Return what the data depend on beside the seed, as JSON has it.

        That is options and hashes of the user's files, not where they are. A run that differs is
        another data set.
        """

    def scene(self) -> AbstractContextManager[Scene]:
        """Open the scene; one is opened in each process."""

    def write(self, files: SampleFiles, index: int, sample: Any) -> Record:
        """
        Save the files of a sample, named after its index, and return its record.

        The record is what `finish` needs to know of the sample, as JSON has it. A sample may be
        written again after an interruption: the same names must get the same bytes.
        """

    def finish(
        self, files: SampleFiles, records: Iterator[Record], info: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        """
        Save the label files from the records of all samples, in order from 0.

        `info` has the data set's `seed`, `count` and `version`, for formats with a place for it.
        Return figures for the card and for the command's JSON, such as a hold rate. May be done
        twice: the same names must get the same bytes.
        """


@dataclass(frozen=True)
class DataFolder:
    """
    A folder to be filled with `count` samples of the data set `seed`.

    `command` is the command that makes the same data, `mtperception render` with its words by
    default.
    """

    root: Path
    data_set: DataSet
    seed: int
    count: int
    command: str | None = None

    def prepare(self) -> None:
        """
        Make the folder, or see that what is in it is this data set, finished or not.

        Raise OutputError where it is anything else.
        """
        if self.root.exists() and not self.root.is_dir():
            raise OutputError(f'{self.root} is a file: choose a folder')
        if self.finished():
            self._must_be_same(self.root / CARD, 'already holds a data set')
            shutil.rmtree(self.root / UNFINISHED, ignore_errors=True)
            return
        run = self.root / UNFINISHED / _RUN
        strangers = [
            path.relative_to(self.root).as_posix()
            for folder in (self.root, run.parent) if folder.is_dir()
            for path in folder.iterdir() if path not in (run.parent, run)
            and not is_unfinished(path.name)]
        # One that nothing has been written to yet may become another.
        if run.exists() and strangers:
            self._must_be_same(run, 'holds an unfinished data set')
            return
        if strangers:
            raise OutputError(
                f'{self.root} holds other files ({strangers[0]}): choose a new folder')
        document = _json(self._run)
        try:
            run.parent.mkdir(parents=True, exist_ok=True)
            write_file(run, document)
        except OSError as error:
            raise OutputError(f'{self.root} cannot be written: {error.strerror}') from None

    def finished(self) -> bool:
        """Tell whether the data set is complete."""
        return (self.root / CARD).exists()

    def missing(self) -> list[int]:
        """Return the indices of the samples that are still to be made, in order."""
        if self.finished():
            return []
        stems = (path.stem for path in (self.root / UNFINISHED).glob('*.json'))
        done = {int(stem) for stem in stems if stem.isdigit()}
        return [index for index in range(self.count) if index not in done]

    def add(self, index: int, sample: Any) -> None:
        """Write a sample; once this returns it will not be made again."""
        files = SampleFiles(self.root)
        try:
            record = self.data_set.write(files, index, sample)
            entry = {'run': self._key, 'sha256': files.sha256(), 'record': record}
            write_file(self._record(index), _json(entry))
        except OSError as error:
            raise OutputError(
                f'{self.root}: {error.strerror}; put that right and give the same command again '
                'to go on') from None

    def finish(self) -> Mapping[str, Any]:
        """
        Write the label files and the card, all samples being there; return the data set's figures.

        Several processes may do so at the same time.
        """
        digest = hashlib.sha256()
        info = {'seed': self.seed, 'count': self.count, 'version': __version__}
        try:
            figures = self.data_set.finish(SampleFiles(self.root), self._records(digest), info)
            words = (
                'mtperception', 'render', self.data_set.name, *self.data_set.arguments,
                '--count', str(self.count), '--seed', str(self.seed))
            card = {
                'command': self.command or ' '.join(words), **self._run,
                'sha256': digest.hexdigest(), **figures}
            for folder, _, names in os.walk(self.root):
                for name in filter(is_unfinished, names):
                    Path(folder, name).unlink(missing_ok=True)
            write_file(self.root / CARD, _json(card))
        except FileNotFoundError:
            if not self.finished():
                raise
            # Another process was faster.
            return self.figures()
        except OSError as error:
            raise OutputError(
                f'{self.root}: {error.strerror}; put that right and give the same command again '
                'to go on') from None
        shutil.rmtree(self.root / UNFINISHED, ignore_errors=True)
        return figures

    def figures(self) -> Mapping[str, Any]:
        """Return the figures of a finished data set, from its card."""
        card = json.loads((self.root / CARD).read_bytes())
        return {
            name: value for name, value in card.items()
            if name not in (*self._run, 'command', 'sha256')}

    def _records(self, digest: 'hashlib._Hash') -> Iterator[Record]:
        for index in range(self.count):
            path = self._record(index)
            entry = json.loads(path.read_bytes())
            if entry['run'] != self._key:
                raise OutputError(f'{path} is of another data set: do not mix their folders')
            digest.update(bytes.fromhex(entry['sha256']))
            yield entry['record']

    def _record(self, index: int) -> Path:
        return self.root / UNFINISHED / f'{index:06d}.json'

    @cached_property
    def _run(self) -> dict[str, Any]:
        # The parameters may take reading the user's files.
        return {
            'data_set': self.data_set.name, 'seed': self.seed, 'count': self.count,
            'version': __version__, 'parameters': dict(self.data_set.parameters()),
        }

    @cached_property
    def _key(self) -> str:
        return hashlib.sha256(_json(self._run)).hexdigest()[:16]

    def _must_be_same(self, path: Path, state: str) -> None:
        try:
            found = json.loads(path.read_bytes())
            other = {name: found[name] for name in self._run}
        except (KeyError, TypeError, ValueError):
            raise OutputError(f'{path} is not readable: choose a new folder') from None
        wanted = json.loads(_json(self._run))
        differing = [name for name in wanted if wanted[name] != other[name]]
        if differing:
            name = differing[0]
            raise OutputError(
                f'{self.root} {state} ({name} {other[name]} instead of {wanted[name]}): '
                'choose another folder')


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document).encode()
