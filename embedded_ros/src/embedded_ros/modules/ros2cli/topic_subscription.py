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

"""What `ros2 topic echo` and `ros2 topic hz` do before the first message."""

from __future__ import annotations

import sys
import time

import rclpy
from rclpy.node import Node

from ros2cli.errors import CommandError

_STEP = 0.1


def wait_for_type(node: Node, topic: str) -> str:
    """Return the type of a topic; warn and wait where the topic does not exist yet."""
    warned = False
    while rclpy.ok():
        types = dict(node.get_topic_names_and_types()).get(topic)
        if types:
            return _only(types, topic)
        if not warned:
            print(
                f'WARNING: topic [{topic}] does not appear to be published yet',
                file=sys.stderr,
                flush=True,
            )
            warned = True
        time.sleep(_STEP)
    raise CommandError(f"topic '{topic}' was not waited for any longer")


def _only(types: list[str], topic: str) -> str:
    if len(types) > 1:
        raise CommandError(
            f"topic '{topic}' has more than one type: [{', '.join(sorted(types))}]"
        )
    return types[0]
