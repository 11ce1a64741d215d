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

"""The life of a node's process: one clear line where it cannot start, 0 where it is ended."""

from collections.abc import Callable
import sys

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node


def run_node(make_node: Callable[[], Node], argv: list[str] | None = None) -> int:
    """
    Run a node until SIGINT or SIGTERM; return the process's exit status.

    Heavy imports belong into `make_node`: then a signal that arrives meanwhile ends the process
    as quietly as one that arrives later.
    """
    node = None
    try:
        rclpy.init(args=argv)
    except (RuntimeError, ValueError) as error:  # wrong ROS arguments or environment
        return complain(error)
    try:
        node = make_node()
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        return 0
    except Exception as error:
        if not rclpy.ok():  # a signal, of which native code has made an error of its own
            return 0
        if isinstance(error, ModuleNotFoundError):
            return complain(f'{error}: pip install -r requirements.txt (README.md)')
        if isinstance(error, OSError | ParameterException | RuntimeError | ValueError):
            return complain(error)
        raise
    finally:
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
    return 0


def complain(what: object) -> int:
    """Say in one line why the process cannot run; return its exit status."""
    print(' '.join(str(what).split()), file=sys.stderr)
    return 1
