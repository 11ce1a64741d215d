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

"""Sending requests."""
from __future__ import annotations

from collections.abc import Callable
import itertools
import struct
import threading
import time
from typing import Any

from rclpy._rclpy_pybind11 import InvalidHandle, RCLError
from rclpy.callback_groups import CallbackGroup
from rclpy.context import Context, ExternalShutdownException
from rclpy.logging import get_logger
from rclpy.qos import QoSProfile
from rclpy.service import CDR_HEADER, REQUEST_ID
from rclpy.task import Future

from embedded_ros.dds import binding
from embedded_ros.dds.binding import DdsError
from embedded_ros.dds.endpoints import Participant, Reader, Writer
from embedded_ros.messages import deserialize, SerializationError, serialize, type_name

_POLL_PERIOD = 0.02


class Client:
    """Made by `Node.create_client`."""

    def __init__(
        self, context: Context, participant: Participant, srv_type: Any, srv_name: str,
        qos_profile: QoSProfile, callback_group: CallbackGroup, logger_name: str,
        destroy: Callable[[Client], Any],
    ) -> None:
        self.context = context
        self.srv_type = srv_type
        self.srv_name = srv_name
        self.qos_profile = qos_profile
        self.callback_group = callback_group
        identity = f'clientid={participant.next_service_id()};'
        self._reader = Reader(
            participant, f'rr{srv_name}Reply', type_name(srv_type.Response), qos_profile,
            identity)
        self._writer = Writer(
            participant, f'rq{srv_name}Request', type_name(srv_type.Request), qos_profile,
            identity)
        self._condition = self._reader.condition
        self._number = binding.instance_handle(self._writer.handle)
        self._sequence = itertools.count(1)
        self._pending: dict[int, Future[Any]] = {}
        self._logger_name = logger_name
        self._destroyed = False
        self._destroy = destroy

    @property
    def service_name(self) -> str:
        return self.srv_name

    def call(self, request: Any, timeout_sec: float | None = None) -> Any:
        """
        Send a request and wait for the response, while another thread spins.

        TimeoutError where none comes in time, ExternalShutdownException at a shutdown. In a
        callback of the same group, this would wait for itself.
        """
        future = self.call_async(request)
        arrived = threading.Event()
        future._wake_when_done(arrived.set)
        self.context.on_shutdown(arrived.set)
        if not arrived.wait(None if timeout_sec is None or timeout_sec < 0 else timeout_sec):
            future.cancel()
            raise TimeoutError
        if not (future.done() or future.cancelled()):
            raise ExternalShutdownException
        return future.result()

    def call_async(self, request: Any) -> Future[Any]:
        """Send a request; the future brings the response."""
        if not isinstance(request, self.srv_type.Request):
            raise TypeError(f'Expected {self.srv_type.Request}, got {type(request)}')
        if self._destroyed:
            raise InvalidHandle(f"client of '{self.srv_name}' is destroyed")
        sequence = next(self._sequence)
        future: Future[Any] = Future()
        self._pending[sequence] = future
        future._wake_when_done(lambda: self._forget(sequence))
        data = serialize(request)
        request_id = struct.pack('<Qq', self._number, sequence)
        try:
            self._writer.write(b''.join((data[:CDR_HEADER], request_id, data[CDR_HEADER:])))
        except DdsError as error:
            self._forget(sequence)
            raise RCLError(f"Failed to send request to '{self.srv_name}': {error}") from error
        return future

    def remove_pending_request(self, future: Future[Any]) -> None:
        """Give up waiting for this response."""
        for sequence, pending in list(self._pending.items()):
            if pending is future:
                self._forget(sequence)

    def service_is_ready(self) -> bool:
        """Tell whether a server is matched in both directions."""
        if self._destroyed:
            return False
        servers = {announced.get('serviceid') for announced in self._writer.matched()}
        return any(announced.get('serviceid') in servers for announced in self._reader.matched())

    def wait_for_service(self, timeout_sec: float | None = None) -> bool:
        """Wait until the service is there; False after the time or at a shutdown."""
        end = None if timeout_sec is None or timeout_sec < 0 else time.monotonic() + timeout_sec
        while self.context.ok():
            if self.service_is_ready():
                return True
            left = _POLL_PERIOD if end is None else end - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(left, _POLL_PERIOD))
        return False

    def _take(self) -> Callable[[], Any] | None:
        for data, _ in self._reader.take():
            if len(data) < CDR_HEADER + REQUEST_ID:
                return None
            number, sequence = struct.unpack_from('<Qq', data, CDR_HEADER)
            future = self._pending.get(sequence) if number == self._number else None
            if future is None:  # for another client, or given up
                return None
            message = b''.join((data[:CDR_HEADER], data[CDR_HEADER + REQUEST_ID:]))
            try:
                response = deserialize(message, self.srv_type.Response)
            except SerializationError as error:
                get_logger(self._logger_name).error(
                    f"dropped a response of '{self.srv_name}': {error}")
                return None
            return lambda: future.set_result(response)
        return None

    def _forget(self, sequence: int) -> None:
        self._pending.pop(sequence, None)

    def destroy(self) -> None:
        self._destroy(self)

    def _close(self) -> None:
        self._destroyed = True
        self._reader.close()
        self._writer.close()
