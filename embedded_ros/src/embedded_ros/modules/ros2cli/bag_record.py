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

"""`ros2 bag record`."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterator
import contextlib
import datetime
from pathlib import Path
import sqlite3
import time
from typing import Any

from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.logging import get_logger
from rclpy.node import Node
from rosbags.rosbag2 import StoragePlugin, Writer

from embedded_ros.messages import definition_text, type_hash
from ros2cli.bag_qos import request_for, to_bag
from ros2cli.bag_reader import STORAGES
from ros2cli.discovery import absolute_topic_name, command_node, is_hidden
from ros2cli.errors import CommandError
from ros2cli.stopping import stop_requests
from ros2cli.type_names import known_message_class
from ros2cli.verbs import Verbs

_VERSION = 9  # what ROS 2 Jazzy writes
_SECONDS_BETWEEN_LOOKS = 0.1
_SECONDS_BETWEEN_COMMITS = 1.0
_QUEUE = 200  # messages that may wait for a disk that is busy
_WRITE_ERRORS = (OSError, sqlite3.Error)
_log = get_logger('rosbag2_recorder')


def add_verb(verbs: Verbs) -> None:
    """Add the verb to `ros2 bag`."""
    parser = verbs.add('record', _record, 'Record ROS data to a bag')
    parser.add_argument(
        'topics_positional', nargs='*', metavar='topic', help='topics to record'
    )
    parser.add_argument('--topics', nargs='+', default=[], metavar='TOPIC', help='the same')
    parser.add_argument(
        '-a', '--all', '--all-topics', action='store_true', help='all topics but hidden ones'
    )
    parser.add_argument('--include-hidden-topics', action='store_true', help='hidden ones too')
    parser.add_argument(
        '-o', '--output', help='folder to create (default: one named after the time)'
    )
    parser.add_argument(
        '-s', '--storage', choices=STORAGES, default='mcap',
        help='how to store messages (default: %(default)s)',
    )


def _record(arguments: argparse.Namespace) -> None:
    names = [*arguments.topics_positional, *arguments.topics]
    if not names and not arguments.all:
        raise CommandError('name topics to record, or record all of them with -a')
    path = Path(arguments.output or f'rosbag2_{datetime.datetime.now():%Y_%m_%d-%H_%M_%S}')
    with stop_requests() as stopped, command_node() as node:
        topics = None if arguments.all else {absolute_topic_name(node, name) for name in names}
        with new_bag(path, arguments.storage) as writer:
            _log.info(f"Recording to '{path}' ({arguments.storage}) until Ctrl-C")
            recorder = Recorder(node, writer, topics, hidden=arguments.include_hidden_topics)
            executor = SingleThreadedExecutor()
            executor.add_node(node)
            next_look = 0.0
            with contextlib.suppress(ExternalShutdownException):
                while not stopped():
                    if time.monotonic() >= next_look:
                        recorder.look_for_topics()
                        next_look = time.monotonic() + _SECONDS_BETWEEN_LOOKS
                    executor.spin_once(timeout_sec=_SECONDS_BETWEEN_LOOKS)
            counts = {connection.topic: writer.counts[connection.id]
                      for connection in writer.connections}
    _log.info(f"Recorded {sum(counts.values())} messages of {len(counts)} topics to '{path}'")
    if recorder.missing:
        _log.warning(f'Nobody published {", ".join(recorder.missing)}')


class Recorder:
    """Subscribes to topics as they appear, and writes what arrives into a bag."""

    def __init__(
        self, node: Node, writer: Any, topics: Collection[str] | None, *, hidden: bool = False
    ) -> None:
        """Write with rosbags' writer: the given topics, or all, hidden ones only if asked."""
        self._node = node
        self._writer = writer
        self._topics = topics
        self._hidden = hidden
        self._seen: set[str] = set()
        self._next_commit = 0.0

    @property
    def missing(self) -> list[str]:
        """The given topics that nobody has published so far."""
        return sorted(set(self._topics or ()) - self._seen)

    def look_for_topics(self) -> None:
        """Subscribe to the wanted topics that are published and not yet recorded."""
        for topic, types in self._node.get_topic_names_and_types():
            if topic in self._seen or not self._wants(topic):
                continue
            offers = [
                info.qos_profile for info in self._node.get_publishers_info_by_topic(topic)]
            if offers:
                self._seen.add(topic)
                self._subscribe(topic, types, offers)

    def _wants(self, topic: str) -> bool:
        if self._topics is not None:
            return topic in self._topics
        return self._hidden or not is_hidden(topic)

    def _subscribe(self, topic: str, types: list[str], offers: list[Any]) -> None:
        if len(types) > 1:
            _log.error(f"'{topic}' is not recorded: it has several types, {', '.join(types)}")
            return
        try:
            cls = known_message_class(types[0])
        except CommandError as error:
            _log.error(f"'{topic}' is not recorded: {error}")
            return
        connection = self._writer.add_connection(
            topic, types[0], msgdef=definition_text(types[0]), rihs01=type_hash(types[0]),
            offered_qos_profiles=[to_bag(offer) for offer in offers])

        def write(data: bytes) -> None:
            now = self._node.get_clock().now().nanoseconds
            self._writer.write(connection, now, data)
            self._keep_safe()

        request = request_for(offers, _QUEUE)
        self._node.create_subscription(cls, topic, write, request, raw=True)
        _log.info(f"Subscribed to topic '{topic}'")

    def _keep_safe(self) -> None:
        """Put into the database for good what has come so far, in case nobody ends this."""
        database = getattr(self._writer.storage, 'conn', None)  # mcap appends, and needs nothing
        if database is not None and time.monotonic() >= self._next_commit:
            database.commit()
            self._next_commit = time.monotonic() + _SECONDS_BETWEEN_COMMITS


@contextlib.contextmanager
def new_bag(path: Path, storage: str) -> Iterator[Any]:
    """Give rosbags' writer of a bag, which is whole at the end unless it could not be written."""
    if path.exists():
        raise CommandError(f"output folder '{path}' already exists")
    writer = Writer(path, version=_VERSION, storage_plugin=StoragePlugin[storage.upper()])
    try:
        writer.open()
    except _WRITE_ERRORS as error:
        raise CommandError(f"bag '{path}' cannot be created: {_reason(error)}") from error
    if storage == 'sqlite3':
        # Killing the recorder loses nothing so; only a crash of the machine might.
        writer.storage.conn.execute('PRAGMA synchronous = OFF')
    try:
        try:
            yield writer
        except _WRITE_ERRORS:
            raise
        except BaseException:
            writer.close()
            raise
        writer.close()
    except _WRITE_ERRORS as error:
        # Its metadata would count messages that are not there: better none than wrong ones.
        with contextlib.suppress(Exception):
            writer.abort()
        raise CommandError(
            f"bag '{path}' is not complete, writing failed: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    return getattr(error, 'strerror', None) or str(error)
