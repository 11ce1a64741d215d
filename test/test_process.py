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

"""How a node's process ends, or does not."""

import signal
import subprocess
import sys
import textwrap

import pytest

from mtperception.nodes.process import with_remedy

FAILING = """
    from mtperception.nodes.process import run_node

    def make():
        from rclpy.node import Node
        node = Node('failing')
        calls = []

        def work():
            calls.append(None)
            if len(calls) < 3:
                raise KeyError('a mistake')
            print('still here', flush=True)

        node.create_timer(0.05, work)
        return node

    run_node(make)
"""
REFUSED = """
    from mtperception.nodes.process import run_node

    def make():
        from rclpy.node import Node
        Node('bad name')

    run_node(make)
"""


FINALIZING = """
    import time
    from mtperception.nodes.process import run_node

    class Slow:
        def __del__(self):
            print('finalizing', flush=True)
            time.sleep(1)

    def make():
        from rclpy.node import Node
        node = Node('finalizing')
        node.create_timer(0.05, lambda: Slow() and None)
        return node

    run_node(make)
"""


def program(source, *arguments):
    return subprocess.Popen(
        [sys.executable, '-c', textwrap.dedent(source), *arguments], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_callback_that_fails_ends_nothing(ros_domain, number):
    process = program(FAILING)
    assert process.stdout.readline() == 'still here\n'
    process.send_signal(number)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 0
    assert errors.count("KeyError: 'a mistake'") == 1  # and not at every call


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_a_finalizer_is_no_word(ros_domain, number):
    process = program(FINALIZING)
    assert process.stdout.readline() == 'finalizing\n'
    process.send_signal(number)
    _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, '')


@pytest.mark.parametrize('source, arguments, reason', [
    (REFUSED, [], 'bad name'), (FAILING, ['--ros-args', '-p', 'no value'], 'no value')])
def test_what_cannot_start_says_so_in_one_line(ros_domain, source, arguments, reason):
    process = program(source, *arguments)
    output, errors = process.communicate(timeout=20)
    assert (process.returncode, output) == (1, '')
    assert 'Traceback' not in errors
    assert reason in errors.splitlines()[-1]  # rcl has words of its own before


def test_a_whole_number_comes_with_what_to_write(ros):
    from rclpy.exceptions import ParameterException
    from rclpy.node import Node
    from rclpy.parameter import Parameter

    node = Node('typed', parameter_overrides=[Parameter('score', value=-1)])
    with pytest.raises(ParameterException) as caught:
        node.declare_parameter('score', 0.5)
    node.destroy_node()
    said = with_remedy(str(caught.value))
    assert 'score' in said and said.endswith(': write -1.0')
    assert with_remedy('another reason') == 'another reason'


def test_the_programs_are_listed():
    result = subprocess.run(
        [sys.executable, '-m', 'mtperception.nodes', 'nosuch'], capture_output=True, text=True,
        check=False)
    assert result.returncode == 1
    assert result.stderr.startswith('give the name of a node: pin_detector, ')
