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

"""Bars for the stages of a long run, each with its end, and the time that remains of it all."""

from collections.abc import Mapping
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

# Seconds after which a stage's own rate says more than what was expected of it.
_SETTLED = 3.0


class StageProgress:
    """
    A bar for each stage and a line on the time that remains; a context manager.

    ``amounts`` say how much there is in each of the stages, in order, ``seconds`` about how long
    one of it takes; both are corrected by what is seen.
    """

    def __init__(self, console: Console, amounts: Mapping[str, int],
                 seconds: Mapping[str, float]) -> None:
        self._progress = Progress(
            TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(),
            TextColumn('{task.fields[left]}'), console=console)
        self._seconds = seconds
        self._expected = {stage: amount * seconds[stage] for stage, amount in amounts.items()}
        self._bars: dict[str, TaskID] = {}
        self._stage: str | None = None
        self._first, self._begun = 0, 0.0
        self._took = self._should_have = 0.0

    def __enter__(self) -> 'StageProgress':
        """Show the bars."""
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        """Leave the bars as they are."""
        self._progress.stop()

    def tell(self, line: str) -> None:
        """Print a line above the bars."""
        self._progress.console.print(line, highlight=False, soft_wrap=True)

    def report(self, stage: str, done: int, total: int) -> None:
        """Take note of how much of a stage is done, and how much there is."""
        if total <= 0:  # it was done before an interruption
            self._expected.pop(stage, None)
            return
        now = time.monotonic()
        if stage != self._stage:
            self._end_stage(now)
            self._stage, self._first, self._begun = stage, done, now
            self._bars[stage] = self._progress.add_task(stage, total=total, left='')
        minutes = self.seconds_left(done, total, now) / 60.0
        left = 'less than a minute left' if minutes < 1.0 else f'{minutes:.0f} min left of all'
        self._progress.update(self._bars[stage], completed=done, total=total, left=left)

    def seconds_left(self, done: int, total: int, now: float) -> float:
        """Return the seconds that remain of this stage and all later ones."""
        assert self._stage is not None
        took, expected = now - self._begun, (total - done) * self._seconds[self._stage]
        pace = self._took / self._should_have if self._should_have > 0.0 else 1.0
        here = pace * expected
        if took > _SETTLED and done > self._first:
            here = took / (done - self._first) * (total - done)
            if expected > 0.0:
                pace = here / expected
        stages = list(self._expected)
        later = stages[stages.index(self._stage) + 1:] if self._stage in stages else []
        return here + pace * sum(self._expected[stage] for stage in later)

    def _end_stage(self, now: float) -> None:
        if self._stage is None:
            return
        bar = self._bars[self._stage]
        task = next(task for task in self._progress.tasks if task.id == bar)
        self._progress.update(bar, left='')
        if now - self._begun > _SETTLED:
            self._took += now - self._begun
            self._should_have += (task.completed - self._first) * self._seconds[self._stage]
