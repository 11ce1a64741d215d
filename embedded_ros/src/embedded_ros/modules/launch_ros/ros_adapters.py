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

"""The launch as a node, for what it hears of managed nodes and asks of them."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

if TYPE_CHECKING:
    from launch.launch_context import LaunchContext

_NAME = 'ros_adapter'


class ROSAdapter:
    """A node, in a context of its own, that a thread of its own spins."""

    def __init__(self) -> None:
        self._context = Context()
        rclpy.init(args=[], context=self._context)
        self.ros_node: Node = rclpy.create_node(f'launch_ros_{os.getpid()}', context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.ros_node)
        self._thread = threading.Thread(
            target=self._executor.spin, name='launch_ros', daemon=True
        )
        self._thread.start()

    def shutdown(self) -> None:
        """Leave the graph."""
        self._executor.shutdown()
        self._thread.join()
        self.ros_node.destroy_node()
        rclpy.shutdown(context=self._context)


def get_ros_node(context: LaunchContext) -> Node:
    """Return the node of a launch, which exists from the first call to the end of the launch."""
    if _NAME not in context.services:
        adapter = ROSAdapter()
        context.services[_NAME] = adapter
        context.call_at_end(adapter.shutdown)
    node: Node = context.services[_NAME].ros_node
    return node
