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

"""What a node did with its frames: counts, rate and latency, told on /diagnostics."""

from collections import Counter, deque
import threading
import time

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
import numpy as np
from rclpy.node import Node

WINDOW = 5.0  # seconds over which rate and latency are taken


class Health:
    """Count the frames of one node, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received = 0
        self._processed = 0
        self._dropped: Counter[str] = Counter()
        self._recent: deque[tuple[float, float]] = deque()

    def frame_received(self) -> None:
        with self._lock:
            self._received += 1

    def frame_dropped(self, cause: str) -> int:
        """Count a frame that gave no result; return how many were dropped for that cause."""
        with self._lock:
            self._dropped[cause] += 1
            return self._dropped[cause]

    def frame_processed(self, latency: float) -> None:
        """Count a frame whose result went out `latency` seconds after it had arrived."""
        with self._lock:
            self._processed += 1
            self._recent.append((time.monotonic(), latency))

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
        now = time.monotonic()
        with self._lock:
            while self._recent and self._recent[0][0] < now - WINDOW:
                self._recent.popleft()
            latencies = [1e3 * latency for _, latency in self._recent]
            values = {
                'received': str(self._received),
                'processed': str(self._processed),
                'dropped': str(self._dropped.total()),
                **{f'dropped.{cause}': str(n) for cause, n in sorted(self._dropped.items())},
            }
        values['rate'] = f'{len(latencies) / WINDOW:.1f}'
        if latencies:
            p50, p95 = np.percentile(latencies, [50, 95])
            values |= {'latency_ms.p50': f'{p50:.1f}', 'latency_ms.p95': f'{p95:.1f}'}
        return values


class DiagnosticsPublisher:
    """Publish a node's health on /diagnostics once a second."""

    def __init__(self, node: Node, health: Health, **constants: str) -> None:
        self._node = node
        self._health = health
        self._constants = constants
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 10)
        self._timer = node.create_timer(1.0, self._publish)

    def _publish(self) -> None:
        values = self._health.values() | self._constants
        receiving = float(values['rate']) > 0
        status = DiagnosticStatus(
            level=DiagnosticStatus.OK if receiving else DiagnosticStatus.STALE,
            name=self._node.get_fully_qualified_name(),
            message=f"{values['rate']} Hz" if receiving else 'no frames',
            values=[KeyValue(key=key, value=value) for key, value in values.items()],
        )
        message = DiagnosticArray(status=[status])
        message.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(message)
