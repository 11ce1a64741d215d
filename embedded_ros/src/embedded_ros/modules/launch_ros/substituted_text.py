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

"""Substitutions inside of text: `$(var side)`, `$(env HOME)`, `$(find-pkg-share cell)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from launch.errors import LaunchError
from launch.substitution import Substitution
from launch.substitutions import EnvironmentVariable, FindPackageShare, LaunchConfiguration

if TYPE_CHECKING:
    from launch.launch_context import LaunchContext


def substitute(context: LaunchContext, text: str) -> str:
    """
    Return the text with the values of its substitutions, which may stand in one another.

    `$(var NAME DEFAULT)` and `$(env NAME DEFAULT)` may have a default.
    """
    # From the last one on: what stands inside of another comes before it.
    start = text.rfind('$(')
    while start >= 0:
        end = text.find(')', start)
        if end < 0:
            raise LaunchError(f"'{text[start:].splitlines()[0]}' has no closing ')'")
        value = _substitution(text[start + 2 : end]).perform(context)
        text = text[:start] + value + text[end + 1 :]
        start = text.rfind('$(', 0, start)
    return text


def _substitution(text: str) -> Substitution:
    kind, name, default = (*text.split(None, 2), None, None, None)[:3]
    if kind == 'var' and name:
        return LaunchConfiguration(name, default=default)
    if kind == 'env' and name:
        return EnvironmentVariable(name, default_value=default)
    if kind == 'find-pkg-share' and name and default is None:
        return FindPackageShare(name)
    raise LaunchError(f"'$({text})' is none of $(var ...), $(env ...) and $(find-pkg-share ...)")
