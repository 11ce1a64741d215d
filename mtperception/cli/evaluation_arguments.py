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

"""The command line that all systems' `evaluate` have in common."""

import argparse
import os

from mtperception.cli import labelled_pictures
from mtperception.cli.arguments import share


def add_picture_arguments(parser: argparse.ArgumentParser, counted: str) -> None:
    """Add which pictures to look at: --count (of what is ``counted``), --seed, --workers."""
    parser.add_argument('--count', type=int, default=200, help=f'{counted} (200)')
    parser.add_argument('--seed', type=int, default=0, help='of the pictures (0)')
    parser.add_argument('--workers', type=int, default=os.cpu_count() or 1, metavar='W',
                        help='processes that render, one a core by default; the figures are the '
                             'same')


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the user's own pictures: --data, --category and --all."""
    labelled_pictures.add_arguments(
        parser, 'your own labelled pictures, see below, instead of rendered ones: those that '
                '`train` holds out')
    parser.add_argument('--all', action='store_true',
                        help='of --data, take also those that `train` does not hold out')


def add_model_arguments(parser: argparse.ArgumentParser, model: str,
                        threshold_help: str) -> None:
    """Add what is evaluated, by default the bundled ``model``, and --json."""
    parser.add_argument('--model', default=model, metavar='NAME|PATH',
                        help='a bundled model, or a .safetensors file with its card beside it')
    parser.add_argument('--threshold', type=share, help=threshold_help)
    parser.add_argument('--json', action='store_true', help='print one JSON object')
