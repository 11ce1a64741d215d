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

"""`mtperception evaluate`: how good a model is, on new rendered pictures or the user's own."""

from typing import Any

from mtperception.cli import (
    evaluate_grasps,
    evaluate_pins,
    evaluate_poses,
    evaluate_shapes,
)


def add_parser(verbs: Any) -> None:
    parser = verbs.add_parser(
        'evaluate', help='how good a model is, on new rendered pictures or your own',
        description='Say how good a model is, on new rendered pictures or your own. '
                    '`mtperception evaluate SYSTEM --help` says more.')
    parser.set_defaults(
        stopped='stopped; an evaluation keeps nothing, the same command begins again')
    systems = parser.add_subparsers(title='systems', metavar='SYSTEM', required=True)
    for system in (evaluate_pins, evaluate_grasps, evaluate_shapes, evaluate_poses):
        system.add_parser(systems)
