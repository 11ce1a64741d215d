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

"""Message classes, and their form on the wire."""

import array
import copy

from builtin_interfaces.msg import Time
from hypothesis import given, settings, strategies as st
import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header, Int64, String
from std_srvs.srv import SetBool
from vision_msgs.msg import Detection2D, Detection2DArray, ObjectHypothesisWithPose


def test_defaults():
    image = Image()
    assert (image.height, image.encoding, image.is_bigendian) == (0, '', 0)
    assert image.data == array.array('B')
    assert image.header.frame_id == ''
    assert CameraInfo().k.tolist() == [0.0] * 9
    assert Detection2DArray().detections == []
    assert SetBool.Request().data is False


def test_defaults_belong_to_one_message():
    Detection2DArray().detections.append(Detection2D())
    assert Detection2DArray().detections == []
    Image().header.frame_id = 'camera'
    assert Image().header.frame_id == ''


def test_fields_are_given_by_name():
    stamp = Time(sec=3, nanosec=5)
    header = Header(stamp=stamp, frame_id='camera')
    assert (header.stamp.sec, header.stamp.nanosec, header.frame_id) == (3, 5, 'camera')
    assert SetBool.Response(success=True, message='text').message == 'text'
    with pytest.raises(TypeError):
        Time(3, 5)


def test_unknown_attributes_are_refused():
    with pytest.raises(AttributeError):
        Image().heigth = 1


def test_equality():
    assert Header(frame_id='a') == Header(frame_id='a')
    assert Header(frame_id='a') != Header(frame_id='b')
    assert Int64(data=1) != 1
    assert copy.deepcopy(Header(frame_id='a')) == Header(frame_id='a')


def test_repr_names_the_fields():
    assert repr(Time(sec=3)) == 'builtin_interfaces.msg.Time(sec=3, nanosec=0)'


def test_fields_and_their_types():
    assert Header.get_fields_and_field_types() == {
        'stamp': 'builtin_interfaces/Time', 'frame_id': 'string'}
    assert Image.get_fields_and_field_types()['data'] == 'sequence<uint8>'
    assert CameraInfo.get_fields_and_field_types()['k'] == 'double[9]'


def test_arrays_keep_their_kind():
    image = Image()
    image.data = array.array('B', b'abc')
    assert isinstance(image.data, array.array)
    image.data = b'xyz'
    assert bytes(image.data) == b'xyz'
    info = CameraInfo()
    info.k = np.arange(9, dtype=float)
    assert isinstance(info.k, np.ndarray)
    info.d = [1.0, 2.0]
    assert isinstance(info.d, array.array)


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters='\0', exclude_categories=['Cs']), max_size=20))
def test_strings_survive_the_wire(text):
    message = String(data=text)
    data = serialize_message(message)
    assert isinstance(data, bytes)
    assert deserialize_message(data, String) == message


@settings(deadline=None)
@given(st.lists(st.tuples(
    st.floats(allow_nan=False), st.floats(allow_nan=False), st.text('abc', max_size=5)),
    max_size=4))
def test_nested_messages_survive_the_wire(finds):
    message = Detection2DArray(header=Header(frame_id='camera'))
    for x, score, name in finds:
        result = ObjectHypothesisWithPose()
        result.hypothesis.class_id = name
        result.hypothesis.score = score
        detection = Detection2D(results=[result])
        detection.bbox.center.position.x = x
        message.detections.append(detection)
    assert deserialize_message(serialize_message(message), Detection2DArray) == message


def test_wire_form_is_little_endian_cdr():
    data = serialize_message(String(data='abc'))
    assert data[:12] == b'\x00\x01\x00\x00' b'\x04\x00\x00\x00' b'abc\x00'
    assert serialize_message(Int64(data=1))[:12] == b'\x00\x01\x00\x00' b'\x01' + bytes(7)


def test_image_survives_the_wire():
    image = Image(height=3, width=4, step=12, encoding='bgr8')
    image.data = array.array('B', range(36))
    again = deserialize_message(serialize_message(image), Image)
    assert again == image
    assert isinstance(again.data, array.array)
