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

"""Names of nodes, topics and services, and their remapping by ROS arguments."""

import pytest
from rclpy.exceptions import (
    InvalidNamespaceException,
    InvalidNodeNameException,
    InvalidServiceNameException,
    InvalidTopicNameException,
)
from std_msgs.msg import String
from std_srvs.srv import Empty


@pytest.fixture
def remapped(make_node):
    """Return a function that makes a node with remapping rules of its own."""

    def make(*rules, name='camera', **options):
        arguments = [part for rule in rules for part in ('-r', rule)]
        return make_node(name, cli_args=['--ros-args', *arguments], **options)

    return make


@pytest.mark.parametrize(('namespace', 'expected'), [
    (None, '/'), ('', '/'), ('/', '/'), ('cell', '/cell'), ('/cell/left', '/cell/left')])
def test_namespaces_are_absolute(make_node, namespace, expected):
    node = make_node('camera', namespace=namespace)
    assert (node.get_name(), node.get_namespace()) == ('camera', expected)
    assert node.get_fully_qualified_name() == f'{expected.rstrip("/")}/camera'


@pytest.mark.parametrize(('name', 'expected'), [
    ('image', '/cell/image'), ('a/b', '/cell/a/b'), ('/image', '/image'),
    ('~', '/cell/camera'), ('~/image', '/cell/camera/image'),
    ('{node}/image', '/cell/camera/image'), ('{ns}/image', '/cell/image'),
    ('{namespace}/image', '/cell/image')])
def test_names_are_relative_to_node_and_namespace(make_node, name, expected):
    node = make_node('camera', namespace='/cell')
    assert node.resolve_topic_name(name) == node.resolve_service_name(name) == expected


def test_endpoints_carry_the_resolved_name(remapped):
    node = remapped('image:=color', namespace='/cell')
    assert node.create_publisher(String, 'image', 1).topic_name == '/cell/color'
    assert node.create_subscription(String, '~/image', print, 1).topic_name == '/cell/camera/image'


@pytest.mark.parametrize('name', ['', 'a b', '1image', 'image/', 'a//b', '~image', '{nobody}'])
def test_invalid_topic_names(make_node, name):
    node = make_node()
    with pytest.raises((InvalidTopicNameException, ValueError)):
        node.create_publisher(String, name, 1)
    with pytest.raises((InvalidTopicNameException, ValueError)):
        node.create_subscription(String, name, print, 1)


@pytest.mark.parametrize('name', ['a b', '1reset', 'reset/', 'a//b'])
def test_invalid_service_names(make_node, name):
    node = make_node()
    with pytest.raises(InvalidServiceNameException):
        node.create_service(Empty, name, lambda request, response: response)
    with pytest.raises(InvalidServiceNameException):
        node.create_client(Empty, name)


@pytest.mark.parametrize('name', ['', 'a/b', '/camera', 'a-b', '1camera', 'a b'])
def test_invalid_node_names(make_node, name):
    with pytest.raises(InvalidNodeNameException):
        make_node(name)


@pytest.mark.parametrize('namespace', ['a b', '/cell/', '/cell//left', '/1cell', '~'])
def test_invalid_namespaces(make_node, namespace):
    with pytest.raises(InvalidNamespaceException):
        make_node('camera', namespace=namespace)


@pytest.mark.parametrize('rule', ['__node:=other', '__name:=other', 'camera:__node:=other'])
def test_node_is_renamed(remapped, rule):
    node = remapped(rule)
    assert node.get_name() == 'other'
    assert node.resolve_topic_name('~/image') == '/other/image'


def test_rule_for_another_node_is_left_alone(remapped):
    node = remapped('lidar:__node:=other', 'lidar:image:=color')
    assert node.get_name() == 'camera'
    assert node.resolve_topic_name('image') == '/image'


def test_namespace_is_replaced(remapped):
    node = remapped('__ns:=/left', namespace='/cell')
    assert node.get_namespace() == '/left'
    assert node.resolve_topic_name('image') == '/left/image'


def test_rules_for_a_renamed_node_use_its_new_name(remapped):
    node = remapped('__node:=other', 'other:image:=color', 'camera:image:=gray')
    assert node.resolve_topic_name('image') == '/color'


@pytest.mark.parametrize(('rule', 'expected'), [
    ('image:=color', '/cell/color'), ('image:=/color', '/color'), ('image:=~/color',
     '/cell/camera/color'), ('/cell/image:=color', '/cell/color'), ('/image:=color',
     '/cell/image'), ('~/image:=color', '/cell/image')])
def test_rules_are_relative_to_the_node_as_well(remapped, rule, expected):
    assert remapped(rule, namespace='/cell').resolve_topic_name('image') == expected


def test_private_names_are_remapped(remapped):
    node = remapped('~/image:=/color')
    assert node.resolve_topic_name('~/image') == '/color'
    assert node.resolve_topic_name('image') == '/image'


def test_absolute_name_is_remapped_by_a_relative_rule(remapped):
    node = remapped('image:=color', namespace='/cell')
    assert node.resolve_topic_name('/cell/image') == '/cell/color'
    assert node.resolve_topic_name('/image') == '/image'


def test_first_rule_wins_and_results_are_not_remapped_again(remapped):
    node = remapped('a:=b', 'a:=c', 'b:=d')
    assert node.resolve_topic_name('a') == '/b'
    assert node.resolve_topic_name('b') == '/d'


def test_rule_may_hold_for_services_alone(remapped):
    node = remapped('rosservice://reset:=restart', 'rostopic://image:=color', 'both:=one')
    assert node.resolve_service_name('reset') == '/restart'
    assert node.resolve_topic_name('reset') == '/reset'
    assert node.resolve_topic_name('image') == '/color'
    assert node.resolve_service_name('image') == '/image'
    assert node.resolve_topic_name('both') == node.resolve_service_name('both') == '/one'


def test_expansion_alone_leaves_remapping_out(remapped):
    node = remapped('image:=color')
    assert node.resolve_topic_name('image', only_expand=True) == '/image'


def test_arguments_of_a_node_need_no_bracket(make_node):
    node = make_node('camera', cli_args=['-r', 'image:=color'])
    assert node.resolve_topic_name('image') == '/color'
