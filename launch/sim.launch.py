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

"""A simulated cell: its cameras, rendered live, and the detectors on them."""

from launch import LaunchContext, LaunchDescription
from launch.actions import IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

from mtperception.nodes.launching import (
    is_true,
    node_arguments,
    parameters_from_file,
    refuse_misspelt,
    RESPAWN_DELAY,
)


def simulator(context: LaunchContext) -> list[Node]:
    """Make the simulator, for the values of the arguments."""
    namespace, params_file, log_level = (
        LaunchConfiguration(name).perform(context)
        for name in ('namespace', 'params_file', 'log_level'))
    use_sim_time, use_respawn = (
        is_true(context, name) for name in ('use_sim_time', 'use_respawn'))
    return [Node(
        package='mtperception',
        executable='cell_simulator',
        name='cell_simulator',
        namespace=namespace,
        parameters=[{
            **parameters_from_file(params_file, 'cell_simulator', namespace),
            'use_sim_time': use_sim_time,
        }],
        ros_arguments=['--log-level', log_level],
        output='screen',
        respawn=use_respawn,
        respawn_delay=RESPAWN_DELAY,
    )]


def generate_launch_description() -> LaunchDescription:
    arguments = node_arguments('sim.yaml')
    cell = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(PathJoinSubstitution(
            [FindPackageShare('mtperception'), 'launch', 'cell.launch.py'])),
        launch_arguments={
            **{argument.name: LaunchConfiguration(argument.name) for argument in arguments},
            'pin_image': 'pin_camera/image_raw',
            # On a stock kernel, best effort loses large images; the simulator is reliable.
            'image_reliability': 'reliable',
        }.items(),
    )
    return LaunchDescription([
        *arguments, refuse_misspelt(arguments), OpaqueFunction(function=simulator), cell])
