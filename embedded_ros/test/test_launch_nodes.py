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
import time

from launch.actions import (
    EmitEvent,
    GroupAction,
    LogInfo,
    RegisterEventHandler,
    Shutdown,
    TimerAction,
)
from launch.event_handlers import OnProcessExit, OnProcessStart
from launch.events import matches_action
from launch.events.process import SignalProcess
from launch_ros.actions import LifecycleNode, Node, PushRosNamespace, SetParameter, SetRemap
from launch_ros.event_handlers import OnStateTransition
from launch_ros.events import matches_node_name
from launch_ros.events.lifecycle import ChangeState
from lifecycle_msgs.msg import Transition
import pytest


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
                 PathJoinSubstitution([FindPackageShare('cell'), 'config.yaml']),
                 {'a': 0, 'e': True},
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


ECHO = """
import rclpy
from rclpy.executors import ExternalShutdownException
from std_msgs.msg import String

rclpy.init()
node = rclpy.create_node('echo')
node.declare_parameter('word', '')
answer = node.create_publisher(String, 'answer', 10)
node.create_subscription(String, 'question', lambda message: answer.publish(
    String(data=message.data + node.get_parameter('word').value)), 10)
try:
    rclpy.spin(node)
except (KeyboardInterrupt, ExternalShutdownException):
    pass
"""
ASK = """
import rclpy
from std_msgs.msg import String

rclpy.init()
node = rclpy.create_node('ask')
question = node.create_publisher(String, '/camera/question', 10)
node.create_timer(0.1, lambda: question.publish(String(data='who? ')))
answers = []
node.create_subscription(String, '/left/cell/answer', answers.append, 10)
while not answers:
    rclpy.spin_once(node)
print(answers[0].data)
"""
MANAGED = """
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn

class Managed(LifecycleNode):
    def __init__(self):
        super().__init__('managed')
        self.declare_parameter('fails', False)

    def on_configure(self, state):
        if self.get_parameter('fails').value:
            return TransitionCallbackReturn.FAILURE
        return TransitionCallbackReturn.SUCCESS

rclpy.init()
try:
    rclpy.spin(Managed())
except (KeyboardInterrupt, ExternalShutdownException):
    pass
"""


@pytest.fixture
def programs(domain, install_package, tmp_path, monkeypatch):
    """Have a package `cell` with the programs echo, ask and managed."""
    folder = install_package('cell')
    for name, source in {'echo': ECHO, 'ask': ASK, 'managed': MANAGED}.items():
        (folder / name).write_text(f'#!{sys.executable}\n{source}')
        (folder / name).chmod(0o755)
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))


def test_scope_of_a_group_reaches_a_node_over_the_network(run_launch, programs):
    code, output = run_launch(
        GroupAction([
            PushRosNamespace('left'), PushRosNamespace('cell'),
            SetRemap('question', '/camera/question'), SetParameter('word', 'it is me'),
            Node(package='cell', executable='echo'),
        ]),
        Node(package='cell', executable='ask', output='screen', on_exit=Shutdown()),
        TimerAction(period=30.0, actions=[Shutdown()]),
    )
    assert code == 0
    assert '[ask-2] who? it is me\n' in output


def change(node, transition):
    return EmitEvent(event=ChangeState(
        lifecycle_node_matcher=matches_action(node), transition_id=transition))


def test_launch_drives_a_managed_node_to_active(run_launch, programs):
    node = LifecycleNode(package='cell', executable='managed', name='m', namespace='cell')
    seen = []
    code, output = run_launch(
        RegisterEventHandler(OnProcessStart(
            target_action=node, on_start=change(node, Transition.TRANSITION_CONFIGURE))),
        RegisterEventHandler(OnStateTransition(entities=lambda event, _: seen.append(
            (event.start_state, event.goal_state)))),
        RegisterEventHandler(OnStateTransition(
            target_lifecycle_node=node, start_state='configuring', goal_state='inactive',
            entities=EmitEvent(event=ChangeState(
                lifecycle_node_matcher=matches_node_name('/cell/m'),
                transition_id=Transition.TRANSITION_ACTIVATE)))),
        RegisterEventHandler(OnStateTransition(
            target_lifecycle_node=node, goal_state='active', handle_once=True,
            entities=[LogInfo(msg='the node is active'), Shutdown()])),
        TimerAction(period=30.0, actions=[Shutdown()]),
        node,
    )
    assert code == 0
    assert 'the node is active' in output
    assert seen == [
        ('unconfigured', 'configuring'), ('configuring', 'inactive'),
        ('inactive', 'activating'), ('activating', 'active')]
    assert '[managed-1]: process has finished cleanly' in output
    assert 'Traceback' not in output


def test_transition_that_fails_is_told(run_launch, programs):
    node = LifecycleNode(
        package='cell', executable='managed', name='m', namespace='', parameters=[{'fails': True}])
    code, output = run_launch(
        node, change(node, Transition.TRANSITION_CONFIGURE),
        RegisterEventHandler(OnStateTransition(
            start_state='configuring', goal_state='unconfigured',
            entities=TimerAction(period=1.0, actions=[Shutdown()]))),
        TimerAction(period=30.0, actions=[Shutdown()]))
    assert code == 0
    assert "[ERROR] [launch_ros]: node '/m' failed to make transition 'TRANSITION_CONFIGURE'" in (
        output)


def test_launch_does_not_wait_for_a_managed_node_that_has_died(run_launch, programs):
    node = LifecycleNode(package='cell', executable='managed', name='m', namespace='')
    start = time.monotonic()
    code, output = run_launch(
        node,
        RegisterEventHandler(OnProcessStart(on_start=EmitEvent(event=SignalProcess(
            signal_number='SIGKILL', process_matcher=matches_action(node))))),
        RegisterEventHandler(OnProcessExit(
            on_exit=change(node, Transition.TRANSITION_CONFIGURE))),
    )
    assert code == 1
    assert time.monotonic() - start < 10
    assert "no longer waiting for service '/m/change_state': its node has ended" in output


def test_transitions_are_those_of_the_messages():
    constants = {
        name: getattr(Transition, name) for name in dir(Transition)
        if name.startswith('TRANSITION_') and getattr(Transition, name) < 9}
    assert {name: value for value, name in ChangeState.valid_transitions.items()} == constants
    with pytest.raises(ValueError, match='TRANSITION_CONFIGURE: 1'):
        ChangeState(lifecycle_node_matcher=lambda node: True, transition_id=77)
