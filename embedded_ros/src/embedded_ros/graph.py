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

"""
Which nodes, topics and services there are in the domain.

The middleware knows participants and endpoints; which of them belong to which node, every
participant tells on `ros_discovery_info`, whole again at each change.
"""
from __future__ import annotations

from collections.abc import Iterator
import contextlib
from dataclasses import dataclass, field
import threading
from typing import Any

from cyclonedds.builtin import (
    BuiltinDataReader,
    BuiltinTopicDcpsParticipant,
    BuiltinTopicDcpsPublication,
    BuiltinTopicDcpsSubscription,
)
from cyclonedds.core import DDSException
import numpy as np
from rclpy.logging import get_logger
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

from embedded_ros.dds import binding
from embedded_ros.dds.endpoints import DESCRIBING, Participant, Reader, Writer
from embedded_ros.dds.qos import from_dds, user_data
from embedded_ros.dds.types import ros_type_name
from embedded_ros.dds.waiting import Guard, WaitSet
from embedded_ros.messages import deserialize, message_class, SerializationError, serialize

_TYPE = 'rmw_dds_common/msg/ParticipantEntitiesInfo'
_MOST_ENDPOINTS = 10_000
_DRAIN = 32


@dataclass(eq=False)
class GraphNode:
    """A node and the 16-byte names of its endpoints in the middleware."""

    namespace: str
    name: str
    readers: set[bytes] = field(default_factory=set)
    writers: set[bytes] = field(default_factory=set)


@dataclass(frozen=True)
class GraphEndpoint:
    """A publisher or subscription of anybody in the domain; names as on the wire."""

    topic: str
    type_name: str
    is_writer: bool
    gid: bytes
    participant: bytes
    announced: dict[str, str]
    policies: Any

    @property
    def type_hash(self) -> str:
        return self.announced.get('typehash', '')

    @property
    def profile(self) -> QoSProfile:
        return from_dds(self.policies)


