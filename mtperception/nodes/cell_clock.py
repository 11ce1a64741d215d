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

"""The time of the simulated cell: the node's clock, or one of its own that goes to /clock."""

from builtin_interfaces.msg import Time as Stamp
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.time import Time
from rosgraph_msgs.msg import Clock as ClockMessage

RATE = 100.0  # messages a second on /clock


class CellClock:
    """
    Tell how long the cell has been running, and what time that is.

    With `published` the cell's time is its own: it begins at 0, goes as fast as real time and is
    what /clock says. `timers` is the clock for the node's timers.
    """

    def __init__(self, node: Node, published: bool) -> None:
        self._published = published
        self.timers: Clock = (
            Clock(clock_type=ClockType.STEADY_TIME) if published else node.get_clock())
        self.restart()
        if published:
            self._publisher = node.create_publisher(ClockMessage, '/clock', 10)
            node.create_timer(1.0 / RATE, self._publish, clock=self.timers)

    def restart(self) -> None:
        """Begin at 0 again."""
        self._start = self.timers.now()

    def now(self) -> tuple[float, Stamp]:
        """Return the seconds since the beginning, and the stamp of this moment."""
        now = self.timers.now()
        if now < self._start:  # simulated time has jumped back
            self._start = now
        elapsed = (now - self._start).nanoseconds
        stamp = Time(nanoseconds=elapsed) if self._published else now
        return elapsed * 1e-9, stamp.to_msg()

    def _publish(self) -> None:
        self._publisher.publish(ClockMessage(clock=self.now()[1]))
