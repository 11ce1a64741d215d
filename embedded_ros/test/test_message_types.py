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

import pytest

from embedded_ros.messages import (
    definition_text,
    field_definitions,
    message_class,
    message_names,
    service_class,
    service_names,
    type_hash,
    type_name,
)

# Read off the sources that ROS 2's own generators wrote.
KNOWN_HASHES = {
    'std_msgs/msg/String': 'df668c740482bbd48fb39d76a70dfd4bd59db1288021743503259e948f6b1a18',
    'std_msgs/msg/Header': 'f49fb3ae2cf070f793645ff749683ac6b06203e41c891e17701b1cb597ce6a01',
    'std_msgs/msg/Char': '3ad2d04dd29ba19d04b16659afa3ccaedd691914b02a64e82e252f2fa6a586a9',
    'sensor_msgs/msg/Image': 'd31d41a9a4c4bc8eae9be757b0beed306564f7526c88ea6a4588fb9582527d47',
    'sensor_msgs/msg/CameraInfo':
        'b3dfd68ff46c9d56c80fd3bd4ed22c7a4ddce8c8348f2f59c299e73118e7e275',
    'sensor_msgs/msg/CompressedImage':
        '15640771531571185e2efc8a100baf923961a4d15d5569652e6cb6691e8e371a',
    'geometry_msgs/msg/Pose': 'd501954e9476cea2996984e812054b68026ae0bfae789d9a10b23daf35cc90fa',
    'geometry_msgs/msg/PoseWithCovariance':
        '9a7c0fd234b7f45c6098745ecccd773ca1085670e64107135397aee31c02e1bb',
    'geometry_msgs/msg/Quaternion':
        '8a765f66778c8ff7c8ab94afcc590a2ed5325a1d9a076ffff38fbce36f458684',
    'vision_msgs/msg/VisionClass':
        '1e4a11f0fed50b5623cb8ff26ca0e37952a48a9c074d16f804b44e9164c2037a',
    'vision_msgs/msg/LabelInfo':
        '3d37df4015cdf660cc851c51897f2acd957e1ca6205ba0a99aebffb9406b0783',
    'vision_msgs/msg/Detection2DArray':
        '214274120007f4a683866481336b70310268cfa107aebe9d594a6acf75bda968',
    'vision_msgs/msg/Detection3DArray':
        '793f5eab9595ac1c0da07873cc859db42eae51f0ee76056db8562515d830e018',
    'diagnostic_msgs/msg/DiagnosticArray':
        '5a8a36efb05fb25070fa0fb3810290c0e6cd4862b54a8fb975a1ee8dc55a333e',
    'rmw_dds_common/msg/ParticipantEntitiesInfo':
        '91a0593bacdcc50ea9bdcf849a938b128412cc1ea821245c663bcd26f83c295e',
    'rcl_interfaces/msg/ParameterEvent':
        '043e627780fcad87a22d225bc2a037361dba713fca6a6b9f4b869a5aa0393204',
    'rcl_interfaces/srv/ListParameters_Request':
        'a1b0b5d6b967a5b8ac5bc8563c3ea678f349e312a6a4967227c5a96bc5ce38df',
    'rcl_interfaces/srv/DescribeParameters_Response':
        'ad6747319613c6131589e062e095b469a46cc764f7d0f12a001a49e6cd893995',
    'std_srvs/srv/Empty_Request':
        '458eaf200a3f63d9cc53d19436edebc0c140ef4c93ca75d5bd4ce19fd7759e35',
}


@pytest.mark.parametrize('name', KNOWN_HASHES)
def test_type_hash_is_that_of_ros_2(name):
    assert type_hash(name) == f'RIHS01_{KNOWN_HASHES[name]}'


@pytest.mark.parametrize('name', message_names())
def test_every_type_has_a_class_that_knows_its_name(name):
    cls = message_class(name)
    assert type_name(cls) == name
    assert message_class(name) is cls
    assert cls() == cls()


def test_services_have_both_halves():
    for name in service_names():
        service = service_class(name)
        assert type_name(service.Request) == f'{name}_Request'
        assert type_name(service.Response) == f'{name}_Response'
        assert message_class(f'{name}_Request') is service.Request


def test_a_definition_names_its_fields_in_order():
    assert [name for name, _ in field_definitions('sensor_msgs/msg/Image')] == [
        'header', 'height', 'width', 'encoding', 'is_bigendian', 'step', 'data',
    ]
    text = definition_text('vision_msgs/msg/LabelInfo')
    assert 'vision_msgs/VisionClass[] class_map' in text
    assert 'MSG: std_msgs/Header' in text


@pytest.mark.parametrize('call', [message_class, service_class, field_definitions, type_hash])
def test_an_unknown_type_is_named(call):
    with pytest.raises(LookupError, match='no_msgs/msg/Such'):
        call('no_msgs/msg/Such')


def test_type_name_refuses_other_classes():
    with pytest.raises(TypeError):
        type_name(int)


def test_packages_export_classes_and_nothing_else():
    from std_srvs.srv import Trigger, Trigger_Request
    import vision_msgs.msg

    assert vision_msgs.msg.Pose2D is message_class('vision_msgs/msg/Pose2D')
    assert Trigger.Request is Trigger_Request
    assert 'Detection2DArray' in dir(vision_msgs.msg)
    with pytest.raises(ImportError, match='Detection4D'):
        from vision_msgs.msg import Detection4D  # noqa: F401
