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

"""Bags that exist: opened, with all that may be wrong with them in one line."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
import contextlib
from pathlib import Path
import sqlite3
from typing import Any

from rosbags.rosbag2 import Reader

from ros2cli.errors import CommandError

STORAGES = ('mcap', 'sqlite3')
_STORAGE_OF_SUFFIX = {'.mcap': 'mcap', '.db3': 'sqlite3'}


def add_bag_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name a bag to read."""
    parser.add_argument('bag_path', help='folder of the bag, or one of its files')
    parser.add_argument(
        '-s', '--storage', choices=STORAGES, help='storage that the bag must have'
    )


@contextlib.contextmanager
def opened_bag(path: str, storage: str | None = None) -> Iterator[Any]:
    """Give rosbags' reader of a bag; CommandError says what is wrong with it."""
    bag = Path(path)
    if not bag.exists():
        raise CommandError(f"bag '{path}' does not exist")
    _check_complete(bag)
    with _one_line_errors(path):
        reader = Reader(bag)
        reader.open()
    try:
        found = storage_of(reader)
        if storage is not None and found != storage:
            raise CommandError(f"bag '{path}' is stored as {found}, not as {storage}")
        yield reader
    finally:
        reader.close()


def messages_from(reader: Any, connections: list[Any], start: int) -> Iterator[Any]:
    """Yield connection, time and bytes of messages from a time on, in the order of time."""
    with _one_line_errors(reader.path):
        yield from reader.messages(connections, start=start)


@contextlib.contextmanager
def _one_line_errors(path: object) -> Iterator[None]:
    """Turn whatever the parsers of broken files raise into a CommandError."""
    try:
        yield
    except Exception as error:
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise CommandError(f"bag '{path}' cannot be read: {reason}") from error


def storage_files(reader: Any) -> list[Path]:
    """Return the files in which an open bag keeps its messages."""
    return [part.path for part in getattr(reader.storage, 'storages', [reader.storage])]


def storage_of(reader: Any) -> str:
    """Return the kind of storage of an open bag ('mcap', 'sqlite3')."""
    return _STORAGE_OF_SUFFIX[storage_files(reader)[0].suffix]


def _check_complete(bag: Path) -> None:
    """Explain a folder whose recording was not ended, and restore a database left behind."""
    if bag.is_dir():
        if (bag / 'metadata.yaml').exists():
            return
        parts = sorted(path for path in bag.iterdir() if path.suffix in _STORAGE_OF_SUFFIX)
        if not parts:
            raise CommandError(f"folder '{bag}' is no bag: it has no metadata.yaml")
        advice = (
            f"'mcap recover', of the mcap tools, restores '{parts[0]}'"
            if parts[0].suffix == '.mcap'
            else f"name its file '{parts[0]}' to read what there is")
        raise CommandError(
            f"bag '{bag}' has no metadata.yaml: its recording goes on or was cut off; {advice}")
    if bag.with_name(f'{bag.name}-journal').exists():
        # The database's own means against a killed writer; the reader takes the file as it is.
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(bag)) as base:
            base.execute('SELECT count(*) FROM sqlite_master').fetchone()
