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

"""A labelled data set: rendered, or recorded from Gazebo."""

import os
from pathlib import Path
import sys

from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    ExecuteProcess,
    OpaqueFunction,
    RegisterEventHandler,
)
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from mtperception.nodes.gazebo_launching import gazebo
from mtperception.nodes.launching import refuse_misspelt


def makers(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Make what makes the data set, for the values of the arguments."""
    dataset, count, out, seed, simulator = (
        LaunchConfiguration(name).perform(context)
        for name in ('dataset', 'count', 'out', 'seed', 'simulator'))
    for name, value in (('count', count), ('seed', seed)):
        if not value.isdecimal():
            raise ValueError(f"launch argument '{name}' is a whole number, not '{value}'")
    if simulator == 'mujoco':
        # The command beside the interpreter is found, too, where no environment is active.
        path = os.pathsep.join((os.environ.get('PATH', ''), str(Path(sys.executable).parent)))
        return [ExecuteProcess(
            cmd=['ros2', 'run', 'mtperception', 'mtperception', 'render', dataset,
                 '--out', out, '--count', count, '--seed', seed],
            additional_env={'PATH': path}, output='screen')]
    if dataset == 'grasp':
        raise ValueError('gazebo knows of no grasps: render them with simulator:=mujoco')
    recorder = Node(
        package='mtperception',
        executable='recorder',
        name='recorder',
        parameters=[{
            'dataset': dataset, 'out': os.path.abspath(out), 'count': int(count),
            'seed': int(seed), 'use_sim_time': True}],
        output='screen',
    )
    # Gazebo goes with the recorder.
    end = RegisterEventHandler(OnProcessExit(
        target_action=recorder, on_exit=[EmitEvent(event=Shutdown(reason='recorded'))]))
    return [*gazebo('', int(seed), '', 'info'), recorder, end]


def generate_launch_description() -> LaunchDescription:
    arguments = [
        DeclareLaunchArgument(
            'dataset', choices=['pin', 'grasp', 'pose'], description='What the data are for.'),
        DeclareLaunchArgument('count', description='Pictures.'),
        DeclareLaunchArgument('out', description='A new folder, or that of the same data set.'),
        DeclareLaunchArgument('seed', default_value='0', description='Same seed, same data.'),
        DeclareLaunchArgument(
            'simulator', default_value='mujoco', choices=['mujoco', 'gazebo'],
            description='Embedded (mujoco), or Gazebo where ros_gz is installed.'),
    ]
    return LaunchDescription(
        [*arguments, refuse_misspelt(arguments), OpaqueFunction(function=makers)])
