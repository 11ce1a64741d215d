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

import pytest
from rcl_interfaces.msg import FloatingPointRange, ParameterDescriptor
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter, parameter_value_to_python
from rclpy.parameter_client import AsyncParameterClient


@pytest.fixture
def remote(make_node):
    node = make_node('eye', namespace='/cell')
    unit = FloatingPointRange(from_value=0.0, to_value=1.0)
    node.declare_parameter(
        'score', 0.5, ParameterDescriptor(description='lowest', floating_point_range=[unit])
    )
    node.declare_parameter('box.size', 3)
    node.declare_parameter('model', 'pin', ParameterDescriptor(read_only=True))
    node.declare_parameter('any', [1, 2], ParameterDescriptor(dynamic_typing=True))
    return node


@pytest.fixture
def ask(remote, make_node):
    """Return a function that calls a method of the client and returns the response."""
    local = make_node('asker')
    client = AsyncParameterClient(local, '/cell/eye')
    executor = SingleThreadedExecutor()
    executor.add_node(remote)
    executor.add_node(local)
    assert client.wait_for_services(5.0)

    def call(method, *arguments, **options):
        future = getattr(client, method)(*arguments, **options)
        executor.spin_until_future_complete(future, 5.0)
        assert future.done()
        return future.result()

    yield call
    executor.shutdown()


def test_list(ask):
    result = ask('list_parameters').result
    assert list(result.names) == ['use_sim_time', 'score', 'box.size', 'model', 'any']
    assert list(result.prefixes) == ['box']
    assert list(ask('list_parameters', ['box'], 1).result.names) == ['box.size']


def test_get(ask):
    values = ask('get_parameters', ['score', 'any']).values
    assert [parameter_value_to_python(value) for value in values] == [0.5, [1, 2]]
    assert list(ask('get_parameter_types', ['score', 'model']).types) == [3, 4]


def test_one_unknown_name_leaves_the_answer_empty(ask):
    names = ['score', 'none']
    assert list(ask('get_parameters', names).values) == []
    assert list(ask('get_parameter_types', names).types) == []
    assert list(ask('describe_parameters', names).descriptors) == []


def test_describe(ask):
    known, = ask('describe_parameters', ['score']).descriptors
    assert known.name == 'score'
    assert known.description == 'lowest'
    assert known.floating_point_range[0].to_value == 1.0


def test_set(ask, remote):
    results = ask(
        'set_parameters',
        [
            Parameter('score', value=0.9),
            Parameter('score', value=1.5),
            Parameter('score', value=1),
            Parameter('model', value='other'),
            Parameter('none', value=1).to_parameter_msg(),
        ],
    ).results
    assert [result.successful for result in results] == [True, False, False, False, False]
    reasons = [result.reason for result in results]
    for reason, word in zip(
        reasons[1:], ('out of range', 'DOUBLE', 'read-only', 'none'), strict=True
    ):
        assert word in reason
    assert remote.get_parameter('score').value == 0.9


def test_set_atomically(ask, remote):
    changes = [Parameter('score', value=0.1), Parameter('box.size', value='text')]
    result = ask('set_parameters_atomically', changes).result
    assert not result.successful
    assert remote.get_parameter('score').value == 0.5
    changes[1] = Parameter('box.size', value=4)
    assert ask('set_parameters_atomically', changes).result.successful
    assert remote.get_parameter('box.size').value == 4


def test_delete(ask, remote):
    results = ask('delete_parameters', ['any', 'score']).results
    assert [result.successful for result in results] == [True, False]
    assert not remote.has_parameter('any')
    assert remote.has_parameter('score')


def test_a_callback_hears_of_the_response(ask):
    heard = []
    ask('get_parameters', ['score'], callback=lambda future: heard.append(future.result()))
    assert heard[0].values[0].double_value == 0.5


def test_services_that_are_not_there(make_node):
    client = AsyncParameterClient(make_node(), '/nobody')
    assert not client.services_are_ready()
    assert not client.wait_for_services(0.1)


def test_values_reach_a_node_from_the_command_line(domain, tmp_path):
    path = tmp_path / 'params.yaml'
    path.write_text('/cell/eye: {ros__parameters: {score: 0.25, size: 7}}')
    arguments = ['--ros-args', '--params-file', str(path), '-p', 'name:=text']
    rclpy.init(args=[*arguments, '-r', '__ns:=/cell'])
    try:
        node = rclpy.create_node('eye')
        given = [node.declare_parameter(*pair) for pair in (('score', 0.5), ('name', ''))]
        assert [parameter.value for parameter in given] == [0.25, 'text']
        node.destroy_node()
        overriding = rclpy.create_node(
            'eye',
            parameter_overrides=[Parameter('score', value=0.75)],
            cli_args=['--ros-args', '-p', 'name:=own'],
            automatically_declare_parameters_from_overrides=True,
        )
        found = {name: p.value for name, p in overriding.get_parameters_by_prefix('').items()}
        assert found == {'score': 0.75, 'size': 7, 'name': 'own', 'use_sim_time': False}
        overriding.destroy_node()
    finally:
        rclpy.shutdown()
