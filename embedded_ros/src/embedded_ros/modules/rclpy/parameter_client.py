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

"""Access to the parameters of another node."""

from collections.abc import Callable, Sequence
import time
from typing import Any, TYPE_CHECKING

from rcl_interfaces.srv import (
    DescribeParameters,
    GetParameters,
    GetParameterTypes,
    ListParameters,
    SetParameters,
    SetParametersAtomically,
)
from rclpy.parameter import Parameter
from rclpy.qos import qos_profile_services_default, QoSProfile

if TYPE_CHECKING:
    from rclpy.callback_groups import CallbackGroup
    from rclpy.node import Node

_POLL_PERIOD = 0.05


class AsyncParameterClient:
    """
    The parameter services of a remote node, each as a method that returns a future.

    A `callback` is called with the future when it is done.
    """

    def __init__(
        self,
        node: 'Node',
        remote_node_name: str,
        qos_profile: QoSProfile = qos_profile_services_default,
        callback_group: 'CallbackGroup | None' = None,
    ) -> None:
        """Make the clients on `node`; `remote_node_name` may be absolute ('/ns/name')."""
        self.remote_node_name = remote_node_name

        def client(service: Any, name: str) -> Any:
            return node.create_client(
                service,
                f'{remote_node_name}/{name}',
                qos_profile=qos_profile,
                callback_group=callback_group,
            )

        self._list = client(ListParameters, 'list_parameters')
        self._get = client(GetParameters, 'get_parameters')
        self._get_types = client(GetParameterTypes, 'get_parameter_types')
        self._describe = client(DescribeParameters, 'describe_parameters')
        self._set = client(SetParameters, 'set_parameters')
        self._set_atomically = client(SetParametersAtomically, 'set_parameters_atomically')
        self._clients = [
            self._list,
            self._get,
            self._get_types,
            self._describe,
            self._set,
            self._set_atomically,
        ]

    def services_are_ready(self) -> bool:
        """Return whether the remote node offers all six services."""
        return all(client.service_is_ready() for client in self._clients)

    def wait_for_services(self, timeout_sec: float | None = None) -> bool:
        """Wait until the remote node offers its services; False when the time ran out."""
        end = None if timeout_sec is None else time.monotonic() + timeout_sec
        while not self.services_are_ready():
            if end is not None and time.monotonic() > end:
                return False
            time.sleep(_POLL_PERIOD)
        return True

    def list_parameters(
        self,
        prefixes: Sequence[str] | None = None,
        depth: int = 0,
        callback: Callable[[Any], None] | None = None,
    ) -> Any:
        """List names; see `NodeParameters.list_parameters`."""
        request = ListParameters.Request(prefixes=list(prefixes or ()), depth=depth)
        return _call(self._list, request, callback)

    def get_parameters(
        self, names: Sequence[str], callback: Callable[[Any], None] | None = None
    ) -> Any:
        """Read values."""
        return _call(self._get, GetParameters.Request(names=list(names)), callback)

    def get_parameter_types(
        self, names: Sequence[str], callback: Callable[[Any], None] | None = None
    ) -> Any:
        """Read the types of values."""
        return _call(self._get_types, GetParameterTypes.Request(names=list(names)), callback)

    def describe_parameters(
        self, names: Sequence[str], callback: Callable[[Any], None] | None = None
    ) -> Any:
        """Read descriptors."""
        return _call(self._describe, DescribeParameters.Request(names=list(names)), callback)

    def set_parameters(
        self, parameters: Sequence[Any], callback: Callable[[Any], None] | None = None
    ) -> Any:
        """Change parameters one by one; they are rclpy's or messages."""
        request = SetParameters.Request(parameters=_messages(parameters))
        return _call(self._set, request, callback)

    def set_parameters_atomically(
        self, parameters: Sequence[Any], callback: Callable[[Any], None] | None = None
    ) -> Any:
        """Change all of the parameters or none."""
        request = SetParametersAtomically.Request(parameters=_messages(parameters))
        return _call(self._set_atomically, request, callback)

    def delete_parameters(
        self, names: Sequence[str], callback: Callable[[Any], None] | None = None
    ) -> Any:
        """Unset parameters, which dynamically typed ones allow."""
        return self.set_parameters([Parameter(name) for name in names], callback)


def _messages(parameters: Sequence[Any]) -> list[Any]:
    return [
        given.to_parameter_msg() if isinstance(given, Parameter) else given
        for given in parameters
    ]


def _call(client: Any, request: Any, callback: Callable[[Any], None] | None) -> Any:
    future = client.call_async(request)
    if callback is not None:
        future.add_done_callback(callback)
    return future
