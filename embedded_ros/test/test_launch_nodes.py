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

"""Launched nodes: names, parameters and remappings that reach them, and their states."""

import subprocess
import sys


def test_launched_node_gets_names_parameters_and_remappings(
        tmp_path, environment, ros2_command, install_package):
    program = install_package('cell') / 'report'
    program.write_text(f"""#!{sys.executable}
import rclpy
rclpy.init()
node = rclpy.create_node('report', allow_undeclared_parameters=True,
                         automatically_declare_parameters_from_overrides=True)
print(node.get_fully_qualified_name(), node.resolve_topic_name('image'))
for name, parameter in sorted(node.get_parameters_by_prefix('').items()):
    if name != 'use_sim_time':
        print(name, repr(parameter.value))
""")
    program.chmod(0o755)
    share = tmp_path / 'share/cell'
    (share / 'config.yaml').write_text('/**:\n  ros__parameters:\n    a: 1\n    b: 1\n    d: 1\n')
    (share / 'cell.launch.py').write_text("""
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

def generate_launch_description():
    threshold = LaunchConfiguration('threshold')
    return LaunchDescription([
        DeclareLaunchArgument('threshold', default_value='0.5'),
        Node(package='cell', executable='report', name='told', namespace='left',
             parameters=[
                 {'a': 0, 'e': True},
                 PathJoinSubstitution([FindPackageShare('cell'), 'config.yaml']),
                 {'b': threshold, 'c': {'text': ParameterValue(threshold, value_type=str)},
                  'd': [1, 2.5]}],
             remappings=[('image', 'camera/image_raw')], output='screen')])
""")
    result = subprocess.run(
        [*ros2_command, 'launch', 'cell', 'cell.launch.py', 'threshold:=0.25'], check=False,
        capture_output=True, text=True, env={
            **environment, 'AMENT_PREFIX_PATH': str(tmp_path), 'TMPDIR': str(tmp_path),
            'ROS_LOG_DIR': str(tmp_path / 'log')})
    assert result.returncode == 0, result.stdout + result.stderr
    told = [line.removeprefix('[report-1] ') for line in result.stdout.splitlines()
            if line.startswith('[report-1] ')]
    assert told == [
        '/left/told /left/camera/image_raw',
        'a 0', 'b 0.25', "c.text '0.25'", 'd [1.0, 2.5]', 'e True']
    assert not list(tmp_path.glob('**/launch_params_*'))
