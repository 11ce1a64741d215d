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

"""Parameters of nodes: descriptors with a range, and a word about names that no node declares."""

import difflib

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node


def described(description: str, *, read_only: bool = False) -> ParameterDescriptor:
    return ParameterDescriptor(description=description, read_only=read_only)


def integer(
    description: str, least: int, most: int, *, read_only: bool = False
) -> ParameterDescriptor:
    return ParameterDescriptor(
        description=description, read_only=read_only,
        integer_range=[IntegerRange(from_value=least, to_value=most, step=1)])


def real(
    description: str, least: float, most: float, *, read_only: bool = False
) -> ParameterDescriptor:
    return ParameterDescriptor(
        description=description, read_only=read_only,
        floating_point_range=[FloatingPointRange(from_value=least, to_value=most)])


def warn_of_unknown_parameters(node: Node) -> None:
    """
    Log a line for each value from the outside that is no parameter of the node.

    ROS 2 ignores such values in silence. They are no errors: a section for all nodes has values
    that one alone knows.
    """
    declared = list(node._parameters)
    for name in node._parameter_overrides:
        if name in declared or name.startswith('qos_overrides.') or name == 'use_sim_time':
            continue
        near = difflib.get_close_matches(name, declared, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(declared)}"
        node.get_logger().warning(f"'{name}' is no parameter of {node.get_name()}: {hint}")
