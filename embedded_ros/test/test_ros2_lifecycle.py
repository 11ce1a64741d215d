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

"""`ros2 lifecycle` against a managed node in a process of its own."""

import signal
import subprocess
import sys

import pytest

MANAGED = """
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn

class Managed(LifecycleNode):
    def on_activate(self, state):
        fails = self.get_parameter('fails').value
        return TransitionCallbackReturn.FAILURE if fails else TransitionCallbackReturn.SUCCESS

rclpy.init()
node = Managed('managed', namespace='/cell')
node.declare_parameter('fails', False)
print('ready', flush=True)
try:
    rclpy.spin(node)
except (KeyboardInterrupt, ExternalShutdownException):
    pass
"""


@pytest.fixture
def managed(environment):
    process = subprocess.Popen(
        [sys.executable, '-c', MANAGED], env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == 'ready\n'
    yield
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 0


def test_nodes_and_states(ros2, small_node, managed):
    assert ros2('lifecycle', 'nodes') == (0, '/cell/managed\n', '')
    assert ros2('lifecycle', 'nodes', '-c') == (0, '1\n', '')
    assert ros2('lifecycle', 'get') == (0, '/cell/managed: unconfigured [1]\n', '')
    assert ros2('lifecycle', 'get', 'cell/managed') == (0, 'unconfigured [1]\n', '')


def test_transitions_by_name_and_by_number(ros2, managed):
    code, output, _ = ros2('lifecycle', 'list', '/cell/managed')
    assert code == 0
    assert output.startswith(
        '- configure [1]\n\tStart: unconfigured\n\tGoal: configuring\n- shutdown [5]\n')
    code, output, _ = ros2('lifecycle', 'list', '-a', '/cell/managed')
    assert '- activate [3]\n\tStart: inactive\n\tGoal: activating\n' in output
    for transition in ('configure', '3'):
        assert ros2('lifecycle', 'set', '/cell/managed', transition) == (
            0, 'Transitioning successful\n', '')
    assert ros2('lifecycle', 'get', '/cell/managed')[1] == 'active [3]\n'


def test_failures(ros2, small_node, managed):
    code, output, errors = ros2('lifecycle', 'set', '/cell/managed', 'activate')
    assert (code, output) == (1, '')
    assert errors.startswith(
        'Unknown transition requested, available ones are:\n- configure [1]\n')
    ros2('param', 'set', '/cell/managed', 'fails', 'true')
    assert ros2('lifecycle', 'set', '/cell/managed', 'configure')[0] == 0
    assert ros2('lifecycle', 'set', '/cell/managed', 'activate') == (
        1, '', 'Transitioning failed\n')
    assert ros2('lifecycle', 'get', '/cell/managed')[1] == 'inactive [2]\n'
    assert ros2('lifecycle', 'get', '/cell/small', '--spin-time', '0.5') == (
        1, '', "Node not found: there is no managed node '/cell/small'\n")
