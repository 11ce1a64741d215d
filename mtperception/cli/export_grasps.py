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

"""`mtperception export-grasps`: a data set of grasps in the formats of others."""

import argparse
from pathlib import Path
import sys
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the verb `export-grasps` to the command."""
    parser = subparsers.add_parser(
        'export-grasps', help='write a data set of grasps in the Cornell or Jacquard format',
        description='Write the pictures and grasp rectangles of a data set in the format of the '
                    'Cornell or of the Jacquard data set. The data set itself may be in any of '
                    'the three formats.')
    parser.add_argument('data', type=Path, metavar='DIR', help='the data set')
    parser.add_argument('--format', required=True, choices=('cornell', 'jacquard'))
    parser.add_argument('--out', required=True, type=Path, metavar='DIR', help='a new folder')
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the files; return the exit status."""
    from mtperception.grasp.data.reading import read_grasps
    from mtperception.sim.grasp.formats import export_cornell, export_jacquard

    if args.out.exists() and (not args.out.is_dir() or any(args.out.iterdir())):
        raise ValueError(f'{args.out} is there already: choose a new folder')
    pictures = read_grasps(args.data)
    export = {'cornell': export_cornell, 'jacquard': export_jacquard}[args.format]
    export(pictures, args.out)
    rectangles = sum(len(picture.grasps) for picture in pictures)
    print(
        f'{args.out}: {rectangles} rectangles on {len(pictures)} pictures', file=sys.stderr)
    return 0
