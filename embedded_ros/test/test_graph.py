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

import gc
import sys
import time

import pytest
from rclpy._rclpy_pybind11 import NodeNameNonExistentError
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, qos_profile_sensor_data, QoSProfile, ReliabilityPolicy
from rclpy.topic_endpoint_info import TopicEndpointTypeEnum
from rclpy.type_hash import TypeHash
from sensor_msgs.msg import Image
from std_msgs.msg import String
from std_srvs.srv import Trigger

PEER = """
    import rclpy
    from sensor_msgs.msg import Image
    from std_srvs.srv import Trigger
    with rclpy.init(args=[]):
        node = rclpy.create_node('peer', namespace='/far')
        node.create_publisher(Image, 'image', 5)
        node.create_service(Trigger, '~/run', lambda request, response: response)
        print('ready', flush=True)
        rclpy.spin(node)
"""


# What every node publishes.
EVENTS = ('/parameter_events', ['rcl_interfaces/msg/ParameterEvent'])
LOG = ('/rosout', ['rcl_interfaces/msg/Log'])


def _eventually(question, expected, timeout=5.0):
    end = time.monotonic() + timeout
    while (answer := question()) != expected and time.monotonic() < end:
        time.sleep(0.02)
    return answer


def test_own_nodes_topics_and_services(make_node):
    node = make_node('eye', namespace='/cell')
    make_node('bare', start_parameter_services=False)
    node.create_publisher(Image, 'image', 1)
    node.create_subscription(String, '/text', print, 1)
    node.create_service(Trigger, '~/run', print)
    node.create_client(Trigger, '/other/run')
    assert set(node.get_node_names_and_namespaces()) == {('eye', '/cell'), ('bare', '/')}
    assert set(node.get_node_names()) == {'eye', 'bare'}
    assert node.get_topic_names_and_types() == [
        ('/cell/image', ['sensor_msgs/msg/Image']), EVENTS, LOG,
        ('/text', ['std_msgs/msg/String'])]
    wire_names = [name for name, _ in node.get_topic_names_and_types(no_demangle=True)]
    assert {'rt/cell/image', 'rq/cell/eye/runRequest', 'ros_discovery_info'} <= set(wire_names)
    services = dict(node.get_service_names_and_types())
    assert services['/cell/eye/run'] == ['std_srvs/srv/Trigger']
    assert services['/other/run'] == ['std_srvs/srv/Trigger']
    offered = dict(node.get_service_names_and_types_by_node('eye', '/cell'))
    assert '/cell/eye/get_parameters' in offered
    assert '/other/run' not in offered
    assert node.get_service_names_and_types_by_node('bare', '/') == []
    assert node.get_client_names_and_types_by_node('eye', '/cell') == [
        ('/other/run', ['std_srvs/srv/Trigger'])]
    assert node.get_publisher_names_and_types_by_node('eye', '/cell') == [
        ('/cell/image', ['sensor_msgs/msg/Image']), EVENTS, LOG]
    assert node.get_subscriber_names_and_types_by_node('eye', '/cell') == [
        ('/text', ['std_msgs/msg/String'])]
    assert (node.count_services('/cell/eye/run'), node.count_clients('/cell/eye/run')) == (1, 0)
    with pytest.raises(NodeNameNonExistentError, match='/nobody'):
        node.get_service_names_and_types_by_node('nobody', '/')


def test_endpoint_information(make_node):
    node = make_node()
    publisher = node.create_publisher(
        String, 'text', QoSProfile(depth=3, durability=DurabilityPolicy.TRANSIENT_LOCAL))
    node.create_subscription(String, 'text', print, qos_profile_sensor_data)
    (published,) = node.get_publishers_info_by_topic('text')
    (subscribed,) = node.get_subscriptions_info_by_topic('/text')
    assert (published.node_name, published.node_namespace) == ('tested', '/')
    assert published.topic_type == 'std_msgs/msg/String'
    assert str(published.topic_type_hash) == (
        'RIHS01_df668c740482bbd48fb39d76a70dfd4bd59db1288021743503259e948f6b1a18')
    assert published.endpoint_type == TopicEndpointTypeEnum.PUBLISHER
    assert bytes(published.endpoint_gid) == publisher._writer.guid
    assert published.qos_profile.reliability == ReliabilityPolicy.RELIABLE
    assert published.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL
    assert '  History (Depth): KEEP_LAST (3)\n' in str(published)
    assert '  Lifespan: Infinite\n' in str(published)
    assert subscribed.endpoint_type == TopicEndpointTypeEnum.SUBSCRIPTION
    assert subscribed.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT
    assert (node.count_publishers('text'), node.count_subscribers('text')) == (1, 1)
    assert node.count_publishers('silence') == 0


def test_type_hash_of_a_peer_that_announces_none():
    assert str(TypeHash.from_text('')) == 'INVALID'
    assert TypeHash.from_text('RIHS01_12') == TypeHash()


def test_nodes_of_another_process_come_and_go(make_node, start):
    node = make_node()
    program = start(PEER)
    program.wait_for_line('ready')
    assert node.wait_for_node('/far/peer', timeout=5)
    topics = [('/far/image', ['sensor_msgs/msg/Image']), EVENTS, LOG]
    assert _eventually(
        lambda: node.get_publisher_names_and_types_by_node('peer', '/far'), topics) == topics
    offered = [name for name, _ in node.get_service_names_and_types_by_node('peer', '/far')]
    assert '/far/peer/run' in offered
    (info,) = node.get_publishers_info_by_topic('/far/image')
    assert (info.node_name, info.node_namespace) == ('peer', '/far')
    program.signal(2)
    program.finish(timeout=5)
    assert _eventually(node.get_node_names, ['tested']) == ['tested']
    assert _eventually(lambda: node.count_publishers('/far/image'), 0) == 0


def test_destroyed_node_leaves_the_graph(make_node):
    node, other = make_node(), make_node('other')
    other.create_publisher(String, 'text', 1)
    other.destroy_node()
    other.destroy_node()
    assert node.get_node_names() == ['tested']
    assert node.get_topic_names_and_types() == [EVENTS, LOG]  # its own


def test_questions_leave_nothing_behind(make_node):
    node = make_node()
    before = len(node.context.graph.endpoints())
    for _ in range(20):
        node.get_topic_names_and_types()
    assert len(node.context.graph.endpoints()) == before


def _resident_kilobytes():
    with open('/proc/self/status') as status:
        return next(int(line.split()[1]) for line in status if line.startswith('VmRSS'))


@pytest.mark.skipif(sys.platform != 'linux', reason='reads the memory in use from /proc')
def test_nodes_that_come_and_go_leave_no_memory_behind(make_node):
    node = make_node()

    def cycle(count):
        for _ in range(count):
            visitor = Node('visitor')  # not by the fixture, which keeps what it makes
            visitor.create_publisher(Image, 'image', 1)
            visitor.create_subscription(Image, 'image', print, 1)
            node.get_topic_names_and_types()
            visitor.destroy_node()
        gc.collect()
        return _resident_kilobytes()

    before = cycle(50)
    # Each visit has 16 endpoints; a kilobyte for each of them would show.
    assert cycle(100) - before < 1000
