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

"""`mtperception reproduce`: a paper's experiment again, its tables beside ours."""

from typing import Any

from mtperception.cli import reproduce_grasps, reproduce_pins, reproduce_poses


def add_parser(verbs: Any) -> None:
    parser = verbs.add_parser(
        'reproduce', help="a paper's experiment again, its tables beside ours",
        description="Repeat a paper's experiment and write report.md, report.json, their "
                    'pictures and the models into a folder. '
                    '`mtperception reproduce SYSTEM --help` says more.')
    systems = parser.add_subparsers(title='systems', metavar='SYSTEM', required=True)
    for system in (reproduce_pins, reproduce_grasps, reproduce_poses):
        system.add_parser(systems)
