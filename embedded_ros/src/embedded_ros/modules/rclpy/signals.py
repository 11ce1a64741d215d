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
SIGINT and SIGTERM end the context, whatever the main thread waits for.

Python runs its handlers in the main thread, between two instructions: never while that thread
waits in the middleware. The interpreter writes each signal's number to a socket as well; a
thread that reads it shuts the contexts down, which ends the wait.
"""
from __future__ import annotations

from collections.abc import Callable
import contextlib
from enum import IntEnum
import os
import signal
import socket
import threading
from types import FrameType
from typing import Any

from rclpy.context import shut_down_all


class SignalHandlerOptions(IntEnum):
    NO = 0
    SIGINT = 1
    SIGTERM = 2
    ALL = 3


class _Installed:
    def __init__(self, options: SignalHandlerOptions) -> None:
        self.options = options
        self._receiver, self._sender = socket.socketpair()
        self._sender.setblocking(False)
        self._previous: dict[int, Any] = {}
        for option, number in (
            (SignalHandlerOptions.SIGINT, signal.SIGINT),
            (SignalHandlerOptions.SIGTERM, signal.SIGTERM),
        ):
            if options & option:
                # A shell's background job inherits SIGINT as ignored; it is installed here
                # all the same, since a launch file's children must obey it.
                self._previous[number] = signal.signal(number, self._handle)
        self._previous_fd = signal.set_wakeup_fd(
            self._sender.fileno(), warn_on_full_buffer=False)
        self._thread = threading.Thread(target=self._listen, name='signals', daemon=True)
        self._thread.start()

    def restore_handlers(self) -> None:
        for number, previous in self._previous.items():
            if signal.getsignal(number) == self._handle:
                signal.signal(number, signal.SIG_DFL if previous is None else previous)
        signal.set_wakeup_fd(self._previous_fd)

    def uninstall(self) -> None:
        self.restore_handlers()
        self._sender.close()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _listen(self) -> None:
        with self._receiver:
            while received := self._receiver.recv(64):
                if any(signal.getsignal(number) == self._handle for number in received):
                    shut_down_all()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        previous: Callable[[int, FrameType | None], Any] | int | None = self._previous[number]
        if callable(previous):
            previous(number, frame)
        elif number == signal.SIGINT:
            signal.default_int_handler(number, frame)


_installed: _Installed | None = None


def install_signal_handlers(options: SignalHandlerOptions = SignalHandlerOptions.ALL) -> None:
    """Let signals shut ROS down; only the main thread can install that, others leave it."""
    global _installed
    if threading.current_thread() is not threading.main_thread():
        return
    uninstall_signal_handlers()
    if options != SignalHandlerOptions.NO:
        _installed = _Installed(SignalHandlerOptions(options))


def uninstall_signal_handlers() -> None:
    """Give the signals back to whoever handled them before."""
    global _installed
    if _installed is None or threading.current_thread() is not threading.main_thread():
        return
    installed, _installed = _installed, None
    with contextlib.suppress(OSError):
        installed.uninstall()


def _leave_to_parent() -> None:
    """Let a forked child die of its signals, and not tell the parent, whose socket it shares."""
    global _installed
    if _installed is not None:
        _installed.restore_handlers()
        _installed = None


if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_leave_to_parent)


def get_current_signal_handlers_options() -> SignalHandlerOptions:
    return SignalHandlerOptions.NO if _installed is None else _installed.options
