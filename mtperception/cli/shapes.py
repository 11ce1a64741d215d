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

"""`mtperception shapes`: list the shapes that were taught."""

import argparse
import json
from pathlib import Path
from typing import Any, TYPE_CHECKING

if TYPE_CHECKING:
    from mtperception.grasp.shapes.library import ShapeLibrary


def add_parser(verbs: Any) -> None:
    parser = verbs.add_parser(
        'shapes', help='list the shapes that were taught',
        description='List the shapes in the library, by how many pictures and examples each was '
                    'taught, and with which detector and features.')
    add_library_argument(parser)
    parser.add_argument('--json', action='store_true', help='print one JSON object')
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    library = library_of(arguments)
    index = library.index()
    shapes = dict(sorted(index.shapes.items())) if index else {}
    if arguments.json:
        print(json.dumps({
            'library': str(library.folder),
            'model': index.taught_with.detector if index else None,
            'model_sha256': index.taught_with.sha256 if index else None,
            'features': str(index.taught_with.features) if index else None,
            'shapes': {name: {'pictures': len(shape.pictures), 'examples': shape.examples}
                       for name, shape in shapes.items()}}))
        return 0
    if index is None or not shapes:
        print(f'{library.folder}: no shapes have been taught')
        return 0
    print(f'{library.folder}: taught with {index.taught_with.detector} '
          f'({index.taught_with.sha256[:12]}), by {index.taught_with.features}')
    for name, shape in shapes.items():
        print(f'{name}: {shape.examples} examples from {len(shape.pictures)} pictures')
    return 0


def add_library_argument(parser: argparse.ArgumentParser) -> None:
    """Add --library."""
    parser.add_argument('--library', type=Path, metavar='DIR',
                        help='where the shapes are (mtperception/shapes in $XDG_DATA_HOME)')


def add_shape_model_argument(parser: argparse.ArgumentParser) -> None:
    """Add what describes shapes."""
    parser.add_argument('--shape-model', default='shape', metavar='NAME|PATH',
                        help='what describes shapes: a bundled model, or a .safetensors file '
                             '(shape)')


def library_of(arguments: argparse.Namespace) -> 'ShapeLibrary':
    """Give the library that the command line names, or the user's own."""
    from mtperception.grasp.shapes.library import default_folder, ShapeLibrary

    return ShapeLibrary(default_folder() if arguments.library is None else arguments.library)
