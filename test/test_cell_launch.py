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
import os
from pathlib import Path
import re
import shutil
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

    def wait_for(self, pattern):
        """Read lines until one matches; return the match."""
        for line in self.process.stdout:
            if match := re.search(pattern, line):
                return match
        return pytest.fail(f"ended without '{pattern}'")

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
def launch(ros_domain):
    """Give a function that starts a launch, which does not outlive the test."""
    launches = []

    def start(*arguments):
        launches.append(Launch(*arguments))
        return launches[-1]

    yield start
    for started in launches:
        if started.process.poll() is None:
            os.killpg(started.process.pid, signal.SIGKILL)
            started.process.wait()


def test_the_cell_detects_its_pins_and_ends_at_ctrl_c(launch):
    cell = launch('sim.launch.py')
    echo = ros2('topic', 'echo', '--once', '/pin_detector/detections', timeout=60)
    assert echo.returncode == 0
    assert 'frame_id: pin_camera_optical_frame' in echo.stdout

    nodes = set(ros2('node', 'list').stdout.split())
    assert {'/pin_detector', '/grasp_detector', '/pose_estimator', '/cell_simulator'} <= nodes
    topics = set(ros2('topic', 'list').stdout.split())
    assert {'/pin_camera/image_raw', '/pin_camera/camera_info', '/ground_truth/pins',
            '/pin_detector/detections', '/pin_detector/debug_image', '/diagnostics'} <= topics
    information = ros2('topic', 'info', '-v', '/pin_camera/image_raw').stdout
    assert 'Node name: pin_detector' in information
    assert information.count('Reliability: RELIABLE') == 2

    assert '-1.0' in ros2('param', 'get', '/pin_detector', 'score_threshold').stdout
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
    (['cell.launch.py', 'grasp_imgae:=/a'], "did you mean 'grasp_image'?"),
    (['cell.launch.py', 'pose_imgae:=/a'], "did you mean 'pose_image'?"),
    (['cell.launch.py', 'autostrat:=false'], "did you mean 'autostart'?"),
    (['cell.launch.py', 'autostart:=maybe'], "'autostart' is true or false, not 'maybe'"),
    (['cell.launch.py', 'log_level:=loud'], 'loud'),
    (['cell.launch.py', 'params_file:=/nowhere.yaml'], '/nowhere.yaml'),
    (['nosuch.launch.py'], 'nosuch.launch.py'),
    (['sim.launch.py', 'simulator:=gazeb'], 'gazeb'),
    (['render.launch.py', 'dataset:=pin', 'count:=2'], "'out'"),
    (['render.launch.py', 'dataset:=pin', 'count:=two', 'out:=/nowhere'],
     "'count' is a whole number, not 'two'"),
    (['render.launch.py', 'dataset:=grasp', 'count:=2', 'out:=/nowhere', 'simulator:=gazebo'],
     'gazebo knows of no grasps'),
])
def test_a_bad_argument_is_one_clear_line(ros_domain, arguments, clear):
    result = ros2('launch', 'mtperception', *arguments)
    assert result.returncode != 0
    output = result.stdout + result.stderr
    assert clear in output
    assert 'Traceback' not in output


@pytest.mark.parametrize('arguments', [
    ['sim.launch.py'], ['render.launch.py', 'dataset:=pin', 'count:=2', 'out:=/nowhere']])
@pytest.mark.skipif(shutil.which('gz') is not None, reason='Gazebo is installed')
def test_where_gazebo_is_missing_its_package_is_named(ros_domain, arguments):
    result = ros2('launch', 'mtperception', *arguments, 'simulator:=gazebo')
    assert result.returncode != 0
    output = result.stdout + result.stderr
    assert 'ros_gz_sim is not installed: sudo apt install ros-' in output
    assert 'Traceback' not in output


def test_a_data_set_is_rendered_by_a_launch(ros_domain, tmp_path):
    result = ros2(
        'launch', 'mtperception', 'render.launch.py', 'dataset:=pin', 'count:=2',
        f'out:={tmp_path / "pins"}', 'seed:=3', timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
    assert json.loads((tmp_path / 'pins/card.json').read_text())['seed'] == 3


def test_a_missing_model_is_named_and_leaves_the_node_to_the_operator(launch, tmp_path):
    parameters = tmp_path / 'cell.yaml'
    parameters.write_text('pin_detector: {ros__parameters: {model: nosuch}}')
    cell = launch('cell.launch.py', f'params_file:={parameters}')
    cell.wait_for("configure failed: no bundled model is called 'nosuch'")
    assert ros2('param', 'set', '/pin_detector', 'model', 'pin').returncode == 0
    for transition in ('configure', 'activate'):
        changed = ros2('lifecycle', 'set', '/pin_detector', transition)
        assert 'Transitioning successful' in changed.stdout, changed.stderr
    status, _, output = cell.end()
    assert status == 0, output
    assert 'Traceback' not in output


def test_grasps_and_poses_are_looked_for_on_the_topics_of_the_arguments(
        launch, grasp_model, pose_model, tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    parameters = tmp_path / 'cell.yaml'
    parameters.write_text(
        f'grasp_detector: {{ros__parameters: {{model: {grasp_model}, '
        f'shapes.library: {tmp_path / "shapes"}}}}}\n'
        f'pose_estimator: {{ros__parameters: {{model: {pose_model}, '
        'codebook.directions: 12, codebook.turns: 4}}')
    cell = launch(
        'cell.launch.py', f'params_file:={parameters}', 'grasp_image:=bench/image_raw',
        'grasp_depth:=bench/depth/image_raw', 'pose_image:=tool/image_raw',
        'pose_depth:=tool/depth/image_raw', 'image_reliability:=reliable')
    listening = {'grasp_detector': ['bench/image_raw', 'bench/camera_info',
                                    'bench/depth/image_raw'],
                 'pose_estimator': ['tool/image_raw', 'tool/camera_info',
                                    'tool/depth/image_raw']}
    cell.wait_for(r'\[INFO\].*/(bench|tool)/image_raw .* -> ')
    cell.wait_for(r'\[INFO\].*/(bench|tool)/image_raw .* -> ')
    for node, topics in listening.items():
        listens = ros2('node', 'info', f'/{node}').stdout
        for topic in topics:
            assert f'/{topic}: sensor_msgs' in listens
            information = ros2('topic', 'info', '-v', f'/{topic}').stdout
            reliability = 'BEST_EFFORT' if topic.endswith('info') else 'RELIABLE'
            assert f'Reliability: {reliability}' in information
    status, seconds, output = cell.end()
    assert (status, seconds < 2) == (0, True), output
    assert 'Traceback' not in output


def test_without_autostart_the_operator_decides(launch):
    cell = launch('cell.launch.py', 'autostart:=False', 'use_sim_time:=true')
    cell.wait_for('process started with pid')
    assert 'True' in ros2('param', 'get', '/pin_detector', 'use_sim_time').stdout
    assert ros2('lifecycle', 'get', '/pin_detector').stdout.strip() == 'unconfigured [1]'
    status, seconds, output = cell.end()
    assert (status, seconds < 2) == (0, True), output


def test_a_killed_node_comes_again_where_that_is_wanted(launch):
    cell = launch('cell.launch.py', 'use_respawn:=true', 'autostart:=false')
    started = r'pin_detector-\d+\]: process started with pid \[(\d+)\]'
    first = int(cell.wait_for(started)[1])
    os.kill(first, signal.SIGKILL)
    assert int(cell.wait_for(started)[1]) != first
    assert cell.end()[0] == 0
