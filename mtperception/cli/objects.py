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

"""`mtperception objects`: list the user's own objects, or remove one."""

import argparse
from dataclasses import asdict
import json
import sys
from typing import Any, TYPE_CHECKING

if TYPE_CHECKING:
    from mtperception.objects.registry import OwnObject


def add_parser(verbs: Any) -> None:
    parser = verbs.add_parser(
        'objects', help='list your own objects, or remove one',
        description='List the objects that were taken in by `mtperception onboard`, or remove '
                    'one of them with its model.')
    parser.add_argument('--remove', metavar='NAME', help='an object to be forgotten')
    parser.add_argument('--json', action='store_true', help='print one JSON object')
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from mtperception.objects.registry import own_objects, OwnObject, remove
    from mtperception.zoo.own_models import own_folder

    if arguments.remove is not None:
        remove(arguments.remove)
    objects = own_objects()
    for about in objects.values():
        if not isinstance(about, OwnObject):
            print(f'mtperception objects: {about}', file=sys.stderr)
    known = {name: about for name, about in objects.items() if isinstance(about, OwnObject)}
    if arguments.json:
        print(json.dumps({'folder': str(own_folder()), 'objects': {
            name: asdict(about) for name, about in known.items()}}))
    elif arguments.remove is None:
        print('\n'.join(map(_line, known.values())) or
              f'{own_folder()}: no objects have been taken in')
    return 0 if len(known) == len(objects) else 1


def _line(about: 'OwnObject') -> str:
    turns = f', the same after {about.symmetries} turns' if about.symmetries > 1 else ''
    colour = f' {about.colour}' if about.colour else ''
    return (f'{about.name}: {1000.0 * about.diameter:.0f} mm across, {about.finish}{colour}'
            f'{turns}; from {about.source} ({about.unit})')
