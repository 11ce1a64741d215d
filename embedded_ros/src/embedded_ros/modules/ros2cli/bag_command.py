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

"""`ros2 bag`."""

from __future__ import annotations

from collections.abc import Sequence

from ros2cli import bag_info, bag_play, bag_record
from ros2cli.verbs import Verbs


def main(argv: Sequence[str]) -> int | None:
    """Run `ros2 bag`."""
    verbs = Verbs('bag', 'Various rosbag related sub-commands')
    bag_info.add_verb(verbs)
    bag_play.add_verb(verbs)
    bag_record.add_verb(verbs)
    return verbs.run(argv)
