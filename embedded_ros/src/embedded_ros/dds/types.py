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

"""
DDS types of ROS messages.

The structure is described field by field, so that peers that compare type information match;
the bytes are made and read elsewhere and pass through untouched.
"""
from __future__ import annotations

from functools import cache
from typing import Any

from cyclonedds.idl import make_idl_struct, types
from rosbags.interfaces import Nodetype

from embedded_ros.messages import field_definitions

_PRIMITIVES: dict[str, Any] = {
    'bool': bool, 'byte': types.byte, 'octet': types.byte, 'char': types.uint8,
    'int8': types.int8, 'uint8': types.uint8, 'int16': types.int16, 'uint16': types.uint16,
    'int32': types.int32, 'uint32': types.uint32, 'int64': types.int64, 'uint64': types.uint64,
    'float32': types.float32, 'float64': types.float64,
}


def ros_type_name(name: str) -> str:
    """
    Return the ROS name of a type on the wire, `sensor_msgs::msg::dds_::Image_`.

    A type that is not of ROS stays as it is.
    """
    parts = name.split('::')
    if len(parts) == 4 and parts[2] == 'dds_' and parts[3].endswith('_'):
        return f'{parts[0]}/{parts[1]}/{parts[3][:-1]}'
    return name


@cache
def idl_type(name: str) -> Any:
    """Return the class that describes a message to the middleware, by its ROS name."""
    package, kind, message = name.split('/')
    fields: dict[str, Any] = {'structure_needs_at_least_one_member': types.uint8}
    # Requests and responses carry 16 bytes that their definition does not know. The middleware
    # checks bytes against the description as far as that goes, so theirs ends at the first.
    if kind == 'msg' and (definitions := field_definitions(name)):
        fields = {field: _field_type(definition) for field, definition in definitions}
    return make_idl_struct(f'{message}_', f'{package}.{kind}.dds_.{message}_', fields)


def _field_type(definition: Any) -> Any:
    node, value = definition
    if node == Nodetype.BASE:
        base, bound = value
        if base == 'string':
            return types.bounded_str[bound] if bound else str
        return _PRIMITIVES[base]
    if node == Nodetype.NAME:
        return idl_type(value)
    item, length = value
    if node == Nodetype.ARRAY:
        return types.array[_field_type(item), length]
    if length:
        return types.sequence[_field_type(item), length]
    return types.sequence[_field_type(item)]
