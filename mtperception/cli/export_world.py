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

"""`mtperception export-world`: the cell as a world for Gazebo."""

import argparse
from pathlib import Path
import sys
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the verb `export-world` to the command."""
    parser = subparsers.add_parser(
        'export-world', help='write the cell as a world for Gazebo',
        description='Write the cell for Gazebo Garden and later: world.sdf (SDF 1.9), a model '
                    'folder for each thing in it, and bridge.yaml for ros_gz_bridge.')
    parser.add_argument('out', type=Path, metavar='DIR', help='a new folder, or one with a world')
    parser.add_argument('--seed', type=int, default=0, metavar='S', help='same seed, same cell')
    parser.add_argument(
        '--meshes', type=Path, metavar='DIR',
        help='OBJ, STL, PLY and GLB files of parts for the bench, instead of those of the project')
    parser.add_argument(
        '--units', choices=('m', 'cm', 'mm', 'inch'), default='mm', help='of the meshes (mm)')
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the world; return the exit status."""
    from mtperception.sim.gazebo.export import export_world, WORLD_FILE
    from mtperception.sim.grasp.scene import TRAINING_PARTS
    from mtperception.sim.shapes.parts import PARTS
    from mtperception.sim.shapes.user_files import UserFiles

    parts = UserFiles(args.meshes, args.units).parts()
    if parts is None:
        parts = [PARTS[name]() for name in TRAINING_PARTS]
    for part in parts:
        for warning in part.warnings:
            print(f'mtperception export-world: {part.name}: {warning}', file=sys.stderr)
    models = export_world(args.out, parts, args.seed)
    print(f'{args.out / WORLD_FILE}: {len(models)} models', file=sys.stderr)
    return 0
