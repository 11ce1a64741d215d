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

"""What a node did with its frames: counts, rate, latency, and how well that is."""

from collections import Counter, deque
import math
import threading
import time

from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np

WINDOW = 5.0  # seconds that rate, latency and verdict look back
# Causes of a drop that are no fault: the camera is faster than the network, or nobody wants more.
HARMLESS = frozenset({'overwritten', 'inactive'})


class Health:
    """Count the frames of one node, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received = 0
        self._processed = 0
        self._dropped: Counter[str] = Counter()
        self._warned: Counter[str] = Counter()
        self._latencies: deque[tuple[float, float]] = deque()
        self._last_received = -math.inf
        self._last_fault: dict[str, float] = {}

    def frame_received(self) -> None:
        with self._lock:
            self._received += 1
            self._last_received = time.monotonic()

    def frame_dropped(self, cause: str) -> int:
        """Count a frame that gave no result; return how many were dropped for that cause."""
        with self._lock:
            self._dropped[cause] += 1
            if cause not in HARMLESS:
                self._last_fault[cause] = time.monotonic()
            return self._dropped[cause]

    def frame_warned(self, cause: str) -> int:
        """Count a frame that is used though something is odd about it; return how many were."""
        with self._lock:
            self._warned[cause] += 1
            self._last_fault[cause] = time.monotonic()
            return self._warned[cause]

    def frame_processed(self, latency: float) -> None:
        """Count a frame whose result went out `latency` seconds after it had arrived."""
        with self._lock:
            self._processed += 1
            self._latencies.append((time.monotonic(), latency))

    @property
    def received(self) -> int:
        """Frames that have arrived, good or bad."""
        with self._lock:
            return self._received

    @property
    def dropped(self) -> dict[str, int]:
        """Frames without a result, by cause."""
        with self._lock:
            return dict(self._dropped)

    def values(self) -> dict[str, str]:
        """Give counts since the start, rate (Hz) and latency (ms) of the last five seconds."""
        with self._lock:
            latencies = self._recent_latencies()
            values = {
                'received': str(self._received),
                'processed': str(self._processed),
                'dropped': str(sum(self._dropped.values())),
                **{f'dropped.{cause}': str(n) for cause, n in sorted(self._dropped.items())},
                **{f'warned.{cause}': str(n) for cause, n in sorted(self._warned.items())},
            }
        values['rate'] = f'{len(latencies) / WINDOW:.1f}'
        if latencies:
            p50, p95 = 1e3 * np.percentile(latencies, [50, 95])
            values |= {'latency_ms.p50': f'{p50:.1f}', 'latency_ms.p95': f'{p95:.1f}'}
        return values

    def verdict(self) -> tuple[bytes, str]:
        """
        Judge the last five seconds: a level of DiagnosticStatus, and why.

        STALE when nothing arrives, ERROR when frames arrive and none gives a result, WARN when
        some are dropped for a fault of theirs or are odd.
        """
        with self._lock:
            since = time.monotonic() - WINDOW
            rate = len(self._recent_latencies()) / WINDOW
            receiving = self._last_received > since
            faults = ', '.join(
                sorted(cause for cause, last in self._last_fault.items() if last > since))
        if not receiving:
            return DiagnosticStatus.STALE, 'no frames'
        if not rate and faults:
            return DiagnosticStatus.ERROR, f'no results: {faults}'
        if faults:
            return DiagnosticStatus.WARN, f'{rate:.1f} Hz, bad frames: {faults}'
        return DiagnosticStatus.OK, f'{rate:.1f} Hz'

    def _recent_latencies(self) -> list[float]:
        since = time.monotonic() - WINDOW
        while self._latencies and self._latencies[0][0] < since:
            self._latencies.popleft()
        return [latency for _, latency in self._latencies]
