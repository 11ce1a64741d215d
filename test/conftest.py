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
