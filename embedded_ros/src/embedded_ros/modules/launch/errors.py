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

"""What goes wrong in a launch, and how it is told in one line."""

from __future__ import annotations

import traceback


class LaunchError(RuntimeError):
    """A launch cannot go on; the message says why, in one line."""


def _is_for_the_user(error: BaseException) -> bool:
    # A plain KeyError or IndexError comes from a subscript; its message names no more than that.
    return bool(str(error)) and type(error) not in (KeyError, IndexError)


def one_line(error: BaseException) -> str:
    """
    Return what a user needs to know of an error, without a stack trace.

    Errors whose message is meant for the user are given by it alone. Any other is most likely a
    mistake in a launch file: its type and, where it can be told, the file and line are named.
    """
    text = ' '.join(str(error).split())
    if isinstance(error, (RuntimeError, ValueError, LookupError)) and _is_for_the_user(error):
        return text
    if isinstance(error, SyntaxError):
        return f'{error.filename}, line {error.lineno}: {type(error).__name__}: {error.msg}'
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.endswith('.launch.py'):
            return f'{frame.filename}, line {frame.lineno}: {type(error).__name__}: {text}'
    return f'{type(error).__name__}: {text}' if text else type(error).__name__
