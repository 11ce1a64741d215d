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
import copy

from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import PoseWithCovariance, Quaternion
import numpy as np
import pytest
from rcl_interfaces.msg import FloatingPointRange, ParameterDescriptor, ParameterType
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from std_msgs.msg import ByteMultiArray, Float32, Header, String
from vision_msgs.msg import Detection2D, Detection2DArray, ObjectHypothesisWithPose


def test_defaults_are_those_of_the_definitions():
    assert Quaternion().w == 1.0
    assert Quaternion().x == 0.0
    assert PoseWithCovariance().pose.orientation.w == 1.0
    assert DiagnosticStatus().level == b'\0'
    assert Image().data == array.array('B')
    assert CameraInfo().k.dtype == np.float64
    assert CameraInfo().k.shape == (9,)


def test_defaults_are_not_shared():
    first, second = Detection2D(), Detection2D()
    first.results.append(ObjectHypothesisWithPose())
    first.bbox.size_x = 3.0
    first.header.frame_id = 'camera'
    assert second == Detection2D()


def test_constants():
    assert DiagnosticStatus.ERROR == b'\2'
    assert ParameterType.PARAMETER_DOUBLE == 3


def test_constructor_takes_keywords_alone():
    assert String(data='text').data == 'text'
    with pytest.raises(TypeError):
        String('text')
    with pytest.raises(AssertionError, match='dta'):
        String(dta='text')


@pytest.mark.parametrize(
    ('cls', 'field', 'value'),
    [
        (Image, 'height', -1),
        (Image, 'height', 2**32),
        (Image, 'height', 1.0),
        (Image, 'encoding', 8),
        (Image, 'header', 'camera'),
        (Image, 'data', 'text'),
        (Image, 'data', [256]),
        (Image, 'data', [1.5]),
        (Image, 'data', array.array('d', [1.0])),
        (Image, 'data', np.zeros(3, np.uint8)),
        (Float32, 'data', 1),
        (Float32, 'data', 1e39),
        (DiagnosticStatus, 'level', 1),
        (DiagnosticStatus, 'level', b'ab'),
        (CameraInfo, 'k', np.zeros(8)),
        (CameraInfo, 'k', np.zeros(9, np.float32)),
        (CameraInfo, 'k', [0.0] * 8),
        (CameraInfo, 'd', [1]),
        (Detection2DArray, 'detections', [Detection2D(), Header()]),
        (Detection2DArray, 'detections', Detection2D()),
        (ParameterDescriptor, 'floating_point_range', [FloatingPointRange()] * 2),
        (ByteMultiArray, 'data', [1]),
    ],
)
def test_a_wrong_value_is_refused_by_the_field_s_name(cls, field, value):
    message = cls()
    before = copy.deepcopy(getattr(message, field))
    with pytest.raises(AssertionError, match=f"'{field}'"):
        setattr(message, field, value)
    with pytest.raises(AssertionError, match=f"'{field}'"):
        cls(**{field: value})
    assert cls() == message
    assert np.array_equal(getattr(message, field), before)


def test_an_unknown_attribute_cannot_be_set():
    with pytest.raises(AttributeError):
        Image().heigth = 3


def test_accepted_forms_of_numbers():
    image = Image(data=b'\1\2')
    assert image.data == array.array('B', [1, 2])
    image.data = [3, 4]
    assert image.data.typecode == 'B'
    info = CameraInfo(k=[1.0] * 9, d=(0.5,))
    assert info.k.tolist() == [1.0] * 9
    assert info.d == array.array('d', [0.5])
    assert Float32(data=float('inf')).data == float('inf')


def test_an_array_is_taken_as_it_is():
    data = array.array('B', bytes(10))
    assert Image(data=data).data is data


def test_equality_and_repr():
    assert String(data='a') == String(data='a') != String(data='b')
    assert String() != Header()
    assert String() != ''
    assert CameraInfo(k=[1.0] * 9) != CameraInfo()
    assert repr(String(data='a')) == "std_msgs.msg.String(data='a')"
    assert 'data=[1, 2]' in repr(Image(data=[1, 2]))
    with pytest.raises(TypeError):
        hash(String())


def test_copies_are_deep():
    cloud = PointCloud2(data=b'abc', fields=[])
    clone = copy.deepcopy(cloud)
    assert clone == cloud
    clone.header.frame_id = 'other'
    clone.data[0] = 0
    assert cloud == PointCloud2(data=b'abc', fields=[])


def test_types_of_fields_are_written_as_in_idl():
    types = CameraInfo.get_fields_and_field_types()
    assert types['header'] == 'std_msgs/Header'
    assert types['d'] == 'sequence<double>'
    assert types['k'] == 'double[9]'
    ranges = ParameterDescriptor.get_fields_and_field_types()['floating_point_range']
    assert ranges == 'sequence<rcl_interfaces/FloatingPointRange, 1>'
    assert DiagnosticStatus.get_fields_and_field_types()['level'] == 'octet'
