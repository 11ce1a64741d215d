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

"""The services through which a node's parameters are read and changed from outside."""

import contextlib
from typing import Any, TYPE_CHECKING

from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import (
    DescribeParameters,
    GetParameters,
    GetParameterTypes,
    ListParameters,
    SetParameters,
    SetParametersAtomically,
)
from rclpy.exceptions import ParameterNotDeclaredException, ParameterUninitializedException
from rclpy.parameter import Parameter
from rclpy.qos import qos_profile_parameters

if TYPE_CHECKING:
    from rclpy.node import Node


class ParameterService:
    """Six services under the node's own name; asked for an unknown one, they answer nothing."""

    def __init__(self, node: 'Node') -> None:
        """Offer the services of `node`."""
        self._node = node
        for service, name, callback in (
            (DescribeParameters, 'describe_parameters', self._describe),
            (GetParameters, 'get_parameters', self._get),
            (GetParameterTypes, 'get_parameter_types', self._get_types),
            (ListParameters, 'list_parameters', self._list),
            (SetParameters, 'set_parameters', self._set),
            (SetParametersAtomically, 'set_parameters_atomically', self._set_atomically),
        ):
            node.create_service(service, f'~/{name}', callback, qos_profile=qos_profile_parameters)

    def _describe(self, request: Any, response: Any) -> Any:
        with contextlib.suppress(ParameterNotDeclaredException):
            response.descriptors = [
                self._node.describe_parameter(name) for name in request.names]
        return response

    def _get(self, request: Any, response: Any) -> Any:
        with contextlib.suppress(ParameterNotDeclaredException, ParameterUninitializedException):
            response.values = [
                self._node.get_parameter(name).get_parameter_value() for name in request.names]
        return response

    def _get_types(self, request: Any, response: Any) -> Any:
        with contextlib.suppress(ParameterNotDeclaredException):
            response.types = [
                int(self._node.get_parameter_type(name)) for name in request.names]
        return response

    def _list(self, request: Any, response: Any) -> Any:
        response.result = self._node.list_parameters(list(request.prefixes), request.depth)
        return response

    def _set(self, request: Any, response: Any) -> Any:
        for message in request.parameters:
            response.results.append(self._set_all([message]))
        return response

    def _set_atomically(self, request: Any, response: Any) -> Any:
        response.result = self._set_all(request.parameters)
        return response

    def _set_all(self, messages: Any) -> Any:
        try:
            parameters = [Parameter.from_parameter_msg(message) for message in messages]
            return self._node.set_parameters_atomically(parameters)
        except (ParameterNotDeclaredException, ValueError, TypeError) as error:
            return SetParametersResult(successful=False, reason=str(error))
