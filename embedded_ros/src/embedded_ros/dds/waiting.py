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

"""Waiting for several things at once: data, guards, a time-out."""
from __future__ import annotations

from collections.abc import Iterable

from embedded_ros.dds import binding


class Guard:
    """A condition that any thread can trigger, to end another thread's wait."""

    def __init__(self, participant: int) -> None:
        self.condition = binding.create_guard(participant)

    def trigger(self) -> None:
        binding.trigger_guard(self.condition)

    def reset(self) -> None:
        binding.reset_guard(self.condition)

    def close(self) -> None:
        binding.delete(self.condition)


class WaitSet:
    """
    A set of conditions to wait for, each known by its own handle.

    One thread adds, removes and waits; any thread may delete conditions meanwhile.
    """

    def __init__(self, participant: int) -> None:
        self._entity = binding.create_waitset(participant)
        self._conditions: set[int] = set()

    def watch_exactly(self, conditions: Iterable[int]) -> None:
        """Wait for these from now on, and for no others."""
        wanted = set(conditions)
        for condition in self._conditions - wanted:
            self.remove(condition)
        for condition in wanted - self._conditions:
            self.add(condition)

    def add(self, condition: int) -> None:
        if binding.attach(self._entity, condition, condition):
            self._conditions.add(condition)

    def remove(self, condition: int) -> None:
        self._conditions.discard(condition)
        binding.detach(self._entity, condition)

    def wait(self, timeout_ns: int = binding.INFINITY) -> list[int]:
        """Return the conditions that hold, as soon as one does; none after the time-out."""
        return binding.wait(self._entity, timeout_ns, len(self._conditions) + 1)

    def close(self) -> None:
        binding.delete(self._entity)
