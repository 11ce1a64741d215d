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
from launch.actions import (
    DeclareLaunchArgument,
    IncludeLaunchDescription,
    OpaqueFunction,
    SetLaunchConfiguration,
)
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

from mtperception.nodes.gazebo_launching import gazebo
from mtperception.nodes.launching import (
    camera_arguments,
    is_true,
    node_arguments,
    parameters_from_file,
    refuse_misspelt,
    RESPAWN_DELAY,
)


def simulator(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Make the simulator, for the values of the arguments."""
    namespace, params_file, log_level, kind, world = (
        LaunchConfiguration(name).perform(context)
        for name in ('namespace', 'params_file', 'log_level', 'simulator', 'world'))
    if kind == 'none':
        return []
    parameters = parameters_from_file(params_file, 'cell_simulator', namespace)
    if kind == 'gazebo':
        return [
            SetLaunchConfiguration('use_sim_time', 'true'),
            *gazebo(world, int(parameters.get('seed', 0)), namespace, log_level)]
    use_sim_time, use_respawn = (
        is_true(context, name) for name in ('use_sim_time', 'use_respawn'))
    return [Node(
        package='mtperception',
        executable='cell_simulator',
        name='cell_simulator',
        namespace=namespace,
        parameters=[{
            **parameters,
            'use_sim_time': use_sim_time,
        }],
        ros_arguments=['--log-level', log_level],
        output='screen',
        respawn=use_respawn,
        respawn_delay=RESPAWN_DELAY,
    )]


def generate_launch_description() -> LaunchDescription:
    cell_arguments = [
        *node_arguments('sim.yaml'),
        # On a stock kernel, best effort loses large images; the simulator is reliable.
        *camera_arguments('pin_camera/image_raw', 'bench_camera/image_raw',
                          'bench_camera/depth/image_raw', 'tool_camera/image_raw',
                          'tool_camera/depth/image_raw', 'reliable'),
    ]
    arguments = [
        *cell_arguments,
        DeclareLaunchArgument(
            'simulator', default_value='mujoco', choices=['mujoco', 'gazebo', 'none'],
            description='Embedded (mujoco), Gazebo where ros_gz is installed, or none at all.'),
        DeclareLaunchArgument(
            'world', default_value='',
            description='With gazebo: a folder made by mtperception export-world; made now by '
                        'default.'),
    ]
    cell = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(PathJoinSubstitution(
            [FindPackageShare('mtperception'), 'launch', 'cell.launch.py'])),
        launch_arguments={
            argument.name: LaunchConfiguration(argument.name) for argument in cell_arguments
        }.items(),
    )
    return LaunchDescription([
        *arguments, refuse_misspelt(arguments), OpaqueFunction(function=simulator), cell])
