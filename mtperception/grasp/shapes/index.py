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

"""The list of a library's shapes, as its shapes.json says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
import json
from pathlib import Path
from typing import Any, cast, Literal

from mtperception.grasp.shapes.examples import ShapeError

# The descriptors of a network of its own, or what a detector's trunk sees (grasp.features).
ShapeFeatures = Literal['descriptor', 'rotated_crop', 'guided']

_FORMAT, _VERSION = 'mtperception shapes', 1
_LONGEST_NAME = 64


@dataclass(frozen=True)
class FeatureSettings:
    """
    What shapes are told by: a kind of features, and at which layers.

    `network` is the SHA-256 of the network that makes them, '' where it is the detector's.
    """

    kind: ShapeFeatures
    layers: tuple[str, ...]
    network: str = ''

    def __str__(self) -> str:
        if self.network:
            return f'{self.kind}s of the network {self.network[:12]}'
        return f'{self.kind} at {", ".join(self.layers)}'


@dataclass(frozen=True)
class TaughtWith:
    """The detector that sees the grasps, and the features: all examples have the same."""

    detector: str
    sha256: str
    features: FeatureSettings


@dataclass(frozen=True)
class Shape:
    """
    A taught shape: the file of its examples with its hash, and how many examples there are.

    `pictures` are the numbers of the pictures that they are from.
    """

    file: str
    sha256: str
    examples: int
    pictures: tuple[int, ...]


@dataclass(frozen=True)
class Index:
    """The number of lessons so far, what they were taught with, and the shapes by name."""

    lessons: int
    taught_with: TaughtWith
    shapes: Mapping[str, Shape]

    def to_json(self) -> bytes:
        """Return the contents of the file."""
        entry = {'format': _FORMAT, 'version': _VERSION, **asdict(self)}
        return (json.dumps(entry, indent=2) + '\n').encode()


def read_index(path: Path) -> Index | None:
    """Read a shapes.json, None where there is none; ShapeError says what is wrong with it."""
    try:
        entry = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ShapeError(f'{path}: the shapes cannot be read: {error.strerror}') from None
    except (ValueError, RecursionError):
        raise _damaged(path) from None
    if not isinstance(entry, dict) or entry.get('format') != _FORMAT:
        raise ShapeError(f'{path}: this is not a list of taught shapes; name another folder with '
                         '--library DIR')
    if entry.get('version') != _VERSION:
        raise ShapeError(f'{path}: written by another version of mtperception (format '
                         f'{entry.get("version")!r}; this one reads {_VERSION}); use that one, or '
                         'teach the shapes in another folder (--library DIR)')
    try:
        return _index(entry)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _damaged(path) from None


def check_name(name: str) -> None:
    """Raise ShapeError where a shape cannot be called so."""
    if not name or name != name.strip() or not name.isprintable() or len(name) > _LONGEST_NAME:
        raise ShapeError(f'a shape cannot be called {name!r}: a name has 1 to {_LONGEST_NAME} '
                         'printable characters, and no space around it')


def _index(entry: Mapping[str, Any]) -> Index:
    taught, features = entry['taught_with'], entry['taught_with']['features']
    settings = FeatureSettings(
        cast('ShapeFeatures', str(features['kind'])), tuple(map(str, features['layers'])),
        str(features.get('network', '')))
    return Index(
        int(entry['lessons']),
        TaughtWith(str(taught['detector']), str(taught['sha256']), settings),
        {str(name): _shape(shape) for name, shape in entry['shapes'].items()})


def _shape(entry: Mapping[str, Any]) -> Shape:
    file = str(entry['file'])
    if Path(file).name != file:
        raise ValueError('the files of examples lie beside the list')
    return Shape(file, str(entry['sha256']), int(entry['examples']),
                 tuple(map(int, entry['pictures'])))


def _damaged(path: Path) -> ShapeError:
    return ShapeError(f'{path}: the list of shapes is damaged; restore it from a copy, or delete '
                      'the folder and teach the shapes again')
