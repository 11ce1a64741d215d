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

"""Pose estimators that may have to render their codebooks first, which takes minutes."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
import threading
import time
from typing import TYPE_CHECKING

from mtperception.nodes.transitions import reason

if TYPE_CHECKING:
    from mtperception.pose.predictor import PoseEstimator

# Seconds that are waited for codebooks, which are there in less unless they must be rendered.
PATIENCE = 5.0
REPEAT = 5.0  # seconds until it is told again how far they are


class CodebookError(ValueError):
    """There is no codebook, yet or at all; the message says why."""


class _GivenUpError(Exception):
    pass


class EstimatorOpening:
    """
    Open models, one after the other, on a thread of its own: a node goes on to answer meanwhile.

    `progress` says in words how far the codebooks are, `failed` whether there will be none.
    `tell` is called with the words every few seconds and at the end, `changed` with an estimator
    for each model when they are there; both from that thread, and not after `close`.
    """

    def __init__(
        self, models: Sequence[str], directions: int, turns: int, tell: Callable[[str], object],
        changed: Callable[[list['PoseEstimator']], object],
    ) -> None:
        self.progress = 'being opened'
        self._models = tuple(models)
        self._views = (directions, turns)
        self._tell = tell
        self._changed = changed
        self._lock = threading.Lock()
        self._closed = False
        self._awaited = False
        self._error: Exception | None = None
        self._opened: list[PoseEstimator] = []
        self._without: list[PoseEstimator] = []
        self._told = -REPEAT
        self._thread = threading.Thread(target=self._run, name='codebook', daemon=True)

    @property
    def failed(self) -> bool:
        """Whether a model could not be opened; `progress` says why."""
        return self._error is not None

    def start(self) -> None:
        """Begin; `changed` is called once, with all, and why one cannot be opened is told."""
        self._thread.start()

    def start_and_wait(self) -> None:
        """
        Begin, and call `changed` after a few seconds, whatever there is by then.

        What is raised is why a model cannot be opened. Estimators whose codebook comes later are
        without one until then; at each that comes, `changed` is called again.
        """
        self._awaited = True
        self._thread.start()
        self._thread.join(PATIENCE)
        from mtperception.pose.predictor import PoseEstimator

        without = [PoseEstimator.load(model) for model in self._models] \
            if self._thread.is_alive() else []
        with self._lock:
            self._awaited = False
            if self._error is not None:
                raise self._error
            if len(self._opened) < len(self._models):
                self._without = without
                self._hand_on()

    def close(self) -> None:
        """Give up what is not done yet; nothing more is told."""
        with self._lock:
            self._closed = True

    def _run(self) -> None:
        try:
            self._open()
        except _GivenUpError:
            pass
        except Exception as error:
            with self._lock:
                # Its frames would keep the processes that render.
                self._error = error.with_traceback(None)
                if not self._awaited:  # otherwise it is still to be raised
                    self._say(f'failed: {reason(error)}')

    def _open(self) -> None:
        from mtperception.objects.known import open_estimator

        start = time.monotonic()
        directions, turns = self._views
        for model in self._models:
            opened = open_estimator(model, directions=directions, turns=turns,
                                    progress=partial(self._on_progress, model))
            with self._lock:
                if self._closed:
                    raise _GivenUpError
                self._opened.append(opened)
                done = len(self._opened) == len(self._models)
                if done or self._without:
                    self._hand_on()
                if done:
                    views = sum(len(one.codebook or ()) for one in self._opened)
                    self._say(f'{views} views, after {time.monotonic() - start:.0f} s')

    def _hand_on(self) -> None:
        self._changed([*self._opened, *self._without[len(self._opened):]])

    def _on_progress(self, model: str, done: int, total: int) -> None:
        of = f'{Path(model).stem}: ' if len(self._models) > 1 else ''
        with self._lock:
            if self._closed:
                raise _GivenUpError
            self.progress = f'{of}{100 * done // total} % of {total} views rendered, this once'
            if time.monotonic() - self._told >= REPEAT:
                self._say(self.progress)

    def _say(self, words: str) -> None:
        self.progress = words
        self._told = time.monotonic()
        if not self._closed:
            self._tell(words)
