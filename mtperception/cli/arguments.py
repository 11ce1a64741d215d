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

"""What the command line gives, refused where it cannot be before anything is loaded."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path


def share(text: str) -> float:
    """Read a number from 0 to 1."""
    return _number(text, lambda value: 0 <= value <= 1, 'it must be from 0 to 1')


def at_least_nothing(text: str) -> float:
    """Read a number that is 0 or more."""
    return _number(text, lambda value: 0 <= value < float('inf'), 'it must be 0 or more')


def seconds(text: str) -> float:
    """Read a time that is longer than nothing."""
    return _number(text, lambda value: value > 0, 'it must be more than 0')


def _number(text: str, is_good: Callable[[float], bool], rule: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ArgumentTypeError(f'{text!r} is not a number') from None
    if not is_good(value):
        raise ArgumentTypeError(f'{text} is given; {rule}')
    return value


def check_folder(path: Path) -> None:
    """Refuse a folder to write into that is a file; it need not be there yet."""
    if path.exists() and not path.is_dir():
        raise ValueError(f'{path} is a file: choose a folder')


def check_png(path: Path) -> None:
    """Refuse a file to write that is none, is no PNG by its name, or whose folder is missing."""
    if path.is_dir():
        raise ValueError(f'{path} is a folder: name a file, such as {path / "sheet.png"}')
    if path.suffix.lower() != '.png':
        raise ValueError(f'{path}: a PNG is written; let the name end in .png')
    if not path.parent.is_dir():
        raise ValueError(f'{path}: there is no folder {path.parent}')
