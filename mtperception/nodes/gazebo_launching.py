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

"""Gazebo with the cell in it, the bridge to its topics, and its cameras' frames, as actions."""

import atexit
import os
from pathlib import Path
import shlex
import shutil
import tempfile
from typing import TYPE_CHECKING

from ament_index_python.packages import get_package_share_directory, PackageNotFoundError
from launch.actions import IncludeLaunchDescription
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_ros.actions import Node

from mtperception.geometry.rotations import quaternion

if TYPE_CHECKING:
    from mtperception.sim.cell import CellCamera

NEEDED = ('ros_gz_sim', 'ros_gz_bridge')


def gazebo(world: str, seed: int, namespace: str, log_level: str) -> list[LaunchDescriptionEntity]:
    """
    Start Gazebo without a window, the bridge, and static transforms of the cameras.

    `world` is a folder made by `mtperception export-world` with that seed; without a name it is
    made now. ValueError where Gazebo is not installed or the folder holds no world.
    """
    share = _gazebo_share()
    # Heavy, and for nothing where Gazebo is not installed.
    from mtperception.sim.cell import cell_cameras
    from mtperception.sim.gazebo.export import BRIDGE_FILE, WORLD_FILE

    folder = Path(world) if world else _made_now(seed)
    if not (folder / WORLD_FILE).is_file():
        raise ValueError(
            f"world '{folder}' holds no {WORLD_FILE}: make it with mtperception export-world")
    arguments = ['-s', '-r', '--headless-rendering', shlex.quote(str(folder / WORLD_FILE))]
    bridge = Node(
        package='ros_gz_bridge',
        executable='parameter_bridge',
        name='gazebo_bridge',
        namespace=namespace,
        parameters=[{'config_file': str(folder / BRIDGE_FILE), 'use_sim_time': True}],
        ros_arguments=['--log-level', log_level],
        output='screen',
    )
    return [
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(str(Path(share) / 'launch' / 'gz_sim.launch.py')),
            launch_arguments={'gz_args': ' '.join(arguments)}.items()),
        bridge,
        *(_frame(camera, namespace) for camera in cell_cameras(seed)),
    ]


def _gazebo_share() -> str:
    distribution = os.environ.get('ROS_DISTRO', '$ROS_DISTRO')
    try:
        for package in NEEDED:
            get_package_share_directory(package)
    except PackageNotFoundError:
        raise ValueError(
            f'simulator:=gazebo needs Gazebo, and {package} is not installed: '
            f'sudo apt install ros-{distribution}-ros-gz, on a machine with ROS 2') from None
    return get_package_share_directory(NEEDED[0])


def _made_now(seed: int) -> Path:
    from mtperception.sim.gazebo.export import export_world
    from mtperception.sim.grasp.scene import TRAINING_PARTS
    from mtperception.sim.shapes.parts import PARTS

    folder = Path(tempfile.mkdtemp(prefix='mtperception_world_'))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    export_world(folder, [PARTS[name]() for name in TRAINING_PARTS], seed)
    return folder


def _frame(camera: 'CellCamera', namespace: str) -> Node:
    """Say where a camera's optical frame is in the world."""
    words = []
    for name, value in zip(
            ('x', 'y', 'z', 'qx', 'qy', 'qz', 'qw'),
            (*camera.view.position, *quaternion(camera.view.rotation)), strict=True):
        words += [f'--{name}', f'{value:.9g}']
    return Node(
        package='tf2_ros',
        executable='static_transform_publisher',
        name=f'{camera.name}_frame',
        namespace=namespace,
        arguments=[*words, '--frame-id', 'world', '--child-frame-id', camera.frame_id],
        parameters=[{'use_sim_time': True}],
    )
