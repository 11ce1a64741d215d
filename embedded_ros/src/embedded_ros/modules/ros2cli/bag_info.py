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

"""`ros2 bag info`."""

from __future__ import annotations

import argparse
import datetime
from typing import Any

from ros2cli.bag_reader import add_bag_arguments, opened_bag, storage_files, storage_of
from ros2cli.verbs import Verbs

_COLUMN = 19  # as wide as the longest label and a space
_SERVICE_COLUMN = 21


def add_verb(verbs: Verbs) -> None:
    """Add the verb to `ros2 bag`."""
    parser = verbs.add('info', _info, 'Print information about a bag to the screen')
    add_bag_arguments(parser)
    parser.add_argument(
        '-t', '--topic-name', action='store_true', help='only the names of the topics'
    )


def _info(arguments: argparse.Namespace) -> None:
    with opened_bag(arguments.bag_path, arguments.storage) as reader:
        if arguments.topic_name:
            print('\n'.join(sorted({connection.topic for connection in reader.connections})))
        else:
            print(describe(reader))


def describe(reader: Any) -> str:
    """Return what there is to know about an open bag, in the form of rosbag2."""
    files = storage_files(reader)
    start, end = reader.start_time, reader.end_time - 1
    if reader.message_count == 0:
        start = end = 0
    connections = sorted(reader.connections, key=lambda connection: str(connection.topic))
    events = [connection for connection in connections if _is_service_event(connection)]
    topics = [connection for connection in connections if not _is_service_event(connection)]
    count = reader.message_count - sum(connection.msgcount for connection in events)
    lines = [
        '',
        *_labelled('Files:', [file.name for file in files]),
        *_labelled('Bag size:', [_size(sum(file.stat().st_size for file in files))]),
        *_labelled('Storage id:', [storage_of(reader)]),
        *_labelled('ROS Distro:', [reader.ros_distro or 'unknown']),
        *_labelled('Duration:', [f'{_seconds(end - start)}s']),
        *_labelled('Start:', [_date(start)]),
        *_labelled('End:', [_date(end)]),
        *_labelled('Messages:', [str(count)]),
        *_labelled('Topic information:', [
            f'Topic: {topic.topic} | Type: {topic.msgtype} | Count: {topic.msgcount} | '
            f'Serialization Format: {topic.ext.serialization_format}' for topic in topics]),
        *_labelled('Service:', [str(len(events))]),
        *_labelled('Service information:', [
            f'Service: {event.topic.removesuffix("/_service_event")} | '
            f'Type: {event.msgtype.removesuffix("_Event")} | Event Count: {event.msgcount} | '
            f'Serialization Format: {event.ext.serialization_format}' for event in events],
            _SERVICE_COLUMN),
    ]
    return '\n'.join(lines)


def _is_service_event(connection: Any) -> bool:
    return bool(
        connection.topic.endswith('/_service_event') and connection.msgtype.endswith('_Event'))


def _labelled(label: str, values: list[str], column: int = _COLUMN) -> list[str]:
    """Return a line for each value, the first one behind the label."""
    first, *others = values or ['']
    return [f'{label:<{column}}{first}', *(' ' * column + value for value in others)]


def _seconds(nanoseconds: int) -> str:
    whole, rest = divmod(nanoseconds, 10**9)
    return f'{whole}.{rest:09}'


def _date(nanoseconds: int) -> str:
    local = datetime.datetime.fromtimestamp(nanoseconds // 10**9)
    fraction = nanoseconds % 10**9
    return (
        f'{local:%b} {local.day:>2} {local:%Y} {local:%H:%M:%S}.{fraction:09} '
        f'({_seconds(nanoseconds)})')


def _size(count: int) -> str:
    if count < 1024:
        return f'{count} B'
    size = float(count)
    for unit in ('KiB', 'MiB', 'GiB'):
        size /= 1024
        if size < 1024:
            return f'{size:.1f} {unit}'
    return f'{size / 1024:.1f} TiB'
