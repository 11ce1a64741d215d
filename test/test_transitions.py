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

import time

import pytest
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from rclpy.parameter import Parameter

from mtperception.nodes.transitions import reason, start_by_itself, Transitions


class Managed(LifecycleNode):
    """A node whose configuration and activation can be made to fail."""

    def __init__(self, *errors, **parameters):
        super().__init__('managed', parameter_overrides=[
            Parameter(name, value=value) for name, value in parameters.items()])
        self.errors = list(errors)
        self.transitions = Transitions(self)
        start_by_itself(self)

    def step(self):
        if self.errors and (error := self.errors.pop(0)):
            raise error

    def on_configure(self, state):
        return self.transitions.attempt('configure', 'inactive', self.step)

    def on_activate(self, state):
        return self.transitions.attempt('activate', 'active', self.step)


@pytest.fixture
def started(ros):
    """Give a function that makes a node and spins it for a moment."""
    nodes = []

    def start(*errors, **parameters):
        nodes.append(Managed(*errors, **parameters))
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            ros.spin_once(nodes[-1], timeout_sec=0.05)
        return nodes[-1]

    yield start
    for node in nodes:
        node.destroy_node()


def test_a_node_starts_by_itself_unless_told_otherwise(started, capfd):
    assert started().transitions.state == 'active'
    assert started(autostart=False).transitions.state == 'unconfigured'
    assert 'waits for `ros2 lifecycle set /managed configure`, then ' in capfd.readouterr().err


@pytest.mark.parametrize('errors, state, failure', [
    ([ValueError('no model')], 'unconfigured', 'configure failed: no model'),
    ([None, RuntimeError('no\n topic')], 'inactive', 'activate failed: RuntimeError: no topic'),
])
def test_a_failure_is_told_and_can_be_mended(started, capfd, errors, state, failure):
    node = started(*errors)
    assert (node.transitions.state, node.transitions.failure) == (state, failure)
    said = capfd.readouterr().err
    assert failure in said and 'lifecycle set /managed activate`' in said
    assert ('lifecycle set /managed configure`' in said) == (state == 'unconfigured')
    if state == 'unconfigured':
        assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    assert node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    assert (node.transitions.state, node.transitions.failure) == ('active', '')


def test_a_missing_module_comes_with_the_command():
    text = reason(ModuleNotFoundError("No module named 'torch'"))
    assert text == "No module named 'torch': pip install -r requirements.txt (README.md)"
