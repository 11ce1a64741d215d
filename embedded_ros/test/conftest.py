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

from collections.abc import Callable, Iterator
import os
from pathlib import Path
import signal
import subprocess
import sys
import textwrap
import time

import pytest
import rclpy
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

DOMAIN_VARIABLES = (
    'ROS_AUTOMATIC_DISCOVERY_RANGE', 'ROS_STATIC_PEERS', 'ROS_LOCALHOST_ONLY', 'CYCLONEDDS_URI')


@pytest.fixture
def domain(monkeypatch: pytest.MonkeyPatch) -> int:
    """Set a domain of the tests' own, reached by this machine alone."""
    for name in DOMAIN_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    number = 41 + os.getpid() % 8
    monkeypatch.setenv('ROS_DOMAIN_ID', str(number))
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    return number


@pytest.fixture
def ros(domain: int) -> Iterator[None]:
    """Have the default context initialised for the length of the test."""
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    yield
    rclpy.try_shutdown()


@pytest.fixture
def make_node(ros: None) -> Iterator[Callable[..., Node]]:
    """Return a function that makes nodes, which are destroyed after the test."""
    nodes = []

    def make(name: str = 'tested', **options: object) -> Node:
        nodes.append(Node(name, **options))
        return nodes[-1]

    yield make
    for node in nodes:
        node.destroy_node()


class Program:
    """A Python program that runs in a process of its own."""

    def __init__(self, source: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, '-c', textwrap.dedent(source), *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def wait_for_line(self, expected: str) -> None:
        for line in self.process.stdout:
            if line.strip() == expected:
                return
        pytest.fail(f"no '{expected}': {self.process.stderr.read()}")

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def finish(self, timeout: float) -> tuple[int, str, str]:
        """Return the exit code, output and errors of a program that ends in time."""
        output, errors = self.process.communicate(timeout=timeout)
        return self.process.returncode, output, errors

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


@pytest.fixture
def start(domain: int) -> Iterator[Callable[..., Program]]:
    """Return a function that starts a program in the tests' domain."""
    programs = []

    def start_program(source: str, *arguments: str) -> Program:
        programs.append(Program(source, *arguments))
        return programs[-1]

    yield start_program
    for program in programs:
        program.kill()


@pytest.fixture
def spin_until() -> Callable[..., bool]:
    """Return a function that spins nodes until a condition holds or the time is over."""

    def spin(condition: Callable[[], bool], *nodes: Node, timeout: float = 5.0) -> bool:
        end = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > end:
                return False
            for node in nodes:
                rclpy.spin_once(node, timeout_sec=0.01)
        return True

    return spin


@pytest.fixture(scope='session')
def source_folder() -> Path:
    return Path(__file__).parents[1]
