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

"""Which callbacks may run at the same time."""
from __future__ import annotations

import threading
from typing import Any
import weakref


class CallbackGroup:
    """Decides whether a callback may start while others of its group run."""

    def __init__(self) -> None:
        self.entities: weakref.WeakSet[Any] = weakref.WeakSet()

    def add_entity(self, entity: Any) -> None:
        self.entities.add(entity)

    def has_entity(self, entity: Any) -> bool:
        return entity in self.entities

    def can_execute(self, entity: Any) -> bool:
        """Tell whether the entity's callback may start now."""
        raise NotImplementedError

    def beginning_execution(self, entity: Any) -> bool:
        """Claim the right to run the entity's callback; False where it may not start."""
        raise NotImplementedError

    def ending_execution(self, entity: Any) -> None:
        """Give the claim back."""
        raise NotImplementedError


class ReentrantCallbackGroup(CallbackGroup):
    """Its callbacks run in parallel, a callback with itself included."""

    def can_execute(self, entity: Any) -> bool:
        return True

    def beginning_execution(self, entity: Any) -> bool:
        return True

    def ending_execution(self, entity: Any) -> None:
        pass


class MutuallyExclusiveCallbackGroup(CallbackGroup):
    """One of its callbacks runs at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._running = threading.Lock()

    def can_execute(self, entity: Any) -> bool:
        return not self._running.locked()

    def beginning_execution(self, entity: Any) -> bool:
        return self._running.acquire(blocking=False)

    def ending_execution(self, entity: Any) -> None:
        self._running.release()
