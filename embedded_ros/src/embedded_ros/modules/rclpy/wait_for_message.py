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

"""Waiting for one message of a topic."""
from __future__ import annotations

from typing import Any

from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.task import Future


def wait_for_message(
    msg_type: Any, node: Node, topic: str, *, qos_profile: QoSProfile | int = 1,
    time_to_wait: float = -1,
) -> tuple[bool, Any]:
    """Return whether a message came within that many seconds (negative: no limit), and it."""
    arrived: Future[Any] = Future()

    def keep_first(message: Any) -> None:
        if not arrived.done():
            arrived.set_result(message)

    executor = SingleThreadedExecutor(context=node.context)
    previous = node.executor
    subscription = node.create_subscription(msg_type, topic, keep_first, qos_profile)
    try:
        executor.add_node(node)
        executor.spin_until_future_complete(arrived, time_to_wait)
    finally:
        executor.remove_node(node)
        executor.shutdown()
        if previous is not None:
            previous.add_node(node)
        node.destroy_subscription(subscription)
    return arrived.done(), arrived.result()
