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

"""`ros2 param` against a node in a process of its own."""

import subprocess
import sys
import textwrap

import yaml


def test_parameters(ros2, small_node):
    assert ros2('param', 'list')[1] == (
        '/cell/small:\n  camera.name\n  size\n  threshold\n  use_sim_time\n')
    assert ros2('param', 'list', '/cell/small', '--param-type')[1] == (
        '  camera.name (type: string)\n  size (type: integer array)\n'
        '  threshold (type: double)\n  use_sim_time (type: boolean)\n')
    assert ros2('param', 'set', '/cell/small', 'threshold', '0.9') == (
        0, 'Set parameter successful\n', '')
    assert ros2('param', 'get', '/cell/small', 'threshold')[1] == 'Double value is: 0.9\n'
    assert ros2('param', 'get', '/cell/small', 'camera.name', '--hide-type')[1] == 'left\n'
    assert ros2('param', 'describe', '/cell/small', 'threshold')[1] == textwrap.dedent("""\
        Parameter name: threshold
          Type: double
          Description: Least score.
          Constraints:
            Min value: 0.0
            Max value: 1.0
        """)


def test_dumped_parameters_can_be_given_to_a_node(ros2, small_node, environment, tmp_path):
    dumped = ros2('param', 'dump', '/cell/small')[1]
    values = yaml.safe_load(dumped)['/cell/small']['ros__parameters']
    assert values['camera'] == {'name': 'left'}
    assert values['size'] == [612, 512]
    file = tmp_path / 'dump.yaml'
    file.write_text(dumped.replace('left', 'right'))
    source = (
        'import rclpy; rclpy.init(); node = rclpy.create_node("small", namespace="/cell");'
        'print(node.declare_parameter("camera.name", "").value)')
    result = subprocess.run(
        [sys.executable, '-c', source, '--ros-args', '--params-file', str(file)],
        env={**environment, 'ROS_DOMAIN_ID': '54'}, capture_output=True, text=True, check=True)
    assert result.stdout == 'right\n'


def test_loaded_parameters_are_set_one_by_one(ros2, small_node, tmp_path):
    file = tmp_path / 'load.yaml'
    file.write_text(textwrap.dedent("""\
        /**:
          ros__parameters: {threshold: 0.125, size: [1, 2]}
        /cell/small:
          ros__parameters:
            threshold: 0.25
            camera: {name: right}
        """))
    assert ros2('param', 'load', '/cell/small', str(file)) == (
        0, 'Set parameter threshold successful\nSet parameter size successful\n'
        'Set parameter camera.name successful\n', '')
    assert ros2('param', 'get', '/cell/small', 'threshold')[1] == 'Double value is: 0.25\n'
    file.write_text('/**:\n  ros__parameters: {threshold: 7.0}\n')
    code, output, errors = ros2('param', 'load', '/cell/small', str(file))
    assert (code, output) == (1, '')
    assert errors.startswith('Set parameter threshold failed: ')
    code, _, errors = ros2('param', 'load', '--no-use-wildcard', '/cell/small', str(file))
    assert (code, errors) == (1, f"parameter file '{file}' gives no parameters\n")
    code, _, errors = ros2('param', 'load', '/cell/small', str(tmp_path / 'none.yaml'))
    assert (code, len(errors.splitlines())) == (1, 1)
    assert 'none.yaml' in errors
