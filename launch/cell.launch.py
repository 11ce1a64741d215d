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

"""The detectors of a perception cell, on the topics of its cameras."""

from launch import LaunchContext, LaunchDescription
from launch.actions import OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from mtperception.nodes.launching import (
    camera_arguments,
    is_true,
    node_arguments,
    parameters_from_file,
    refuse_misspelt,
    resolved,
    RESPAWN_DELAY,
    sibling,
)


def detectors(context: LaunchContext) -> list[Node]:
    """Make the nodes, for the values of the arguments."""
    pin_image = LaunchConfiguration('pin_image').perform(context)
    return [
        detector(context, 'pin_detector', {'image': pin_image}),
        detector_in_space(context, 'grasp_detector', 'grasp'),
        detector_in_space(context, 'pose_estimator', 'pose')]


def detector_in_space(context: LaunchContext, name: str, what: str) -> Node:
    """Make a node that listens to the calibration beside its pictures, and perhaps to depth."""
    image, depth = (LaunchConfiguration(f'{what}_{kind}').perform(context)
                    for kind in ('image', 'depth'))
    topics = {'image': image, 'camera_info': sibling(image, 'camera_info')}
    if depth:
        topics['depth'] = depth
    return detector(context, name, topics, use_depth=bool(depth))


def detector(
    context: LaunchContext, name: str, topics: dict[str, str], **settings: bool,
) -> Node:
    """Make a node that listens to topics; its part of the parameter file may set other things."""
    namespace, params_file, log_level, reliability = (
        LaunchConfiguration(argument).perform(context)
        for argument in ('namespace', 'params_file', 'log_level', 'image_reliability'))
    use_sim_time, autostart, use_respawn = (
        is_true(context, argument) for argument in ('use_sim_time', 'autostart', 'use_respawn'))
    return Node(
        package='mtperception',
        executable=name,
        name=name,
        namespace=namespace,
        parameters=[{
            **{f'qos_overrides.{resolved(topic, namespace)}.subscription.reliability': reliability
               for kind, topic in topics.items() if kind != 'camera_info'},
            **settings,
            **parameters_from_file(params_file, name, namespace),
            'use_sim_time': use_sim_time,
            'autostart': autostart,
        }],
        remappings=[*topics.items()],
        ros_arguments=['--log-level', log_level],
        output='screen',
        respawn=use_respawn,
        respawn_delay=RESPAWN_DELAY,
    )


def generate_launch_description() -> LaunchDescription:
    arguments = [
        *node_arguments('cell.yaml'),
        *camera_arguments(
            'camera/image_raw', 'camera/image_raw', '', 'camera/image_raw', '', 'best_effort'),
    ]
    return LaunchDescription(
        [*arguments, refuse_misspelt(arguments), OpaqueFunction(function=detectors)])
