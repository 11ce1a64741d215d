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

"""Ctrl-C, from the command's first moments on: neither lost nor a traceback."""

import signal
import threading
from types import FrameType

_AGAIN = 0.05  # seconds


def take_interrupts() -> None:
    """
    Raise KeyboardInterrupt at SIGINT; during an import, once that is done.

    Modules that try an import which they can do without take whatever is raised in it for its
    lack: an interrupt would be lost there, and with it half of a module.
    """
    if _in_main_thread() and signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, _Interrupt())


def refuse_interrupts() -> None:
    """Let a second Ctrl-C not disturb the end."""
    if _in_main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


class _Interrupt:
    """The handler of SIGINT."""

    def __init__(self) -> None:
        self._waiting: threading.Timer | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
        if not _is_import(frame):
            raise KeyboardInterrupt
        self._waiting = threading.Timer(
            _AGAIN, signal.pthread_kill, (threading.main_thread().ident, number))
        self._waiting.daemon = True
        self._waiting.start()


def _is_import(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith('<frozen importlib.'):
            return True
        frame = frame.f_back
    return False


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
