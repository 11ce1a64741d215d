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
The ROS 2 message types: classes as rclpy's, CDR, type hashes and definitions.

Types go by their ROS names: 'sensor_msgs/msg/Image', 'std_srvs/srv/Trigger',
'std_srvs/srv/Trigger_Request'.
"""

from embedded_ros.messages.cdr import deserialize, SerializationError, serialize
from embedded_ros.messages.classes import message_class, service_class, type_name
from embedded_ros.messages.definitions import (
    definition_text,
    field_definitions,
    message_names,
    service_names,
    type_hash,
)

__all__ = [
    'SerializationError',
    'definition_text',
    'deserialize',
    'field_definitions',
    'message_class',
    'message_names',
    'serialize',
    'service_class',
    'service_names',
    'type_hash',
    'type_name',
]
