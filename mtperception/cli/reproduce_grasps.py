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

"""`mtperception reproduce grasp`: the paper's grasp detector, and shapes told by its features."""

import argparse
from typing import Any

from mtperception.cli.reproduction_arguments import add_arguments


def add_parser(systems: Any) -> None:
    parser = systems.add_parser(
        'grasp', help="the paper's grasp detector, and shapes told by its features",
        description="Train the paper's detector of grasps, tell shapes by its features as in "
                    'Experiments 1 to 5, and write report.md, report.json, their pictures and '
                    'the model into a folder. Pictures are rendered into DIR/pictures first. A '
                    'checkpoint is written after every epoch, report.json after every '
                    'experiment.')
    add_arguments(parser, 'cpu: 40 epochs of a quarter of the channels; paper: its 200 epochs of '
                          'all of them, for a GPU (cpu)')
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    raise NotImplementedError
