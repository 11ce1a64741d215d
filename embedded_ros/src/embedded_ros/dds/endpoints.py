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

"""The participant and its endpoints: writers and readers of CDR bytes by topic name."""
from __future__ import annotations

from collections.abc import Callable, Iterator
import itertools
import struct
import threading
from typing import Any

from cyclonedds.core import DDSException
from cyclonedds.domain import DomainParticipant
from cyclonedds.pub import DataWriter, Publisher
from cyclonedds.qos import Policy, Qos
from cyclonedds.sub import DataReader, Subscriber
from cyclonedds.topic import Topic
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy

from embedded_ros.dds import binding, domain
from embedded_ros.dds.binding import DdsError
from embedded_ros.dds.qos import to_dds, user_data
from embedded_ros.dds.types import idl_type
from embedded_ros.messages import type_hash

# How long a new sample waits for the one whose place it takes, in nanoseconds.
_OVERWRITING_DELAY = 100_000_000

# The binding reads descriptions of endpoints into shared state: one thread at a time.
DESCRIBING = threading.Lock()


class Participant:
    """This process's presence in a domain."""

    def __init__(self, domain_id: int) -> None:
        domain.acquire(domain_id)
        self.domain_id = domain_id
        try:
            self.entity = DomainParticipant(domain_id, qos=Qos(Policy.Userdata(b'enclave=/;')))
        except DDSException as error:
            domain.release(domain_id)
            raise RuntimeError(
                f'cannot join DDS domain {domain_id}: check ROS_DOMAIN_ID, CYCLONEDDS_URI and '
                'that at least one network interface is up') from error
        self.handle = binding.handle(self.entity)
        self.guid = binding.guid(self.handle)
        self.publisher = Publisher(self.entity)
        self.subscriber = Subscriber(self.entity)
        self._services = itertools.count(1)
        self._topics: dict[tuple[str, str], Any] = {}

    def topic(self, name: str, type_name: str) -> Any:
        """
        Return the middleware's entity for a topic, the same for all endpoints.

        It stays: nobody sees it without endpoints, and making one costs memory for good.
        """
        topic = self._topics.get((name, type_name))
        if topic is None:
            topic = Topic(self.entity, name, idl_type(type_name))
            self._topics[name, type_name] = topic
        return topic

    def next_service_id(self) -> str:
        """Return what pairs the two endpoints of a service or client, written as rmw does."""
        identity = self.guid[:12] + struct.pack('>I', next(self._services))
        first, *others = (f'{byte:x}' for byte in identity)
        return '.'.join([first.rjust(2), *others])

    def close(self) -> None:
        """Leave the domain: every endpoint goes, and every wait ends."""
        binding.delete(self.handle)
        domain.release(self.domain_id)


class _Endpoint:
    """What is common to both ends; one that is closed has no peers."""

    def __init__(self, make: Callable[[], Any], topic: str) -> None:
        try:
            self.entity = make()
        except DDSException as error:
            raise DdsError(error.code, f"create an endpoint of '{topic}'") from error
        self.handle = binding.handle(self.entity)
        self.guid = binding.guid(self.handle)
        self.closed = False

    def close(self) -> None:
        self.closed = True
        binding.delete(self.handle)

    def matched_count(self) -> int:
        return len(self._peers())

    def matched(self) -> Iterator[dict[str, str]]:
        """Yield what the matched endpoints at the other end announce."""
        for peer in self._peers():
            if (announced := self.announcement(peer)) is not None:
                yield announced

    def announcement(self, peer: int) -> dict[str, str] | None:
        """Return what a matched endpoint announces, by its handle; None where it is gone."""
        with DESCRIBING:
            endpoint = self._peer_data(peer)
        return None if endpoint is None else user_data(endpoint.qos)

    def _peers(self) -> list[int]:
        raise NotImplementedError

    def _peer_data(self, peer: int) -> Any:
        raise NotImplementedError


def _announcement(type_name: str, service: str) -> str:
    return f'{service}typehash={type_hash(type_name)};'


class Writer(_Endpoint):
    """Sends CDR bytes to a topic of the middleware."""

    def __init__(
        self, participant: Participant, topic: str, type_name: str, profile: QoSProfile,
        service: str = '', *, ignore_own: bool = False, longest_wait: int = binding.INFINITY,
    ) -> None:
        qos = to_dds(
            profile, _announcement(type_name, service), ignore_own=ignore_own,
            longest_wait=longest_wait)
        super().__init__(
            lambda: DataWriter(
                participant.publisher, participant.topic(topic, type_name), qos=qos),
            topic)
        # With an unlimited history the middleware itself waits.
        overwrites = profile.history != HistoryPolicy.KEEP_ALL
        self._may_wait = overwrites and profile.reliability == ReliabilityPolicy.RELIABLE
        self._room = max(1, profile.depth)
        self._unacknowledged = 0
        self._patient = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._may_wait and len(data) > domain.FRAGMENT_SIZE:
            self._spare_unacknowledged()
        binding.checked(binding.write(self.handle, data), 'publish')

    def _spare_unacknowledged(self) -> None:
        """
        Wait a little, rather than overwrite a large sample that is still on its way.

        The middleware overwrites at once; what a reader lacks then is lost. A reader that does
        not answer in time is not waited for again before it has caught up.
        """
        if self._unacknowledged >= self._room:
            limit = _OVERWRITING_DELAY if self._patient else 0
            self._patient = self.wait_for_acknowledgements(limit)
            if self._patient:
                self._unacknowledged = 0
        self._unacknowledged += 1

    def wait_for_acknowledgements(self, timeout_ns: int | None) -> bool:
        """Wait until all reliable readers have everything; False after the time."""
        return binding.wait_for_acknowledgements(
            self.handle, binding.INFINITY if timeout_ns is None else timeout_ns)

    def _peers(self) -> list[int]:
        return binding.matched_readers(self.handle)

    def _peer_data(self, peer: int) -> Any:
        return self.entity.get_matched_subscription_data(peer)


class Reader(_Endpoint):
    """Receives CDR bytes from a topic of the middleware."""

    def __init__(
        self, participant: Participant, topic: str, type_name: str, profile: QoSProfile,
        service: str = '', *, ignore_own: bool = False,
    ) -> None:
        qos = to_dds(profile, _announcement(type_name, service), ignore_own=ignore_own)
        super().__init__(
            lambda: DataReader(
                participant.subscriber, participant.topic(topic, type_name), qos=qos),
            topic)
        self.condition = binding.create_data_condition(self.handle)

    def take(self, limit: int = 1) -> Iterator[tuple[memoryview, Any]]:
        """Take up to that many samples, oldest first, with their sample info; none if closed."""
        try:
            yield from binding.take(self.handle, limit)
        except DdsError:
            if not self.closed:
                raise

    def _peers(self) -> list[int]:
        return binding.matched_writers(self.handle)

    def _peer_data(self, peer: int) -> Any:
        return self.entity.get_matched_publication_data(peer)
