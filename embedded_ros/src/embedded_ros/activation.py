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

"""
Makes the modules of this distribution importable, where there is no ROS 2.

Python imports this file when it starts, through `embedded_ros.pth`. With a real rclpy in sight
none of the modules is offered, lest two implementations mix; a ROS 2 package that is missing
there is named instead.
"""
from __future__ import annotations

from importlib.machinery import PathFinder
import os
import sys

MODULES = os.path.join(os.path.dirname(__file__), 'modules')


class _MissingPackage:
    """Asked last for a module: says how to install it, if it is one of ROS 2."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        if path is None and os.path.isdir(os.path.join(MODULES, name)):
            distribution = os.environ.get('ROS_DISTRO', '$ROS_DISTRO')
            package = name.replace('_', '-')
            raise ModuleNotFoundError(
                f"No module named '{name}': this is ROS 2 {distribution} without that package; "
                f'sudo apt install ros-{distribution}-{package}', name=name)


def _path_to_come() -> list[str]:
    """Return the system's package folders, which a virtual environment may append later."""
    try:
        with open(os.path.join(sys.prefix, 'pyvenv.cfg'), encoding='utf-8') as configuration:
            settings = configuration.read().lower().replace(' ', '')
    except OSError:
        return []
    if 'include-system-site-packages=true' not in settings:
        return []
    import site
    return site.getsitepackages([sys.base_prefix, sys.base_exec_prefix])


def activate() -> None:
    """Offer the modules, unless a real rclpy is in sight."""
    path = [entry for entry in sys.path if entry != MODULES]
    if PathFinder.find_spec('rclpy', path + _path_to_come()) is not None:
        sys.meta_path.append(_MissingPackage)
    elif MODULES not in sys.path:
        sys.path.append(MODULES)


try:
    activate()
except Exception as error:  # an interpreter must start whatever is wrong here
    print(f'embedded_ros is not available: {error}', file=sys.stderr)
