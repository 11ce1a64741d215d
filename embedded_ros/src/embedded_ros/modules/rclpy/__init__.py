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

"""The ROS 2 client library for Python, over Cyclone DDS."""
from __future__ import annotations

from types import TracebackType
from typing import Any, TYPE_CHECKING

from rclpy.context import Context
from rclpy.parameter import Parameter
from rclpy.signals import (
    install_signal_handlers,
    SignalHandlerOptions,
    uninstall_signal_handlers,
)
from rclpy.task import Future
from rclpy.utilities import (
    get_default_context,
    get_rmw_implementation_identifier,
    ok,
    shutdown as _shutdown,
    try_shutdown as _try_shutdown,
)

if TYPE_CHECKING:
    from rclpy.executors import Executor
    from rclpy.node import Node

__all__ = [
    'Context',
    'Future',
    'Parameter',
    'create_node',
    'get_default_context',
    'get_global_executor',
    'get_rmw_implementation_identifier',
    'init',
    'ok',
    'shutdown',
    'spin',
    'spin_once',
    'spin_until_future_complete',
    'try_shutdown',
]


class InitContextManager:
    """Shuts down at the end of `with rclpy.init():`."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def __enter__(self) -> InitContextManager:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.context is get_default_context():
            try_shutdown()
        else:
            try_shutdown(context=self.context)


def init(
    *, args: list[str] | None = None, context: Context | None = None,
    domain_id: int | None = None,
    signal_handler_options: SignalHandlerOptions | None = None,
) -> InitContextManager:
    """
    Join the domain, with the ROS arguments of the command line unless others are given.

    SIGINT and SIGTERM shut the default context down; another context leaves them alone unless
    told otherwise.
    """
    if signal_handler_options is None:
        default = context is None or context is get_default_context()
        signal_handler_options = SignalHandlerOptions.ALL if default else SignalHandlerOptions.NO
    context = get_default_context() if context is None else context
    context.init(args, domain_id=domain_id)
    if signal_handler_options != SignalHandlerOptions.NO:
        install_signal_handlers(signal_handler_options)
    return InitContextManager(context)


_global_executor: Executor | None = None


def get_global_executor() -> Executor:
    """Return the executor that `spin` uses where none is given."""
    from rclpy.executors import SingleThreadedExecutor
    global _global_executor
    if _global_executor is None or not _global_executor.context.ok():
        _global_executor = SingleThreadedExecutor()
    return _global_executor


def shutdown(*, context: Context | None = None, uninstall_handlers: bool | None = None) -> None:
    """Shut down, which must not have been done before."""
    default = context is None or context is get_default_context()
    _forget_executor(default)
    _shutdown(context=context)
    if uninstall_handlers or (uninstall_handlers is None and default):
        uninstall_signal_handlers()


def try_shutdown(
    *, context: Context | None = None, uninstall_handlers: bool | None = None,
) -> None:
    """Shut down, if that has not been done before."""
    default = context is None or context is get_default_context()
    _forget_executor(default)
    _try_shutdown(context=context)
    if uninstall_handlers or (uninstall_handlers is None and default):
        uninstall_signal_handlers()


def _forget_executor(default: bool) -> None:
    global _global_executor
    if default and _global_executor is not None:
        _global_executor.shutdown()
        _global_executor = None


def create_node(node_name: str, **options: Any) -> Node:
    """Return a new `rclpy.node.Node`; the options are that class's."""
    from rclpy.node import Node
    return Node(node_name, **options)


def spin_once(
    node: Node, *, executor: Executor | None = None, timeout_sec: float | None = None,
) -> None:
    """Run one of the node's callbacks, if one becomes ready in time."""
    executor = get_global_executor() if executor is None else executor
    executor.add_node(node)
    try:
        executor.spin_once(timeout_sec=timeout_sec)
    finally:
        executor.remove_node(node)


def spin(node: Node, executor: Executor | None = None) -> None:
    """
    Run the node's callbacks until a shutdown.

    KeyboardInterrupt at SIGINT, ExternalShutdownException where the shutdown came from outside:
    SIGTERM or another thread.
    """
    executor = get_global_executor() if executor is None else executor
    executor.add_node(node)
    try:
        executor.spin()
    finally:
        executor.remove_node(node)


def spin_until_future_complete(
    node: Node, future: Future[Any], executor: Executor | None = None,
    timeout_sec: float | None = None,
) -> None:
    """Run the node's callbacks until the future is done, or for that long."""
    executor = get_global_executor() if executor is None else executor
    executor.add_node(node)
    try:
        executor.spin_until_future_complete(future, timeout_sec)
    finally:
        executor.remove_node(node)
