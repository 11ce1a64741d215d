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

"""`ros2 bag play`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
import itertools
import time
from typing import Any

from rclpy._rclpy_pybind11 import InvalidHandle, RCLError
from rclpy.duration import Duration
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.time import Time
from rosgraph_msgs.msg import Clock

from embedded_ros.messages import type_hash
from ros2cli.bag_qos import from_bag, offer_for
from ros2cli.bag_reader import add_bag_arguments, messages_from, opened_bag
from ros2cli.discovery import absolute_topic_name, command_node
from ros2cli.errors import CommandError
from ros2cli.stopping import stop_requests
from ros2cli.type_names import known_message_class
from ros2cli.verbs import Verbs

_CLOCK_QOS = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
_CLOCK_HZ = 40.0
_LONGEST_SLEEP = 0.1  # seconds until a request to stop is seen
_log = get_logger('rosbag2_player')


def add_verb(verbs: Verbs) -> None:
    """Add the verb to `ros2 bag`."""
    parser = verbs.add('play', _play, 'Play back ROS data from a bag')
    add_bag_arguments(parser)
    parser.add_argument(
        '-r', '--rate', type=_positive, default=1.0, help='times as fast (default: %(default)s)'
    )
    parser.add_argument('--topics', nargs='+', metavar='TOPIC', help='these topics only')
    parser.add_argument('-l', '--loop', action='store_true', help='start again at the end')
    parser.add_argument(
        '-m', '--remap', nargs='+', default=[], metavar='OLD:=NEW',
        help='play topics under other names',
    )
    parser.add_argument(
        '--clock', type=_positive, nargs='?', const=_CLOCK_HZ, metavar='HZ',
        help='publish the time of the bag on /clock (default: %(const)s Hz)',
    )
    parser.add_argument(
        '-d', '--delay', type=_not_negative, default=0.0, metavar='SECONDS',
        help='time to wait before playing, in each loop',
    )
    parser.add_argument(
        '--start-offset', type=_not_negative, default=0.0, metavar='SECONDS',
        help='time to leave out at the beginning of the bag',
    )
    parser.add_argument(
        '--wait-for-all-acked', type=int, metavar='MILLISECONDS',
        help='wait at the end until reliable subscriptions have everything (0: for ever)',
    )
    parser.add_argument(
        '--read-ahead-queue-size', type=int, metavar='N',
        help='accepted as in other installations of ROS 2: messages are read as they are due',
    )
    parser.add_argument(
        '--disable-keyboard-controls', action='store_true',
        help='accepted as in other installations of ROS 2: there are none here',
    )


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float('inf'):
        raise ValueError('not positive')
    return value


def _not_negative(text: str) -> float:
    value = float(text)
    if not 0 <= value < float('inf'):
        raise ValueError('negative')
    return value


def _play(arguments: argparse.Namespace) -> None:
    with (
        opened_bag(arguments.bag_path, arguments.storage) as reader,
        stop_requests() as stopped,
        command_node() as node,
    ):
        connections = _wanted(reader, arguments)
        publishers = _publishers(node, connections, arguments.remap)
        connections = [one for one in connections if one.topic in publishers]
        if not connections:
            raise CommandError(f"bag '{arguments.bag_path}' has nothing to play")
        player = Player(reader, connections, publishers, stopped)
        if arguments.clock is not None:
            player.add_clock(node, arguments.clock)
        offset = int(arguments.start_offset * 1e9)
        try:
            for _ in itertools.count() if arguments.loop else range(1):
                sleep_until(time.monotonic_ns() + int(arguments.delay * 1e9), stopped)
                played = player.play(arguments.rate, offset)
                if stopped() or not played:
                    break
                if arguments.wait_for_all_acked is not None:
                    _wait_for_acknowledgements(publishers, arguments.wait_for_all_acked)
        except (InvalidHandle, RCLError) as error:
            if not stopped():  # otherwise a signal has ended the wait for a slow subscription
                raise CommandError(str(error)) from error


def _wanted(reader: Any, arguments: argparse.Namespace) -> list[Any]:
    connections = list(reader.connections)
    if arguments.topics is not None:
        names = {name if name.startswith('/') else f'/{name}' for name in arguments.topics}
        missing = names - {connection.topic for connection in connections}
        if missing:
            raise CommandError(
                f"bag '{arguments.bag_path}' has no topic {', '.join(sorted(missing))}")
        connections = [one for one in connections if one.topic in names]
    if arguments.clock is not None:
        connections = [one for one in connections if one.topic != '/clock']
    return connections


def _publishers(
    node: Node, connections: list[Any], rules: list[str]
) -> dict[str, Publisher[Any]]:
    """Return a publisher for each topic of the bag that can be played."""
    names = {}
    for rule in rules:
        old, separator, new = rule.partition(':=')
        if not separator:
            raise CommandError(f"'{rule}' is no remapping: expected old:=new")
        names[absolute_topic_name(node, old)] = absolute_topic_name(node, new)
    publishers: dict[str, Publisher[Any]] = {}
    for topic, group in itertools.groupby(
        sorted(connections, key=lambda connection: str(connection.topic)),
        key=lambda connection: str(connection.topic),
    ):
        same = list(group)
        reason = _reason_to_leave_out(same)
        if reason is not None:
            _log.error(f"'{topic}' is not played: {reason}")
            continue
        offer = offer_for(
            [from_bag(qos) for one in same for qos in one.ext.offered_qos_profiles])
        if offer is None:
            _log.warning(f"publishers of '{topic}' had different quality of service: it is "
                         'played with the default one')
        publishers[topic] = node.create_publisher(
            known_message_class(same[0].msgtype), names.get(topic, topic),
            offer or QoSProfile(depth=10))
    return publishers


def _reason_to_leave_out(connections: list[Any]) -> str | None:
    types = {connection.msgtype for connection in connections}
    if len(types) > 1:
        return f'it has several types, {", ".join(sorted(types))}'
    try:
        known_message_class(connections[0].msgtype)
    except CommandError as error:
        return str(error)
    known = type_hash(connections[0].msgtype)
    if any(
        connection.digest.startswith('RIHS01_') and connection.digest != known
        for connection in connections
    ):
        return f'the bag has another definition of {connections[0].msgtype} than there is here'
    return None


class Player:
    """Publishes the messages of a bag with the gaps in time that they had."""

    def __init__(
        self, reader: Any, connections: list[Any], publishers: dict[str, Publisher[Any]],
        stopped: Callable[[], bool],
    ) -> None:
        self._reader = reader
        self._connections = connections
        self._publishers = publishers
        self._stopped = stopped
        self._clock: Publisher[Any] | None = None
        self._clock_period = 0

    def add_clock(self, node: Node, frequency: float) -> None:
        """Publish the bag's time on /clock, so many times a second."""
        self._clock = node.create_publisher(Clock, '/clock', _CLOCK_QOS)
        self._clock_period = int(1e9 / frequency)

    def play(self, rate: float = 1.0, offset: int = 0) -> int:
        """
        Play once, `rate` times as fast, from `offset` nanoseconds after the bag's start.

        Returns how many messages were published.
        """
        first = self._reader.start_time + offset
        start = time.monotonic_ns()
        ticks = itertools.count(start, self._clock_period) if self._clock else iter(())
        next_tick = next(ticks, None)
        played = 0
        for connection, stamp, data in messages_from(self._reader, self._connections, first):
            due = start + int((stamp - first) / rate)
            while next_tick is not None and next_tick <= due and not self._stopped():
                sleep_until(next_tick, self._stopped)
                self._publish_clock(first + int((next_tick - start) * rate))
                next_tick = next(ticks)
            sleep_until(due, self._stopped)
            if self._stopped():
                break
            self._publishers[connection.topic].publish(bytes(data))
            played += 1
        return played

    def _publish_clock(self, nanoseconds: int) -> None:
        assert self._clock is not None
        self._clock.publish(Clock(clock=Time(nanoseconds=nanoseconds).to_msg()))


def sleep_until(due: int, stopped: Callable[[], bool]) -> None:
    """Sleep until the monotonic clock shows so many nanoseconds, or until asked to stop."""
    while not stopped() and (left := due - time.monotonic_ns()) > 0:
        time.sleep(min(left * 1e-9, _LONGEST_SLEEP))


def _wait_for_acknowledgements(publishers: dict[str, Publisher[Any]], milliseconds: int) -> None:
    timeout = Duration(nanoseconds=milliseconds * 10**6) if milliseconds > 0 else None
    for topic, publisher in publishers.items():
        if publisher.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT:
            _log.warning(f"'{topic}' is played best effort: nobody acknowledges it")
        elif not publisher.wait_for_all_acked(timeout):
            _log.error(f"not all subscriptions have all messages of '{topic}'")
