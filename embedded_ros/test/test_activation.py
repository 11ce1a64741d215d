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

import subprocess
import sys
import venv

import pytest

QUESTION = """
import importlib.util, sys
print(importlib.util.find_spec('rclpy').origin)
try:
    import vision_msgs
    print(vision_msgs.__file__)
except ImportError as error:
    print(error)
"""


@pytest.fixture(scope='module')
def make_environment(tmp_path_factory, source_folder):
    """Return a function that makes a virtual environment with this distribution's files."""

    def make(*, system_packages):
        folder = tmp_path_factory.mktemp('environment')
        venv.create(folder, system_site_packages=system_packages, with_pip=False)
        (packages,) = folder.glob('lib/python*/site-packages')
        (packages / 'embedded_ros').symlink_to(source_folder / 'src' / 'embedded_ros')
        pth = 'embedded_ros.pth'
        (packages / pth).write_text((source_folder / pth).read_text())
        return folder / 'bin' / 'python'

    return make


def _ask(python, folder, **environment):
    found = subprocess.run(
        [python, '-c', QUESTION], cwd=folder, env=environment, capture_output=True, text=True,
        check=True)
    assert found.stderr == ''
    return found.stdout.splitlines()


def test_modules_are_found_where_there_is_no_ros(make_environment, tmp_path):
    # A folder of that name, as every ROS package has one, must not hide the module.
    (tmp_path / 'launch').mkdir()
    rclpy, vision_msgs = _ask(make_environment(system_packages=False), tmp_path)
    assert 'embedded_ros/modules/rclpy' in rclpy
    assert 'embedded_ros/modules/vision_msgs' in vision_msgs


def test_real_rclpy_is_left_alone_and_missing_packages_are_named(make_environment, tmp_path):
    (tmp_path / 'ros' / 'rclpy').mkdir(parents=True)
    (tmp_path / 'ros' / 'rclpy' / '__init__.py').touch()
    rclpy, advice = _ask(
        make_environment(system_packages=False), tmp_path, PYTHONPATH=str(tmp_path / 'ros'),
        ROS_DISTRO='jazzy')
    assert rclpy == str(tmp_path / 'ros' / 'rclpy' / '__init__.py')
    assert 'sudo apt install ros-jazzy-vision-msgs' in advice


def test_activation_never_stops_an_interpreter(source_folder, tmp_path):
    broken = (source_folder / 'src/embedded_ros/activation.py').read_text().replace(
        'def activate() -> None:', "def activate() -> None:\n    raise OSError('on purpose')")
    (tmp_path / 'broken.py').write_text(broken)
    found = subprocess.run(
        [sys.executable, '-c', 'import broken; print(1)'], cwd=tmp_path, capture_output=True,
        text=True, check=True)
    assert found.stdout == '1\n'
    assert 'embedded_ros is not available: on purpose' in found.stderr


def test_activation_is_quick(source_folder):
    timing = (
        'import time, embedded_ros.activation as a\n'
        'start = time.perf_counter(); a.activate(); print(time.perf_counter() - start)')
    best = min(float(subprocess.run(
        [sys.executable, '-c', timing], cwd=source_folder / 'src', capture_output=True, text=True,
        check=True).stdout) for _ in range(3))
    assert best < 0.005
