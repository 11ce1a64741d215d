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

"""What a node can ask about the graph."""
from __future__ import annotations

import time
from typing import Any

from rclpy._rclpy_pybind11 import NodeNameNonExistentError
from rclpy.topic_endpoint_info import TopicEndpointInfo, TopicEndpointTypeEnum
from rclpy.type_hash import TypeHash
from rclpy.validate_namespace import validate_namespace
from rclpy.validate_node_name import validate_node_name

from embedded_ros import graph_names
from embedded_ros.graph import GraphEndpoint, GraphNode
from embedded_ros.graph_names import NamesAndTypes
from embedded_ros.names import full_node_name

# The names that ROS 2 shows for an endpoint of no known node.
_UNKNOWN = GraphNode('_NODE_NAMESPACE_UNKNOWN_', '_NODE_NAME_UNKNOWN_')


class NodeGraph:
    """The graph methods of a node, with rclpy's names: who is there, in the whole domain."""

    _context: Any

    def resolve_topic_name(self, topic: str, *, only_expand: bool = False) -> str:
        raise NotImplementedError

    def resolve_service_name(self, service: str, *, only_expand: bool = False) -> str:
        raise NotImplementedError

    def get_node_names(self) -> list[str]:
        return [node.name for node in self._context.graph.nodes()]

    def get_node_names_and_namespaces(self) -> list[tuple[str, str]]:
        return [(node.name, node.namespace) for node in self._context.graph.nodes()]

    def get_node_names_and_namespaces_with_enclaves(self) -> list[tuple[str, str, str]]:
        return [(node.name, node.namespace, '/') for node in self._context.graph.nodes()]

    def get_fully_qualified_node_names(self) -> list[str]:
        return [full_node_name(*pair) for pair in self.get_node_names_and_namespaces()]

    def get_topic_names_and_types(self, no_demangle: bool = False) -> NamesAndTypes:
        return graph_names.topics(self._context.graph.endpoints(), no_demangle=no_demangle)

    def get_service_names_and_types(self) -> NamesAndTypes:
        return graph_names.services(self._context.graph.endpoints())

    def get_publisher_names_and_types_by_node(
        self, node_name: str, node_namespace: str, no_demangle: bool = False,
    ) -> NamesAndTypes:
        endpoints = self._endpoints_of(node_name, node_namespace)
        return graph_names.topics(
            (e for e in endpoints if e.is_writer), no_demangle=no_demangle)

    def get_subscriber_names_and_types_by_node(
        self, node_name: str, node_namespace: str, no_demangle: bool = False,
    ) -> NamesAndTypes:
        endpoints = self._endpoints_of(node_name, node_namespace)
        return graph_names.topics(
            (e for e in endpoints if not e.is_writer), no_demangle=no_demangle)

    def get_service_names_and_types_by_node(
        self, node_name: str, node_namespace: str,
    ) -> NamesAndTypes:
        return graph_names.offered(self._endpoints_of(node_name, node_namespace))

    def get_client_names_and_types_by_node(
        self, node_name: str, node_namespace: str,
    ) -> NamesAndTypes:
        return graph_names.called(self._endpoints_of(node_name, node_namespace))

    def get_publishers_info_by_topic(
        self, topic_name: str, no_mangle: bool = False,
    ) -> list[TopicEndpointInfo]:
        """Describe the publishers of a topic; with `no_mangle` by its name on the wire."""
        return self._topic_info(topic_name, no_mangle, TopicEndpointTypeEnum.PUBLISHER)

    def get_subscriptions_info_by_topic(
        self, topic_name: str, no_mangle: bool = False,
    ) -> list[TopicEndpointInfo]:
        """Describe the subscriptions of a topic; with `no_mangle` by its name on the wire."""
        return self._topic_info(topic_name, no_mangle, TopicEndpointTypeEnum.SUBSCRIPTION)

    def count_publishers(self, topic_name: str) -> int:
        return len(self.get_publishers_info_by_topic(topic_name))

    def count_subscribers(self, topic_name: str) -> int:
        return len(self.get_subscriptions_info_by_topic(topic_name))

    def count_services(self, service_name: str) -> int:
        return self._count(f'rq{self.resolve_service_name(service_name)}Request', writers=False)

    def count_clients(self, service_name: str) -> int:
        return self._count(f'rq{self.resolve_service_name(service_name)}Request', writers=True)

    def wait_for_node(self, fully_qualified_node_name: str, timeout: float) -> bool:
        """Wait until a node of that absolute name is in the graph; False after the seconds."""
        end = time.monotonic() + timeout
        while fully_qualified_node_name not in self.get_fully_qualified_node_names():
            if time.monotonic() >= end or not self._context.ok():
                return False
            time.sleep(0.02)
        return True

    def _endpoints_of(self, node_name: str, node_namespace: str) -> list[GraphEndpoint]:
        validate_node_name(node_name)
        validate_namespace(node_namespace)
        graph = self._context.graph
        gids = [
            node.readers | node.writers for node in graph.nodes()
            if (node.name, node.namespace) == (node_name, node_namespace)]
        if not gids:
            raise NodeNameNonExistentError(
                f'cannot get the topics or services of a node that is not there: '
                f'{full_node_name(node_name, node_namespace)}')
        known = set().union(*gids)
        return [endpoint for endpoint in graph.endpoints() if endpoint.gid in known]

    def _topic_info(
        self, topic: str, no_mangle: bool, kind: TopicEndpointTypeEnum,
    ) -> list[TopicEndpointInfo]:
        wire_name = topic if no_mangle else 'rt' + self.resolve_topic_name(topic)
        graph = self._context.graph
        owners = {gid: n for n in graph.nodes() for gid in n.readers | n.writers}
        found = []
        for endpoint in graph.endpoints():
            if endpoint.topic != wire_name or endpoint.is_writer != (kind == kind.PUBLISHER):
                continue
            owner = owners.get(endpoint.gid, _UNKNOWN)
            found.append(TopicEndpointInfo(
                node_name=owner.name, node_namespace=owner.namespace,
                topic_type=endpoint.type_name,
                topic_type_hash=TypeHash.from_text(endpoint.type_hash),
                endpoint_type=kind, endpoint_gid=list(endpoint.gid),
                qos_profile=endpoint.profile))
        return found

    def _count(self, wire_name: str, *, writers: bool) -> int:
        return sum(
            endpoint.topic == wire_name and endpoint.is_writer == writers
            for endpoint in self._context.graph.endpoints())
