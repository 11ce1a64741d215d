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
"""A buffer of transforms that can be waited for."""

from __future__ import annotations

from collections.abc import Callable
import threading
from typing import Any

from rclpy.clock import JumpThreshold, TimeJump
from rclpy.duration import Duration
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.task import Future
from tf2_py import BufferCore, TransformException

_NO_WAIT = Duration()
_JUMP_BACK = JumpThreshold(min_forward=None, min_backward=Duration(seconds=-1))


class Buffer(BufferCore):
    """
    A buffer whose lookups wait for data, in this thread or as futures.

    Where a node is given, the buffer forgets the past when that node's clock jumps back, as at
    the start of a bag that is played again.
    """

    def __init__(self, cache_time: Duration | None = None, node: Node | None = None) -> None:
        if cache_time is None:
            super().__init__()
        else:
            super().__init__(cache_time)
        self._new_data = threading.Condition(self._lock)
        self._pending: list[Callable[[], None]] = []
        if node is not None:
            node.get_clock().create_jump_callback(
                _JUMP_BACK, post_callback=self.time_jump_callback)

    def time_jump_callback(self, time_jump: TimeJump) -> None:
        """Forget transforms of another time."""
        get_logger('tf2_buffer').warning('the time jumped: cleared the buffer of transforms')
        self.clear()

    def set_transform(self, transform: Any, authority: str) -> None:
        super().set_transform(transform, authority)
        self._notify()

    def set_transform_static(self, transform: Any, authority: str) -> None:
        super().set_transform_static(transform, authority)
        self._notify()

    def _notify(self) -> None:
        with self._new_data:
            self._new_data.notify_all()
            pending = list(self._pending)
        for look in pending:
            look()

    def lookup_transform(
        self, target_frame: str, source_frame: str, time: Any, timeout: Duration = _NO_WAIT
    ) -> Any:
        """
        Return the geometry_msgs/TransformStamped from the source to the target frame.

        A time of zero asks for the latest. Waits that long for it, which blocks an executor with
        one thread; TransformException says why there is none.
        """
        self.can_transform(target_frame, source_frame, time, timeout)
        return self.lookup_transform_core(target_frame, source_frame, time)

    def lookup_transform_full(
        self, target_frame: str, target_time: Any, source_frame: str, source_time: Any,
        fixed_frame: str, timeout: Duration = _NO_WAIT,
    ) -> Any:
        """Return the transform between two times, taking `fixed_frame` as what did not move."""
        self.can_transform_full(
            target_frame, target_time, source_frame, source_time, fixed_frame, timeout)
        return self.lookup_transform_full_core(
            target_frame, target_time, source_frame, source_time, fixed_frame)

    def can_transform(
        self, target_frame: str, source_frame: str, time: Any, timeout: Duration = _NO_WAIT,
        return_debug_tuple: bool = False,
    ) -> bool | tuple[bool, str]:
        """Tell whether a lookup succeeds within the time, and why not if asked for."""
        answer = self._wait(
            lambda: self.can_transform_core(target_frame, source_frame, time), timeout)
        return answer if return_debug_tuple else answer[0]

    def can_transform_full(
        self, target_frame: str, target_time: Any, source_frame: str, source_time: Any,
        fixed_frame: str, timeout: Duration = _NO_WAIT, return_debug_tuple: bool = False,
    ) -> bool | tuple[bool, str]:
        """Tell whether a lookup between two times succeeds within the time, as above."""
        answer = self._wait(
            lambda: self.can_transform_full_core(
                target_frame, target_time, source_frame, source_time, fixed_frame),
            timeout)
        return answer if return_debug_tuple else answer[0]

    def _wait(self, look: Callable[[], tuple[bool, str]], timeout: Duration) -> tuple[bool, str]:
        answer = look()
        if not answer[0] and timeout.nanoseconds > 0:
            with self._new_data:
                self._new_data.wait_for(lambda: look()[0], timeout.nanoseconds * 1e-9)
                answer = look()
        return answer

    def wait_for_transform_async(
        self, target_frame: str, source_frame: str, time: Any
    ) -> Future[Any]:
        """Return a future of the transform."""
        return self._future(lambda: self.lookup_transform_core(target_frame, source_frame, time))

    def wait_for_transform_full_async(
        self, target_frame: str, target_time: Any, source_frame: str, source_time: Any,
        fixed_frame: str,
    ) -> Future[Any]:
        """Return a future of the transform between two times."""
        return self._future(lambda: self.lookup_transform_full_core(
            target_frame, target_time, source_frame, source_time, fixed_frame))

    def _future(self, lookup: Callable[[], Any]) -> Future[Any]:
        future: Future[Any] = Future()

        def look() -> None:
            if future.done():
                return
            try:
                found = lookup()
            except TransformException:
                return
            future.set_result(found)

        def forget(_: Future[Any]) -> None:
            with self._lock:
                if look in self._pending:
                    self._pending.remove(look)

        with self._lock:
            self._pending.append(look)
        future.add_done_callback(forget)
        look()
        return future

    async def lookup_transform_async(
        self, target_frame: str, source_frame: str, time: Any
    ) -> Any:
        """Return the transform as soon as it is known."""
        return await self.wait_for_transform_async(target_frame, source_frame, time)

    async def lookup_transform_full_async(
        self, target_frame: str, target_time: Any, source_frame: str, source_time: Any,
        fixed_frame: str,
    ) -> Any:
        """Return the transform between two times as soon as it is known."""
        return await self.wait_for_transform_full_async(
            target_frame, target_time, source_frame, source_time, fixed_frame)
