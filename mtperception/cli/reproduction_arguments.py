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

"""The command line that all systems' `reproduce` have in common."""

import argparse
from pathlib import Path
import shlex


def add_arguments(parser: argparse.ArgumentParser, budgets: str) -> None:
    """Add where to, how much (``budgets`` says what there is), which pictures, and --resume."""
    parser.add_argument('--out', type=Path, required=True, metavar='DIR',
                        help='where report, pictures, models and checkpoints go')
    parser.add_argument('--budget', choices=['cpu', 'paper'], default='cpu', help=budgets)
    parser.add_argument('--seed', type=int, default=0,
                        help='of the rendering and of the training (0)')
    parser.add_argument('--resume', action='store_true', help='go on with what is in --out')
    parser.add_argument('--json', action='store_true', help='print report.json')


def command(system: str, arguments: argparse.Namespace) -> str:
    """Give the command line that repeats a reproduction."""
    return shlex.join(['mtperception', 'reproduce', system, '--out', arguments.out.name,
                       '--budget', arguments.budget, '--seed', str(arguments.seed)])
