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

"""Training progress for a person: a bar with the remaining time, on standard error."""

from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

SMOOTHING = 0.98


class TrainingProgress:
    """A progress bar over all steps, with a smoothed loss; epochs print lines above it."""

    def __init__(self, console: Console, steps: int, done: int = 0) -> None:
        self._progress = Progress(
            TextColumn('training'), BarColumn(), MofNCompleteColumn(),
            TextColumn('{task.fields[loss]}'),
            TimeElapsedColumn(), TextColumn('remaining'), TimeRemainingColumn(),
            console=console)
        self._bar = self._progress.add_task('training', total=steps, completed=done, loss='')
        self._loss: float | None = None

    def __enter__(self) -> 'TrainingProgress':
        """Show the bar."""
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        """Leave the bar as it is."""
        self._progress.stop()

    def step(self, done: int, loss: float) -> None:
        """Take note of the steps done and of the last one's loss."""
        self._loss = loss if self._loss is None \
            else SMOOTHING * self._loss + (1 - SMOOTHING) * loss
        self._progress.update(self._bar, completed=done, loss=f'loss {self._loss:.3f}')

    def epoch(self, done: int, line: str) -> None:
        """Print a line about the epochs done."""
        self._progress.console.print(f'epoch {done}: {line}', highlight=False)
