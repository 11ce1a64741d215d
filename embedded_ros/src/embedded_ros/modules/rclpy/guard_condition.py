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

"""A callback that any thread can have run by the executor."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.utilities import get_default_context

from embedded_ros.dds.waiting import Guard


class GuardCondition:
    def __init__(
        self, callback: Callable[[], Any] | None, callback_group: CallbackGroup | None,
        context: Any = None,
    ) -> None:
        self._context = get_default_context() if context is None else context
        self.callback = callback
        self.callback_group = callback_group
        self._guard = Guard(self._context.participant.handle)
        self._condition = self._guard.condition

    def trigger(self) -> None:
        self._guard.trigger()

    def _take(self) -> Callable[[], Any] | None:
        self._guard.reset()
        return self.callback

    def _close(self) -> None:
        self._guard.close()
