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

"""The life of ROS in a process: from `init` to `shutdown`."""
from __future__ import annotations

import atexit
from collections.abc import Callable
import contextlib
import functools
import os
import sys
import threading
from types import TracebackType
from typing import Any
import weakref

from rclpy._rclpy_pybind11 import RCLError
from rclpy.exceptions import NotInitializedException
from rclpy.logging import get_logger

from embedded_ros import arguments
from embedded_ros.dds.domain import domain_id_from_environment, middleware_advice
from embedded_ros.dds.endpoints import Participant
from embedded_ros.graph import Graph

_contexts: weakref.WeakSet[Context] = weakref.WeakSet()


class ExternalShutdownException(Exception):  # noqa: N818 - the name is rclpy's
    """The context was shut down while something needed it: by a signal or another thread."""

    def __init__(self) -> None:
        super().__init__('The context was shut down')


class Context:
    """
    What the nodes of one `init` share: arguments, the domain, the graph.

    Shutting down leaves the domain at once: peers see the nodes go, and every wait ends.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._participant: Participant | None = None
        self._graph: Graph | None = None
        self._ok = False
        self._on_shutdown: list[weakref.WeakMethod[Any] | Callable[[], Callable[[], Any]]] = []
        self.arguments = arguments.RosArguments()

    def init(
        self, args: list[str] | None = None, *, initialize_logging: bool = True,
        domain_id: int | None = None,
    ) -> None:
        """Read the arguments (`sys.argv` where None) and join the domain, once."""
        with self._lock:
            if self._participant is not None:
                raise RuntimeError('Context.init() must only be called once')
            if domain_id is not None and domain_id < 0:
                raise RuntimeError(f'Domain id ({domain_id}) should not be lower than zero.')
            self.arguments = arguments.parse(sys.argv if args is None else args)
            if initialize_logging:
                self.arguments.apply_to_logging()
                _advise_about_middleware()
            if domain_id is None:
                domain_id = domain_id_from_environment()
            participant = Participant(domain_id)
            try:
                self._graph = Graph(participant)
            except Exception:
                participant.close()
                raise
            self._participant = participant
            self._ok = True
            _contexts.add(self)

    @property
    def participant(self) -> Participant:
        """The presence in the domain, for new endpoints: not before `init` nor after the end."""
        self.require_ok()
        assert self._participant is not None
        return self._participant

    def require_ok(self) -> None:
        """Raise where the context is not initialised yet, or shut down already."""
        if self._participant is None:
            raise NotInitializedException
        if not self._ok:
            raise ExternalShutdownException

    @property
    def graph(self) -> Graph:
        if self._graph is None:
            raise NotInitializedException
        return self._graph

    def ok(self) -> bool:
        """Tell whether the context is initialised and not shut down."""
        return self._ok

    def get_domain_id(self) -> int:
        if self._participant is None:
            raise NotInitializedException
        return self._participant.domain_id

    def on_shutdown(self, callback: Callable[[], None]) -> None:
        """Call it when the context shuts down, if its object still lives then."""
        if not callable(callback):
            raise TypeError('callback should be a callable')
        with self._lock:
            if self._participant is not None and not self._ok:
                callback()
                return
            self._on_shutdown = [ref for ref in self._on_shutdown if ref() is not None]
            if hasattr(callback, '__self__'):
                self._on_shutdown.append(weakref.WeakMethod(callback))
            else:
                self._on_shutdown.append(lambda: callback)

    def shutdown(self) -> None:
        with self._lock:
            if self._participant is None:
                raise RuntimeError('Context must be initialized before it can be shutdown')
            if not self._ok:
                raise RCLError(
                    'failed to shutdown: rcl_shutdown already called on the given context')
            self._shut_down(self._participant, self.graph)

    def try_shutdown(self) -> None:
        """Shut down; nothing happens where that is done or was never needed."""
        with self._lock:
            if self._ok:
                self._shut_down(self.participant, self.graph)

    def _shut_down(self, participant: Participant, graph: Graph) -> None:
        self._ok = False
        try:
            for reference in self._on_shutdown:
                callback = reference()
                if callback is not None:
                    callback()
        finally:
            self._on_shutdown.clear()
            graph.close()
            participant.close()

    def __enter__(self) -> Context:
        # As in rclpy: entering initialises only what is not initialised yet.
        if self._participant is None:
            self.init()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.try_shutdown()


@functools.cache
def _advise_about_middleware() -> None:
    """Warn, once in a process."""
    if advice := middleware_advice():
        get_logger('rclpy').warning(advice)


def shut_down_all() -> None:
    """Shut down every context of the process, as at its end or at a signal."""
    for context in list(_contexts):
        with contextlib.suppress(RuntimeError):
            context.try_shutdown()


atexit.register(shut_down_all)
if hasattr(os, 'register_at_fork'):
    # The domain is the parent's to leave.
    os.register_at_fork(after_in_child=_contexts.clear)
