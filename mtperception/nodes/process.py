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
import contextlib
import os
import re
import signal
import sys
import threading
import traceback
from typing import Any, NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM)
REPEAT = 5.0  # seconds until a failing callback is told again


def run_node(make_node: Callable[[], Any]) -> NoReturn:
    """
    Run a node until SIGINT or SIGTERM, and end the process.

    Heavy imports belong into `make_node` or a callback of the node: a signal that arrives
    meanwhile ends the process as quietly as one that arrives later.
    """
    for number in SIGNALS:
        # Installed though it seems the default: a background job inherits SIGINT as ignored, and
        # SIGTERM shall end an import of some seconds, too. rclpy calls what it finds installed.
        signal.signal(number, signal.default_int_handler)
    sys.unraisablehook = _interrupt_again
    try:
        status = _run(make_node)
    except KeyboardInterrupt:
        status = 0
    _leave(status)


def _interrupt_again(what: Any) -> None:
    """Repeat an interrupt that came in a finalizer: Python only reports what is raised there."""
    if issubclass(what.exc_type, KeyboardInterrupt):
        again = threading.Timer(0.01, signal.raise_signal, [signal.SIGINT])
        again.daemon = True
        again.start()
    else:
        sys.__unraisablehook__(what)


def _run(make_node: Callable[[], Any]) -> int:
    import rclpy
    from rclpy.exceptions import (
        InvalidParameterTypeException,
        NameValidationException,
        ParameterException,
    )

    node = None
    try:
        rclpy.init()
    except (RuntimeError, ValueError) as error:  # wrong ROS arguments or environment
        return complain(error)
    try:
        node = make_node()
        _spin(node)
    except KeyboardInterrupt:
        return 0
    except Exception as error:
        if not rclpy.ok():  # a signal, of which native code has made an error of its own
            return 0
        if isinstance(error, ModuleNotFoundError):
            return complain(f'{error}: pip install -r requirements.txt (README.md)')
        if isinstance(error, InvalidParameterTypeException):
            return complain(with_remedy(str(error)))
        if isinstance(error, (
                NameValidationException, OSError, ParameterException, RuntimeError, ValueError)):
            return complain(error)
        raise
    finally:
        for number in SIGNALS:  # a second one must not disturb the end
            signal.signal(number, signal.SIG_IGN)
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
    return 0


def _spin(node: Any) -> None:
    """Run callbacks until the shutdown; one that fails is logged and ends nothing."""
    import rclpy
    from rclpy.executors import ExternalShutdownException

    while rclpy.ok():
        try:
            rclpy.spin(node)
        except ExternalShutdownException:
            return
        except Exception:
            if rclpy.ok():  # otherwise a signal, of which native code has made an error of its own
                node.get_logger().error(
                    f'a callback failed: {traceback.format_exc()}', throttle_duration_sec=REPEAT)


def _leave(status: int) -> NoReturn:
    """
    End the process without the interpreter's farewell.

    With torch loaded that takes more than a second on a busy machine, and a thread inside the
    network that comes back to an interpreter that is gone aborts the process.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # closed, or nobody reads any more
            stream.flush()
    os._exit(status)


def with_remedy(error: str) -> str:
    """Add what to write where rclpy says that a whole number is no real one."""
    whole = re.search(r"'(-?\d+)' of type 'INTEGER', expecting type '.*DOUBLE'", error)
    return f'{error}: write {whole[1]}.0' if whole else error


def complain(what: object) -> int:
    """Say in one line why the process cannot run; return its exit status."""
    print(' '.join(str(what).split()), file=sys.stderr)
    return 1
