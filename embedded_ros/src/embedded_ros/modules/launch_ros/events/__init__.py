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

"""Events of ROS 2 nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from launch_ros.events import lifecycle

if TYPE_CHECKING:
    from launch_ros.actions import Node

__all__ = ['lifecycle', 'matches_node_name']


def matches_node_name(node_name: str) -> Callable[[Node], bool]:
    """Return a function that is true for the node of that full name."""
    full_name = '/' + node_name.strip('/')
    return lambda action: action.node_name == full_name
