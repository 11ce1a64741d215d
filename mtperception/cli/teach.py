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

"""`mtperception teach`: a shape, or more of it, from a few pictures."""

import argparse
import json
from pathlib import Path
import sys
import time
from typing import Any

from mtperception.cli.detect import read_image
from mtperception.cli.shapes import (
    add_library_argument,
    add_shape_model_argument,
    library_of,
)


def add_parser(verbs: Any) -> None:
    parser = verbs.add_parser(
        'teach', help='teach a shape from a few pictures',
        description='Learn a shape, or more of it, from pictures that show things of this shape '
                    'and nothing else to be grasped: three do, from five on it is told well. All '
                    'grasps that the detector finds in them, upright and turned by 90, 180 and '
                    '270 degrees, become examples. A picture that was taught before is taken '
                    'anew.')
    parser.add_argument('images', nargs='+', type=Path, metavar='IMAGES', help='picture files')
    parser.add_argument('--label', required=True, metavar='NAME', help='what the shape is called')
    add_library_argument(parser)
    parser.add_argument('--model', default='grasp', metavar='NAME|PATH',
                        help='a bundled model, or a .safetensors file with its card beside it')
    add_shape_model_argument(parser)
    parser.add_argument('--json', action='store_true', help='print one JSON object')
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    # A misspelt name is told before anything is loaded.
    from mtperception.grasp.shapes.index import check_name

    check_name(arguments.label)
    images = [read_image(path) for path in arguments.images]

    from mtperception.grasp.descriptor.describer import Describer
    from mtperception.grasp.predictor import GraspDetector
    from mtperception.grasp.shapes.observer import ShapeObserver
    from mtperception.grasp.shapes.taught import TaughtShapes

    detector = GraspDetector.load(arguments.model)
    library = library_of(arguments)
    taught = TaughtShapes(
        ShapeObserver(detector, describer=Describer.load(arguments.shape_model)), library)
    started = time.monotonic()
    lesson = taught.teach(arguments.label, images)
    seconds = time.monotonic() - started
    for place in lesson.without_grasp:
        print(f'mtperception: {arguments.images[place]}: no grasp was found, so it teaches '
              'nothing', file=sys.stderr)
    if arguments.json:
        print(json.dumps({
            'label': lesson.name, 'pictures': lesson.pictures, 'examples': lesson.examples,
            'pictures_known': lesson.pictures_known, 'pictures_advised': lesson.pictures_advised,
            'accuracy': lesson.accuracy, 'library': str(library.folder), 'seconds': seconds,
            'model': detector.model_name, 'model_sha256': detector.sha256}))
    else:
        told = ('' if lesson.accuracy is None else
                f'; of all shapes, {100 * lesson.accuracy:.1f} % of the examples of pictures held '
                'out are told right')
        more = (f'; {lesson.pictures_advised} more pictures are advised'
                if lesson.pictures_advised else '')
        print(f'{lesson.name}: {lesson.examples} examples from {lesson.pictures} pictures, '
              f'{lesson.pictures_known} pictures in all{told}{more}')
    return 1 if lesson.without_grasp else 0