class Graph:
    """This participant's nodes, announced to the others, and what the others announce."""

    def __init__(self, participant: Participant) -> None:
        self._participant = participant
        self._lock = threading.RLock()
        self._local: list[GraphNode] = []
        self._remote: dict[bytes, list[GraphNode]] = {}
        self._holding_back = 0
        self._unannounced = False
        profile = QoSProfile(
            depth=1, history=HistoryPolicy.KEEP_LAST, reliability=ReliabilityPolicy.RELIABLE,
            durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._writer = Writer(participant, 'ros_discovery_info', _TYPE, profile)
        # One instance carries all participants: keeping its last sample alone would lose some.
        profile.history = HistoryPolicy.KEEP_ALL
        self._reader = Reader(
            participant, 'ros_discovery_info', _TYPE, profile, ignore_own=True)
        self._stop = Guard(participant.handle)
        self._stopped = False
        self._listener = threading.Thread(
            target=self._listen, name='ros_discovery_info', daemon=True)
        self._listener.start()

    def close(self) -> None:
        """Tell the others that no node is left here, and stop listening."""
        with self._lock:
            self._local.clear()
            self._announce()
            # Inside the lock: nobody announces, or asks about an endpoint, after this.
            self._stopped = True
        self._stop.trigger()
        if threading.current_thread() is not self._listener:
            self._listener.join()

    @contextlib.contextmanager
    def one_announcement(self) -> Iterator[None]:
        """Announce all changes made inside at once, at the end."""
        with self._lock:
            self._holding_back += 1
        try:
            yield
        finally:
            with self._lock:
                self._holding_back -= 1
                if self._unannounced:
                    self._announce()

    def add_node(self, node: GraphNode) -> None:
        with self._lock:
            self._local.append(node)
            self._announce()

    def remove_node(self, node: GraphNode) -> None:
        with self._lock:
            if node in self._local:
                self._local.remove(node)
                self._announce()

    def add_endpoints(self, node: GraphNode, *endpoints: Reader | Writer) -> None:
        with self._lock:
            for endpoint in endpoints:
                _gids_of(node, endpoint).add(endpoint.guid)
            self._announce()

    def remove_endpoints(self, node: GraphNode, *endpoints: Reader | Writer) -> None:
        """Forget the endpoints; to be called before they are closed."""
        with self._lock:
            for endpoint in endpoints:
                _gids_of(node, endpoint).discard(endpoint.guid)
            self._announce()

    def nodes(self) -> list[GraphNode]:
        """Return the nodes of this participant and of all others that are alive."""
        alive = {sample.key.bytes for sample in self._read(BuiltinTopicDcpsParticipant)}
        with self._lock:
            remote = [
                node for gid, nodes in self._remote.items() if gid in alive for node in nodes]
            return [*self._local, *remote]

    def endpoints(self) -> list[GraphEndpoint]:
        """Return the endpoints of this participant and of all others that are alive."""
        return [
            GraphEndpoint(
                topic=sample.topic_name, type_name=ros_type_name(sample.type_name),
                is_writer=is_writer, gid=sample.key.bytes,
                participant=sample.participant_key.bytes,
                announced=user_data(sample.qos), policies=sample.qos)
            for topic, is_writer in (
                (BuiltinTopicDcpsPublication, True), (BuiltinTopicDcpsSubscription, False))
            for sample in self._read(topic) if not sample.topic_name.startswith('DCPS')]

    def _read(self, topic: Any) -> list[Any]:
        # A reader for each question: one that stays would collect whoever was there and left.
        try:
            reader = BuiltinDataReader(self._participant.entity, topic)
        except DDSException:  # the context was shut down meanwhile
            return []
        try:
            with DESCRIBING:
                samples = reader.read(_MOST_ENDPOINTS)
        except DDSException:
            return []
        finally:
            binding.delete(binding.handle(reader))
        return [sample for sample in samples if sample.sample_info.valid_data]

    def _announce(self) -> None:
        self._unannounced = self._holding_back > 0
        if self._unannounced or self._stopped:
            return
        gid = message_class('rmw_dds_common/msg/Gid')

        def gids(raw: set[bytes]) -> list[Any]:
            return [gid(data=np.frombuffer(one, np.uint8)) for one in sorted(raw)]

        node_info = message_class('rmw_dds_common/msg/NodeEntitiesInfo')
        nodes = [
            node_info(
                node_namespace=node.namespace, node_name=node.name,
                reader_gid_seq=gids(node.readers), writer_gid_seq=gids(node.writers))
            for node in self._local]
        message = message_class(_TYPE)(
            gid=gid(data=np.frombuffer(self._participant.guid, np.uint8)),
            node_entities_info_seq=nodes)
        self._writer.write(serialize(message))

    def _listen(self) -> None:
        waiting = WaitSet(self._participant.handle)
        waiting.watch_exactly([self._stop.condition, self._reader.condition])
        while not self._stopped:
            if waiting.wait():
                self._take_announcements()

    def _take_announcements(self) -> None:
        for data, _ in self._reader.take(_DRAIN):
            try:
                message = deserialize(data, message_class(_TYPE))
            except SerializationError as error:
                get_logger('rclpy').error(f'dropped an undecodable ros_discovery_info: {error}')
                continue
            nodes = [
                GraphNode(
                    info.node_namespace, info.node_name,
                    {bytes(gid.data) for gid in info.reader_gid_seq},
                    {bytes(gid.data) for gid in info.writer_gid_seq})
                for info in message.node_entities_info_seq]
            with self._lock:
                if nodes:
                    self._remote[bytes(message.gid.data)] = nodes
                else:
                    self._remote.pop(bytes(message.gid.data), None)


def _gids_of(node: GraphNode, endpoint: Reader | Writer) -> set[bytes]:
    return node.writers if isinstance(endpoint, Writer) else node.readers
