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

import itertools
import os

import pytest

# Domains above 101 would take ports of the kernel's ephemeral range.
_domains = itertools.cycle(range(61, 101))
for _ in range(os.getpid() % 40):
    next(_domains)


@pytest.fixture
def ros_domain(monkeypatch):
    """Give the test a DDS domain of its own, for this process and those that it starts."""
    domain = next(_domains)
    monkeypatch.setenv('ROS_DOMAIN_ID', str(domain))
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    return domain


@pytest.fixture
def ros(ros_domain):
    """Start rclpy for the test in its own domain, and end it after."""
    import rclpy

    rclpy.init()
    yield rclpy
    rclpy.try_shutdown()
