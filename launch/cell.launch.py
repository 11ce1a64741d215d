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
    pin_image, grasp_image, grasp_depth, pose_image = (
        LaunchConfiguration(name).perform(context)
        for name in ('pin_image', 'grasp_image', 'grasp_depth', 'pose_image'))
    beside = {'camera_info': sibling(grasp_image, 'camera_info')}
    if grasp_depth:
        beside['depth'] = grasp_depth
    return [
        detector(context, 'pin_detector', {'image': pin_image}),
        detector(context, 'grasp_detector', {'image': grasp_image, **beside},
                 use_depth=bool(grasp_depth)),
        detector(context, 'pose_estimator', {
            'image': pose_image, 'camera_info': sibling(pose_image, 'camera_info')})]


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
            'camera/image_raw', 'camera/image_raw', '', 'camera/image_raw', 'best_effort'),
    ]
    return LaunchDescription(
        [*arguments, refuse_misspelt(arguments), OpaqueFunction(function=detectors)])
