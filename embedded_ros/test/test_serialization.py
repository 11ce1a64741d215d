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

import array
import contextlib
import math

from hypothesis import given, HealthCheck, settings, strategies as st
import numpy as np
import pytest
from rclpy._rclpy_pybind11 import RMWError
from rclpy.serialization import deserialize_message, serialize_message
from rosbags.interfaces import Nodetype
from rosbags.typesys import get_typestore, Stores
from sensor_msgs.msg import Image
from std_msgs.msg import String
from vision_msgs.msg import Detection2D, Detection2DArray

from embedded_ros.messages import (
    deserialize,
    field_definitions,
    message_class,
    message_names,
    SerializationError,
    serialize,
    service_names,
    type_name,
)

HALVES = [f'{name}_{half}' for name in service_names() for half in ('Request', 'Response')]
NUMBERS = {
    f'{sign}int{bits}': st.integers(
        0 if sign else -(2 ** (bits - 1)), 2 ** (bits if sign else bits - 1) - 1
    )
    for sign in ('', 'u')
    for bits in (8, 16, 32, 64)
}
NUMBERS['float32'] = st.floats(width=32, allow_nan=False)
NUMBERS['float64'] = st.floats(allow_nan=False)
SINGLES = {
    **NUMBERS,
    'bool': st.booleans(),
    'byte': st.binary(min_size=1, max_size=1),
    'string': st.text(st.characters(exclude_categories=['Cs']), max_size=8),
}


def values(description, depth):
    kind, content = description
    if kind == Nodetype.BASE:
        return SINGLES[content[0]]
    if kind == Nodetype.NAME:
        return messages(content, depth + 1)
    element, size = content
    exact = kind == Nodetype.ARRAY
    count = size if exact else min(size or 3, 1 if depth > 1 else 3)
    return st.lists(values(element, depth), min_size=count if exact else 0, max_size=count)


def messages(name, depth=0):
    """Return a strategy for messages of any content; deep ones keep their lists short."""
    cls = message_class(name)
    shown = cls.get_fields_and_field_types()
    fields = {key: values(d, depth) for key, d in field_definitions(name) if key in shown}
    return st.builds(cls, **fields)


@pytest.mark.parametrize('name', message_names() + HALVES)
@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_round_trip(name, data):
    message = data.draw(messages(name))
    assert deserialize(serialize(message), type(message)) == message


def as_rosbags(store, message):
    """Return the same message as an object of rosbags' own classes."""

    def plain(value, kind):
        if hasattr(value, 'get_fields_and_field_types'):
            return as_rosbags(store, value)
        if isinstance(value, array.array):
            return np.array(value, value.typecode)
        if kind == 'octet':
            return int.from_bytes(value, 'little', signed=True)
        if kind.startswith('sequence<boolean'):
            return np.array(value, bool)
        if kind.startswith('sequence<octet'):
            return np.frombuffer(b''.join(value), np.int8)
        if isinstance(value, list):
            return [plain(element, '') for element in value]
        return value

    kinds = message.get_fields_and_field_types()
    fields = [plain(getattr(message, key), kind) for key, kind in kinds.items()]
    return store.types[type_name(type(message))](*fields or [0])


STORE = get_typestore(Stores.ROS2_JAZZY)


@pytest.mark.parametrize('name', [name for name in message_names() if name in STORE.fielddefs])
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_bytes_equal_those_of_rosbags(name, data):
    message = data.draw(messages(name))
    assert serialize(message) == STORE.serialize_cdr(as_rosbags(STORE, message), name)


def test_an_empty_message_takes_one_byte():
    assert bytes(serialize(message_class('std_msgs/msg/Empty')())) == b'\0\1\0\0\0'
    assert len(serialize(message_class('std_srvs/srv/Trigger_Request')())) == 5


def test_bytes_of_a_message_known_from_the_wire():
    assert bytes(serialize(String(data='Hi'))) == b'\0\1\0\0\3\0\0\0Hi\0'


def test_big_endian_bytes_are_read():
    assert deserialize(b'\0\0\0\0\0\0\0\3Hi\0', String) == String(data='Hi')


def test_padding_at_the_end_is_accepted():
    assert deserialize(bytes(serialize(String(data='Hi'))) + b'\0', String) == String(data='Hi')


def test_a_message_does_not_refer_to_the_bytes_it_came_from():
    image = Image(height=1, width=4, step=4, data=b'abcd')
    buffer = bytearray(serialize(image))
    received = deserialize(buffer, Image)
    buffer[:] = bytes(len(buffer))
    assert received == image
    received.data[0] = 7
    info = message_class('sensor_msgs/msg/CameraInfo')(k=[1.0] * 9)
    buffer = bytearray(serialize(info))
    received = deserialize(buffer, type(info))
    buffer[:] = bytes(len(buffer))
    assert received == info
    received.k[0] = 2.0


def test_nan_and_infinity_survive():
    cls = message_class('geometry_msgs/msg/Point')
    point = deserialize(serialize(cls(x=math.nan, y=-math.inf, z=-0.0)), cls)
    assert math.isnan(point.x)
    assert point.y == -math.inf
    assert math.copysign(1, point.z) == -1


@given(st.binary(max_size=80))
def test_garbage_is_no_message(data):
    for cls in (Image, Detection2DArray):
        try:
            message = deserialize(data, cls)
        except SerializationError as error:
            assert cls.__name__ in str(error)
        else:
            assert isinstance(message, cls)


@given(st.integers(0, 200), st.integers(0, 255))
def test_damaged_bytes_never_do_worse_than_fail(position, value):
    message = Detection2DArray(detections=[Detection2D(id='x')])
    data = bytearray(serialize(message))
    data[4 + position % (len(data) - 4)] = value
    with contextlib.suppress(SerializationError):
        assert isinstance(deserialize(data, Detection2DArray), Detection2DArray)


def test_truncated_bytes_are_refused():
    data = bytes(serialize(Image(data=bytes(100))))
    for length in (0, 3, 4, 10, len(data) - 1):
        with pytest.raises(SerializationError, match='Image'):
            deserialize(data[:length], Image)


def test_a_list_filled_with_something_else_is_refused():
    array_message = Detection2DArray()
    array_message.detections.append('not a detection')
    with pytest.raises(SerializationError, match='Detection2DArray'):
        serialize(array_message)


def test_images_are_copied_not_converted(benchmark_seconds):
    image = Image(height=480, width=640, step=1920, encoding='bgr8', data=bytes(921600))
    data = serialize(image)
    # A conversion element by element takes a hundred times as long.
    assert benchmark_seconds(lambda: serialize(image)) < 1e-3
    assert benchmark_seconds(lambda: deserialize(data, Image)) < 1e-3


@pytest.fixture
def benchmark_seconds():
    import time

    def shortest(call):
        spans = []
        for _ in range(20):
            start = time.perf_counter()
            call()
            spans.append(time.perf_counter() - start)
        return min(spans)

    return shortest


def test_raw_bytes_are_those_of_rclpy_serialization():
    message = String(data='pin')
    data = serialize_message(message)
    assert data == bytes(serialize(message))
    assert deserialize_message(data, String) == message
    with pytest.raises(RMWError, match='String'):
        deserialize_message(data[:-2], String)
