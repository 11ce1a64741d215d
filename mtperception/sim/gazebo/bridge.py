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

"""Which topics of Gazebo are which topics of ROS: the configuration of ros_gz_bridge."""

from collections.abc import Iterable

import yaml

from mtperception.sim.cell import CellCamera

Entry = dict[str, str | bool]


def bridge_entries(cameras: Iterable[CellCamera]) -> list[Entry]:
    """Return an entry a topic; the names in ROS are those of the embedded simulator's topics."""
    entries = [_entry('/clock', '/clock', 'rosgraph_msgs/msg/Clock', 'gz.msgs.Clock', False)]
    for camera in cameras:
        name = camera.name
        topics = [
            (camera.image_topic, f'/{name}/image', 'sensor_msgs/msg/Image', 'gz.msgs.Image'),
            (camera.info_topic, f'/{name}/camera_info', 'sensor_msgs/msg/CameraInfo',
             'gz.msgs.CameraInfo'),
            (camera.labels_topic, f'/{name}/truth/segmentation/labels_map',
             'sensor_msgs/msg/Image', 'gz.msgs.Image'),
            (camera.boxes_topic, f'/{name}/truth/boxes', 'vision_msgs/msg/Detection3DArray',
             'gz.msgs.AnnotatedOriented3DBox_V'),
        ]
        if camera.depth:
            topics.append((
                camera.depth_topic, f'/{name}/depth_image', 'sensor_msgs/msg/Image',
                'gz.msgs.Image'))
        entries += [_entry(*topic, True) for topic in topics]
    return entries


def bridge_file(cameras: Iterable[CellCamera]) -> bytes:
    """Return the YAML file for the bridge's parameter `config_file`."""
    return yaml.safe_dump(bridge_entries(cameras), sort_keys=False).encode()


def _entry(ros: str, gz: str, ros_type: str, gz_type: str, lazy: bool) -> Entry:
    return {
        'ros_topic_name': ros, 'gz_topic_name': gz, 'ros_type_name': ros_type,
        'gz_type_name': gz_type, 'direction': 'GZ_TO_ROS', 'lazy': lazy}
