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

"""report.json of a reproduction: what is known so far, on the disk whenever some was added."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
import json
from pathlib import Path
import time
from typing import Any


class ReproductionReport:
    """
    The figures so far.

    ``figures`` begin with the command, what the run is ``of`` (``run``), the seconds of each stage
    (``stages``) and what ``more`` has, or are those of the report that is at ``path``; ValueError
    is raised where that is of another run.
    """

    def __init__(self, path: Path, of: Mapping[str, Any], words: str,
                 more: Mapping[str, Any]) -> None:
        self._path = path
        # As they will be read again: tuples become lists.
        run = json.loads(json.dumps(of))
        self.figures: dict[str, Any] = {'command': words, 'run': run, 'stages': {}, **more}
        if not path.exists():
            return
        try:
            figures = json.loads(path.read_bytes())
            begun = figures['run']
        except (KeyError, TypeError, ValueError):
            raise ValueError(f'{path}: not the report of a reproduction; choose another '
                             'folder') from None
        differing = [name for name, value in run.items() if begun.get(name) != value]
        if differing:
            raise ValueError(f'{path}: the report is of a run with another '
                             f'{", ".join(differing)}; resume with the same, or start afresh')
        self.figures = figures

    def __contains__(self, stage: str) -> bool:
        return stage in self.figures

    def add_seconds(self, stage: str, seconds: float) -> None:
        """Add to the time that a stage took."""
        self.figures['stages'][stage] = self.figures['stages'].get(stage, 0.0) + seconds

    def write(self) -> None:
        """Write what is known."""
        from mtperception.sim.files.writing import write_file

        write_file(self._path, (json.dumps(self.figures, indent=1) + '\n').encode())

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what is done here, and write what is known then."""
        started = time.monotonic()
        yield
        self.add_seconds(name, time.monotonic() - started)
        self.write()
