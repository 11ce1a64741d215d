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

"""`mtperception forget`: take a taught shape away."""

import argparse
from typing import Any

from mtperception.cli.shapes import add_library_argument, library_of


def add_parser(verbs: Any) -> None:
    parser = verbs.add_parser(
        'forget', help='forget a taught shape',
        description='Take a shape out of the library; all others stay.')
    parser.add_argument('name', metavar='NAME', help='of the shape')
    add_library_argument(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    library_of(arguments).forget(arguments.name)
    return 0
