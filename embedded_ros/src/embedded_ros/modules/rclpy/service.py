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

"""Answering requests."""
from __future__ import annotations

from collections.abc import Awaitable, Callable
import inspect
import time
from typing import Any

from rclpy._rclpy_pybind11 import RCLError
from rclpy.callback_groups import CallbackGroup
from rclpy.logging import get_logger
from rclpy.qos import QoSProfile

from embedded_ros.dds.binding import DdsError
from embedded_ros.dds.endpoints import Participant, Reader, Writer
from embedded_ros.messages import deserialize, SerializationError, serialize, type_name

# On the wire a request and its response carry, between the CDR header and the message, the
# client's number and the request's.
CDR_HEADER = 4
REQUEST_ID = 16

# How long a response waits until the client's reader has been discovered.
_DISCOVERY_LIMIT = 0.1


class Service:
    """Made by `Node.create_service`; the callback fills in and returns the response."""

    def __init__(
        self, participant: Participant, srv_type: Any, srv_name: str,
        callback: Callable[[Any, Any], Any], callback_group: CallbackGroup,
        qos_profile: QoSProfile, logger_name: str, destroy: Callable[[Service], Any],
    ) -> None:
        self.srv_type = srv_type
        self.srv_name = srv_name
        self.callback = callback
        self.callback_group = callback_group
        self.qos_profile = qos_profile
        identity = f'serviceid={participant.next_service_id()};'
        self._reader = Reader(
            participant, f'rq{srv_name}Request', type_name(srv_type.Request), qos_profile,
            identity)
        self._writer = Writer(
            participant, f'rr{srv_name}Reply', type_name(srv_type.Response), qos_profile,
            identity)
        self._condition = self._reader.condition
        self._logger_name = logger_name
        self._destroy = destroy

    @property
    def service_name(self) -> str:
        return self.srv_name

    def send_response(self, response: Any, header: Any) -> None:
        """Answer the request that came with this header."""
        if not isinstance(response, self.srv_type.Response):
            raise TypeError(
                f"service '{self.srv_name}': expected {self.srv_type.Response}, "
                f'got {type(response)}')
        request_id, publication = header
        data = serialize(response)
        self._wait_for_reader(publication)
        try:
            self._writer.write(b''.join((data[:CDR_HEADER], request_id, data[CDR_HEADER:])))
        except DdsError as error:
            if self._writer.closed:  # destroyed while its callback ran: nobody waits any more
                return
            raise RCLError(f"Failed to respond on '{self.srv_name}': {error}") from error

    def _take(self) -> Callable[[], Any] | None:
        for data, info in self._reader.take():
            request_id = bytes(data[CDR_HEADER:CDR_HEADER + REQUEST_ID])
            message = b''.join((data[:CDR_HEADER], data[CDR_HEADER + REQUEST_ID:]))
            try:
                request = deserialize(message, self.srv_type.Request)
            except SerializationError as error:
                get_logger(self._logger_name).error(
                    f"dropped a request on '{self.srv_name}': {error}")
                return None
            header = request_id, info.publication_handle
            return lambda: self._respond(request, header)
        return None

    def _respond(self, request: Any, header: Any) -> Awaitable[None] | None:
        response = self.callback(request, self.srv_type.Response())
        if inspect.isawaitable(response):
            return self._respond_later(response, header)
        self.send_response(response, header)
        return None

    async def _respond_later(self, response: Awaitable[Any], header: Any) -> None:
        self.send_response(await response, header)

    def _wait_for_reader(self, publication: int) -> None:
        """
        Wait until the client's reader of responses is matched, as its writer of requests is.

        The two are discovered one after the other; a response in between would be lost.
        """
        announced = self._reader.announcement(publication)
        client = None if announced is None else announced.get('clientid')
        if client is None:  # gone already, or of a middleware that announces none
            return
        end = time.monotonic() + _DISCOVERY_LIMIT
        while time.monotonic() < end:
            if any(reader.get('clientid') == client for reader in self._writer.matched()):
                return
            time.sleep(0.002)

    def destroy(self) -> None:
        self._destroy(self)

    def _close(self) -> None:
        self._reader.close()
        self._writer.close()
