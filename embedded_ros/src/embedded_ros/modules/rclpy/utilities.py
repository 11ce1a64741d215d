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

"""The default context, and small questions about it."""
from __future__ import annotations

import sys
import threading

from rclpy.context import Context

from embedded_ros import arguments
from embedded_ros.dds.domain import RMW_IMPLEMENTATION

_default_context: Context | None = None
_lock = threading.Lock()


def get_default_context(*, shutting_down: bool = False) -> Context:
    """
    Return the context that functions use where none is given, made at the first call.

    With `shutting_down`, the next call makes a new one.
    """
    global _default_context
    with _lock:
        context = _default_context or Context()
        _default_context = None if shutting_down else context
        return context


def ok(*, context: Context | None = None) -> bool:
    return (context or get_default_context()).ok()


def shutdown(*, context: Context | None = None) -> None:
    """Shut a context down; the default one is replaced by a fresh one at its next use."""
    if context is None:
        context = get_default_context()
        context.shutdown()
        get_default_context(shutting_down=True)
    else:
        context.shutdown()


def try_shutdown(*, context: Context | None = None) -> None:
    """Shut a context down unless that is done."""
    if context is None:
        get_default_context(shutting_down=True).try_shutdown()
    else:
        context.try_shutdown()


def get_rmw_implementation_identifier() -> str:
    return RMW_IMPLEMENTATION


def remove_ros_args(args: list[str] | None = None) -> list[str]:
    """Return the arguments without those between `--ros-args` and `--`."""
    return arguments.remove_ros_args(sys.argv if args is None else args)
