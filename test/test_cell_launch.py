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

"""The whole cell from its launch file, as a user starts it: real processes, real DDS."""

import json
from pathlib import Path
import re
import signal
import subprocess
import sys
import time

import pytest

BIN = Path(sys.executable).parent
pytestmark = pytest.mark.timeout(180)


class Launch:
    """A `ros2 launch` whose output is read line by line."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [BIN / 'ros2', 'launch', 'mtperception', *arguments], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)

    def end(self):
        """Press Ctrl-C; return exit code, seconds until the end, and the output."""
        start = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        output, _ = self.process.communicate(timeout=30)
        return self.process.returncode, time.monotonic() - start, output


def ros2(*arguments, timeout=30):
    return subprocess.run(
        [BIN / 'ros2', *arguments], capture_output=True, text=True, timeout=timeout, check=False)


@pytest.fixture
def cell(ros_domain):
    launch = Launch('sim.launch.py')
    yield launch
    if launch.process.poll() is None:
        launch.process.kill()
        launch.process.wait()


def test_the_cell_detects_its_pins_and_ends_at_ctrl_c(cell):
    echo = ros2('topic', 'echo', '--once', '/pin_detector/detections', timeout=60)
    assert echo.returncode == 0
    assert 'frame_id: pin_camera_optical_frame' in echo.stdout

    assert {'/pin_detector', '/cell_simulator'} <= set(ros2('node', 'list').stdout.split())
    topics = set(ros2('topic', 'list').stdout.split())
    assert {'/pin_camera/image_raw', '/pin_camera/camera_info', '/ground_truth/pins',
            '/pin_detector/detections', '/pin_detector/debug_image', '/diagnostics'} <= topics
    information = ros2('topic', 'info', '-v', '/pin_camera/image_raw').stdout
    assert 'Node name: pin_detector' in information
    assert information.count('Reliability: RELIABLE') == 2

    assert '0.5' in ros2('param', 'get', '/pin_detector', 'score_threshold').stdout
    changed = ros2('param', 'set', '/pin_detector', 'score_threshold', '0.9')
    assert changed.returncode == 0, changed.stderr
    assert '0.9' in ros2('param', 'get', '/pin_detector', 'score_threshold').stdout
    assert ros2('param', 'set', '/pin_detector', 'score_threshold', '7.0').returncode != 0
    assert ros2('param', 'set', '/pin_detector', 'score_threshold', '0.5').returncode == 0

    watched = subprocess.run(
        [BIN / 'mtperception', 'watch', '--seconds', '8', '--json'],
        capture_output=True, text=True, timeout=60, check=True)
    figures = json.loads(watched.stdout)['pin_detector']
    assert figures['frames'] > 20
    assert figures['pins'] > 0
    assert figures['missed'] < 0.1
    assert figures['error_px']['mean'] < 1

    status, seconds, output = cell.end()
    assert status == 0, output
    assert seconds < 2, output
    assert 'Traceback' not in output


def test_the_display_starts_and_ends_its_cell_in_a_namespace(ros_domain):
    result = subprocess.run(
        [BIN / 'mtperception', 'watch', '--launch', 'sim.launch.py', '--namespace', 'left',
         '--seconds', '15'],
        capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    assert re.search(r'detections +[1-9][0-9.]* Hz', result.stdout.splitlines()[-1])
    nodes = ros2('node', 'list').stdout
    assert 'pin_detector' not in nodes


@pytest.mark.parametrize('arguments, clear', [
    (['cell.launch.py', 'pin_imgae:=/a'], "did you mean 'pin_image'?"),
    (['cell.launch.py', 'log_level:=loud'], 'loud'),
    (['cell.launch.py', 'params_file:=/nowhere.yaml'], '/nowhere.yaml'),
    (['nosuch.launch.py'], 'nosuch.launch.py'),
])
def test_a_bad_argument_is_one_clear_line(ros_domain, arguments, clear):
    result = ros2('launch', 'mtperception', *arguments)
    assert result.returncode != 0
    output = result.stdout + result.stderr
    assert clear in output
    assert 'Traceback' not in output


def test_a_missing_model_ends_the_node_with_one_clear_line(ros_domain, tmp_path):
    parameters = tmp_path / 'cell.yaml'
    parameters.write_text('pin_detector: {ros__parameters: {model: nosuch}}')
    result = ros2('launch', 'mtperception', 'cell.launch.py', f'params_file:={parameters}')
    output = result.stdout + result.stderr
    assert result.returncode != 0
    assert 'nosuch' in output
    assert 'Traceback' not in output
