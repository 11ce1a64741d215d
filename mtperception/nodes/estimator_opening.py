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

"""A pose estimator that may have to render its codebook first, which takes a minute or two."""

from collections.abc import Callable
import threading
import time
from typing import TYPE_CHECKING

from mtperception.nodes.transitions import reason

if TYPE_CHECKING:
    from mtperception.pose.predictor import PoseEstimator

# Seconds that are waited for the codebook, which is there in less unless it must be rendered.
PATIENCE = 5.0
REPEAT = 5.0  # seconds until it is told again how far it is


class CodebookError(ValueError):
    """There is no codebook, yet or at all; the message says why."""


class _GivenUpError(Exception):
    pass


class EstimatorOpening:
    """
    Open an estimator, on a thread of its own: a node goes on to answer meanwhile.

    `progress` says in words how far the codebook is. `tell` is called with them every few seconds
    and at the end, from that thread.
    """

    def __init__(
        self, model: str, directions: int, turns: int, tell: Callable[[str], object],
    ) -> None:
        self.progress = 'being opened'
        self._of = (model, directions, turns)
        self._tell = tell
        self._lock = threading.Lock()
        self._closed = False
        self._error: Exception | None = None
        self._opened: PoseEstimator | None = None
        self._given: PoseEstimator | None = None
        self._told = -REPEAT
        self._thread = threading.Thread(target=self._run, name='codebook', daemon=True)
        self._thread.start()

    def estimator(self) -> 'PoseEstimator':
        """
        Return the estimator after a few seconds, whose codebook may come later.

        What is raised is why it cannot be opened.
        """
        self._thread.join(PATIENCE)
        from mtperception.pose.predictor import PoseEstimator

        found = None if self._error or self._opened else PoseEstimator.load(self._of[0])
        with self._lock:
            if self._error is not None:
                raise self._error
            self._given = self._opened or found
        assert self._given is not None
        return self._given

    def check(self) -> None:
        """Raise CodebookError while the estimator has no codebook."""
        if self._opened is None:
            raise CodebookError(f'codebook: {self.progress}')

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
                if self._given is not None:  # otherwise it is still to be raised
                    self._say(f'failed: {reason(error)}')

    def _open(self) -> None:
        from mtperception.objects.known import open_estimator

        start = time.monotonic()
        model, directions, turns = self._of
        opened = open_estimator(
            model, directions=directions, turns=turns, progress=self._on_progress)
        assert opened.codebook is not None
        with self._lock:
            if self._given is not None:
                self._given.codebook = opened.codebook
            self._opened = opened
            self._say(f'{len(opened.codebook)} views, after {time.monotonic() - start:.0f} s')

    def _on_progress(self, done: int, total: int) -> None:
        with self._lock:
            if self._closed:
                raise _GivenUpError
            self.progress = f'{100 * done // total} % of {total} views rendered, this once'
            if time.monotonic() - self._told >= REPEAT:
                self._say(self.progress)

    def _say(self, words: str) -> None:
        self.progress = words
        self._told = time.monotonic()
        if not self._closed:
            self._tell(words)
