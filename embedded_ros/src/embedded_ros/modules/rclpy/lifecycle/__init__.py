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

"""Managed nodes: configured, activated, deactivated and cleaned up from outside."""

from rclpy.lifecycle.managed_entity import ManagedEntity, SimpleManagedEntity
from rclpy.lifecycle.node import LifecycleNode
from rclpy.lifecycle.publisher import LifecyclePublisher

from embedded_ros.lifecycle_states import LifecycleState, TransitionCallbackReturn

Node = LifecycleNode
State = LifecycleState
Publisher = LifecyclePublisher

# The short names are left out: they would hide those of plain nodes.
__all__ = [
    'LifecycleNode',
    'LifecyclePublisher',
    'LifecycleState',
    'ManagedEntity',
    'SimpleManagedEntity',
    'TransitionCallbackReturn',
]
